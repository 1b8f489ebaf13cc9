/**
 * What a keyboard event of the browser means on the wire (docs/protocol, section 6, message `key`).
 *
 * @typedef {object} Keystroke The parts of a `KeyboardEvent` that matter here.
 * @property {string} code
 * @property {string} key
 * @property {boolean} shiftKey
 * @property {boolean} ctrlKey
 * @property {boolean} altKey
 * @property {boolean} metaKey
 * @property {boolean} isComposing
 * @property {number} keyCode
 * @property {(name: string) => boolean} getModifierState
 */

export const SHIFT = 1;
export const CONTROL = 2;
export const ALT = 4;
export const META = 8;
export const ALT_GRAPH = 16;
export const CAPS_LOCK = 32;
export const NUM_LOCK = 64;

/** Longest text of one key message, in UTF-8 bytes. */
const MAX_KEY_TEXT_BYTES = 64;
/** Longest `text` message, in characters (code points). */
export const MAX_TEXT_CHARACTERS = 4_096;

const CODE_FORM = /^[A-Za-z0-9]{1,32}$/;
/**
 * Lock keys are not passed on: what they do is already in the text, and their state is in the modifiers. Passed on, they
 * would switch a second lock on the other computer.
 */
const LOCKS = new Set(["CapsLock", "NumLock", "ScrollLock"]);
/** Keys that an input method swallowed carry this number (UI Events, section 5.2.2). */
const SWALLOWED = 229;
/** Bits of the modifier keys by the first part of their code. */
const MODIFIER_CODES = new Map([
  ["ShiftLeft", SHIFT],
  ["ShiftRight", SHIFT],
  ["ControlLeft", CONTROL],
  ["ControlRight", CONTROL],
  ["AltLeft", ALT],
  ["AltRight", ALT],
  ["MetaLeft", META],
  ["MetaRight", META],
]);
/** `key` values of screen keyboards, which give no code, that are also the code of the key that does this. */
const NAMED = new Set(
  "Enter Backspace Tab Escape Delete Insert Home End PageUp PageDown ArrowUp ArrowDown ArrowLeft ArrowRight".split(" "),
);

const encoder = new TextEncoder();

/**
 * @param {Keystroke} event
 * @returns {number} the bits of the modifiers and locks that are on
 */
export function modifiersOf(event) {
  const graph = event.getModifierState("AltGraph");
  let bits = (event.shiftKey ? SHIFT : 0) | (event.metaKey ? META : 0);
  // Windows reports AltGr as Control and Alt as well; what it produced is text, not a shortcut.
  if (graph) bits |= ALT_GRAPH;
  else bits |= (event.ctrlKey ? CONTROL : 0) | (event.altKey ? ALT : 0);
  if (event.getModifierState("CapsLock")) bits |= CAPS_LOCK;
  if (event.getModifierState("NumLock")) bits |= NUM_LOCK;
  return bits;
}

/**
 * What the key produced, or nothing. Named keys (`Enter`, `Dead`, `F1`) are longer than one character.
 * @param {Keystroke} event
 */
export function textOf(event) {
  const characters = Array.from(event.key);
  const single = characters.length === 1 || !/^[\x20-\x7e]*$/.test(event.key);
  return single && encoder.encode(event.key).length <= MAX_KEY_TEXT_BYTES ? event.key : "";
}

/**
 * The code to send, or nothing when this key has none that the wire can carry.
 * @param {Keystroke} event
 */
export function codeOf(event) {
  if (CODE_FORM.test(event.code) && event.code !== "Unidentified") return event.code;
  return NAMED.has(event.key) ? event.key : "";
}

/** @param {string} code */
export function modifierBit(code) {
  return MODIFIER_CODES.get(code) ?? 0;
}

/** @param {string} code */
export function isLock(code) {
  return LOCKS.has(code);
}

/**
 * Whether the text of this key comes later, from an input method or a dead key.
 * @param {Keystroke} event
 */
export function isForInputMethod(event) {
  return event.isComposing || event.keyCode === SWALLOWED || event.key === "Dead" || event.key === "Process";
}

/**
 * Ctrl+Alt+Home, the way from the remote screen to the toolbar.
 * @param {Keystroke} event
 */
export function isWayOut(event) {
  return event.code === "Home" && event.ctrlKey && event.altKey && !event.metaKey;
}

/**
 * Cut text into pieces that one message carries, never inside a character.
 * @param {string} text
 * @param {number} [most]
 */
export function cutText(text, most = MAX_TEXT_CHARACTERS) {
  const characters = Array.from(text);
  const pieces = [];
  for (let start = 0; start < characters.length; start += most) {
    pieces.push(characters.slice(start, start + most).join(""));
  }
  return pieces;
}
