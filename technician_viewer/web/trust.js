/** How far a session in this browser can be trusted, in plain words. */

/**
 * @param {string} mode The organisation's mode, as `GET /api/v1/organisation` tells it; empty when it is not known.
 */
export function trustLine(mode) {
  const browser = "Browser viewer: as honest as the site that serves it.";
  if (mode === "") return browser;
  return mode.startsWith("offline")
    ? `${browser} The organisation’s key is kept offline.`
    : `${browser} Server-trusted key.`;
}
