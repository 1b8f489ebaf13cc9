/** The binary messages of the tunnel: input, picture, heartbeat (docs/protocol, section 6); part of `messages.js`. */

import { concat, pack_utf8, parse_utf8 } from "./encoding.js";
import { LocalProtocolError, RemoteProtocolError } from "./errors.js";
import { Layout, parse_flag } from "./layout.js";

/** @typedef {import("./encoding.js").Bytes} Bytes */

// A raw rectangle of the largest size would be 12 MiB; encoders split long before.
export const MAX_RECT_BYTES = 16 * 1_048_576;
export const MAX_SIDE_PX = 16_384;
export const MAX_CURSOR_SIDE_PX = 512;
export const MAX_CURSOR_BYTES = 4 * MAX_CURSOR_SIDE_PX ** 2 + 1_024;
export const MAX_CODE_BYTES = 32;
export const MAX_KEY_TEXT_BYTES = 64;

/**
 * @param {string} detail
 * @returns {never}
 */
function malformed(detail) {
  throw new RemoteProtocolError(detail);
}

/** The pointer is at (x, y). */
export class PointerMove {
  static KIND = 0x10;
  static LAYOUT = new Layout("pointer-move", "IHH");

  /** @param {{seq: number, x: number, y: number}} fields */
  constructor({ seq, x, y }) {
    this.seq = seq;
    this.x = x;
    this.y = y;
    Object.freeze(this);
  }

  /** @returns {Bytes} */
  pack() {
    return PointerMove.LAYOUT.pack(this.seq, this.x, this.y);
  }

  /** @param {Bytes} data */
  static parse(data) {
    const [seq = 0, x = 0, y = 0] = PointerMove.LAYOUT.parse(data);
    return new PointerMove({ seq, x, y });
  }
}

/** A button went down or up at (x, y): 1 left, 2 middle, 3 right, 8 back, 9 forward (X11 numbering). */
export class Button {
  static KIND = 0x11;
  static LAYOUT = new Layout("button", "IHHBB");
  static BUTTONS = Object.freeze([1, 2, 3, 8, 9]);

  /** @param {{seq: number, x: number, y: number, button: number, down: boolean}} fields */
  constructor({ seq, x, y, button, down }) {
    this.seq = seq;
    this.x = x;
    this.y = y;
    this.button = button;
    this.down = down;
    Object.freeze(this);
  }

  /** @returns {Bytes} */
  pack() {
    return Button.LAYOUT.pack(this.seq, this.x, this.y, this.button, this.down);
  }

  /** @param {Bytes} data */
  static parse(data) {
    const [seq = 0, x = 0, y = 0, button = 0, down = 0] = Button.LAYOUT.parse(data);
    if (!Button.BUTTONS.includes(button)) malformed(`no button ${button}`);
    return new Button({ seq, x, y, button, down: parse_flag(down, "down") });
  }
}

/** The wheel turned at (x, y): dx, dy in 1/120 of a notch, positive is right and down. */
export class Wheel {
  static KIND = 0x12;
  static LAYOUT = new Layout("wheel", "IHHhh");

  /** @param {{seq: number, x: number, y: number, dx: number, dy: number}} fields */
  constructor({ seq, x, y, dx, dy }) {
    this.seq = seq;
    this.x = x;
    this.y = y;
    this.dx = dx;
    this.dy = dy;
    Object.freeze(this);
  }

  /** @returns {Bytes} */
  pack() {
    return Wheel.LAYOUT.pack(this.seq, this.x, this.y, this.dx, this.dy);
  }

  /** @param {Bytes} data */
  static parse(data) {
    const [seq = 0, x = 0, y = 0, dx = 0, dy = 0] = Wheel.LAYOUT.parse(data);
    return new Wheel({ seq, x, y, dx, dy });
  }
}

/** Bits of `Key.modifiers`. */
export const Modifier = Object.freeze({
  SHIFT: 1,
  CONTROL: 2,
  ALT: 4,
  META: 8,
  ALT_GRAPH: 16,
  CAPS_LOCK: 32,
  NUM_LOCK: 64,
  ALL: 127,
});

const CODE_FORM = /^[A-Za-z0-9]+$/;

/**
 * A key went down or up.
 *
 * `code` is the physical key (W3C UI Events `code`, such as KeyA), `text` what it produced on the technician's layout
 * or empty, `modifiers` the bits of `Modifier` that were held.
 */
export class Key {
  static KIND = 0x13;
  static LAYOUT = new Layout("key", "IBB");

  /** @param {{seq: number, down: boolean, modifiers: number, code: string, text?: string}} fields */
  constructor({ seq, down, modifiers, code, text = "" }) {
    this.seq = seq;
    this.down = down;
    this.modifiers = modifiers;
    this.code = code;
    this.text = text;
    Object.freeze(this);
  }

