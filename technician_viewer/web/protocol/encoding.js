/** Bytes and text: base64url without padding (RFC 4648 section 5) and UTF-8, strict in both directions. */

/**
 * Bytes that WebCrypto and streams take.
 * @typedef {Uint8Array<ArrayBuffer>} Bytes
 */

const FORM = /^[A-Za-z0-9_-]*$/;
const encoder = new TextEncoder();
// ignoreBOM: a byte order mark stays in the text, where JSON has no place for it.
const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/**
 * Return `data` as base64url text without padding.
 * @param {Uint8Array} data
 * @returns {string}
 */
export function pack_b64(data) {
  let binary = "";
  for (const byte of data) binary += String.fromCharCode(byte);
  return btoa(binary).replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");
}

/**
 * Return the bytes of `text`; exactly `length` of them when given.
 *
 * Throws RangeError for other characters, for spare bits that are not zero, and for another length.
 * @param {string} text
 * @param {number} [length]
 * @returns {Bytes}
 */
export function parse_b64(text, length) {
  if (!FORM.test(text) || text.length % 4 === 1) throw new RangeError("not base64url");
  const binary = atob(text.replaceAll("-", "+").replaceAll("_", "/"));
  const data = Uint8Array.from(binary, (character) => character.charCodeAt(0));
  if (pack_b64(data) !== text) throw new RangeError("not canonical base64url");
  if (length !== undefined && data.length !== length) {
    throw new RangeError(`${length} bytes expected, not ${data.length}`);
  }
  return data;
}

/**
 * Return `text` as UTF-8.
 * @param {string} text
 * @returns {Bytes}
 */
export function pack_utf8(text) {
  return encoder.encode(text);
}

/**
 * Return the text of UTF-8 bytes. Throws TypeError when they are not UTF-8.
 * @param {Uint8Array} data
 * @returns {string}
 */
export function parse_utf8(data) {
  return decoder.decode(data);
}

/**
 * Return the parts one behind the other.
 * @param {...Uint8Array} parts
 * @returns {Bytes}
 */
export function concat(...parts) {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let offset = 0;
  for (const part of parts) {
    whole.set(part, offset);
    offset += part.length;
  }
  return whole;
}

/**
 * Whether two byte strings of public values are the same.
 * @param {Uint8Array} one
 * @param {Uint8Array} other
 * @returns {boolean}
 */
export function same_bytes(one, other) {
  return one.length === other.length && one.every((byte, index) => byte === other[index]);
}
