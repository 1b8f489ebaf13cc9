/**
 * What our own vectors and the published ones demand, as named checks that run in Node and in a browser alike.
 *
 * Each function takes one parsed file of `tests/vectors/` and gives its checks.
 */

import { check_credentials, organisation_id } from "../../../technician_viewer/web/protocol/authority.js";
import { AgentConnection, ViewerConnection } from "../../../technician_viewer/web/protocol/connection.js";
import { concat, parse_b64 } from "../../../technician_viewer/web/protocol/encoding.js";
import * as envelope from "../../../technician_viewer/web/protocol/envelope.js";
import { RemoteProtocolError, SecurityError } from "../../../technician_viewer/web/protocol/errors.js";
import { Closed, Declined, Received } from "../../../technician_viewer/web/protocol/events.js";
import * as m from "../../../technician_viewer/web/protocol/messages.js";
import { CipherState, HandshakeState, KeyPair, Pattern } from "../../../technician_viewer/web/protocol/noise.js";
import { copy_source, decode_rect, move_area } from "../../../technician_viewer/web/protocol/picture.js";
import {
  MAX_RECORD_BYTES,
  PieceReader,
  PieceWriter,
  RecordOpener,
  RecordSealer,
} from "../../../technician_viewer/web/protocol/records.js";
import { Right } from "../../../technician_viewer/web/protocol/rights.js";
import { Phase, TABLE, limits_for } from "../../../technician_viewer/web/protocol/table.js";
import {
  InvalidTrackingNumber,
  is_canonical,
  parse_tracking,
} from "../../../technician_viewer/web/protocol/tracking.js";
import { equal, from_hex, refused, to_hex } from "./claims.mjs";
import { build, describe, name_of_class } from "./fields.mjs";

/** @typedef {{name: string, run: () => unknown, browser_only?: string}} Check */
/** @typedef {import("../../../technician_viewer/web/protocol/encoding.js").Bytes} Bytes */

/**
 * @param {any} file
 * @returns {Check[]}
 */
export function messages(file) {
  return [
    ...file.messages.map((/** @type {any} */ item, /** @type {number} */ index) => ({
      name: `message ${index}: ${item.name}`,
      run: () => {
        const packed = m.pack_message(build(item.name, item.fields));
        equal([packed.kind, to_hex(packed.data)], [item.kind, item.hex]);
        equal(describe(m.parse_message(item.kind, from_hex(item.hex))), { name: item.name, fields: item.fields });
      },
    })),
    ...file.rejects.map((/** @type {any} */ item) => ({
      name: `message refused: ${item.why}`,
      run: () => refused(() => m.parse_message(item.kind, from_hex(item.hex)), RemoteProtocolError, item.code),
    })),
    {
      name: "the table is the same",
      run: () => {
        const rows = [...TABLE].map(([cls, row]) => ({
          name: name_of_class(cls),
          senders: row.senders,
          right: row.right,
          max_bytes: row.max_bytes,
          urgent: row.urgent,
        }));
        equal(rows, file.table);
      },
    },
  ];
}

/**
 * @param {any} file
 * @returns {Check[]}
 */
export function tracking(file) {
  return [
    ...file.read.map((/** @type {any} */ item) => ({
      name: `tracking number ${JSON.stringify(item.text)}`,
      run: () => {
        equal(parse_tracking(item.text), item.canonical);
        equal([is_canonical(item.text), is_canonical(item.canonical)], [item.text === item.canonical, true]);
      },
    })),
    ...file.rejects.map((/** @type {string} */ text) => ({
      name: `no tracking number: ${JSON.stringify(text)}`,
      run: async () => {
        await refused(() => parse_tracking(text), InvalidTrackingNumber);
        equal(text.startsWith("XX-") || !is_canonical(text), true);
      },
    })),
  ];
}

const READERS = {
  first: envelope.parse_first_frame,
  agent: envelope.parse_from_agent,
  relay: envelope.parse_from_relay,
};

/**
 * @param {any} file
 * @returns {Check[]}
 */
export function control(file) {
  /** @param {any} item */
  const read = (item) => READERS[/** @type {keyof typeof READERS} */ (item.reader)](item.text);
  return [
    ...file.frames.map((/** @type {any} */ item) => ({
      name: `frame for ${item.reader}: ${item.text.slice(0, 40)}`,
      run: () => {
        const frame = read(item);
        equal(frame, JSON.parse(item.text));
        equal(JSON.parse(envelope.pack_control(frame)), JSON.parse(item.text));
      },
    })),
    ...file.rejects.map((/** @type {any} */ item) => ({
      name: `frame refused for ${item.reader}: ${item.text.slice(0, 60)}`,
      run: () => refused(() => read(item), envelope.MalformedFrame),
    })),
  ];
}

