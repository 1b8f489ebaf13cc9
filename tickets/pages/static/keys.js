// Access keys that this browser keeps: one for each tracking number, until the person says "forget".

const PREFIX = "towline-key:";
const KEY = /^[A-Za-z0-9_-]{43}$/;

/** @param {string} text @returns {string | null} the key in a pasted link or text */
export function readKey(text) {
  const squeezed = text.replaceAll(/\s+/g, "");
  const key = squeezed.slice(squeezed.lastIndexOf("#") + 1);
  return KEY.test(key) ? key : null;
}

/** Private windows may refuse the local storage; then the key lasts as long as the tab. @returns {Storage[]} */
function stores() {
  const found = [];
  for (const name of /** @type {const} */ (["localStorage", "sessionStorage"])) {
    try {
      found.push(window[name]);
    } catch {
      // This one is switched off; the other may not be.
    }
  }
  return found;
}

/** @param {string} tracking @returns {string | null} */
export function knownKey(tracking) {
  for (const store of stores()) {
    const key = store.getItem(PREFIX + tracking);
    if (key !== null && KEY.test(key)) return key;
  }
  return null;
}

/** @param {string} tracking @param {string} key @returns {boolean} whether it could be kept */
export function keepKey(tracking, key) {
  for (const store of stores()) {
    try {
      store.setItem(PREFIX + tracking, key);
      return true;
    } catch {
      // Full or refused: try the next one.
    }
  }
  return false;
}

/** @param {string} tracking */
export function forgetKey(tracking) {
  for (const store of stores()) store.removeItem(PREFIX + tracking);
}
