/**
 * Fixed binary forms, written as in Python's `struct`: B u8, H u16, h i16, I u32, Q u64, all big-endian.
 *
 * Numbers are plain numbers: a u64 above 2^53 is rounded when read and cannot be written.
 */

import { LocalProtocolError, RemoteProtocolError } from "./errors.js";

/** @typedef {import("./encoding.js").Bytes} Bytes */

/** @type {Record<string, {size: number, min: number, max: number}>} */
const CODES = {
  B: { size: 1, min: 0, max: 0xff },
  H: { size: 2, min: 0, max: 0xffff },
  h: { size: 2, min: -0x8000, max: 0x7fff },
  I: { size: 4, min: 0, max: 0xffff_ffff },
  Q: { size: 8, min: 0, max: Number.MAX_SAFE_INTEGER },
};

/** One fixed form. */
export class Layout {
  /**
   * @param {string} name of the message, for error texts
   * @param {string} codes
   */
  constructor(name, codes) {
    this.name = name;
    this._codes = codes;
    this._fields = [...codes].map((code) => {
      const field = CODES[code];
      if (field === undefined) throw new LocalProtocolError(`no layout code ${code}`);
      return { code, ...field };
    });
    this.size = this._fields.reduce((sum, field) => sum + field.size, 0);
  }

  /**
   * Return the bytes of `values`, one for each code. Throws LocalProtocolError when one is out of range.
   * @param {...(number | boolean)} values
   * @returns {Bytes}
   */
  pack(...values) {
    const out = new Uint8Array(this.size);
    const view = new DataView(out.buffer);
    let offset = 0;
    for (const [index, { code, size, min, max }] of this._fields.entries()) {
      const value = Number(values[index]);
      if (!Number.isInteger(value) || value < min || value > max) {
        throw new LocalProtocolError(`${this.name}: ${value} is not a whole number from ${min} to ${max}`);
      }
      if (code === "B") view.setUint8(offset, value);
      else if (code === "H") view.setUint16(offset, value);
      else if (code === "h") view.setInt16(offset, value);
      else if (code === "I") view.setUint32(offset, value);
      else view.setBigUint64(offset, BigInt(value));
      offset += size;
    }
    return out;
  }

  /**
   * Return the numbers in `data`, which has exactly this size. Throws RemoteProtocolError.
   * @param {Bytes} data
   * @returns {number[]}
   */
  parse(data) {
    if (data.length !== this.size) {
      throw new RemoteProtocolError(`${this.name} has ${this.size} bytes, not ${data.length}`);
    }
    return this.parse_head(data);
  }

  /**
   * Return the numbers at the beginning of `data`. Throws RemoteProtocolError when it is shorter.
   * @param {Bytes} data
   * @returns {number[]}
   */
  parse_head(data) {
    if (data.length < this.size) throw new RemoteProtocolError(`${this.name} cut short`);
    const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
    let offset = 0;
    return this._fields.map(({ code, size }) => {
      const at = offset;
      offset += size;
      if (code === "B") return view.getUint8(at);
      if (code === "H") return view.getUint16(at);
      if (code === "h") return view.getInt16(at);
      if (code === "I") return view.getUint32(at);
      return Number(view.getBigUint64(at));
    });
  }
}

/**
 * Return a flag byte as a boolean. Throws RemoteProtocolError when it is neither 0 nor 1.
 * @param {number} value
 * @param {string} name
 * @returns {boolean}
 */
export function parse_flag(value, name) {
  if (value > 1) throw new RemoteProtocolError(`${name} is 0 or 1`);
  return value === 1;
}
