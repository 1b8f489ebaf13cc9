/**
 * What both ends of a session share: a state machine without I/O; `connection.js` makes the two ends of it.
 *
 * A shell passes in each binary websocket message with `receive_data`, sends what `data_to_send` returns, one websocket
 * message each, acts on `events`, and calls `on_deadline` when `next_deadline` has come. `now` is a monotonic clock in
 * seconds. Nothing a peer sends makes these methods throw: it becomes a `Closed` event and a `bye`. What throws is a
 * caller's mistake.
 *
 * WebCrypto is asynchronous. `receive_data`, `send`, `close`, `on_deadline` and the agent's answers take their place in
 * the order when they are called, and give a promise that is kept when what they caused stands in `events` and
 * `data_to_send`; calling the next one before that is fine. Messages that are sent in one turn share records.
 */

import { ErrorCode, LocalProtocolError, NotPermitted, RemoteProtocolError, SecurityError } from "./errors.js";
import { Closed, Established, Received, RightsNow } from "./events.js";
import * as m from "./messages.js";
import { PieceReader, PieceWriter, RecordOpener, RecordSealer } from "./records.js";
import { NO_RIGHTS, parse_rights } from "./rights.js";
import { Phase, check_incoming, check_outgoing, limits_for } from "./table.js";

/** @typedef {import("./encoding.js").Bytes} Bytes */
/** @typedef {import("./events.js").Event} Event */
/** @typedef {import("./handshake.js").Facts} Facts */
/** @typedef {import("./messages.js").ByeCode} ByeCode */
/** @typedef {import("./messages.js").Message} Message */
/** @typedef {import("./noise.js").Transport} Transport */
/** @typedef {import("./rights.js").Rights} Rights */
/** @typedef {import("./table.js").PhaseName} PhaseName */
/** @typedef {import("./table.js").RoleName} RoleName */

// Silence of this length makes a side say ping.
export const PING_AFTER_S = 1;
// No record for this long: the session is lost.
export const LOST_AFTER_S = 15;
// Input that was under way when rights were taken away is dropped without blame for this long.
export const WITHDRAWN_SLACK_S = 2;
// From the first byte to message 2: the viewer computes, no person is involved.
export const HANDSHAKE_S = 15;
// From message 2 to the answer: how long the user may think, and a little for the way.
export const CONSENT_S = 60;
export const CONSENT_SLACK_S = 5;

/** What both ends share: the tunnel, its gate, its clock, and its end. */
export class Connection {
  /**
   * @param {RoleName} role
   * @param {number} now
   * @param {number} rekey_records
   */
  constructor(role, now, rekey_records) {
    this.role = role;
    /** @type {PhaseName} */
    this.phase = Phase.HANDSHAKE;
    /** @type {Rights} */
    this.rights = NO_RIGHTS;
    this._rekey_records = rekey_records;
    /** @type {Bytes[]} */
    this._out = [];
    /** @type {Event[]} */
    this._events = [];
    /** @type {RecordSealer | null} */
    this._sealer = null;
    /** @type {RecordOpener | null} */
    this._opener = null;
    this._writer = new PieceWriter();
    /** @type {PieceReader | null} */
    this._reader = null;
    // One chain per direction: what is received is dispatched, and what is sealed is put out, in the order of calls.
    /** @type {Promise<void>} */
    this._receiving = Promise.resolve();
    /** @type {Promise<void>} */
    this._sending = Promise.resolve();
    // How many received messages wait for their turn without having been begun.
    this._waiting = 0;
    // Monotonic times: when the last record came and went, and until when late input is forgiven.
    this._last_in = now;
    this._last_out = now;
    this._withdrawn_until = 0;
    this._give_up_at = now + HANDSHAKE_S;
    this._ping_id = 0;
  }

  // --- what a shell calls

  /**
   * Return what happened since the last call.
   * @returns {Event[]}
   */
  events() {
    const events = this._events;
    this._events = [];
    return events;
  }

  /**
   * Return the websocket messages to send now, in order.
   * @returns {Bytes[]}
   */
  data_to_send() {
    const out = this._out;
    this._out = [];
    return out;
  }

