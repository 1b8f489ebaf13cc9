/**
 * What the server gives for one session: papers, socket ticket, and whom to expect.
 *
 * @typedef {object} Offer Keys, ids and signed objects in base64url.
 * @property {string} session
 * @property {string} socket_ticket
 * @property {string} grant
 * @property {string} grant_key_certificate
 * @property {string} certificate
 * @property {string} revocations
 * @property {string} organisation
 * @property {string | null} agent_key The key pinned to the ticket, if one is.
 * @property {string} tracking
 *
 * @typedef {import("./device-key.js").Device} Device
 */

import { post, Problem, textIn } from "./api.js";

/** The server has no certificate for this device key. */
const UNKNOWN_DEVICE = "device-unknown";

/**
 * Ask for a session. A device that the server does not know (any more) is replaced once.
 * @param {string} tracking
 * @param {import("./device-key.js").DeviceKey} key
 * @returns {Promise<{ offer: Offer, device: Device }>}
 */
export async function askForOffer(tracking, key) {
  const device = await key.ready();
  try {
    return { offer: await ask(tracking, device), device };
  } catch (error) {
    if (!(error instanceof Problem) || error.slug !== UNKNOWN_DEVICE) throw error;
  }
  const fresh = await key.replace();
  return { offer: await ask(tracking, fresh), device: fresh };
}

/**
 * @param {string} tracking
 * @param {Device} device
 * @returns {Promise<Offer>}
 */
async function ask(tracking, device) {
  const answer = await post(`/tickets/${encodeURIComponent(tracking)}/session`, { device_key: device.publicKey });
  const pinned = answer.agent_key;
  if (textIn(answer, "tracking") !== tracking) {
    throw new Problem("", "The server offered a session on another request. Tell your administrator.");
  }
  return {
    session: textIn(answer, "session"),
    socket_ticket: textIn(answer, "socket_ticket"),
    grant: textIn(answer, "grant"),
    grant_key_certificate: textIn(answer, "grant_key_certificate"),
    certificate: textIn(answer, "certificate"),
    revocations: textIn(answer, "revocations"),
    organisation: textIn(answer, "organisation"),
    agent_key: typeof pinned === "string" ? pinned : null,
    tracking,
  };
}
