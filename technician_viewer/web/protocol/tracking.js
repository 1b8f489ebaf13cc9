/**
 * Tracking numbers: `TL-XXXX-XXXX`, public names of tickets, easy to say and to check.
 *
 * The last character is a check character over GF(32): every single wrong character and every swap of neighbours
 * is seen.
 */

export const ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
export const DEFAULT_PREFIX = "TL";
const CANONICAL = new RegExp(`^[A-Z]{1,5}-([${ALPHABET}]{4})-([${ALPHABET}]{4})$`);
const SEPARATORS = /[\s\-\u2010-\u2015._]+/g;
const MAX_SPOKEN = 40;

/** The text is not a tracking number; `message` says what to look at. */
export class InvalidTrackingNumber extends Error {
  /** @param {string} detail */
  constructor(detail) {
    super(detail);
    this.name = "InvalidTrackingNumber";
  }
}

/**
 * Multiply by the generator 2 in GF(2^5) modulo x^5 + x^2 + 1.
 * @param {number} value
 */
function times_alpha(value) {
  const doubled = value << 1;
  return doubled & 0b100000 ? doubled ^ 0b100101 : doubled;
}

/** @param {string} characters */
function remainder(characters) {
  let total = 0;
  for (const character of characters) total = times_alpha(total) ^ ALPHABET.indexOf(character);
  return total;
}

/**
 * Return the character that completes the seven given ones.
 * @param {string} seven
 * @returns {string}
 */
export function check_character(seven) {
  return ALPHABET.charAt(times_alpha(remainder(seven)));
}

/**
 * Whether `text` is a tracking number in its one canonical spelling, check character included.
 * @param {string} text
 * @returns {boolean}
 */
export function is_canonical(text) {
  const match = CANONICAL.exec(text);
  return match !== null && remainder(`${match[1]}${match[2]}`) === 0;
}

/**
 * Read what a person typed or said and return the canonical spelling.
 *
 * Case, spaces and hyphens do not matter, O reads as 0, I and L as 1; the prefix may be left out. Throws
 * InvalidTrackingNumber.
 * @param {string} text
 * @param {string} prefix
 * @returns {string}
 */
export function parse_tracking(text, prefix = DEFAULT_PREFIX) {
  if (text.length > MAX_SPOKEN) throw new InvalidTrackingNumber("That is too long for a tracking number.");
  const squeezed = text.replace(SEPARATORS, "").toUpperCase();
  const head = squeezed.slice(0, -8);
  const body = squeezed.slice(-8).replaceAll("O", "0").replace(/[IL]/g, "1");
  if (body.length < 8 || (head !== "" && head !== prefix)) {
    throw new InvalidTrackingNumber(
      `A tracking number looks like ${prefix}-XXXX-XXXX: ${prefix}, then eight characters.`,
    );
  }
  const strange = [...body].filter((character) => !ALPHABET.includes(character)).sort();
  if (strange.length > 0) {
    throw new InvalidTrackingNumber(`A tracking number has no '${strange[0]}' in it. Please look again.`);
  }
  if (remainder(body) !== 0) {
    throw new InvalidTrackingNumber(
      "One character of that tracking number is wrong or two are swapped. Please look again.",
    );
  }
  return `${prefix}-${body.slice(0, 4)}-${body.slice(4)}`;
}
