/**
 * The messages inside the tunnel and their bytes (docs/protocol, section 6).
 *
 * Frequent and bulky messages have a fixed binary form under a kind of their own; the others are JSON under kind 0x01.
 * `table.js` says who may send which, when, and under which right. Constructors take fields by name, spelled as on the
 * wire.
 */

import {
  Button,
  CursorPosition,
  CursorShape,
  FrameAck,
  FrameBegin,
  FrameEnd,
  InputAck,
  Key,
  MAX_SIDE_PX,
  Ping,
  PointerMove,
  Pong,
  Rect,
  Wheel,
} from "./binary_messages.js";
import { pack_utf8, parse_utf8 } from "./encoding.js";
import { ErrorCode, LocalProtocolError, RemoteProtocolError } from "./errors.js";
import {
  FormError,
  field,
  optional,
  parse_object,
  read_choice,
  read_flag,
  read_integer,
  read_list,
  read_object,
  read_text,
  text_up_to,
} from "./shape.js";

export * from "./binary_messages.js";

/** @typedef {import("./encoding.js").Bytes} Bytes */
/** @typedef {import("./shape.js").JsonObject} JsonObject */

export const JSON_KIND = 0x01;
export const MAX_JSON_BYTES = 262_144;
export const MAX_MONITORS = 16;
export const MAX_TEXT_CHARACTERS = 4_096;
export const MAX_RIGHTS = 32;

const MAX_U16 = 0xffff;
const MAX_U32 = 0xffff_ffff;

export const BYE_CODES = Object.freeze(
  /** @type {const} */ ([
    "ended",
    "declined",
    "timeout",
    "agent-stopped",
    "viewer-closed",
    "protocol-error",
    "rights-withdrawn",
    "capture-failed",
  ]),
);
/** @typedef {(typeof BYE_CODES)[number]} ByeCode */

/** @param {JsonObject} object @param {string} name */
const side = (object, name) => read_integer(field(object, name), name, { min: 1, max: MAX_SIDE_PX });
/** @param {JsonObject} object @param {string} name */
const offset = (object, name) => read_integer(field(object, name), name, { max: MAX_SIDE_PX - 1 });
/** @param {JsonObject} object */
const seq_of = (object) => read_integer(field(object, "seq"), "seq", { max: MAX_U32 });

/** The rights that the viewer has from now on, by name. */
export class RightsChanged {
  static TYPE = "rights-changed";

  /** @param {{rights: readonly string[]}} fields */
  constructor({ rights }) {
    this.rights = Object.freeze([...rights]);
    Object.freeze(this);
  }

  /** @param {JsonObject} object */
  static parse(object) {
    return new RightsChanged({ rights: read_list(field(object, "rights"), "rights", MAX_RIGHTS, text_up_to(32)) });
  }
}

/** The sender ends the session; the last thing it says. */
export class Bye {
  static TYPE = "bye";

  /** @param {{code: ByeCode, reason?: string}} fields */
  constructor({ code, reason = "" }) {
    this.code = code;
    this.reason = reason;
    Object.freeze(this);
  }

  /** @param {JsonObject} object */
  static parse(object) {
    return new Bye({
      code: read_choice(field(object, "code"), "code", BYE_CODES),
      reason: optional(object, "reason", "", text_up_to(256)),
    });
  }
}

/** One monitor, in pixels of the shared screen. */
export class Monitor {
  /** @param {{id: number, x: number, y: number, width: number, height: number, primary?: boolean}} fields */
  constructor({ id, x, y, width, height, primary = false }) {
    this.id = id;
    this.x = x;
    this.y = y;
    this.width = width;
    this.height = height;
    this.primary = primary;
    Object.freeze(this);
  }

  /** @param {unknown} value */
  static parse(value) {
    const object = read_object(value, "monitor");
    return new Monitor({
      id: read_integer(field(object, "id"), "id", { max: MAX_U16 }),
      x: offset(object, "x"),
      y: offset(object, "y"),
      width: side(object, "width"),
      height: side(object, "height"),
      primary: optional(object, "primary", false, read_flag),
    });
  }
}

/** @type {readonly Monitor[]} */
const NO_MONITORS = [];

/** Size of the shared screen in pixels and the monitors it is made of; a new size begins with an empty picture. */
export class Monitors {
  static TYPE = "monitors";

  /** @param {{width: number, height: number, monitors?: readonly Monitor[]}} fields */
  constructor({ width, height, monitors = NO_MONITORS }) {
    this.width = width;
    this.height = height;
    this.monitors = Object.freeze([...monitors]);
    Object.freeze(this);
  }

  /** @param {JsonObject} object */
  static parse(object) {
    return new Monitors({
      width: side(object, "width"),
      height: side(object, "height"),
      monitors: optional(object, "monitors", NO_MONITORS, (value, name) =>
        read_list(value, name, MAX_MONITORS, Monitor.parse),
      ),
    });
  }
}

