/**
 * Who may do what: certificates, grants and revocations, verified (docs/protocol, section 3).
 *
 * A signed object on the wire is `signature (64) || label || LF || JSON`. The Ed25519 signature (RFC 8032) is verified
 * over the bytes as they came. Nothing here signs: a browser holds no key that could.
 */

import { concat, pack_b64, pack_utf8, parse_b64, parse_utf8, same_bytes } from "./encoding.js";
import { SecurityError } from "./errors.js";
import { parse_rights } from "./rights.js";
import {
  FormError,
  KEY_FORM,
  SESSION_FORM,
  field,
  optional,
  parse_object,
  read_choice,
  read_integer,
  read_list,
  read_text,
  text_up_to,
} from "./shape.js";

/** @typedef {import("./encoding.js").Bytes} Bytes */
/** @typedef {import("./rights.js").Rights} Rights */
/** @typedef {import("./shape.js").JsonObject} JsonObject */

export const MAX_SIGNED_BYTES = 16_384;
export const MAX_CERTIFICATE_LIFE_S = 30 * 86_400;
export const MAX_GRANT_LIFE_S = 12 * 3_600;
export const NOT_BEFORE_SLACK_S = 120;

const SIGNATURE_BYTES = 64;
const MAX_SECONDS = 2 ** 40;
const LINE_FEED = 0x0a;

/** @typedef {{organisation: string, serial: string, grant_key: string, not_before: number, not_after: number}} GrantKey */
/**
 * @typedef {{organisation: string, serial: string, technician: string, name: string, device_key: string,
 *   kind: "browser" | "native", not_before: number, not_after: number}} Device
 */
/**
 * @typedef {{organisation: string, session: string, tracking: string, technician: string, device_key: string,
 *   rights: string[], issued_at: number, not_after: number}} Grant
 */
/** @typedef {{organisation: string, sequence: number, issued_at: number, serials: string[]}} Revocations */

/**
 * A kind of signed object: its label and how its JSON is read.
 * @template T
 * @typedef {{label: string, read: (object: JsonObject) => T}} Kind
 */

/** @param {JsonObject} object @param {string} name */
const name_in = (object, name) => read_text(field(object, name), name, { min: 1, max: 128 });
/** @param {JsonObject} object @param {string} name */
const key_in = (object, name) => read_text(field(object, name), name, { pattern: KEY_FORM });
/** @param {JsonObject} object @param {string} name */
const seconds_in = (object, name) => read_integer(field(object, name), name, { max: MAX_SECONDS });

/** The organisation lets this Ed25519 key sign grants, and nothing else. @type {Kind<GrantKey>} */
export const GrantKeyCertificate = Object.freeze({
  label: "towline grant-key 1",
  /** @param {JsonObject} object */
  read: (object) => ({
    organisation: key_in(object, "organisation"),
    serial: name_in(object, "serial"),
    grant_key: key_in(object, "grant_key"),
    not_before: seconds_in(object, "not_before"),
    not_after: seconds_in(object, "not_after"),
  }),
});

/** The organisation says that this X25519 key is a device of this technician. @type {Kind<Device>} */
export const DeviceCertificate = Object.freeze({
  label: "towline device 1",
  /** @param {JsonObject} object */
  read: (object) => ({
    organisation: key_in(object, "organisation"),
    serial: name_in(object, "serial"),
    technician: name_in(object, "technician"),
    name: name_in(object, "name"),
    device_key: key_in(object, "device_key"),
    kind: read_choice(field(object, "kind"), "kind", /** @type {const} */ (["browser", "native"])),
    not_before: seconds_in(object, "not_before"),
    not_after: seconds_in(object, "not_after"),
  }),
});

/** This technician, with this device, may have these rights in this session of this ticket. @type {Kind<Grant>} */
export const SessionGrant = Object.freeze({
  label: "towline grant 1",
  /** @param {JsonObject} object */
  read: (object) => ({
    organisation: key_in(object, "organisation"),
    session: read_text(field(object, "session"), "session", { pattern: SESSION_FORM }),
    tracking: name_in(object, "tracking"),
    technician: name_in(object, "technician"),
    device_key: key_in(object, "device_key"),
    rights: read_list(field(object, "rights"), "rights", Infinity, text_up_to(32)),
    issued_at: seconds_in(object, "issued_at"),
    not_after: seconds_in(object, "not_after"),
  }),
});

