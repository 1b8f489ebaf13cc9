/** What a technician may do in a session; the agent enforces it. */

/** One permission, granted by the ticket and then by the user. */
export const Right = Object.freeze({
  VIEW: /** @type {const} */ ("view"),
  CONTROL: /** @type {const} */ ("control"),
});

/** @typedef {(typeof Right)[keyof typeof Right]} RightName */
/** @typedef {ReadonlySet<RightName>} Rights */

/** @type {Rights} */
export const NO_RIGHTS = new Set();

/**
 * Return the rights this version knows among `names`; a newer server may name more, which nobody here can use.
 * @param {Iterable<string>} names
 * @returns {Rights}
 */
export function parse_rights(names) {
  const wanted = new Set(names);
  return new Set(Object.values(Right).filter((right) => wanted.has(right)));
}

/**
 * Return `rights` in a stable order for the wire.
 * @param {Iterable<RightName>} rights
 * @returns {RightName[]}
 */
export function pack_rights(rights) {
  return [...rights].sort();
}

/**
 * Return what is in both.
 * @param {Rights} one
 * @param {Rights} other
 * @returns {Rights}
 */
export function common_rights(one, other) {
  return new Set([...one].filter((right) => other.has(right)));
}
