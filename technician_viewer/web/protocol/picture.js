/**
 * Rectangles of pixels and their encodings (docs/protocol, section 7).
 *
 * Decoded pixels are RGBA as canvases take them, A = 255, row by row. Solid, raw and palette are decoded at once, since
 * they are what follows a key press; deflate goes through the platform's own inflater and gives a promise.
 */

import { ErrorCode, RemoteProtocolError } from "./errors.js";
import { MAX_SIDE_PX } from "./messages.js";

/** @typedef {import("./encoding.js").Bytes} Bytes */
/** @typedef {Uint8ClampedArray<ArrayBuffer>} Pixels */

export const MAX_RECT_PIXELS = 4_194_304;
export const MAX_SCREEN_PIXELS = 67_108_864;
export const MAX_PALETTE = 256;
const MAX_LEB128_BYTES = 4;
// Deflate grows at most 1,032 times: an inflater that is given this much at once stays below 17 MB ahead of the bound.
const SLICE_BYTES = 16_384;
const COPY_BYTES = 4;

/** How the pixels of a rect are written. A copy has none of its own: `copy_source` reads it. */
export const Encoding = Object.freeze({ SOLID: 0, RAW: 1, PALETTE: 2, DEFLATE: 3, COPY: 4 });

/**
 * @param {boolean} good
 * @param {string} detail
 */
function check(good, detail) {
  if (!good) throw new RemoteProtocolError(detail);
}

/**
 * Return R, G, B, 255 as one number in this machine's byte order.
 * @param {number} red
 * @param {number} green
 * @param {number} blue
 */
function pack_colour(red, green, blue) {
  return new Uint32Array(Uint8Array.of(red, green, blue, 255).buffer)[0] ?? 0;
}

/**
 * @param {Uint8Array} data
 * @param {number} count of pixels
 * @returns {Pixels}
 */
function decode_solid(data, count) {
  const [red, green, blue] = data;
  if (data.length !== 3 || red === undefined || green === undefined || blue === undefined) {
    throw new RemoteProtocolError("solid has three bytes");
  }
  return new Uint8ClampedArray(new Uint32Array(count).fill(pack_colour(red, green, blue)).buffer);
}

/**
 * @param {Uint8Array} data
 * @param {number} count of pixels
 * @returns {Pixels}
 */
function decode_raw(data, count) {
  check(data.length === count * 3, "raw of the wrong size");
  const out = new Uint8ClampedArray(count * 4);
  for (let from = 0, to = 0; from < data.length; from += 3, to += 4) {
    out[to] = data[from] ?? 0;
    out[to + 1] = data[from + 1] ?? 0;
    out[to + 2] = data[from + 2] ?? 0;
    out[to + 3] = 255;
  }
  return out;
}

/**
 * @param {Uint8Array} data
 * @param {number} pixels
 * @returns {Pixels}
 */
function decode_palette(data, pixels) {
  check(data.length >= 1, "palette is empty");
  const count = (data[0] ?? 0) + 1;
  const head = 1 + 3 * count;
  check(data.length >= head + 4, "palette cut short");
  const colours = Uint32Array.from({ length: count }, (_, index) => {
    const at = 1 + 3 * index;
    return pack_colour(data[at] ?? 0, data[at + 1] ?? 0, data[at + 2] ?? 0);
  });
  const runs = new DataView(data.buffer, data.byteOffset, data.byteLength).getUint32(head);
  const indices = head + 4;
  check(runs > 0 && runs <= pixels && data.length >= indices + runs, "palette with an impossible number of runs");
  const out = new Uint32Array(pixels);
  let filled = 0;
  let offset = indices + runs;
  for (let run = 0; run < runs; run += 1) {
    let length = 1;
    for (let byte = 0; ; byte += 1) {
      const part = data[offset];
      if (part === undefined || byte === MAX_LEB128_BYTES) throw new RemoteProtocolError("run length of the wrong form");
      offset += 1;
      length += (part & 0x7f) << (7 * byte);
      if (part < 0x80) break;
    }
    const colour = colours[data[indices + run] ?? MAX_PALETTE];
    if (colour === undefined) throw new RemoteProtocolError("palette index outside the palette");
    check(filled + length <= pixels, "palette runs do not fill the rect");
    out.fill(colour, filled, filled + length);
    filled += length;
  }
  check(filled === pixels && offset === data.length, "palette runs do not fill the rect");
  return new Uint8ClampedArray(out.buffer);
}

/**
 * Give `data` to an inflater slice by slice, no faster than its output is read.
 * @param {WritableStream<BufferSource>} writable
 * @param {Uint8Array} data
 */
async function feed(writable, data) {
  const writer = writable.getWriter();
  try {
    for (let offset = 0; offset < data.length; offset += SLICE_BYTES) {
      await writer.write(/** @type {Bytes} */ (data.subarray(offset, offset + SLICE_BYTES)));
    }
    await writer.close();
  } catch {
    // Broken data, or the reader has seen enough: the reader says which.
  }
}

