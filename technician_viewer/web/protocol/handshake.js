/** The session's handshake: prologue and payloads around the Noise patterns (docs/protocol, section 4). */

import { concat, pack_b64, pack_utf8, parse_b64, parse_utf8 } from "./encoding.js";
import { LocalProtocolError, SecurityError } from "./errors.js";
import {
  FormError,
  field,
  optional,
  parse_object,
  read_choice,
  read_list,
  read_object,
  read_text,
  text_up_to,
} from "./shape.js";

/** @typedef {import("./encoding.js").Bytes} Bytes */
/** @typedef {import("./authority.js").Credentials} Credentials */

export const VERSION = "towline.1";
export const SESSION_BYTES = 16;
export const MAX_PAYLOAD_BYTES = 60_000;
export const MAX_FEATURES = 64;
const MAX_SIGNED_TEXT = 24_000;

/** What a side can take beyond version 1; the other uses it only when it was named (docs/protocol, section 8). */
export const Feature = Object.freeze({ COPY: "copy" });

export const REFUSAL_REASONS = Object.freeze(/** @type {const} */ (["declined", "timeout", "busy"]));
/** @typedef {(typeof REFUSAL_REASONS)[number]} RefusalReason */

/**
 * What the agent tells about its computer once its user agreed.
 * @typedef {{hostname: string, system: string, user: string, agent_version: string}} Facts
 */
/** @typedef {{type: "granted", rights: string[], facts: Facts, features: string[]}} Granted */
/** @typedef {{type: "refused", reason: RefusalReason}} Refused */
/** @typedef {Granted | Refused} AgentPayload */

/** @type {Readonly<Facts>} */
export const NO_FACTS = Object.freeze({ hostname: "", system: "", user: "", agent_version: "" });

/**
 * Return what both sides must agree on before a byte is exchanged; `session` is base64url, `tracking` canonical.
 * @param {{pattern: number, session: string, tracking: string, organisation: Uint8Array}} options
 * @returns {Bytes}
 */
export function prologue({ pattern, session, tracking, organisation }) {
  const fields = [
    pack_utf8(VERSION),
    Uint8Array.of(pattern),
    pack_utf8("agent"),
    pack_utf8("viewer"),
    parse_b64(session, SESSION_BYTES),
    pack_utf8(tracking),
    organisation,
  ];
  return concat(...fields.flatMap((part) => [Uint8Array.of(part.length >> 8, part.length & 0xff), part]));
}

/**
 * Return the payload's bytes.
 * @param {object} payload
 * @returns {Bytes}
 */
function pack_payload(payload) {
  const data = pack_utf8(JSON.stringify(payload));
  if (data.length > MAX_PAYLOAD_BYTES) throw new LocalProtocolError("handshake payload too large");
  return data;
}

/**
 * Return the payload of message 2.
 * @param {Credentials} credentials
 * @param {readonly string[]} features
 * @returns {Bytes}
 */
export function pack_credentials(credentials, features = []) {
  return pack_payload({
    certificate: pack_b64(credentials.certificate),
    grant: pack_b64(credentials.grant),
    grant_key_certificate: pack_b64(credentials.grant_key_certificate),
    revocations: pack_b64(credentials.revocations),
    features,
  });
}

/**
 * Return the payload of message 3.
 * @param {AgentPayload} payload
 * @returns {Bytes}
 */
export function pack_agent_payload(payload) {
  return pack_payload(payload);
}

/**
 * @template T
 * @param {Bytes} data
 * @param {number} number of the message
 * @param {(object: import("./shape.js").JsonObject) => T} read
 * @returns {T}
 */
function parse_payload(data, number, read) {
  if (data.length > MAX_PAYLOAD_BYTES) throw new SecurityError("handshake payload too large");
  try {
    return read(parse_object(parse_utf8(data)));
  } catch (error) {
    // TypeError: not UTF-8; RangeError: not base64url.
    if (error instanceof FormError || error instanceof TypeError || error instanceof RangeError) {
      throw new SecurityError(`message ${number} has the wrong form: ${error.message}`);
    }
    throw error;
  }
}

/** @param {unknown} value @param {string} name */
const read_features = (value, name) => read_list(value, name, MAX_FEATURES, text_up_to(64));

/**
 * Read message 2. Throws SecurityError.
 * @param {Bytes} data
 * @returns {{credentials: Credentials, features: string[]}}
 */
export function parse_viewer_payload(data) {
  return parse_payload(data, 2, (object) => {
    /** @param {string} name */
    const signed = (name) => parse_b64(read_text(field(object, name), name, { max: MAX_SIGNED_TEXT }));
    return {
      credentials: {
        certificate: signed("certificate"),
        grant: signed("grant"),
        grant_key_certificate: signed("grant_key_certificate"),
        revocations: signed("revocations"),
      },
      features: optional(object, "features", [], read_features),
    };
  });
}

/**
 * @param {unknown} value
 * @param {string} name
 * @returns {Facts}
 */
function read_facts(value, name) {
  const object = read_object(value, name);
  const short = text_up_to(256);
  return {
    hostname: optional(object, "hostname", "", short),
    system: optional(object, "system", "", short),
    user: optional(object, "user", "", short),
    agent_version: optional(object, "agent_version", "", short),
  };
}

/**
 * Read message 3. Throws SecurityError.
 * @param {Bytes} data
 * @returns {AgentPayload}
 */
export function parse_agent_payload(data) {
  return parse_payload(data, 3, (object) => {
    const type = read_choice(field(object, "type"), "type", /** @type {const} */ (["granted", "refused"]));
    if (type === "refused") return { type, reason: read_choice(field(object, "reason"), "reason", REFUSAL_REASONS) };
    return {
      type,
      rights: read_list(field(object, "rights"), "rights", 32, text_up_to(32)),
      facts: optional(object, "facts", NO_FACTS, read_facts),
      features: optional(object, "features", [], read_features),
    };
  });
}
