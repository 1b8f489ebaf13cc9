/** What the checks claim, without anything that only Node or only a browser has. */

/** @typedef {import("../../../technician_viewer/web/protocol/encoding.js").Bytes} Bytes */

/**
 * @param {string} text
 * @returns {Bytes}
 */
export function from_hex(text) {
  return Uint8Array.from(text.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
}

/**
 * @param {Uint8Array | Uint8ClampedArray} data
 * @returns {string}
 */
export function to_hex(data) {
  return Array.from(data, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/**
 * Claim that two JSON values are the same.
 * @param {unknown} actual
 * @param {unknown} expected
 */
export function equal(actual, expected) {
  const [one, other] = [JSON.stringify(actual), JSON.stringify(expected)];
  if (one !== other) throw new Error(`got ${one?.slice(0, 400)}\nnot ${other?.slice(0, 400)}`);
}

/**
 * Claim that something is refused with an error of this class and, when given, this code.
 * @param {() => unknown} run
 * @param {new (...options: any[]) => Error} cls
 * @param {string} [code]
 */
export async function refused(run, cls, code) {
  let result;
  try {
    result = await run();
  } catch (error) {
    if (!(error instanceof cls)) throw error;
    if (code !== undefined) equal("code" in error ? error.code : undefined, code);
    return;
  }
  throw new Error(`accepted: ${JSON.stringify(result)?.slice(0, 200)}`);
}
