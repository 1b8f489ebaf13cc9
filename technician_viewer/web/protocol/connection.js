/**
 * The two ends of a session as state machines without I/O, as in `protocol/connection.py`; `tunnel.js` has what they
 * share, and says how a shell drives them.
 *
 * Agent:  HANDSHAKE --message 2 accepted--> ASKING --grant()--> LIVE --bye, error, close()--> CLOSED
 *                                           ASKING --refuse()--> CLOSED
 * Viewer: HANDSHAKE --message 1 read--> ASKING --message 3 granted--> LIVE --> CLOSED
 *                                       ASKING --message 3 refused--> CLOSED
 */

import { check_credentials, organisation_id } from "./authority.js";
import { concat, same_bytes } from "./encoding.js";
import { ErrorCode, LocalProtocolError, RemoteProtocolError, SecurityError } from "./errors.js";
import { Closed, ConsentNeeded, Declined } from "./events.js";
import {
  Feature,
  NO_FACTS,
  pack_agent_payload,
  pack_credentials,
  parse_agent_payload,
  parse_viewer_payload,
  prologue,
} from "./handshake.js";
import * as m from "./messages.js";
import { HandshakeState, Pattern } from "./noise.js";
import { Encoding } from "./picture.js";
import { REKEY_RECORDS } from "./records.js";
import { NO_RIGHTS, common_rights, pack_rights, parse_rights } from "./rights.js";
import { Phase, Role } from "./table.js";
import { CONSENT_S, CONSENT_SLACK_S, Connection } from "./tunnel.js";

export { Closed, ConsentNeeded, Declined, Established, Received, RightsNow } from "./events.js";
export {
  CONSENT_S,
  CONSENT_SLACK_S,
  HANDSHAKE_S,
  LOST_AFTER_S,
  PING_AFTER_S,
  WITHDRAWN_SLACK_S,
} from "./tunnel.js";

/** @typedef {import("./authority.js").Authority} Authority */
/** @typedef {import("./authority.js").Credentials} Credentials */
/** @typedef {import("./authority.js").Trust} Trust */
/** @typedef {import("./encoding.js").Bytes} Bytes */
/** @typedef {import("./handshake.js").AgentPayload} AgentPayload */
/** @typedef {import("./handshake.js").Facts} Facts */
/** @typedef {import("./handshake.js").RefusalReason} RefusalReason */
/** @typedef {import("./noise.js").KeyPair} KeyPair */
/** @typedef {import("./noise.js").Transport} Transport */
/** @typedef {import("./rights.js").Rights} Rights */

/**
 * The agent's end of one session. Browsers never are one; both roles are here so that each implementation can be held
 * against the other.
 *
 * `static` is the installation's key, `ephemeral` a fresh one for this object alone, `trust` what is pinned and
 * known. `resume_secret`, 32 bytes, selects XXpsk3. Message 1 stands in `data_to_send` after `flushed`.
 */
export class AgentConnection extends Connection {
  /**
   * @param {{session: string, tracking: string, static: KeyPair, ephemeral: KeyPair, trust: Trust, now: number,
   *   resume_secret?: Bytes | null, rekey_records?: number}} options
   */
  constructor({
    session,
    tracking,
    static: static_pair,
    ephemeral,
    trust,
    now,
    resume_secret = null,
    rekey_records = REKEY_RECORDS,
  }) {
    super(Role.AGENT, now, rekey_records);
    this._session = session;
    this._tracking = tracking;
    this._trust = trust;
    this._answered = false;
    /** @type {Authority | null} */
    this.authority = null;
    // What the viewer named in message 2; words that are not known here stand in it too and mean nothing.
    /** @type {ReadonlySet<string>} */
    this.features = new Set();
    const pattern = resume_secret === null ? Pattern.XX : Pattern.XXPSK3;
    this._handshake = organisation_id(trust.organisation_key).then(
      (organisation) =>
        new HandshakeState({
          pattern,
          initiator: true,
          prologue: prologue({ pattern, session, tracking, organisation }),
          static: static_pair,
          ephemeral,
          psk: resume_secret,
        }),
    );
    const first = this._handshake.then(async (handshake) =>
      concat(Uint8Array.of(pattern), await handshake.write_message()),
    );
    this._emit(first);
    // A failure shows in `flushed`.
    this._receiving = first.then(
      () => undefined,
      () => undefined,
    );
  }