  /** Wait until everything that was queued so far stands in `data_to_send`. */
  async flushed() {
    // One turn later, so that messages sent together are cut into records together.
    await null;
    this._flush();
    await this._sending;
  }

  /**
   * Take one binary websocket message.
   * @param {Bytes} data
   * @param {number} now
   */
  async receive_data(data, now) {
    if (this._closed) return;
    this._last_in = now;
    // A record is opened at once, so that several are under way together, unless one before it has not begun.
    const opening = this._opener !== null && this._waiting === 0 ? this._opener.open(data) : null;
    // It is awaited in its turn; until then nobody else looks at a failure.
    opening?.catch(() => undefined);
    if (opening === null) this._waiting += 1;
    const done = this._receiving.then(() => {
      if (opening === null) this._waiting -= 1;
      return this._take(data, opening, now);
    });
    this._receiving = done.catch(() => undefined);
    await done;
    await this.flushed();
  }

  /**
   * Return the monotonic time at which `on_deadline` wants to be called, or null.
   * @returns {number | null}
   */
  next_deadline() {
    if (this._closed) return null;
    if (this.phase !== Phase.LIVE) return this._give_up_at;
    return Math.min(this._last_out + PING_AFTER_S, this._last_in + LOST_AFTER_S);
  }

  /**
   * Do what time asks for: heartbeat, or give up.
   * @param {number} now
   */
  async on_deadline(now) {
    const deadline = this.next_deadline();
    if (deadline === null || now < deadline) return;
    if (this.phase !== Phase.LIVE) {
      await this._on_patience_over(now);
    } else if (now >= this._last_in + LOST_AFTER_S) {
      this._close(new Closed({ ended: false, error: ErrorCode.LOST, detail: "nothing was heard from the other side" }));
    } else {
      this._ping_id = (this._ping_id + 1) >>> 0;
      await this.send(new m.Ping({ id: this._ping_id }), now);
    }
  }

  /**
   * Queue a message for the peer. Rejects with LocalProtocolError when this side may not send it now.
   * @param {Message} message
   * @param {number} now
   */
  async send(message, now) {
    this._queue(message, now);
    await this.flushed();
  }

  /**
   * End the session from this side; `data_to_send` then holds the bye.
   * @param {ByeCode} code
   * @param {number} now
   * @param {string} reason
   */
  async close(code, now, reason = "") {
    if (this._closed) return;
    if (this.phase === Phase.LIVE) this._queue(new m.Bye({ code, reason }), now);
    this._close(new Closed({ ended: true, code, reason }));
    await this._sending;
  }

  /**
   * The websocket closed without a bye.
   * @param {string} detail
   */
  connection_lost(detail = "") {
    if (!this._closed) this._close(new Closed({ ended: false, error: ErrorCode.LOST, detail }));
  }

  // --- inside

  /** A getter, so that the type checker does not take an earlier answer for the present one across an await. */
  get _closed() {
    return this.phase === Phase.CLOSED;
  }

  /**
   * Read this end's half of the handshake.
   * @param {Bytes} _data
   * @param {number} _now
   * @returns {Promise<void>}
   */
  async _receive_handshake(_data, _now) {
    throw new LocalProtocolError("only an agent's or a viewer's connection has a handshake");
  }

  /**
   * @param {number} _now the agent's refusal needs the time
   * @returns {Promise<void>}
   */
  async _on_patience_over(_now) {
    const detail = "the other side did not go on with the handshake";
    this._close(new Closed({ ended: false, error: ErrorCode.LOST, detail }));
  }

  /**
   * @param {Bytes} data
   * @param {Promise<Bytes> | null} opening
   * @param {number} now
   */
  async _take(data, opening, now) {
    if (this._closed) return;
    try {
      if (this._opener === null) await this._receive_handshake(data, now);
      else this._dispatch_all(await (opening ?? this._opener.open(data)), now);
    } catch (error) {
      if (!(error instanceof RemoteProtocolError)) throw error;
      this._fail(error, now);
    }
  }

  /**
   * @param {Bytes} plain
   * @param {number} now
   */
  _dispatch_all(plain, now) {
    if (this._reader === null) return;
    for (const { kind, data } of this._reader.read(plain)) {
      if (this.phase !== Phase.LIVE) return;
      this._dispatch(m.parse_message(kind, data), now);
    }
  }