/** Certificates that are no longer good; `sequence` never goes back. @type {Kind<Revocations>} */
export const RevocationList = Object.freeze({
  label: "towline revocations 1",
  /** @param {JsonObject} object */
  read: (object) => ({
    organisation: key_in(object, "organisation"),
    sequence: read_integer(field(object, "sequence"), "sequence", { max: Number.MAX_SAFE_INTEGER }),
    issued_at: seconds_in(object, "issued_at"),
    serials: optional(object, "serials", /** @type {string[]} */ ([]), (value, name) =>
      read_list(value, name, Infinity, text_up_to(128, 1)),
    ),
  }),
});

/**
 * Return the id of the organisation with this public key: its SHA-256, 32 bytes.
 * @param {Bytes} public_bytes
 * @returns {Promise<Bytes>}
 */
export async function organisation_id(public_bytes) {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", public_bytes));
}

/**
 * @param {Bytes} key
 * @param {Bytes} signature
 * @param {Bytes} body
 * @returns {Promise<boolean>}
 */
async function signed_by(key, signature, body) {
  try {
    const imported = await crypto.subtle.importKey("raw", key, { name: "Ed25519" }, false, ["verify"]);
    return await crypto.subtle.verify({ name: "Ed25519" }, imported, signature, body);
  } catch (error) {
    // A key or signature that is not even of the right form.
    if (error instanceof DOMException) return false;
    throw error;
  }
}

/**
 * Return the object in `data` when `key` (32 bytes) signed it and it is a `kind`.
 *
 * Throws SecurityError for everything else; the order is size, label, signature, content.
 * @template T
 * @param {Bytes} key
 * @param {Bytes} data
 * @param {Kind<T>} kind
 * @returns {Promise<T>}
 */
export async function verify(key, data, kind) {
  if (data.length > MAX_SIGNED_BYTES) throw new SecurityError("signed object too large");
  const signature = data.subarray(0, SIGNATURE_BYTES);
  const body = data.subarray(SIGNATURE_BYTES);
  const head = concat(pack_utf8(kind.label), Uint8Array.of(LINE_FEED));
  if (!same_bytes(body.subarray(0, head.length), head)) throw new SecurityError(`not a ${kind.label}`);
  if (!(await signed_by(key, signature, body))) throw new SecurityError(`signature of the ${kind.label} is wrong`);
  try {
    return kind.read(parse_object(parse_utf8(body.subarray(head.length))));
  } catch (error) {
    // TypeError is the text decoder's word for bytes that are not UTF-8.
    if (error instanceof FormError || error instanceof TypeError) {
      throw new SecurityError(`content of the ${kind.label} is wrong`);
    }
    throw error;
  }
}

/**
 * The four signed objects a viewer shows in message 2, in wire form.
 * @typedef {{certificate: Bytes, grant: Bytes, grant_key_certificate: Bytes, revocations: Bytes}} Credentials
 */

/**
 * What an agent knows before it meets a viewer: the pinned key (32 bytes), the server's time in seconds since 1970 UTC,
 * and the highest signed time and revocation sequence seen so far.
 * @typedef {{organisation_key: Bytes, server_time: number, newest_signed?: number, revocation_sequence?: number}} Trust
 */

/**
 * What the agent learned from papers that it accepted.
 * @typedef {{technician: string, name: string, kind: "browser" | "native", device_key: Bytes, rights: Rights,
 *   not_after: number, newest_signed: number, revocation_sequence: number}} Authority
 */

/** @typedef {{certificate: Device, grant: Grant, grant_key: GrantKey, revocations: Revocations}} Papers */

/**
 * @param {string} text
 * @returns {Bytes}
 */
