/** The gate in front of every dispatch: message -> who sends it, and under which right. No row, no entry. */

import { ErrorCode, LocalProtocolError, NotPermitted, RemoteProtocolError } from "./errors.js";
import * as m from "./messages.js";
import { Right } from "./rights.js";

/** @typedef {import("./rights.js").RightName} RightName */
/** @typedef {import("./rights.js").Rights} Rights */
/** @typedef {import("./messages.js").Message} Message */
/** @typedef {import("./messages.js").MessageClass} MessageClass */

/** The two ends of a session. */
export const Role = Object.freeze({
  AGENT: /** @type {const} */ ("agent"),
  VIEWER: /** @type {const} */ ("viewer"),
});
/** @typedef {(typeof Role)[keyof typeof Role]} RoleName */

/** Where a connection is; messages pass only while it is live. */
export const Phase = Object.freeze({
  HANDSHAKE: /** @type {const} */ ("handshake"),
  ASKING: /** @type {const} */ ("asking"),
  LIVE: /** @type {const} */ ("live"),
  CLOSED: /** @type {const} */ ("closed"),
});
/** @typedef {(typeof Phase)[keyof typeof Phase]} PhaseName */

/**
 * Return the other end.
 * @param {RoleName} role
 * @returns {RoleName}
 */
export function peer_of(role) {
  return role === Role.AGENT ? Role.VIEWER : Role.AGENT;
}

/**
 * One message's line: who sends it, the right that the viewer must hold, the largest body, its urgency.
 * @typedef {{senders: readonly RoleName[], right: RightName | null, max_bytes: number, urgent: boolean,
 *   phases: readonly PhaseName[]}} Row
 */

const AGENT = Object.freeze([Role.AGENT]);
const VIEWER = Object.freeze([Role.VIEWER]);
const BOTH = Object.freeze([Role.AGENT, Role.VIEWER]);
const LIVE = Object.freeze([Phase.LIVE]);
const SMALL = 128;

/**
 * @param {readonly RoleName[]} senders
 * @param {RightName | null} right
 * @param {number} max_bytes
 * @param {boolean} urgent
 * @returns {Row}
 */
function row(senders, right, max_bytes, urgent = true) {
  return Object.freeze({ senders, right, max_bytes, urgent, phases: LIVE });
}

/** @type {ReadonlyMap<MessageClass, Row>} */
export const TABLE = new Map(
  /** @type {[MessageClass, Row][]} */ ([
    // session
    [m.RightsChanged, row(AGENT, null, m.MAX_JSON_BYTES)],
    [m.Bye, row(BOTH, null, m.MAX_JSON_BYTES)],
    [m.Ping, row(BOTH, null, SMALL)],
    [m.Pong, row(BOTH, null, SMALL)],
    // screen
    [m.Monitors, row(AGENT, Right.VIEW, m.MAX_JSON_BYTES, false)],
    [m.Refresh, row(VIEWER, Right.VIEW, m.MAX_JSON_BYTES)],
    [m.FrameBegin, row(AGENT, Right.VIEW, SMALL, false)],
    [m.Rect, row(AGENT, Right.VIEW, m.MAX_RECT_BYTES, false)],
    [m.FrameEnd, row(AGENT, Right.VIEW, SMALL, false)],
    [m.FrameAck, row(VIEWER, Right.VIEW, SMALL)],
    [m.CursorShape, row(AGENT, Right.VIEW, m.MAX_CURSOR_BYTES)],
    [m.CursorPosition, row(AGENT, Right.VIEW, SMALL)],
    // input
    [m.PointerMove, row(VIEWER, Right.CONTROL, SMALL)],
    [m.Button, row(VIEWER, Right.CONTROL, SMALL)],
    [m.Wheel, row(VIEWER, Right.CONTROL, SMALL)],
    [m.Key, row(VIEWER, Right.CONTROL, SMALL)],
    [m.Text, row(VIEWER, Right.CONTROL, m.MAX_JSON_BYTES)],
    [m.ReleaseAll, row(VIEWER, Right.CONTROL, m.MAX_JSON_BYTES)],
    [m.InputAck, row(AGENT, Right.CONTROL, SMALL)],
  ]),
);

/**
 * Messages that carry a `seq` and are acknowledged by `InputAck`.
 * @typedef {m.PointerMove | m.Button | m.Wheel | m.Key | m.Text | m.ReleaseAll} Input
 */

/**
 * Return the largest body of each kind that `receiver` may be sent; kinds that never come its way are missing.
 * @param {RoleName} receiver
 * @returns {Map<number, number>}
 */
export function limits_for(receiver) {
  /** @type {Map<number, number>} */
  const limits = new Map();
  for (const [cls, { senders, max_bytes }] of TABLE) {
    if (!senders.includes(peer_of(receiver))) continue;
    const kind = m.kind_of(cls);
    limits.set(kind, Math.max(max_bytes, limits.get(kind) ?? 0));
  }
  return limits;
}

/**
 * Let `message` pass or throw RemoteProtocolError; NotPermitted when the viewer's `rights` do not cover it.
 * @param {Message} message
 * @param {RoleName} receiver
 * @param {PhaseName} phase
 * @param {Rights} rights
 */
export function check_incoming(message, receiver, phase, rights) {
  const cls = m.class_of(message);
  const line = TABLE.get(cls);
  if (line === undefined) throw new RemoteProtocolError(`${cls.name} has no row`, ErrorCode.UNKNOWN_MESSAGE);
  const sender = peer_of(receiver);
  if (!line.senders.includes(sender)) {
    throw new RemoteProtocolError(`${cls.name} does not come from the ${sender}`, ErrorCode.OUT_OF_STATE);
  }
  if (!line.phases.includes(phase)) {
    throw new RemoteProtocolError(`${cls.name} came while ${phase}`, ErrorCode.OUT_OF_STATE);
  }
  if (line.right !== null && !rights.has(line.right)) throw new NotPermitted(line.right);
}

/**
 * Return the row of `message` or throw LocalProtocolError when this side may not send it now.
 * @param {Message} message
 * @param {RoleName} sender
 * @param {PhaseName} phase
 * @param {Rights} rights
 * @returns {Row}
 */
export function check_outgoing(message, sender, phase, rights) {
  const cls = m.class_of(message);
  const line = TABLE.get(cls);
  if (line === undefined || !line.senders.includes(sender)) {
    throw new LocalProtocolError(`${cls.name} is not the ${sender}'s to send`);
  }
  if (!line.phases.includes(phase)) {
    throw new LocalProtocolError(`the ${sender} cannot send ${cls.name} while ${phase}`);
  }
  if (line.right !== null && !rights.has(line.right)) {
    throw new LocalProtocolError(`${cls.name} needs the right '${line.right}', which is not granted`);
  }
  return line;
}
