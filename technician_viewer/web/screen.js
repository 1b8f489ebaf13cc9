/**
 * The remote screen on the page: a canvas whose pixels the worker draws, its size and place, and the way from a point
 * of the page to a pixel of the screen. One object for one session: a canvas can be given to a worker only once.
 */

import { exactBox, fittedBox, pixelAt } from "./geometry.js";

/** @typedef {import("./geometry.js").Size} Size */

export class Screen {
  #scroller;
  #holder;
  #canvas;
  /** Size of the remote screen; nothing until the agent has told it. @type {Size | undefined} */
  #size;
  #exact = false;
  #onChange;
  #off = new AbortController();
  #observer;

  /**
   * @param {object} options
   * @param {HTMLElement} options.scroller what the screen is seen through
   * @param {HTMLElement} options.holder in it, as large as the screen is shown
   * @param {() => void} options.onChange size or place of the screen changed
   */
  constructor({ scroller, holder, onChange }) {
    this.#scroller = scroller;
    this.#holder = holder;
    this.#onChange = onChange;
    this.#canvas = document.createElement("canvas");
    this.#canvas.className = "remote";
    this.#canvas.width = this.#canvas.height = 1;
    this.#canvas.setAttribute("aria-hidden", "true");
    holder.prepend(this.#canvas);
    this.#observer = new ResizeObserver(() => this.#layOut());
    this.#observer.observe(scroller);
    this.#watchRatio();
  }

  /** The element that gets pointer events and shows the cursor. */
  get element() {
    return this.#canvas;
  }

  /** Give the canvas away; once. */
  transfer() {
    return this.#canvas.transferControlToOffscreen();
  }

  get exact() {
    return this.#exact;
  }

  /** Pixel for pixel, or the whole screen in the room there is. @param {boolean} exact */
  set exact(exact) {
    this.#exact = exact;
    this.#layOut();
  }

  /** Device pixels per pixel of the remote screen. */
  get scale() {
    if (this.#size === undefined) return 1;
    return (this.#canvas.getBoundingClientRect().width * devicePixelRatio) / this.#size.width;
  }

  /** @param {Size} size */
  resize(size) {
    this.#size = size;
    this.#holder.classList.add("has-picture");
    this.#layOut();
  }

  /**
   * @param {number} clientX
   * @param {number} clientY
   */
  pixelAt(clientX, clientY) {
    const size = this.#size ?? { width: 1, height: 1 };
    return pixelAt({ x: clientX, y: clientY }, this.#canvas.getBoundingClientRect(), size);
  }

  /**
   * Where a pixel of the screen is in the holder, in CSS pixels.
   * @param {number} x
   * @param {number} y
   */
  placeOf(x, y) {
    const size = this.#size ?? { width: 1, height: 1 };
    const canvas = this.#canvas;
    return {
      left: canvas.offsetLeft + (x * canvas.clientWidth) / size.width,
      top: canvas.offsetTop + (y * canvas.clientHeight) / size.height,
    };
  }

  /** Take the canvas off the page. */
  close() {
    this.#off.abort();
    this.#observer.disconnect();
    this.#canvas.remove();
    this.#holder.classList.remove("has-picture");
  }

  #layOut() {
    const size = this.#size;
    if (size === undefined) return;
    // The outer box, without regard to scroll bars: whether they are needed is what is being found out.
    const room = this.#scroller.getBoundingClientRect();
    const box = (this.#exact ? exactBox : fittedBox)(size, room, devicePixelRatio);
    this.#scroller.classList.toggle("exact", this.#exact);
    const { style } = this.#canvas;
    style.width = `${box.width}px`;
    style.height = `${box.height}px`;
    style.left = `${box.left}px`;
    style.top = `${box.top}px`;
    this.#holder.style.width = `${Math.max(box.width, 1)}px`;
    this.#holder.style.height = `${Math.max(box.height, 1)}px`;
    this.#onChange();
  }

  /** Zooming the page or moving it to another monitor changes the ratio without resizing anything. */
  #watchRatio() {
    const query = matchMedia(`(resolution: ${devicePixelRatio}dppx)`);
    const changed = () => {
      this.#layOut();
      this.#watchRatio();
    };
    query.addEventListener("change", changed, { once: true, signal: this.#off.signal });
  }
}