  /** @returns {Bytes} */
  pack() {
    const [code, text] = [pack_utf8(this.code), pack_utf8(this.text)];
    if (code.length > MAX_CODE_BYTES || text.length > MAX_KEY_TEXT_BYTES) {
      throw new LocalProtocolError("key code or text too long");
    }
    if (!CODE_FORM.test(this.code) || !this.text.isWellFormed()) {
      throw new LocalProtocolError("key code or text of the wrong form");
    }
    const head = Key.LAYOUT.pack(this.seq, this.down, this.modifiers);
    return concat(head, Uint8Array.of(code.length), code, Uint8Array.of(text.length), text);
  }

  /** @param {Bytes} data */
  static parse(data) {
    const [seq = 0, down = 0, modifiers = 0] = Key.LAYOUT.parse_head(data);
    if ((modifiers & ~Modifier.ALL) !== 0) malformed("key with unknown modifiers");
    const [code, after_code] = cut_short(data.subarray(Key.LAYOUT.size), MAX_CODE_BYTES, "key code");
    const [text, rest] = cut_short(after_code, MAX_KEY_TEXT_BYTES, "key text");
    if (rest.length > 0) malformed("key with bytes left over");
    if (!CODE_FORM.test(code)) malformed("key code is not a W3C code");
    return new Key({ seq, down: parse_flag(down, "down"), modifiers, code, text });
  }
}

/**
 * Cut a text with a one-byte length off `data`.
 * @param {Bytes} data
 * @param {number} most
 * @param {string} name
 * @returns {[string, Bytes]}
 */
function cut_short(data, most, name) {
  const length = data[0];
  if (length === undefined || length > most || data.length < 1 + length) {
    malformed(`${name} cut short or longer than ${most} bytes`);
  }
  try {
    return [parse_utf8(data.subarray(1, 1 + length)), data.subarray(1 + length)];
  } catch {
    malformed(`${name} is not UTF-8`);
  }
}

/** Every input up to `seq` has been applied. */
export class InputAck {
  static KIND = 0x14;
  static LAYOUT = new Layout("input-ack", "I");

  /** @param {{seq: number}} fields */
  constructor({ seq }) {
    this.seq = seq;
    Object.freeze(this);
  }

  /** @returns {Bytes} */
  pack() {
    return InputAck.LAYOUT.pack(this.seq);
  }

  /** @param {Bytes} data */
  static parse(data) {
    const [seq = 0] = InputAck.LAYOUT.parse(data);
    return new InputAck({ seq });
  }
}

/** The rects until the frame-end belong together; `complete`: they cover the whole screen. */
export class FrameBegin {
  static KIND = 0x20;
  static LAYOUT = new Layout("frame-begin", "IB");

  /** @param {{frame: number, complete: boolean}} fields */
  constructor({ frame, complete }) {
    this.frame = frame;
    this.complete = complete;
    Object.freeze(this);
  }

  /** @returns {Bytes} */
  pack() {
    return FrameBegin.LAYOUT.pack(this.frame, this.complete);
  }

  /** @param {Bytes} data */
  static parse(data) {
    const [frame = 0, complete = 0] = FrameBegin.LAYOUT.parse(data);
    return new FrameBegin({ frame, complete: parse_flag(complete, "complete") });
  }
}

/** Pixels of one rectangle in the given encoding (section 7); `picture.js` reads `data`. */
export class Rect {
  static KIND = 0x21;
  static LAYOUT = new Layout("rect", "BHHHH");

  /** @param {{encoding: number, x: number, y: number, width: number, height: number, data: Bytes}} fields */
  constructor({ encoding, x, y, width, height, data }) {
    this.encoding = encoding;
    this.x = x;
    this.y = y;
    this.width = width;
    this.height = height;
    this.data = data;
    Object.freeze(this);
  }

  /** @returns {Bytes} */
  pack() {
    return concat(Rect.LAYOUT.pack(this.encoding, this.x, this.y, this.width, this.height), this.data);
  }

  /** @param {Bytes} data */
  static parse(data) {
    const [encoding = 0, x = 0, y = 0, width = 0, height = 0] = Rect.LAYOUT.parse_head(data);
    if (width === 0 || height === 0 || x + width > MAX_SIDE_PX || y + height > MAX_SIDE_PX) {
      malformed("rect is empty or outside every screen");
    }
    return new Rect({ encoding, x, y, width, height, data: data.subarray(Rect.LAYOUT.size) });
  }
}

/** The frame is whole: show it. `captured_at_ms` is the agent's monotonic clock; `exact`: nothing in it is lossy. */
export class FrameEnd {
  static KIND = 0x22;
  static LAYOUT = new Layout("frame-end", "IQB");

