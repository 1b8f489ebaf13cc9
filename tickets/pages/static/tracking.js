// Tracking numbers as people type them; the mirror of protocol/tracking.py.

import { t } from "./words.js";

export const ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
const SEPARATORS = /[\s\-\u2010-\u2015._]+/gu;
const MAX_SPOKEN = 40;

/** @param {string} characters @returns {number} 0 when the check character is right */
function remainder(characters) {
  let total = 0;
  for (const character of characters) {
    total <<= 1;
    if (total & 0b100000) total ^= 0b100101;
    total ^= ALPHABET.indexOf(character);
  }
  return total;
}

/** @typedef {{ok: true, tracking: string} | {ok: false, complete: boolean, why: string}} Reading */

/**
 * Reads what was typed so far. `complete` is false while more characters could still make it right.
 * @param {string} text
 * @param {string} prefix
 * @returns {Reading}
 */
export function readTracking(text, prefix) {
  if (text.length > MAX_SPOKEN) return { ok: false, complete: true, why: t("That is too long for a tracking number.") };
  const squeezed = text.replace(SEPARATORS, "").toUpperCase();
  const head = squeezed.slice(0, -8);
  const body = squeezed.slice(-8).replaceAll("O", "0").replaceAll(/[IL]/g, "1");
  if (body.length < 8 || prefix.startsWith(head) && head !== prefix && head !== "") {
    return { ok: false, complete: false, why: t("A tracking number looks like {prefix}-XXXX-XXXX: {prefix}, then eight characters.", { prefix }) };
  }
  if (head !== "" && head !== prefix) {
    // Eight characters may be the prefix and the first six of the number.
    return { ok: false, complete: true, why: t("A tracking number looks like {prefix}-XXXX-XXXX: {prefix}, then eight characters.", { prefix }) };
  }
  const strange = [...body].find((character) => !ALPHABET.includes(character));
  if (strange !== undefined) return { ok: false, complete: true, why: t("A tracking number has no “{strange}” in it. Please look again.", { strange }) };
  if (remainder(body) !== 0) {
    const growing = head === "" && squeezed.startsWith(prefix);
    return {
      ok: false, complete: !growing,
      why: t("One character of that tracking number is wrong or two are swapped. Please look again."),
    };
  }
  return { ok: true, tracking: `${prefix}-${body.slice(0, 4)}-${body.slice(4)}` };
}