  /**
   * @param {Message} message
   * @param {number} now
   */
  _dispatch(message, now) {
    try {
      check_incoming(message, this.role, this.phase, this.rights);
    } catch (error) {
      if (error instanceof NotPermitted && now < this._withdrawn_until) return;
      throw error;
    }
    if (message instanceof m.Ping) {
      this._queue(new m.Pong({ id: message.id }), now);
    } else if (message instanceof m.Bye) {
      this._close(new Closed({ ended: true, code: message.code, reason: message.reason }));
    } else if (message instanceof m.RightsChanged) {
      // The agent enforces rights; the viewer only follows. A picture may have been under way meanwhile.
      this._narrow_to(parse_rights(message.rights), now);
    } else if (!(message instanceof m.Pong)) {
      this._events.push(new Received(message));
    }
  }

  /** @param {number} give_up_at */
  _wait_for_consent(give_up_at) {
    this._give_up_at = give_up_at;
    this.phase = Phase.ASKING;
  }

  /**
   * @param {Rights} rights
   * @param {number} now
   */
  _narrow_to(rights, now) {
    this.rights = rights;
    this._withdrawn_until = now + WITHDRAWN_SLACK_S;
    this._events.push(new RightsNow(rights));
  }

  /**
   * @param {Transport} transport
   * @param {Rights} rights
   * @param {Facts} facts
   * @param {number} now
   * @returns {Established}
   */
  _open_tunnel(transport, rights, facts, now) {
    this._sealer = new RecordSealer(transport.send, this._rekey_records);
    this._opener = new RecordOpener(transport.receive, this._rekey_records);
    this._reader = new PieceReader(limits_for(this.role));
    this.phase = Phase.LIVE;
    this.rights = rights;
    this._last_in = this._last_out = now;
    const { handshake_hash, peer_static } = transport;
    return new Established({ rights, handshake_hash, peer_static, facts });
  }

  /**
   * @param {Message} message
   * @param {number} now
   */
  _queue(message, now) {
    const row = check_outgoing(message, this.role, this.phase, this.rights);
    const body = m.pack_message(message);
    if (body.data.length > row.max_bytes) {
      const size = body.data.length;
      throw new LocalProtocolError(`${m.class_of(message).name} has ${size} bytes, the limit is ${row.max_bytes}`);
    }
    this._writer.add(body, row.urgent);
    this._last_out = now;
  }

  /**
   * Put out a websocket message when it is ready and those before it are out.
   * @param {Promise<Bytes>} message
   */
  _emit(message) {
    this._sending = this._sending.then(async () => {
      // Awaited before `_out` is read: `data_to_send` puts another list in its place meanwhile.
      const data = await message;
      this._out.push(data);
    });
  }

  /** Seal what waits; the counters are taken here, before anything is awaited. */
  _flush() {
    if (this._sealer === null) return;
    for (let plain = this._writer.next_plain(); plain !== null; plain = this._writer.next_plain()) {
      this._emit(this._sealer.seal(plain));
    }
  }

  /**
   * @param {RemoteProtocolError} error
   * @param {number} now
   */
  _fail(error, now) {
    if (this._closed) return;
    const secret = error instanceof SecurityError;
    if (this.phase === Phase.LIVE && !secret) {
      this._queue(new m.Bye({ code: "protocol-error", reason: error.message.slice(0, 256) }), now);
    }
    const detail = secret ? error.reason : error.message;
    this._close(new Closed({ ended: false, error: error.code, reason: error.message, detail }));
  }

  /** @param {Closed} event */
  _close(event) {
    // What people feel still goes out, the bye last; a picture under way does not.
    while (this._sealer !== null && this._writer.urgent) {
      const plain = this._writer.next_plain();
      if (plain === null) break;
      this._emit(this._sealer.seal(plain));
    }
    this.phase = Phase.CLOSED;
    this.rights = NO_RIGHTS;
    this._sealer?.wipe();
    this._opener?.wipe();
    this._sealer = this._opener = this._reader = null;
    this._writer = new PieceWriter();
    this._events.push(event);
  }
}