/** The viewer asks for a complete picture. */
export class Refresh {
  static TYPE = "refresh";

  static parse() {
    return new Refresh();
  }
}

/** Type this text, character by character. */
export class Text {
  static TYPE = "text";

  /** @param {{seq: number, text: string}} fields */
  constructor({ seq, text }) {
    this.seq = seq;
    this.text = text;
    Object.freeze(this);
  }

  /** @param {JsonObject} object */
  static parse(object) {
    const text = read_text(field(object, "text"), "text", { max: MAX_TEXT_CHARACTERS });
    return new Text({ seq: seq_of(object), text });
  }
}

/** Let go of every key and button. */
export class ReleaseAll {
  static TYPE = "release-all";

  /** @param {{seq: number}} fields */
  constructor({ seq }) {
    this.seq = seq;
    Object.freeze(this);
  }

  /** @param {JsonObject} object */
  static parse(object) {
    return new ReleaseAll({ seq: seq_of(object) });
  }
}

/** @typedef {RightsChanged | Bye | Monitors | Refresh | Text | ReleaseAll} JsonMessage */
/**
 * @typedef {PointerMove | Button | Wheel | Key | InputAck | FrameBegin | Rect | FrameEnd | FrameAck | CursorShape |
 *   CursorPosition | Ping | Pong} BinaryMessage
 */
/** @typedef {JsonMessage | BinaryMessage} Message */

const JSON_CLASSES = Object.freeze([RightsChanged, Bye, Monitors, Refresh, Text, ReleaseAll]);
const BINARY_CLASSES = Object.freeze([
  PointerMove,
  Button,
  Wheel,
  Key,
  InputAck,
  FrameBegin,
  Rect,
  FrameEnd,
  FrameAck,
  CursorShape,
  CursorPosition,
  Ping,
  Pong,
]);
/** @typedef {(typeof JSON_CLASSES)[number] | (typeof BINARY_CLASSES)[number]} MessageClass */

/** @type {Map<string, {TYPE: string, parse: (object: JsonObject) => JsonMessage}>} */
const BY_TYPE = new Map(JSON_CLASSES.map((cls) => [cls.TYPE, cls]));
/** @type {Map<number, {parse: (data: Bytes) => BinaryMessage}>} */
const BY_KIND = new Map(BINARY_CLASSES.map((cls) => [cls.KIND, cls]));

/**
 * Return the class of `message`.
 * @param {Message} message
 * @returns {MessageClass}
 */
export function class_of(message) {
  return /** @type {MessageClass} */ (message.constructor);
}

/**
 * Return the kind byte under which messages of `cls` travel.
 * @param {MessageClass} cls
 * @returns {number}
 */
export function kind_of(cls) {
  return "KIND" in cls ? cls.KIND : JSON_KIND;
}

/**
 * Return the kind and the bytes of `message`. Throws LocalProtocolError when a value is out of range.
 * @param {Message} message
 * @returns {{kind: number, data: Bytes}}
 */
export function pack_message(message) {
  const cls = class_of(message);
  if ("KIND" in cls && "pack" in message) return { kind: cls.KIND, data: message.pack() };
  if (!("TYPE" in cls)) throw new LocalProtocolError("not a message");
  const object = { type: cls.TYPE, ...message };
  try {
    // What the reader would refuse is the caller's mistake.
    BY_TYPE.get(cls.TYPE)?.parse(/** @type {JsonObject} */ (object));
  } catch (error) {
    if (error instanceof FormError) throw new LocalProtocolError(error.message);
    throw error;
  }
  return { kind: JSON_KIND, data: pack_utf8(JSON.stringify(object)) };
}

/**
 * @param {Bytes} data
 * @returns {JsonMessage}
 */
function parse_json(data) {
  try {
    const object = parse_object(parse_utf8(data));
    const read = BY_TYPE.get(read_text(field(object, "type"), "type"));
    if (read === undefined) throw new FormError("no such type");
    return read.parse(object);
  } catch (error) {
    // TypeError is the text decoder's word for bytes that are not UTF-8.
    if (error instanceof FormError || error instanceof TypeError) throw new RemoteProtocolError(error.message);
    throw error;
  }
}

/**
 * Return the message in `data`. Throws RemoteProtocolError.
 * @param {number} kind
 * @param {Bytes} data
 * @returns {Message}
 */
export function parse_message(kind, data) {
  if (kind === JSON_KIND) return parse_json(data);
  const binary = BY_KIND.get(kind);
  if (binary === undefined) throw new RemoteProtocolError(`unknown kind ${kind}`, ErrorCode.UNKNOWN_MESSAGE);
  return binary.parse(data);
}
