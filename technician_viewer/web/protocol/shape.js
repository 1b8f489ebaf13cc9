/**
 * Readers of JSON values that say exactly what they accept; everything else is a FormError.
 *
 * The Python side does this with typed structs. Lengths of texts are counted in code points, as there.
 */

/** A value is not of the form that docs/protocol gives. */
export class FormError extends Error {
  /** @param {string} detail */
  constructor(detail) {
    super(detail);
    this.name = "FormError";
  }
}

/** @typedef {Record<string, unknown>} JsonObject */

/**
 * Return the JSON object in `text`.
 * @param {string} text
 * @returns {JsonObject}
 */
export function parse_object(text) {
  let value;
  try {
    value = JSON.parse(text);
  } catch {
    throw new FormError("not JSON");
  }
  return read_object(value, "JSON");
}

/**
 * @param {unknown} value
 * @param {string} name
 * @returns {JsonObject}
 */
export function read_object(value, name) {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new FormError(`${name} is not an object`);
  }
  return /** @type {JsonObject} */ (value);
}

/**
 * Return a field that must be there, or undefined for one that is not; what an object inherits does not count.
 * @param {JsonObject} object
 * @param {string} name
 * @returns {unknown}
 */
export function field(object, name) {
  return Object.hasOwn(object, name) ? object[name] : undefined;
}

/**
 * Return what `read` makes of a field, or `fallback` when the field is missing.
 * @template T
 * @param {JsonObject} object
 * @param {string} name
 * @param {T} fallback
 * @param {(value: unknown, name: string) => T} read
 * @returns {T}
 */
export function optional(object, name, fallback, read) {
  return Object.hasOwn(object, name) ? read(object[name], name) : fallback;
}

/**
 * @param {unknown} value
 * @param {string} name
 * @param {{min?: number, max?: number, pattern?: RegExp}} bounds length in code points
 * @returns {string}
 */
export function read_text(value, name, { min = 0, max = Infinity, pattern } = {}) {
  if (typeof value !== "string") throw new FormError(`${name} is not text`);
  // A code point has one or two units: most texts need no counting.
  const length = value.length > max || value.length < 2 * min ? [...value].length : value.length;
  if (length < min || length > max) throw new FormError(`${name} has ${length} characters`);
  if (!value.isWellFormed()) throw new FormError(`${name} has half of a character in it`);
  if (pattern !== undefined && !pattern.test(value)) throw new FormError(`${name} has the wrong form`);
  return value;
}

/**
 * @param {unknown} value
 * @param {string} name
 * @param {{min?: number, max?: number}} bounds both included
 * @returns {number}
 */
export function read_integer(value, name, { min = 0, max = Number.MAX_SAFE_INTEGER } = {}) {
  if (typeof value !== "number" || !Number.isInteger(value) || value < min || value > max) {
    throw new FormError(`${name} is not a whole number from ${min} to ${max}`);
  }
  return value;
}

/**
 * @param {unknown} value
 * @param {string} name
 * @returns {number}
 */
export function read_number(value, name) {
  if (typeof value !== "number" || !Number.isFinite(value)) throw new FormError(`${name} is not a number`);
  return value;
}

/**
 * @param {unknown} value
 * @param {string} name
 * @returns {boolean}
 */
export function read_flag(value, name) {
  if (typeof value !== "boolean") throw new FormError(`${name} is neither true nor false`);
  return value;
}

/**
 * @template {string} T
 * @param {unknown} value
 * @param {string} name
 * @param {readonly T[]} choices
 * @returns {T}
 */
export function read_choice(value, name, choices) {
  const found = choices.find((choice) => choice === value);
  if (found === undefined) throw new FormError(`${name} is none of the known ones`);
  return found;
}

/**
 * @template T
 * @param {unknown} value
 * @param {string} name
 * @param {number} max how many there may be
 * @param {(value: unknown, name: string) => T} read
 * @returns {T[]}
 */
export function read_list(value, name, max, read) {
  if (!Array.isArray(value)) throw new FormError(`${name} is not a list`);
  if (value.length > max) throw new FormError(`${name} has ${value.length} entries`);
  return value.map((item) => read(item, name));
}

/**
 * Return a reader of short texts, for lists.
 * @param {number} max
 * @param {number} min
 * @returns {(value: unknown, name: string) => string}
 */
export function text_up_to(max, min = 0) {
  return (value, name) => read_text(value, name, { min, max });
}

export const KEY_FORM = /^[A-Za-z0-9_-]{43}$/;
export const SESSION_FORM = /^[A-Za-z0-9_-]{22}$/;