/**
 * Records that are not what was sealed.
 * @param {Bytes} record
 * @returns {[string, Bytes][]}
 */
function damaged(record) {
  const flipped = record.slice();
  flipped[flipped.length >> 1] = (flipped[flipped.length >> 1] ?? 0) ^ 1;
  return [
    ["refused", record.subarray(0, -1)],
    ["refused", record.subarray(1)],
    ["refused", new Uint8Array(0)],
    ["refused", concat(record, Uint8Array.of(0))],
    ["refused", flipped],
    ["too-large", new Uint8Array(MAX_RECORD_BYTES + 1)],
  ];
}

/**
 * @param {any} file
 * @returns {Check[]}
 */
export function records(file) {
  const key = from_hex(file.key);
  const limits = new Map(Object.entries(file.limits).map(([kind, limit]) => [Number(kind), Number(limit)]));
  /** @param {string[]} plains */
  const read_all = (plains) => {
    const reader = new PieceReader(limits);
    return plains.flatMap((plain) => reader.read(from_hex(plain)));
  };
  return [
    {
      name: "records over several rekeys, one after the other and all at once",
      run: async () => {
        for (const together of [false, true]) {
          const sealer = new RecordSealer(new CipherState(key), file.rekey_records);
          const opener = new RecordOpener(new CipherState(key), file.rekey_records);
          const sealed = [];
          const opened = [];
          for (const { plain, record } of file.records) {
            sealed.push(sealer.seal(from_hex(plain)));
            opened.push(opener.open(from_hex(record)));
            if (!together) await Promise.all([sealed.at(-1), opened.at(-1)]);
          }
          equal((await Promise.all(sealed)).map(to_hex), file.records.map((/** @type {any} */ item) => item.record));
          equal((await Promise.all(opened)).map(to_hex), file.records.map((/** @type {any} */ item) => item.plain));
        }
      },
    },
    {
      name: "damaged records are refused, the one that was sealed is opened",
      run: async () => {
        const record = from_hex(file.records[0].record);
        for (const [code, changed] of damaged(record)) {
          const opener = new RecordOpener(new CipherState(key), file.rekey_records);
          await refused(() => opener.open(changed), RemoteProtocolError, code);
        }
        const opener = new RecordOpener(new CipherState(key), file.rekey_records);
        equal(to_hex(await opener.open(record)), file.records[0].plain);
        // The same record again is another number's: refused.
        await refused(() => opener.open(record), SecurityError, "refused");
      },
    },
    {
      name: "an empty record is refused",
      run: async () => {
        const empty = await new CipherState(key).encrypt(new Uint8Array(0));
        await refused(() => new RecordOpener(new CipherState(key)).open(empty), RemoteProtocolError, "malformed");
      },
    },
    ...file.pieces.map((/** @type {any} */ item, /** @type {number} */ index) => ({
      name: `pieces ${index} are put together`,
      run: () => equal(read_all(item.plains).map(({ kind, data }) => ({ kind, hex: to_hex(data) })), item.bodies),
    })),
    ...file.rejects.map((/** @type {any} */ item) => ({
      name: `pieces refused: ${item.why}`,
      run: () => refused(() => read_all(item.plains), RemoteProtocolError, item.code),
    })),
    {
      name: "pieces are cut as in the vectors",
      run: () => {
        const [{ plains }] = file.pieces;
        const writer = new PieceWriter(64);
        writer.add({ kind: 0x21, data: Uint8Array.from({ length: 150 }, (_, byte) => byte) }, false);
        const written = [writer.next_plain()];
        writer.add({ kind: 0x13, data: new TextEncoder().encode("key") }, true);
        while (writer.pending) written.push(writer.next_plain());
        equal(written.map((plain) => plain && to_hex(plain)), plains);
      },
    },
    {
      name: "limits are the same",
      run: () => {
        for (const role of /** @type {const} */ (["agent", "viewer"])) {
          equal(Object.fromEntries(limits_for(role)), file.limits_for[role]);
        }
      },
    },
  ];
}

/**
 * @param {Record<string, string>} credentials
 * @returns {any}
 */
