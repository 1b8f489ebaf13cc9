/**
 * JavaScript ends of sessions for `peer.py`: one JSON object a line on standard input, one answer a line on standard
 * output. `end` names a connection; every answer tells what it would send and what happened to it.
 */

import { createInterface } from "node:readline";

import * as c from "../../technician_viewer/web/protocol/connection.js";
import { parse_b64 } from "../../technician_viewer/web/protocol/encoding.js";
import { MalformedFrame, parse_from_relay } from "../../technician_viewer/web/protocol/envelope.js";
import { ProtocolError, RemoteProtocolError } from "../../technician_viewer/web/protocol/errors.js";
import { parse_message } from "../../technician_viewer/web/protocol/messages.js";
import { KeyPair } from "../../technician_viewer/web/protocol/noise.js";
import { copy_source, decode_rect } from "../../technician_viewer/web/protocol/picture.js";
import { parse_rights } from "../../technician_viewer/web/protocol/rights.js";
import { Picture } from "../../technician_viewer/web/picture.js";
import { from_hex, to_hex } from "../technician_viewer/web/claims.mjs";
import { build, describe } from "../technician_viewer/web/fields.mjs";

/** Browsers have one; Node does not. */
class PlainImageData {
  /** @param {number} width @param {number} height */
  constructor(width, height) {
    this.width = width;
    this.height = height;
    this.data = new Uint8ClampedArray(width * height * 4);
  }
}
Object.assign(globalThis, { ImageData: PlainImageData });

/** @type {Map<string, c.AgentConnection | c.ViewerConnection>} */
const ends = new Map();

/** @param {any} command */
async function make(command) {
  const common = {
    session: command.session,
    tracking: command.tracking,
    static: await KeyPair.from_private_bytes(from_hex(command.static)),
    ephemeral: await KeyPair.from_private_bytes(from_hex(command.ephemeral)),
    now: command.now,
    resume_secret: command.resume_secret === null ? null : from_hex(command.resume_secret),
    rekey_records: command.rekey_records,
  };
  if (command.role === "agent") {
    const trust = { ...command.trust, organisation_key: from_hex(command.trust.organisation_key) };
    return new c.AgentConnection({ ...common, trust });
  }
  const credentials = /** @type {any} */ (
    Object.fromEntries(Object.entries(command.credentials).map(([name, text]) => [name, parse_b64(String(text))]))
  );
  const { expected_agent_key, organisation } = command;
  return new c.ViewerConnection({
    ...common,
    credentials,
    organisation: from_hex(organisation),
    expected_agent_key: expected_agent_key === null ? null : from_hex(expected_agent_key),
    features: command.features,
  });
}

/** @param {c.ConsentNeeded | c.Established | c.Received | c.Declined | c.RightsNow | c.Closed} event */
function tell(event) {
  const name = event.constructor.name;
  if (event instanceof c.Received) return { event: name, ...describe(event.message) };
  if (event instanceof c.Declined) return { event: name, reason: event.reason };
  if (event instanceof c.RightsNow) return { event: name, rights: [...event.rights].sort() };
  if (event instanceof c.Closed) {
    return { event: name, ended: event.ended, code: event.code, error: event.error, reason: event.reason };
  }
  if (event instanceof c.ConsentNeeded) {
    const { technician, name: called, kind, rights, not_after } = event.authority;
    return { event: name, technician, name: called, kind, rights: [...rights].sort(), not_after };
  }
  return {
    event: name,
    rights: [...event.rights].sort(),
    handshake_hash: to_hex(event.handshake_hash),
    peer_static: to_hex(event.peer_static),
    facts: event.facts,
  };
}

/**
 * What bytes mean to the readers that need no connection; errors are named by their code.
 * @param {any} command
 */
async function read(command) {
  try {
    if (command.reader === "message") return describe(parse_message(command.kind, from_hex(command.hex)));
    if (command.reader === "relay") return parse_from_relay(command.text);
    if (command.reader === "copy") {
      const [across, down] = command.screen;
      return copy_source({ ...command, data: from_hex(command.hex) }, across, down);
    }
    const { encoding, width, height, hex } = command;
    return { rgba: to_hex(await decode_rect({ encoding, width, height, data: from_hex(hex) })) };
  } catch (error) {
    if (error instanceof RemoteProtocolError) return { error: error.code };
    if (error instanceof MalformedFrame) return { error: error.too_large ? "too-large" : "malformed" };
    throw error;
  }
}

/**
 * The browser's picture on a canvas of no browser: plays a screen's size and frames, returns what the canvas shows.
 * @param {any} command
 */
async function paint({ width, height, frames }) {
  const shown = new Uint8ClampedArray(width * height * 4);
  const context = {
    /**
     * @param {ImageData} image
     * @param {number} _x
     * @param {number} _y
     * @param {number} left
     * @param {number} top
     * @param {number} across
     * @param {number} down
     */
    putImageData(image, _x, _y, left = 0, top = 0, across = width, down = height) {
      for (let row = top; row < top + down; row += 1) {
        const at = (row * width + left) * 4;
        shown.set(image.data.subarray(at, at + across * 4), at);
      }
    },
  };
  const canvas = /** @type {unknown} */ ({ getContext: () => context, width, height });
  const picture = new Picture(/** @type {OffscreenCanvas} */ (canvas), () => 0);
  picture.resize(width, height);
  for (const [number, { complete, rects }] of frames.entries()) {
    picture.begin(number, complete);
    for (const rect of rects) await picture.add({ ...rect, data: from_hex(rect.data) });
    await picture.end(number);
  }
  return { rgba: to_hex(shown) };
}

/** @param {any} command */
async function obey(command) {
  if (command.op === "paint") return paint(command);
  if (command.op === "read") return read(command);
  if (command.op === "forget") return { known: ends.delete(command.end) };
  if (command.op === "new") ends.set(command.end, await make(command));
  const end = ends.get(command.end);
  if (end === undefined) throw new Error(`no end ${command.end}`);
  const { now } = command;
  if (command.op === "receive") {
    await Promise.all(command.data.map((/** @type {string} */ hex) => end.receive_data(from_hex(hex), now)));
  } else if (command.op === "send") {
    for (const { name, fields } of command.messages) await end.send(build(name, fields), now);
  } else if (command.op === "close") {
    await end.close(command.code, now, command.reason);
  } else if (end instanceof c.AgentConnection && command.op === "grant") {
    await end.grant(parse_rights(command.rights), command.facts, now);
  } else if (end instanceof c.AgentConnection && command.op === "refuse") {
    await end.refuse(command.reason, now);
  } else if (end instanceof c.AgentConnection && command.op === "narrow") {
    await end.narrow(parse_rights(command.rights), now);
  } else if (command.op !== "new") {
    throw new Error(`no command ${command.op} for this end`);
  }
  await end.flushed();
  return { out: end.data_to_send().map(to_hex), events: end.events().map(tell), phase: end.phase };
}

for await (const line of createInterface({ input: process.stdin, crlfDelay: Infinity })) {
  let answer;
  try {
    answer = await obey(JSON.parse(line));
  } catch (error) {
    const local = error instanceof ProtocolError;
    answer = { raised: local ? error.name : "bug", text: error instanceof Error ? String(error.stack) : String(error) };
  }
  process.stdout.write(`${JSON.stringify(answer)}\n`);
}