  /**
   * @param {Bytes} data
   * @param {number} now
   * @override
   */
  async _receive_handshake(data, now) {
    if (this.phase !== Phase.HANDSHAKE) {
      throw new RemoteProtocolError("the viewer spoke while the user was being asked", ErrorCode.OUT_OF_STATE);
    }
    const handshake = await this._handshake;
    const { credentials, features } = parse_viewer_payload(await handshake.read_message(data));
    const { peer_static } = handshake;
    if (peer_static === null) throw new LocalProtocolError("message 2 was read without a static key");
    const meeting = { session: this._session, tracking: this._tracking, peer_static };
    const authority = await check_credentials(credentials, this._trust, meeting);
    if (this._closed) return;
    this.authority = authority;
    this.features = new Set(features);
    this._wait_for_consent(now + CONSENT_S);
    this._events.push(new ConsentNeeded(authority));
  }

  /**
   * @param {number} now
   * @override
   */
  async _on_patience_over(now) {
    if (this.phase !== Phase.ASKING) await super._on_patience_over(now);
    else if (!this._answered) await this.refuse("timeout", now);
  }

  /**
   * Write message 3; return the transport keys, or null when the connection was closed meanwhile.
   * @param {AgentPayload} payload
   * @returns {Promise<Transport | null>}
   */
  async _answer(payload) {
    this._answered = true;
    const handshake = await this._handshake;
    const message = handshake.write_message(pack_agent_payload(payload));
    await message;
    const transport = await handshake.split();
    if (this._closed) return null;
    this._emit(message);
    return transport;
  }

  _check_asking() {
    if (this.phase !== Phase.ASKING || this.authority === null || this._answered) {
      throw new LocalProtocolError(`nobody waits for consent while ${this.phase}`);
    }
    return this.authority;
  }

  /**
   * Queue a message for the viewer. Rejects with LocalProtocolError when it may not be sent, or not to this viewer.
   * @param {m.Message} message
   * @param {number} now
   * @override
   */
  async send(message, now) {
    if (message instanceof m.Rect && message.encoding === Encoding.COPY && !this.features.has(Feature.COPY)) {
      throw new LocalProtocolError("this viewer did not say that it can copy");
    }
    await super.send(message, now);
  }

  /**
   * The user agreed to these rights; what the papers do not allow is left out.
   * @param {Rights} rights
   * @param {Facts} facts
   * @param {number} now
   */
  async grant(rights, facts, now) {
    const granted = common_rights(rights, this._check_asking().rights);
    if (granted.size === 0) throw new LocalProtocolError("granting no right is a refusal: use refuse()");
    const transport = await this._answer({ type: "granted", rights: pack_rights(granted), facts, features: [] });
    if (transport !== null) this._events.push(this._open_tunnel(transport, granted, facts, now));
    await this.flushed();
  }

  /**
   * The user said no (`declined`), nothing (`timeout`), or may not be asked (`busy`).
   * @param {RefusalReason} reason
   * @param {number} now
   */
  async refuse(reason, now) {
    this._check_asking();
    const transport = await this._answer({ type: "refused", reason });
    if (transport === null) return;
    // A tunnel without rights, only for the bye: no event tells of it.
    this._open_tunnel(transport, NO_RIGHTS, NO_FACTS, now);
    await this.close(reason === "timeout" ? "timeout" : "declined", now);
  }

  /**
   * Take rights away: only those that are also in `rights` stay; losing all of them ends the session.
   * @param {Rights} rights
   * @param {number} now
   */
  async narrow(rights, now) {
    if (this.phase !== Phase.LIVE) return;
    const left = common_rights(this.rights, rights);
    if (left.size === this.rights.size) return;
    if (left.size === 0) {
      await this.close("rights-withdrawn", now);
      return;
    }
    this._narrow_to(left, now);
    await this.send(new m.RightsChanged({ rights: pack_rights(left) }), now);
  }
}