  /** @param {{frame: number, captured_at_ms: number, exact: boolean}} fields */
  constructor({ frame, captured_at_ms, exact }) {
    this.frame = frame;
    this.captured_at_ms = captured_at_ms;
    this.exact = exact;
    Object.freeze(this);
  }

  /** @returns {Bytes} */
  pack() {
    return FrameEnd.LAYOUT.pack(this.frame, this.captured_at_ms, this.exact);
  }

  /** @param {Bytes} data */
  static parse(data) {
    const [frame = 0, captured_at_ms = 0, exact = 0] = FrameEnd.LAYOUT.parse(data);
    return new FrameEnd({ frame, captured_at_ms, exact: parse_flag(exact, "exact") });
  }
}

/** The viewer shows this frame; decoding and drawing took `decoded_in_ms`. */
export class FrameAck {
  static KIND = 0x23;
  static LAYOUT = new Layout("frame-ack", "IH");

  /** @param {{frame: number, decoded_in_ms: number}} fields */
  constructor({ frame, decoded_in_ms }) {
    this.frame = frame;
    this.decoded_in_ms = decoded_in_ms;
    Object.freeze(this);
  }

  /** @returns {Bytes} */
  pack() {
    return FrameAck.LAYOUT.pack(this.frame, this.decoded_in_ms);
  }

  /** @param {Bytes} data */
  static parse(data) {
    const [frame = 0, decoded_in_ms = 0] = FrameAck.LAYOUT.parse(data);
    return new FrameAck({ frame, decoded_in_ms });
  }
}

/** The pointer's picture: `data` is raw deflate of RGBA bytes, not premultiplied; width 0 hides it. */
export class CursorShape {
  static KIND = 0x24;
  static LAYOUT = new Layout("cursor-shape", "HHHH");

  /** @param {{width: number, height: number, hot_x: number, hot_y: number, data: Bytes}} fields */
  constructor({ width, height, hot_x, hot_y, data }) {
    this.width = width;
    this.height = height;
    this.hot_x = hot_x;
    this.hot_y = hot_y;
    this.data = data;
    Object.freeze(this);
  }

  /** @returns {Bytes} */
  pack() {
    return concat(CursorShape.LAYOUT.pack(this.width, this.height, this.hot_x, this.hot_y), this.data);
  }

  /** @param {Bytes} data */
  static parse(data) {
    const [width = 0, height = 0, hot_x = 0, hot_y = 0] = CursorShape.LAYOUT.parse_head(data);
    if (width > MAX_CURSOR_SIDE_PX || height > MAX_CURSOR_SIDE_PX || (width === 0) !== (height === 0)) {
      malformed("cursor of a size that does not exist");
    }
    if (hot_x > width || hot_y > height) malformed("the cursor's hot spot is outside it");
    return new CursorShape({ width, height, hot_x, hot_y, data: data.subarray(CursorShape.LAYOUT.size) });
  }
}

/** Where the remote pointer is, when it was not the viewer that moved it. */
export class CursorPosition {
  static KIND = 0x25;
  static LAYOUT = new Layout("cursor-position", "HHB");

  /** @param {{x: number, y: number, visible: boolean}} fields */
  constructor({ x, y, visible }) {
    this.x = x;
    this.y = y;
    this.visible = visible;
    Object.freeze(this);
  }

  /** @returns {Bytes} */
  pack() {
    return CursorPosition.LAYOUT.pack(this.x, this.y, this.visible);
  }

  /** @param {Bytes} data */
  static parse(data) {
    const [x = 0, y = 0, visible = 0] = CursorPosition.LAYOUT.parse(data);
    return new CursorPosition({ x, y, visible: parse_flag(visible, "visible") });
  }
}

/** Heartbeat of the tunnel. */
export class Ping {
  static KIND = 0x30;
  static LAYOUT = new Layout("ping", "I");

  /** @param {{id: number}} fields */
  constructor({ id }) {
    this.id = id;
    Object.freeze(this);
  }

  /** @returns {Bytes} */
  pack() {
    return Ping.LAYOUT.pack(this.id);
  }

  /** @param {Bytes} data */
  static parse(data) {
    const [id = 0] = Ping.LAYOUT.parse(data);
    return new Ping({ id });
  }
}

/** Answer to `Ping` with its id. */
export class Pong {
  static KIND = 0x31;
  static LAYOUT = new Layout("pong", "I");

  /** @param {{id: number}} fields */
  constructor({ id }) {
    this.id = id;
    Object.freeze(this);
  }

  /** @returns {Bytes} */
  pack() {
    return Pong.LAYOUT.pack(this.id);
  }

  /** @param {Bytes} data */
  static parse(data) {
    const [id = 0] = Pong.LAYOUT.parse(data);
    return new Pong({ id });
  }
}
