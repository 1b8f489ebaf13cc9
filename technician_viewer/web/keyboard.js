/**
 * The keyboard, as long as the remote screen has the focus.
 *
 * A text field out of sight has the focus, since only a text field gets what input methods, dead keys, screen keyboards
 * and emoji panels produce. Keys with a text of their own are sent as keys; what such a method produces is sent as text.
 */

import { codeOf, cutText, isForInputMethod, isLock, isWayOut, META, modifierBit, modifiersOf, textOf } from "./keys.js";

/** @typedef {import("./input-queue.js").Input} Input */

/** Edits that screen keyboards make instead of pressing a key -> the key. @type {Record<string, string>} */
const EDITS = {
  deleteContentBackward: "Backspace",
  deleteContentForward: "Delete",
  insertLineBreak: "Enter",
  insertParagraph: "Enter",
};

export class Keyboard {
  #options;
  /** Code -> text with which it went down. @type {Map<string, string>} */
  #held = new Map();
  #off = new AbortController();

  /**
   * @param {object} options
   * @param {HTMLTextAreaElement} options.field
   * @param {() => boolean} options.enabled
   * @param {(input: Input) => void} options.send
   * @param {() => void} options.leave gives the focus to the toolbar
   */
  constructor(options) {
    this.#options = options;
    const { field } = options;
    const listening = { signal: this.#off.signal };
    field.addEventListener("keydown", (event) => this.#onDown(event), listening);
    field.addEventListener("keyup", (event) => this.#onUp(event), listening);
    field.addEventListener("beforeinput", (event) => this.#onBeforeInput(event), listening);
    field.addEventListener("compositionend", (event) => this.#onComposed(event), listening);
    field.addEventListener(
      "input",
      (event) => {
        if (!(/** @type {InputEvent} */ (event).isComposing)) this.#empty();
      },
      listening,
    );
  }

  /** Forget what is held here; the caller tells the agent. */
  release() {
    this.#held.clear();
  }

  /** Stop listening. */
  close() {
    this.#off.abort();
  }

  /**
   * Press keys one after the other and let go of them in reverse.
   * @param {readonly string[]} codes W3C codes
   */
  pressTogether(codes) {
    let modifiers = 0;
    for (const code of codes) {
      modifiers |= modifierBit(code);
      this.#options.send({ type: "key", down: true, modifiers, code, text: "" });
    }
    for (const code of codes.toReversed()) {
      modifiers &= ~modifierBit(code);
      this.#options.send({ type: "key", down: false, modifiers, code, text: "" });
    }
  }

  /** @param {string} text */
  typeText(text) {
    for (const piece of cutText(text.toWellFormed())) this.#options.send({ type: "text", text: piece });
  }

  /** @param {KeyboardEvent} event */
  #onDown(event) {
    if (isWayOut(event)) {
      event.preventDefault();
      this.#options.leave();
      return;
    }
    if (!this.#options.enabled() || isForInputMethod(event) || isLock(event.code)) return;
    const code = codeOf(event);
    if (code === "") return;
    event.preventDefault();
    event.stopPropagation();
    const text = textOf(event);
    this.#held.set(code, text);
    this.#options.send({ type: "key", down: true, modifiers: modifiersOf(event), code, text });
  }

  /** @param {KeyboardEvent} event */
  #onUp(event) {
    const code = codeOf(event);
    if (!this.#held.has(code)) return;
    event.preventDefault();
    this.#sendUp(code, modifiersOf(event));
    // macOS reports no key going up while Command is down.
    if (modifierBit(code) === META) {
      for (const other of [...this.#held.keys()]) if (modifierBit(other) === 0) this.#sendUp(other, modifiersOf(event));
    }
  }

  /**
   * @param {string} code
   * @param {number} modifiers
   */
  #sendUp(code, modifiers) {
    const text = this.#held.get(code) ?? "";
    this.#held.delete(code);
    this.#options.send({ type: "key", down: false, modifiers, code, text });
  }

  /** @param {InputEvent} event */
  #onBeforeInput(event) {
    if (event.isComposing || event.inputType === "insertCompositionText") return;
    event.preventDefault();
    if (!this.#options.enabled()) return;
    const key = EDITS[event.inputType];
    if (key !== undefined) this.pressTogether([key]);
    else if (event.inputType.startsWith("insert") && event.data) this.typeText(event.data);
  }

  /** @param {CompositionEvent} event */
  #onComposed(event) {
    if (this.#options.enabled() && event.data) this.typeText(event.data);
    this.#empty();
  }

  /** What was composed has been sent; the field holds nothing between two texts. */
  #empty() {
    this.#options.field.value = "";
  }
}