/**
 * The viewer's end of one session.
 *
 * `static` is the device key that `credentials` are for. `expected_agent_key` is the key that the server pinned to
 * the ticket; another one is refused. `organisation` is the organisation's id, 32 bytes. `resume_secret` as in
 * `AgentConnection`. `features` is what the caller can take beyond version 1.
 */
export class ViewerConnection extends Connection {
  /**
   * @param {{session: string, tracking: string, organisation: Bytes, static: KeyPair, ephemeral: KeyPair,
   *   credentials: Credentials, now: number, expected_agent_key?: Bytes | null, resume_secret?: Bytes | null,
   *   rekey_records?: number, features?: readonly string[]}} options
   */
  constructor({
    session,
    tracking,
    organisation,
    static: static_pair,
    ephemeral,
    credentials,
    now,
    expected_agent_key = null,
    resume_secret = null,
    rekey_records = REKEY_RECORDS,
    features = [],
  }) {
    super(Role.VIEWER, now, rekey_records);
    this._session = session;
    this._tracking = tracking;
    this._organisation = organisation;
    this._static = static_pair;
    this._ephemeral = ephemeral;
    this._credentials = credentials;
    this._expected_agent_key = expected_agent_key;
    this._resume_secret = resume_secret;
    this._features = features;
    /** @type {HandshakeState | null} */
    this._handshake = null;
  }

  /**
   * @param {Bytes} data
   * @param {number} now
   * @override
   */
  async _receive_handshake(data, now) {
    if (this._handshake === null) await this._read_first(data, now);
    else await this._read_third(this._handshake, data, now);
  }

  /**
   * @param {Bytes} data
   * @param {number} now
   */
  async _read_first(data, now) {
    const pattern = data[0];
    if (pattern !== Pattern.XX && pattern !== Pattern.XXPSK3) {
      throw new RemoteProtocolError("unknown handshake pattern");
    }
    if (pattern === Pattern.XXPSK3 && this._resume_secret === null) {
      throw new RemoteProtocolError("there is nothing to resume here", ErrorCode.NO_RESUME);
    }
    const handshake = new HandshakeState({
      pattern,
      initiator: false,
      prologue: prologue({
        pattern,
        session: this._session,
        tracking: this._tracking,
        organisation: this._organisation,
      }),
      static: this._static,
      ephemeral: this._ephemeral,
      psk: pattern === Pattern.XXPSK3 ? this._resume_secret : null,
    });
    const payload = await handshake.read_message(data.subarray(1));
    if (payload.length > 0) throw new RemoteProtocolError("message 1 carries nothing");
    const message = handshake.write_message(pack_credentials(this._credentials, this._features));
    await message;
    if (this._closed) return;
    this._emit(message);
    this._handshake = handshake;
    this._wait_for_consent(now + CONSENT_S + CONSENT_SLACK_S);
  }

  /**
   * @param {HandshakeState} handshake
   * @param {Bytes} data
   * @param {number} now
   */
  async _read_third(handshake, data, now) {
    const payload = parse_agent_payload(await handshake.read_message(data));
    const { peer_static } = handshake;
    const expected = this._expected_agent_key;
    if (expected !== null && (peer_static === null || !same_bytes(peer_static, expected))) {
      throw new SecurityError("the agent's key is not the one pinned to this ticket");
    }
    if (payload.type === "refused") {
      if (this._closed) return;
      this._events.push(new Declined(payload.reason));
      this._close(new Closed({ ended: true, code: payload.reason === "timeout" ? "timeout" : "declined" }));
      return;
    }
    const rights = parse_rights(payload.rights);
    if (rights.size === 0) throw new RemoteProtocolError("the agent granted no right that is known here");
    const transport = await handshake.split();
    if (this._closed) return;
    this._events.push(this._open_tunnel(transport, rights, payload.facts, now));
  }
}
