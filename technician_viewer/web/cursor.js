/**
 * The remote pointer: its shape on the technician's own pointer, at once and without a round trip, and a picture of it
 * where it stands when somebody else moves it.
 */

/** Browsers draw no cursor that is larger (css-ui, section 6.1.1 leaves the limit to them; Chromium's is 128). */
const MAX_CURSOR_PX = 128;

/**
 * @typedef {object} Shape
 * @property {Blob | null} picture PNG; nothing: the remote pointer is hidden
 * @property {number} width
 * @property {number} height
 * @property {number} hot_x
 * @property {number} hot_y
 */

export class Cursor {
  #element;
  #image;
  #placeOf;
  /** @type {Shape | undefined} */
  #shape;
  /** Addresses of pictures in use; the one before the newest may still be on its way to the screen. @type {string[]} */
  #addresses = [];
  /** @type {{ x: number, y: number } | undefined} */
  #position;
  #controlling = false;

  /**
   * @param {object} options
   * @param {HTMLElement} options.element on which the cursor is shown
   * @param {HTMLImageElement} options.image shows the remote pointer where it is
   * @param {(x: number, y: number) => { left: number, top: number }} options.placeOf
   */
  constructor({ element, image, placeOf }) {
    this.#element = element;
    this.#image = image;
    this.#placeOf = placeOf;
  }

  /** @param {Shape} shape */
  show(shape) {
    this.#shape = shape;
    if (shape.picture !== null) {
      this.#addresses.push(URL.createObjectURL(shape.picture));
      while (this.#addresses.length > 2) URL.revokeObjectURL(this.#addresses.shift() ?? "");
    }
    this.#apply();
  }

  /** Whether the technician's pointer is the remote one. @param {boolean} controlling */
  set controlling(controlling) {
    if (controlling === this.#controlling) return;
    this.#controlling = controlling;
    this.#apply();
  }

  /**
   * Somebody else moved the remote pointer.
   * @param {number} x
   * @param {number} y
   * @param {boolean} visible
   */
  move(x, y, visible) {
    this.#position = visible ? { x, y } : undefined;
    this.place();
  }

  /** The technician moved it: their own pointer shows where it is. */
  mine() {
    if (this.#position === undefined) return;
    this.#position = undefined;
    this.place();
  }

  /** Put the picture where the remote pointer is; call again when the screen moved. */
  place() {
    const shape = this.#shape;
    const position = this.#position;
    const shown = position !== undefined && shape?.picture != null;
    this.#image.hidden = !shown;
    if (!shown) return;
    const { left, top } = this.#placeOf(position.x - shape.hot_x, position.y - shape.hot_y);
    const corner = this.#placeOf(position.x - shape.hot_x + shape.width, position.y - shape.hot_y + shape.height);
    this.#image.style.transform = `translate(${left}px, ${top}px)`;
    this.#image.style.width = `${corner.left - left}px`;
    this.#image.style.height = `${corner.top - top}px`;
  }

  /** Let go of the pictures. */
  close() {
    for (const address of this.#addresses) URL.revokeObjectURL(address);
    this.#addresses = [];
    this.#image.hidden = true;
    this.#image.removeAttribute("src");
  }

  #apply() {
    const shape = this.#shape;
    const address = this.#addresses.at(-1);
    if (shape?.picture != null && address !== undefined) this.#image.src = address;
    this.#element.style.cursor = cursorOf(shape, address, this.#controlling);
    this.place();
  }
}

/**
 * The CSS cursor for a shape.
 * @param {Shape | undefined} shape
 * @param {string | undefined} address
 * @param {boolean} controlling
 */
export function cursorOf(shape, address, controlling) {
  if (shape === undefined || !controlling) return "default";
  // The remote program hides its pointer; the technician still has to see where theirs is.
  if (shape.picture === null || address === undefined) return "crosshair";
  if (shape.width > MAX_CURSOR_PX || shape.height > MAX_CURSOR_PX) return "default";
  const x = Math.min(shape.hot_x, shape.width - 1);
  const y = Math.min(shape.hot_y, shape.height - 1);
  return `url("${address}") ${x} ${y}, default`;
}