/**
 * Return exactly `size` bytes of raw deflate data (RFC 1951). Throws RemoteProtocolError; what is too large is not
 * inflated to its end.
 *
 * Browsers refuse bytes behind the end of the data, as the Compression Streams standard wants; Node 20 ignores them.
 * @param {Uint8Array} data
 * @param {number} size
 * @returns {Promise<Bytes>}
 */
export async function inflate(data, size) {
  const stream = new DecompressionStream("deflate-raw");
  const reader = stream.readable.getReader();
  const fed = feed(stream.writable, data);
  const out = new Uint8Array(size);
  let filled = 0;
  for (;;) {
    const part = await reader.read().catch(() => null);
    if (part === null) throw new RemoteProtocolError("deflate data is broken");
    if (part.done) break;
    if (filled + part.value.length > size) {
      // Not awaited: the writing side may be waiting for room that nobody makes any more.
      void reader.cancel().catch(() => undefined);
      throw new RemoteProtocolError("deflate data of the wrong size");
    }
    out.set(part.value, filled);
    filled += part.value.length;
  }
  await fed;
  check(filled === size, "deflate data of the wrong size");
  return out;
}

/**
 * @param {Uint8Array} data
 * @param {number} width
 * @param {number} height
 * @returns {Promise<Pixels>}
 */
async function decode_deflate(data, width, height) {
  const row = width * 3;
  const rows = await inflate(data, row * height);
  // Bytes wrap around at 256 by themselves.
  for (let at = row; at < rows.length; at += 1) rows[at] = (rows[at] ?? 0) + (rows[at - row] ?? 0);
  return decode_raw(rows, width * height);
}

/**
 * Return the pixels of `rect`, or for deflate a promise of them. Throws RemoteProtocolError, or rejects with it.
 * @param {{encoding: number, width: number, height: number, data: Uint8Array}} rect
 * @returns {Pixels | Promise<Pixels>}
 */
export function decode_rect({ encoding, width, height, data }) {
  const count = width * height;
  if (count > MAX_RECT_PIXELS) throw new RemoteProtocolError("rect has too many pixels", ErrorCode.TOO_LARGE);
  if (encoding === Encoding.SOLID) return decode_solid(data, count);
  if (encoding === Encoding.RAW) return decode_raw(data, count);
  if (encoding === Encoding.PALETTE) return decode_palette(data, count);
  if (encoding === Encoding.DEFLATE) return decode_deflate(data, width, height);
  check(encoding !== Encoding.COPY, "a copy needs a picture to copy from");
  throw new RemoteProtocolError(`unknown rect encoding ${encoding}`, ErrorCode.UNKNOWN_MESSAGE);
}

/**
 * Return where a copy takes its pixels from, in a picture of this size. Throws RemoteProtocolError.
 * @param {{width: number, height: number, data: Uint8Array}} rect
 * @param {number} width of the picture
 * @param {number} height
 * @returns {{x: number, y: number}}
 */
export function copy_source(rect, width, height) {
  const { data } = rect;
  if (rect.width * rect.height > MAX_RECT_PIXELS) {
    throw new RemoteProtocolError("rect has too many pixels", ErrorCode.TOO_LARGE);
  }
  check(data.length === COPY_BYTES, "copy of the wrong size");
  const view = new DataView(data.buffer, data.byteOffset, COPY_BYTES);
  const source = { x: view.getUint16(0), y: view.getUint16(2) };
  const inside = source.x + rect.width <= width && source.y + rect.height <= height;
  check(inside, "copy from outside the picture");
  return source;
}

/**
 * Copy an area of `pixels` in place, RGBA in rows of `width` pixels; source and target may overlap.
 * @param {Uint8ClampedArray | Uint8Array} pixels
 * @param {number} width
 * @param {{x: number, y: number, width: number, height: number}} target
 * @param {{x: number, y: number}} source
 */
export function move_area(pixels, width, target, source) {
  const stride = width * 4;
  const row = target.width * 4;
  const from = source.y * stride + source.x * 4;
  const to = target.y * stride + target.x * 4;
  for (let step = 0; step < target.height; step += 1) {
    // In the order in which no row is overwritten before it was read; within a row `copyWithin` minds that itself.
    const at = (target.y > source.y ? target.height - 1 - step : step) * stride;
    pixels.copyWithin(to + at, from + at, from + at + row);
  }
}

/**
 * Return a cursor's RGBA pixels, not premultiplied. Throws RemoteProtocolError.
 * @param {number} width
 * @param {number} height
 * @param {Uint8Array} data
 * @returns {Promise<Pixels>}
 */
export async function decode_cursor(width, height, data) {
  const size = width * height * 4;
  return new Uint8ClampedArray(size === 0 ? new ArrayBuffer(0) : (await inflate(data, size)).buffer);
}

/**
 * Refuse a screen of a size that does not exist. Throws RemoteProtocolError.
 * @param {number} width
 * @param {number} height
 */
export function check_screen(width, height) {
  const good = width > 0 && width <= MAX_SIDE_PX && height > 0 && height <= MAX_SIDE_PX;
  check(good && width * height <= MAX_SCREEN_PIXELS, "screen of a size that does not exist");
}
