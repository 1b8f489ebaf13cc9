/**
 * The remote screen's pixels in the worker: an exact copy in memory, and the canvas that the technician sees.
 *
 * Rects of a frame are decoded into the copy; at the frame's end its changed areas go to the canvas in one synchronous
 * step, so that they appear together. Deflate rects inflate side by side; they are put in place in their order. Copies move
 * pixels in the copy in memory: reading them back from a canvas, or drawing it onto itself, takes longer.
 */

import { copy_source, decode_rect, Encoding, move_area } from "./protocol/picture.js";

/** Decoded pixels that may wait for their place; more of them are put in place before the next is decoded. */
const MAX_WAITING_PIXELS = 8_388_608;
/** A frame in more parts than this is drawn as one box around them. */
const MAX_BOXES = 512;

/**
 * @typedef {{ x: number, y: number, width: number, height: number }} Area
 * @typedef {{ encoding: number, x: number, y: number, width: number, height: number, data: Uint8Array }} Rect
 * @typedef {Uint8ClampedArray<ArrayBuffer> | Uint8Array<ArrayBuffer>} Pixels RGBA
 */

/** The picture does not follow the rules: the session is over. */
export class BadPicture extends Error {}

export class Picture {
  #canvas;
  #context;
  /** The copy; nothing until the agent has told the screen's size. @type {ImageData | undefined} */
  #image;
  /** @type {number | undefined} */
  #frame;
  /** @type {Area[]} */
  #boxes = [];
  /** @type {{ rect: Rect, pixels: Pixels | Promise<Pixels> }[]} */
  #waiting = [];
  #waitingPixels = 0;
  #complete = false;
  #workMs = 0;
  #now;

  /**
   * @param {OffscreenCanvas} canvas
   * @param {() => number} now ms
   */
  constructor(canvas, now) {
    const context = canvas.getContext("2d", { alpha: false });
    if (context === null) throw new BadPicture("there is no canvas to draw on");
    this.#canvas = canvas;
    this.#context = context;
    this.#now = now;
  }

  /**
   * Begin with an empty picture of this size.
   * @param {number} width
   * @param {number} height
   */
  resize(width, height) {
    this.#drop();
    this.#frame = undefined;
    this.#canvas.width = width;
    this.#canvas.height = height;
    const image = new ImageData(width, height);
    new Uint32Array(image.data.buffer).fill(OPAQUE_BLACK);
    this.#image = image;
    this.#context.putImageData(image, 0, 0);
  }

  /**
   * @param {number} frame
   * @param {boolean} complete
   */
  begin(frame, complete) {
    if (this.#image === undefined) throw new BadPicture("a frame came before the screen's size");
    if (this.#frame !== undefined) throw new BadPicture("a frame began inside another");
    this.#frame = frame;
    this.#complete = complete;
    this.#workMs = 0;
  }

  /** @param {Rect} rect */
  async add(rect) {
    const image = this.#image;
    if (image === undefined || this.#frame === undefined) throw new BadPicture("a rect came outside a frame");
    if (rect.x + rect.width > image.width || rect.y + rect.height > image.height) {
      throw new BadPicture("a rect lies outside the screen");
    }
    if (rect.encoding === Encoding.COPY) {
      await this.#copy(image, rect);
      return;
    }
    const size = rect.width * rect.height;
    if (this.#waitingPixels + size > MAX_WAITING_PIXELS) await this.#settle(image);
    const begun = this.#now();
    const pixels = decode_rect(rect);
    if (pixels instanceof Promise) {
      // It is awaited in its turn; until then nobody else looks at a failure.
      pixels.catch(() => undefined);
      this.#waiting.push({ rect, pixels });
      this.#waitingPixels += size;
    } else if (this.#waiting.length > 0) {
      this.#waiting.push({ rect, pixels });
      this.#waitingPixels += size;
    } else {
      this.#place(image, rect, pixels);
    }
    this.#workMs += this.#now() - begun;
  }

  /**
   * Move pixels inside the copy, as it is after the rects before this one.
   * @param {ImageData} image
   * @param {Rect} rect
   */
  async #copy(image, rect) {
    if (this.#complete) throw new BadPicture("a copy in a complete picture");
    if (this.#waiting.length > 0) await this.#settle(image);
    const begun = this.#now();
    move_area(image.data, image.width, rect, copy_source(rect, image.width, image.height));
    this.#changed(rect);
    this.#workMs += this.#now() - begun;
  }

  /**
   * Show the frame.
   * @param {number} frame
   * @returns {Promise<number>} how long decoding and drawing took, in ms
   */
  async end(frame) {
    const image = this.#image;
    if (image === undefined || this.#frame !== frame) throw new BadPicture("the end of a frame that did not begin");
    const begun = this.#now();
    if (this.#waiting.length > 0) await this.#settle(image);
    for (const box of this.#boxes) this.#context.putImageData(image, 0, 0, box.x, box.y, box.width, box.height);
    this.#boxes = [];
    this.#frame = undefined;
    return this.#workMs + this.#now() - begun;
  }

  /**
   * What the canvas holds: the pixels the technician sees.
   * @returns {ImageData | undefined}
   */
  snapshot() {
    if (this.#image === undefined) return undefined;
    return this.#context.getImageData(0, 0, this.#canvas.width, this.#canvas.height);
  }

  #drop() {
    this.#waiting = [];
    this.#waitingPixels = 0;
    this.#boxes = [];
  }

  /** @param {ImageData} image */
  async #settle(image) {
    const waiting = this.#waiting;
    this.#waiting = [];
    this.#waitingPixels = 0;
    for (const { rect, pixels } of waiting) this.#place(image, rect, await pixels);
  }

  /**
   * @param {ImageData} image
   * @param {Rect} rect
   * @param {Pixels} pixels
   */
  #place(image, rect, pixels) {
    const row = rect.width * 4;
    const stride = image.width * 4;
    let to = rect.y * stride + rect.x * 4;
    for (let from = 0; from < pixels.length; from += row, to += stride) {
      image.data.set(pixels.subarray(from, from + row), to);
    }
    this.#changed(rect);
  }

  /** @param {Area} area */
  #changed({ x, y, width, height }) {
    // The first box of a frame is its largest when something was scrolled: what lies in it is drawn with it.
    const first = this.#boxes[0];
    if (first !== undefined && contains(first, { x, y, width, height })) return;
    this.#boxes.push({ x, y, width, height });
    if (this.#boxes.length > MAX_BOXES) this.#boxes = [around(this.#boxes)];
  }
}

/** RGBA 0, 0, 0, 255 as a number in this machine's byte order. */
const OPAQUE_BLACK = /** @type {number} */ (new Uint32Array(new Uint8Array([0, 0, 0, 255]).buffer)[0]);

/**
 * @param {Area} outer
 * @param {Area} inner
 */
function contains(outer, inner) {
  const across = outer.x <= inner.x && inner.x + inner.width <= outer.x + outer.width;
  return across && outer.y <= inner.y && inner.y + inner.height <= outer.y + outer.height;
}

/**
 * @param {Area[]} areas at least one
 * @returns {Area}
 */
export function around(areas) {
  const left = Math.min(...areas.map((area) => area.x));
  const top = Math.min(...areas.map((area) => area.y));
  const right = Math.max(...areas.map((area) => area.x + area.width));
  const bottom = Math.max(...areas.map((area) => area.y + area.height));
  return { x: left, y: top, width: right - left, height: bottom - top };
}