function papers(credentials) {
  return Object.fromEntries(Object.entries(credentials).map(([name, text]) => [name, parse_b64(text)]));
}

/**
 * Both ends with the keys of `handshake.json`.
 * @param {any} file
 * @param {boolean} resume
 */
export async function pair(file, resume) {
  const organisation_key = parse_b64(file.organisation_key);
  const common = {
    session: file.session,
    tracking: file.tracking,
    now: 0,
    rekey_records: file.rekey_records,
    resume_secret: resume ? from_hex(file.resume_secret) : null,
  };
  const [agent_static, agent_ephemeral, viewer_static, viewer_ephemeral] = await Promise.all(
    [file.agent_static, file.agent_ephemeral, file.viewer_static, file.viewer_ephemeral].map((secret) =>
      KeyPair.from_private_bytes(from_hex(secret)),
    ),
  );
  if (!agent_static || !agent_ephemeral || !viewer_static || !viewer_ephemeral) throw new Error("no keys");
  const { server_time, revocation_sequence } = file;
  const agent = new AgentConnection({
    ...common,
    static: agent_static,
    ephemeral: agent_ephemeral,
    trust: { organisation_key, server_time, revocation_sequence },
  });
  const viewer = new ViewerConnection({
    ...common,
    organisation: await organisation_id(organisation_key),
    static: viewer_static,
    ephemeral: viewer_ephemeral,
    credentials: papers(file.credentials),
    expected_agent_key: agent_static.public_bytes,
  });
  await agent.flushed();
  return { agent, viewer };
}

/**
 * @param {any} file
 * @returns {Check[]}
 */
export function handshake(file) {
  return file.sessions.map((/** @type {any} */ session) => ({
    name: `whole session, resume ${session.resume}, refused ${session.refused}`,
    run: async () => {
      const { agent, viewer } = await pair(file, session.resume);
      const ends = { agent, viewer };
      /** @type {{from: string, hex: string}[]} */
      const wire = [];
      /** @param {"agent" | "viewer"} from */
      const move = async (from) => {
        for (const data of ends[from].data_to_send()) {
          wire.push({ from, hex: to_hex(data) });
          await ends[from === "agent" ? "viewer" : "agent"].receive_data(data, 0);
        }
      };
      await move("agent");
      await move("viewer");
      if (session.refused) await agent.refuse("declined", 0);
      else {
        const facts = { hostname: "computer", system: "Linux", user: "uma", agent_version: "0.1.0" };
        await agent.grant(new Set(Object.values(Right)), facts, 0);
      }
      await move("agent");
      if (!session.refused) {
        for (let index = 0; index < 10; index += 1) {
          await agent.send(new m.FrameBegin({ frame: index, complete: false }), 0);
          await move("agent");
          await viewer.send(new m.PointerMove({ seq: index + 1, x: index, y: index }), 0);
          await move("viewer");
        }
        await agent.close("ended", 0);
        await move("agent");
      }
      equal(wire, session.wire);
      equal([agent.phase, viewer.phase], [Phase.CLOSED, Phase.CLOSED]);
      const events = viewer.events();
      const end = events.at(-1);
      equal(end instanceof Closed && end.ended, true);
      equal(events.some((event) => event instanceof Declined), session.refused);
      equal(events.filter((event) => event instanceof Received).length, session.refused ? 0 : 10);
    },
  }));
}

/**
 * @param {any} file
 * @returns {Check[]}
 */
export function authority(file) {
  const { session, tracking: number } = file;
  /** @param {any} item */
  const judge = (item) =>
    check_credentials(
      papers(item.credentials),
      { organisation_key: parse_b64(file.organisation_key), ...item.trust },
      { session, tracking: number, peer_static: parse_b64(item.peer_static) },
    );
  return [
    {
      name: "good papers are accepted",
      run: async () => equal([...(await judge(file.accepted)).rights].sort(), ["control", "view"]),
    },
    ...file.rejects.map((/** @type {any} */ item) => ({
      name: `papers refused: ${item.why}`,
      run: () => refused(() => judge(item), SecurityError, "refused"),
    })),
  ];
}

/**
 * @param {any} file
 * @returns {Check[]}
 */