function parse_key(text) {
  try {
    return parse_b64(text, 32);
  } catch {
    throw new SecurityError("a key in a signed object is not 32 bytes");
  }
}

/**
 * Return the four objects when every signature holds and all are of one organisation. Throws SecurityError.
 * @param {Credentials} credentials
 * @param {Bytes} key the organisation's
 * @returns {Promise<Papers>}
 */
export async function verify_all(credentials, key) {
  const grant_key = await verify(key, credentials.grant_key_certificate, GrantKeyCertificate);
  const papers = {
    certificate: await verify(key, credentials.certificate, DeviceCertificate),
    grant_key,
    revocations: await verify(key, credentials.revocations, RevocationList),
    grant: await verify(parse_key(grant_key.grant_key), credentials.grant, SessionGrant),
  };
  const organisation = pack_b64(await organisation_id(key));
  if (Object.values(papers).some((paper) => paper.organisation !== organisation)) {
    throw new SecurityError("a paper is of another organisation");
  }
  return papers;
}

/**
 * Return the newest signed time seen so far, these papers included.
 * @param {Papers} papers
 * @param {Trust} trust
 * @returns {number}
 */
function check_dates({ certificate, grant_key, grant, revocations }, { server_time, newest_signed = 0 }) {
  const signed = Math.max(certificate.not_before, grant_key.not_before, grant.issued_at, revocations.issued_at);
  if (signed > Math.max(server_time, newest_signed) + NOT_BEFORE_SLACK_S) {
    throw new SecurityError("papers from the future");
  }
  const newest = Math.max(signed, newest_signed);
  const now = Math.max(server_time, newest);
  /** @type {[string, number, number, number][]} */
  const lives = [
    ["grant-key certificate", grant_key.not_before, grant_key.not_after, MAX_CERTIFICATE_LIFE_S],
    ["device certificate", certificate.not_before, certificate.not_after, MAX_CERTIFICATE_LIFE_S],
    ["grant", grant.issued_at, grant.not_after, MAX_GRANT_LIFE_S],
  ];
  for (const [what, begin, end, longest_s] of lives) {
    if (end - begin > longest_s) throw new SecurityError(`${what} lives longer than it may`);
    if (now >= end) throw new SecurityError(`${what} is out of date`);
  }
  return newest;
}

/**
 * Return what the viewer behind `peer_static` may do in this session, or throw SecurityError.
 *
 * `peer_static` is the X25519 key that the Noise handshake proved; `session` is base64url, `tracking` canonical.
 * @param {Credentials} credentials
 * @param {Trust} trust
 * @param {{session: string, tracking: string, peer_static: Bytes}} meeting
 * @returns {Promise<Authority>}
 */
export async function check_credentials(credentials, trust, { session, tracking, peer_static }) {
  const papers = await verify_all(credentials, trust.organisation_key);
  const newest_signed = check_dates(papers, trust);
  const { certificate, grant, grant_key, revocations } = papers;
  const rights = parse_rights(grant.rights);
  /** @type {[boolean, string][]} */
  const rules = [
    [revocations.sequence >= (trust.revocation_sequence ?? 0), "revocation list is older than one already seen"],
    [!revocations.serials.includes(certificate.serial), "device certificate was revoked"],
    [!revocations.serials.includes(grant_key.serial), "grant-key certificate was revoked"],
    [grant.technician === certificate.technician, "grant is for another technician"],
    [grant.device_key === certificate.device_key, "grant is for another device"],
    [same_bytes(parse_key(certificate.device_key), peer_static), "certificate is for another key than the one here"],
    [grant.session === session, "grant is for another session"],
    [grant.tracking === tracking, "grant is for another ticket"],
    [rights.size > 0, "grant gives no right"],
  ];
  for (const [good, reason] of rules) if (!good) throw new SecurityError(reason);
  return {
    technician: certificate.technician,
    name: certificate.name,
    kind: certificate.kind,
    device_key: peer_static,
    rights,
    not_after: grant.not_after,
    newest_signed,
    revocation_sequence: revocations.sequence,
  };
}
