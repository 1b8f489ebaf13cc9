/** What a connection tells its program. */

import { NO_FACTS } from "./handshake.js";

/** @typedef {import("./authority.js").Authority} Authority */
/** @typedef {import("./encoding.js").Bytes} Bytes */
/** @typedef {import("./errors.js").ErrorCodeText} ErrorCodeText */
/** @typedef {import("./handshake.js").Facts} Facts */
/** @typedef {import("./handshake.js").RefusalReason} RefusalReason */
/** @typedef {import("./messages.js").ByeCode} ByeCode */
/** @typedef {import("./messages.js").Message} Message */
/** @typedef {import("./rights.js").Rights} Rights */

/** Agent: the papers are good, ask the user; answer with `grant` or `refuse`. */
export class ConsentNeeded {
  /** @param {Authority} authority */
  constructor(authority) {
    this.authority = authority;
  }
}

/** The tunnel is open with these rights. `facts` are the agent's, on the viewer's side only. */
export class Established {
  /** @param {{rights: Rights, handshake_hash: Bytes, peer_static: Bytes, facts?: Facts}} fields */
  constructor({ rights, handshake_hash, peer_static, facts = NO_FACTS }) {
    this.rights = rights;
    this.handshake_hash = handshake_hash;
    this.peer_static = peer_static;
    this.facts = facts;
  }
}

/** A message that the table let pass. */
export class Received {
  /** @param {Message} message */
  constructor(message) {
    this.message = message;
  }
}

/** Viewer: the user said no, or nothing. */
export class Declined {
  /** @param {RefusalReason} reason */
  constructor(reason) {
    this.reason = reason;
  }
}

/** The rights that hold from here on. */
export class RightsNow {
  /** @param {Rights} rights */
  constructor(rights) {
    this.rights = rights;
  }
}

/**
 * The connection is over. `ended`: the peer or this side said bye; else it is lost or failed, for `error`.
 *
 * `detail` is for the local log.
 */
export class Closed {
  /**
   * @param {{ended: boolean, code?: ByeCode | null, reason?: string, error?: ErrorCodeText | null, detail?: string}}
   *   fields
   */
  constructor({ ended, code = null, reason = "", error = null, detail = "" }) {
    this.ended = ended;
    this.code = code;
    this.reason = reason;
    this.error = error;
    this.detail = detail;
  }
}

/** @typedef {ConsentNeeded | Established | Received | Declined | RightsNow | Closed} Event */
