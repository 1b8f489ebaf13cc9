/** What the relay and its clients say to each other in text frames, and the bounds of binary ones (section 2). */

import {
  FormError,
  KEY_FORM,
  SESSION_FORM,
  field,
  optional,
  parse_object,
  read_integer,
  read_list,
  read_number,
  read_text,
  text_up_to,
} from "./shape.js";

export const SUBPROTOCOL = "towline.1";
export const MAX_CONTROL_BYTES = 4_096;
export const MAX_RECORD_BYTES = 65_535;
export const FIRST_FRAME_S = 5;
export const STALLED_WRITE_S = 10;
export const HEARTBEAT_S = 15;

/** Websocket close codes of the relay. */
export const CloseCode = Object.freeze({
  DONE: 1000,
  MALFORMED: 4400,
  REFUSED: 4401,
  FIRST_FRAME_LATE: 4408,
  REPLACED: 4409,
  ENDED: 4410,
  TOO_LARGE: 4413,
  TOO_MANY: 4429,
  PEER_GONE: 4440,
  AGENT_OFFLINE: 4441,
  STALLED: 4442,
  GOING_AWAY: 4503,
});

/** @typedef {{type: "agent-hello", token: string, agent_key: string}} AgentHello */
/** @typedef {{type: "agent-session", token: string, agent_key: string, session: string}} AgentSession */
/** @typedef {{type: "viewer-hello", ticket: string}} ViewerHello */
/** @typedef {{type: "hello", server_time: number, heartbeat_s: number}} Hello */
/** @typedef {{type: "viewer-waiting", session: string}} ViewerWaiting */
/** @typedef {{type: "going-away", retry_in_ms: number}} GoingAway */
/** @typedef {{type: "rights", session: string, rights: string[]}} RightsNarrowed */
/** @typedef {{type: "ended", session: string, code: string}} Ended */
/** @typedef {{type: "replaced"} | {type: "waiting"} | {type: "joined"}} Notice */
/** @typedef {{type: "asking"} | {type: "ping"} | {type: "pong"}} FromAgent */
/** @typedef {AgentHello | AgentSession | ViewerHello} FirstFrame */
/** @typedef {Hello | ViewerWaiting | GoingAway | RightsNarrowed | Ended | Notice | FromAgent} FromRelay */
/** @typedef {FirstFrame | FromRelay} Control */
/** @typedef {import("./shape.js").JsonObject} JsonObject */

/** A frame is not of the form that docs/protocol gives; the socket closes with 4400 or 4413. */
export class MalformedFrame extends Error {
  /**
   * @param {string} detail
   * @param {boolean} too_large
   */
  constructor(detail, too_large = false) {
    super(detail);
    this.name = "MalformedFrame";
    this.too_large = too_large;
  }
}

/** @param {JsonObject} frame @param {string} name */
const token = (frame, name) => read_text(field(frame, name), name, { min: 16, max: 512 });
/** @param {JsonObject} frame */
const agent_key = (frame) => read_text(field(frame, "agent_key"), "agent_key", { pattern: KEY_FORM });
/** @param {JsonObject} frame */
const session = (frame) => read_text(field(frame, "session"), "session", { pattern: SESSION_FORM });

/** @type {Record<FirstFrame["type"], (frame: JsonObject) => FirstFrame>} */
const FIRST = {
  "agent-hello": (frame) => ({ type: "agent-hello", token: token(frame, "token"), agent_key: agent_key(frame) }),
  "agent-session": (frame) => ({
    type: "agent-session",
    token: token(frame, "token"),
    agent_key: agent_key(frame),
    session: session(frame),
  }),
  "viewer-hello": (frame) => ({ type: "viewer-hello", ticket: token(frame, "ticket") }),
};

/** @type {Record<FromAgent["type"], (frame: JsonObject) => FromAgent>} */
const FROM_AGENT = {
  asking: () => ({ type: "asking" }),
  ping: () => ({ type: "ping" }),
  pong: () => ({ type: "pong" }),
};

/** @type {Record<FromRelay["type"], (frame: JsonObject) => FromRelay>} */
const FROM_RELAY = {
  ...FROM_AGENT,
  hello: (frame) => ({
    type: "hello",
    server_time: read_integer(field(frame, "server_time"), "server_time", { min: -Number.MAX_SAFE_INTEGER }),
    heartbeat_s: optional(frame, "heartbeat_s", HEARTBEAT_S, read_number),
  }),
  "viewer-waiting": (frame) => ({ type: "viewer-waiting", session: session(frame) }),
  replaced: () => ({ type: "replaced" }),
  "going-away": (frame) => ({
    type: "going-away",
    retry_in_ms: read_integer(field(frame, "retry_in_ms"), "retry_in_ms", { max: 600_000 }),
  }),
  rights: (frame) => ({
    type: "rights",
    session: session(frame),
    rights: read_list(field(frame, "rights"), "rights", Infinity, text_up_to(32)),
  }),
  ended: (frame) => ({
    type: "ended",
    session: session(frame),
    code: read_text(field(frame, "code"), "code", { max: 64 }),
  }),
  waiting: () => ({ type: "waiting" }),
  joined: () => ({ type: "joined" }),
};

/**
 * Return the text frame of one control message.
 * @param {Control} frame
 * @returns {string}
 */
export function pack_control(frame) {
  return JSON.stringify(frame);
}

/**
 * @template T
 * @param {string} text
 * @param {Record<string, (frame: JsonObject) => T>} readers
 * @returns {T}
 */
function parse(text, readers) {
  // The length in units is checked first, so that a huge frame is not encoded only to be refused.
  if (text.length > MAX_CONTROL_BYTES || new TextEncoder().encode(text).length > MAX_CONTROL_BYTES) {
    throw new MalformedFrame("control frame too large", true);
  }
  if (!text.isWellFormed()) throw new MalformedFrame("control frame is not valid Unicode");
  try {
    const frame = parse_object(text);
    const type = read_text(field(frame, "type"), "type");
    const read = Object.hasOwn(readers, type) ? readers[type] : undefined;
    if (read === undefined) throw new FormError(`no control frame '${type.slice(0, 32)}' here`);
    return read(frame);
  } catch (error) {
    if (error instanceof FormError) throw new MalformedFrame(error.message);
    throw error;
  }
}

/**
 * Read the first frame of any socket. Throws MalformedFrame.
 * @param {string} text
 * @returns {FirstFrame}
 */
export function parse_first_frame(text) {
  return parse(text, FIRST);
}

/**
 * Read a later frame of an agent. Throws MalformedFrame.
 * @param {string} text
 * @returns {FromAgent}
 */
export function parse_from_agent(text) {
  return parse(text, FROM_AGENT);
}

/**
 * Read a frame of the relay (agents and viewers do). Throws MalformedFrame.
 * @param {string} text
 * @returns {FromRelay}
 */
export function parse_from_relay(text) {
  return parse(text, FROM_RELAY);
}

/**
 * Refuse a binary frame that no record can be. Throws MalformedFrame.
 * @param {Uint8Array} data
 */
export function check_record(data) {
  if (data.length === 0 || data.length > MAX_RECORD_BYTES) {
    throw new MalformedFrame("record of a size that does not exist", data.length > MAX_RECORD_BYTES);
  }
}
