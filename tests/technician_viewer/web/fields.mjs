/** Messages as the names and JSON fields of `tests/vectors/messages.json`; bytes are hex. */

import * as m from "../../../technician_viewer/web/protocol/messages.js";
import { TABLE } from "../../../technician_viewer/web/protocol/table.js";
import { from_hex, to_hex } from "./claims.mjs";

/** @typedef {m.Message} Message */

/** @param {{name: string}} cls */
export function name_of_class(cls) {
  return cls.name.replace(/(?<!^)(?=[A-Z])/g, "-").toLowerCase();
}

/** @type {Map<string, any>} */
const CLASSES = new Map([...TABLE.keys()].map((cls) => [name_of_class(cls), cls]));

/**
 * @param {string} name
 * @param {Record<string, any>} fields
 * @returns {Message}
 */
export function build(name, fields) {
  const values = { ...fields };
  if (typeof values["data"] === "string") values["data"] = from_hex(values["data"]);
  if (Array.isArray(values["monitors"])) values["monitors"] = values["monitors"].map((item) => new m.Monitor(item));
  return new (CLASSES.get(name))(values);
}

/**
 * @param {Message} message
 * @returns {{name: string, fields: Record<string, unknown>}}
 */
export function describe(message) {
  const fields = { ...message };
  if ("data" in message) Object.assign(fields, { data: to_hex(message.data) });
  return { name: name_of_class(m.class_of(message)), fields };
}