export function picture(file) {
  /** @param {any} item */
  const decode = (item) => decode_rect({ ...item, data: from_hex(item.hex) });
  return [
    ...file.rects.map((/** @type {any} */ item, /** @type {number} */ index) => ({
      name: `rect ${index}, encoding ${item.encoding}`,
      run: async () => {
        const pixels = await decode(item);
        equal(pixels.length, item.width * item.height * 4);
        const rgb = pixels.filter((_, at) => at % 4 !== 3);
        if (item.rgb !== null) equal(to_hex(rgb), item.rgb);
        equal(pixels.every((value, at) => at % 4 !== 3 || value === 255), true);
      },
    })),
    ...file.rejects.map((/** @type {any} */ item) => ({
      name: `rect refused: ${item.why}`,
      run: () => refused(() => decode(item), RemoteProtocolError),
      ...(item.why === "deflate with bytes left over" && {
        browser_only: "Node 20 ignores bytes behind the end of deflate data; browsers do not",
      }),
    })),
    ...file.copies.map((/** @type {any} */ item) => ({
      name: `copy: ${item.why}`,
      run: () => {
        const pixels = opaque(from_hex(item.before));
        for (const step of item.rects) {
          const source = copy_source({ ...step, data: from_hex(step.hex) }, item.width, item.height);
          move_area(pixels, item.width, step, source);
        }
        equal(to_hex(pixels), to_hex(opaque(from_hex(item.after))));
      },
    })),
    ...file.copy_rejects.map((/** @type {any} */ item) => ({
      name: `copy refused: ${item.why}`,
      run: () => refused(() => copy_source({ ...item, data: from_hex(item.hex) }, 12, 9), RemoteProtocolError),
    })),
  ];
}

/**
 * R, G, B as R, G, B, 255.
 * @param {Uint8Array} rgb
 */
function opaque(rgb) {
  return new Uint8ClampedArray((rgb.length / 3) * 4).map((_, at) => (at % 4 === 3 ? 255 : (rgb[at - (at >> 2)] ?? 0)));
}

/** @type {Record<string, number>} */
const PATTERNS = { Noise_XX_25519_AESGCM_SHA256: Pattern.XX, Noise_XXpsk3_25519_AESGCM_SHA256: Pattern.XXPSK3 };

/**
 * Published vectors of the Noise framework, those of our two patterns.
 * @param {any} file
 * @returns {Check[]}
 */
export function noise(file) {
  const ours = file.vectors.filter((/** @type {any} */ item) => item.protocol_name in PATTERNS);
  return ours.map((/** @type {any} */ item, /** @type {number} */ index) => ({
    name: `published vector ${index}: ${item.protocol_name}`,
    run: async () => {
      /** @param {"init" | "resp"} side */
      const end = async (side) =>
        new HandshakeState({
          pattern: PATTERNS[item.protocol_name] ?? 0,
          initiator: side === "init",
          prologue: from_hex(item[`${side}_prologue`]),
          static: await KeyPair.from_private_bytes(from_hex(item[`${side}_static`])),
          ephemeral: await KeyPair.from_private_bytes(from_hex(item[`${side}_ephemeral`])),
          psk: item[`${side}_psks`] ? from_hex(item[`${side}_psks`][0]) : null,
        });
      const [one, other] = [await end("init"), await end("resp")];
      for (const [step, { payload, ciphertext }] of item.messages.slice(0, 3).entries()) {
        const [writer, reader] = step % 2 === 0 ? [one, other] : [other, one];
        const message = await writer.write_message(from_hex(payload));
        equal(to_hex(message), ciphertext);
        equal(to_hex(await reader.read_message(message)), payload);
      }
      const [ours_, theirs] = [await one.split(), await other.split()];
      equal([to_hex(ours_.handshake_hash), to_hex(theirs.handshake_hash)], Array(2).fill(item.handshake_hash));
      for (const [step, { payload, ciphertext }] of item.messages.slice(3).entries()) {
        // Message 4 is the responder's.
        const [sender, receiver] = step % 2 === 0 ? [theirs, ours_] : [ours_, theirs];
        const sealed = await sender.send.encrypt(from_hex(payload));
        equal(to_hex(sealed), ciphertext);
        equal(to_hex(await receiver.receive.decrypt(sealed)), payload);
      }
    },
  }));
}

/** @type {Record<string, (file: any) => Check[]>} */
export const SUITES = {
  "authority.json": authority,
  "envelope.json": control,
  "handshake.json": handshake,
  "messages.json": messages,
  "picture.json": picture,
  "records.json": records,
  "tracking.json": tracking,
  noise,
};
