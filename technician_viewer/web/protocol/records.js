/** Sealed records: pieces of messages packed, numbered, encrypted, put together again (docs/protocol, section 5). */

import { concat } from "./encoding.js";
import { ErrorCode, LocalProtocolError, RemoteProtocolError } from "./errors.js";
import { TAG_BYTES } from "./noise.js";

/** @typedef {import("./encoding.js").Bytes} Bytes */
/** @typedef {import("./noise.js").CipherState} CipherState */

export const MAX_RECORD_BYTES = 65_535;
export const MAX_PLAIN_BYTES = MAX_RECORD_BYTES - TAG_BYTES;
export const TARGET_PLAIN_BYTES = 4_096;
// Far below the 2^32 blocks at which AES-GCM under one key gets weak (SP 800-38D).
export const REKEY_RECORDS = 65_536;
export const PIECE_HEADER_BYTES = 4;
const MORE = 0x01;

/** The sending direction of a tunnel. Records come out in the order of the calls: await them in that order. */
export class RecordSealer {
  /**
   * @param {CipherState} cipher
   * @param {number} rekey_records
   */
  constructor(cipher, rekey_records = REKEY_RECORDS) {
    this._cipher = cipher;
    this._rekey_records = rekey_records;
  }

  /**
   * Return the record of `plain`, at most MAX_PLAIN_BYTES of it.
   * @param {Bytes} plain
   * @returns {Promise<Bytes>}
   */
  async seal(plain) {
    if (plain.length === 0 || plain.length > MAX_PLAIN_BYTES) {
      throw new LocalProtocolError(`a record holds 1 to ${MAX_PLAIN_BYTES} bytes, not ${plain.length}`);
    }
    // No await before the counter is taken and the key for the next record is set.
    const record = this._cipher.encrypt(plain);
    if (this._cipher.counter % this._rekey_records === 0) this._cipher.rekey();
    return record;
  }

  /** Forget the key; what was begun before is finished. */
  wipe() {
    this._cipher.wipe();
  }
}

/** The receiving direction of a tunnel. Records must be given in order; several may be under way at once. */
export class RecordOpener {
  /**
   * @param {CipherState} cipher
   * @param {number} rekey_records
   */
  constructor(cipher, rekey_records = REKEY_RECORDS) {
    this._cipher = cipher;
    this._rekey_records = rekey_records;
  }

  /**
   * Return the plain text of the next record. Throws RemoteProtocolError; the tunnel is over then.
   * @param {Bytes} record
   * @returns {Promise<Bytes>}
   */
  async open(record) {
    if (record.length > MAX_RECORD_BYTES) throw new RemoteProtocolError("record too large", ErrorCode.TOO_LARGE);
    const opening = this._cipher.decrypt(record);
    if (this._cipher.counter % this._rekey_records === 0) this._cipher.rekey();
    const plain = await opening;
    if (plain.length === 0) throw new RemoteProtocolError("empty record");
    return plain;
  }

  /** Forget the key. */
  wipe() {
    this._cipher.wipe();
  }
}

/**
 * One whole message as bytes: its kind and what stands behind it.
 * @typedef {{kind: number, data: Bytes}} Body
 */

/** Messages in order, and how far the first has been written. */
class Queue {
  constructor() {
    /** @type {Body[]} */
    this.bodies = [];
    this.offset = 0;
  }

  /**
   * Return the next piece, at most `room` bytes of message.
   * @param {number} room
   * @returns {Bytes}
   */
  next_piece(room) {
    const body = this.bodies[0];
    if (body === undefined) throw new LocalProtocolError("nothing to write");
    const part = body.data.subarray(this.offset, this.offset + room);
    const more = this.offset + part.length < body.data.length;
    if (more) {
      this.offset += part.length;
    } else {
      this.bodies.shift();
      this.offset = 0;
    }
    return concat(Uint8Array.of(body.kind, more ? MORE : 0, part.length >> 8, part.length & 0xff), part);
  }
}

/**
 * Cuts messages into pieces and packs pieces into the plain texts of records, urgent ones first.
 *
 * Two queues: what people feel (input, control, heartbeat) overtakes what is bulky (picture), also in the middle of a
 * message. Messages of one queue keep their order.
 */
export class PieceWriter {
  /** @param {number} target_bytes */
  constructor(target_bytes = TARGET_PLAIN_BYTES) {
    if (target_bytes <= PIECE_HEADER_BYTES || target_bytes > MAX_PLAIN_BYTES) {
      throw new LocalProtocolError("a record has room for at least one byte and at most what Noise allows");
    }
    this._target_bytes = target_bytes;
    this._urgent = new Queue();
    this._bulky = new Queue();
  }

