/**
 * Mouse, pen and finger on the remote screen: moves, buttons, wheel.
 *
 * Buttons are read from the mask of each event (Pointer Events, section 5.1: with one button down, further ones come as
 * moves). The pointer is captured while a button is down, so that a drag may leave the canvas and the window.
 */

import { MovePace } from "./move-pace.js";
import { wheelUnits, WheelCounter } from "./wheel.js";

/** @typedef {import("./input-queue.js").Input} Input */

/** Bit of `buttons` -> number on the wire (X11 numbering). */
const BUTTONS = /** @type {const} */ ([
  [1, 1],
  [4, 2],
  [2, 3],
  [8, 8],
  [16, 9],
]);
/** 125 moves a second, what an ordinary mouse reports. */
const MOVE_EVERY_MS = 8;

export class Pointer {
  #options;
  #held = 0;
  #last = { x: -1, y: -1 };
  #pace;
  #wheel = new WheelCounter();
  #off = new AbortController();

  /**
   * @param {object} options
   * @param {HTMLElement} options.element
   * @param {(x: number, y: number) => { x: number, y: number }} options.pixelAt from client coordinates to the screen's
   * @param {() => boolean} options.enabled
   * @param {(input: Input) => void} options.send
   * @param {() => void} options.focus gives the keyboard to the remote screen
   * @param {() => void} options.moved the technician's own pointer is on the screen
   */
  constructor(options) {
    this.#options = options;
    this.#pace = new MovePace(
      (/** @type {{ x: number, y: number }} */ point) => options.send({ type: "pointer-move", ...point }),
      MOVE_EVERY_MS,
      () => performance.now(),
    );
    const { element } = options;
    const listening = { signal: this.#off.signal };
    element.addEventListener("pointerdown", (event) => this.#onDown(event), listening);
    element.addEventListener("pointermove", (event) => this.#onMove(event), listening);
    element.addEventListener("pointerup", (event) => this.#onMove(event), listening);
    element.addEventListener("pointercancel", () => this.release(), listening);
    element.addEventListener("wheel", (event) => this.#onWheel(event), { ...listening, passive: false });
    if ("onpointerrawupdate" in element) {
      // Comes before the browser lines moves up with its frames: up to 16 ms sooner.
      element.addEventListener("pointerrawupdate", (event) => this.#onMove(/** @type {PointerEvent} */ (event)), listening);
    }
    // Stops the browser from moving the focus, selecting, dragging, opening its menu, and going back in its history. Mouse
    // events do that; a `pointerdown` that is prevented would only keep them from being seen.
    for (const name of ["mousedown", "mouseup", "contextmenu", "auxclick", "dragstart"]) {
      element.addEventListener(
        name,
        (event) => {
          if (options.enabled() || name === "mousedown") event.preventDefault();
        },
        listening,
      );
    }
  }

  /** Let go of every button here; the caller tells the agent. */
  release() {
    this.#held = 0;
    this.#pace.flush();
  }

  /** Stop listening. */
  close() {
    this.#off.abort();
  }

  /** @param {PointerEvent} event */
  #onDown(event) {
    this.#options.focus();
    if (!this.#options.enabled()) return;
    this.#options.element.setPointerCapture(event.pointerId);
    this.#onMove(event);
  }

  /** @param {PointerEvent} event */
  #onMove(event) {
    if (!this.#options.enabled() || !event.isPrimary) return;
    this.#options.moved();
    const point = this.#options.pixelAt(event.clientX, event.clientY);
    if (event.buttons === this.#held) {
      // Browsers that report raw moves report them again with their frames.
      if (point.x !== this.#last.x || point.y !== this.#last.y) this.#pace.offer(point);
      this.#last = point;
      return;
    }
    this.#last = point;
    this.#pace.flush();
    for (const [bit, button] of BUTTONS) {
      const down = (event.buttons & bit) !== 0;
      if (down !== ((this.#held & bit) !== 0)) this.#options.send({ type: "button", ...point, button, down });
    }
    this.#held = event.buttons;
  }

  /** @param {WheelEvent & { wheelDeltaX?: number, wheelDeltaY?: number }} event */
  #onWheel(event) {
    if (!this.#options.enabled()) return;
    event.preventDefault();
    const turned = this.#wheel.add(
      wheelUnits(event.deltaX, event.deltaMode, event.wheelDeltaX),
      wheelUnits(event.deltaY, event.deltaMode, event.wheelDeltaY),
    );
    if (turned.dx === 0 && turned.dy === 0) return;
    this.#pace.flush();
    const point = this.#options.pixelAt(event.clientX, event.clientY);
    this.#options.send({ type: "wheel", ...point, ...turned });
  }
}