  /**
   * Put a message behind those of its queue.
   * @param {Body} body
   * @param {boolean} urgent
   */
  add(body, urgent) {
    (urgent ? this._urgent : this._bulky).bodies.push(body);
  }

  /** Whether there is anything to write. */
  get pending() {
    return this._urgent.bodies.length > 0 || this._bulky.bodies.length > 0;
  }

  /** Whether an urgent message waits. */
  get urgent() {
    return this._urgent.bodies.length > 0;
  }

  /**
   * Return the plain text of the next record, or null when nothing is left.
   * @returns {Bytes | null}
   */
  next_plain() {
    /** @type {Bytes[]} */
    const pieces = [];
    let room = this._target_bytes;
    while (room > PIECE_HEADER_BYTES && this.pending) {
      const piece = this._next_queue().next_piece(room - PIECE_HEADER_BYTES);
      pieces.push(piece);
      room -= piece.length;
    }
    return pieces.length === 0 ? null : concat(...pieces);
  }

  /** @returns {Queue} */
  _next_queue() {
    const [urgent, bulky] = [this._urgent, this._bulky];
    if (urgent.bodies.length === 0) return bulky;
    // Reassembly is by kind, so a message under way is finished before another of its kind begins.
    return bulky.offset > 0 && bulky.bodies[0]?.kind === urgent.bodies[0]?.kind ? bulky : urgent;
  }
}

/**
 * Bytes that grow by pieces. One buffer rather than a list of pieces: a peer that sends single bytes would make the
 * list a hundred times larger than the message.
 */
class Growing {
  constructor() {
    this._buffer = new Uint8Array(0);
    this.length = 0;
  }

  /** @param {Bytes} part */
  add(part) {
    const needed = this.length + part.length;
    if (needed > this._buffer.length) {
      const larger = new Uint8Array(Math.max(needed, 2 * this._buffer.length));
      larger.set(this._buffer.subarray(0, this.length));
      this._buffer = larger;
    }
    this._buffer.set(part, this.length);
    this.length = needed;
  }

  /** @returns {Bytes} */
  whole() {
    return this._buffer.subarray(0, this.length);
  }
}

/** Puts messages together again; `limits` gives the largest message of each kind, and with it which kinds exist. */
export class PieceReader {
  /** @param {ReadonlyMap<number, number>} limits */
  constructor(limits) {
    this._limits = limits;
    /** @type {Map<number, Growing>} */
    this._unfinished = new Map();
  }

  /**
   * Return the messages that this record completes. Throws RemoteProtocolError.
   * @param {Bytes} plain
   * @returns {Body[]}
   */
  read(plain) {
    /** @type {Body[]} */
    const bodies = [];
    const view = new DataView(plain.buffer, plain.byteOffset, plain.byteLength);
    let offset = 0;
    while (offset < plain.length) {
      if (plain.length - offset < PIECE_HEADER_BYTES) throw new RemoteProtocolError("piece without a whole header");
      const [kind, flags] = [view.getUint8(offset), view.getUint8(offset + 1)];
      const begin = offset + PIECE_HEADER_BYTES;
      const end = begin + view.getUint16(offset + 2);
      const limit = this._limits.get(kind);
      if (limit === undefined) throw new RemoteProtocolError(`unknown kind ${kind}`, ErrorCode.UNKNOWN_MESSAGE);
      if ((flags & ~MORE) !== 0 || end > plain.length) {
        throw new RemoteProtocolError("piece with unknown flags or cut short");
      }
      const data = this._add(kind, limit, plain.subarray(begin, end), (flags & MORE) !== 0);
      if (data !== null) bodies.push({ kind, data });
      offset = end;
    }
    return bodies;
  }

  /**
   * Take a piece; return the message when it is whole.
   * @param {number} kind
   * @param {number} limit
   * @param {Bytes} part
   * @param {boolean} more
   * @returns {Bytes | null}
   */
  _add(kind, limit, part, more) {
    const message = this._unfinished.get(kind);
    const length = (message?.length ?? 0) + part.length;
    if (length > limit) throw new RemoteProtocolError(`message of kind ${kind} too large`, ErrorCode.TOO_LARGE);
    // The usual message is one piece and needs no copy.
    if (message === undefined && !more) return part;
    const grown = message ?? new Growing();
    grown.add(part);
    if (more) {
      this._unfinished.set(kind, grown);
      return null;
    }
    this._unfinished.delete(kind);
    return grown.whole();
  }
}
