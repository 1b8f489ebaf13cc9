/** Both ends wired as a pair: what is particular to the asynchronous mirror, and the rules of the state machine. */

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import test from "node:test";

import * as c from "../../../technician_viewer/web/protocol/connection.js";
import { concat } from "../../../technician_viewer/web/protocol/encoding.js";
import { ErrorCode, LocalProtocolError } from "../../../technician_viewer/web/protocol/errors.js";
import * as m from "../../../technician_viewer/web/protocol/messages.js";
import { KeyPair } from "../../../technician_viewer/web/protocol/noise.js";
import { PieceReader } from "../../../technician_viewer/web/protocol/records.js";
import { NO_RIGHTS, Right } from "../../../technician_viewer/web/protocol/rights.js";
import { Phase, Role, TABLE, check_incoming, peer_of } from "../../../technician_viewer/web/protocol/table.js";
import { build } from "./fields.mjs";
import { pair } from "./vectors.mjs";

/** @typedef {import("../../../technician_viewer/web/protocol/encoding.js").Bytes} Bytes */
/** @typedef {import("../../../technician_viewer/web/protocol/rights.js").Rights} Rights */

const FILE = JSON.parse(readFileSync(new URL("../../vectors/handshake.json", import.meta.url), "utf8"));
/** @type {{name: string, fields: Record<string, any>}[]} */
const MESSAGES = JSON.parse(readFileSync(new URL("../../vectors/messages.json", import.meta.url), "utf8")).messages;
const FACTS = { hostname: "computer", system: "Linux", user: "uma", agent_version: "0.1.0" };
/** @type {Rights} */
const BOTH = new Set(Object.values(Right));
/** @type {Rights} */
const VIEW = new Set([Right.VIEW]);

/**
 * Carry data both ways until nothing is left.
 * @param {{agent: c.AgentConnection, viewer: c.ViewerConnection}} ends
 * @param {number} now
 */
async function pump({ agent, viewer }, now = 0) {
  let wire = 0;
  for (let moved = true; moved; ) {
    moved = false;
    for (const [sender, receiver] of [
      [agent, viewer],
      [viewer, agent],
    ]) {
      for (const data of sender?.data_to_send() ?? []) {
        moved = true;
        wire += 1;
        await receiver?.receive_data(data, now);
      }
    }
  }
  return wire;
}

/** @param {Rights} rights */
async function live(rights = BOTH, resume = false) {
  const ends = await pair(FILE, resume);
  await pump(ends);
  await ends.agent.grant(rights, FACTS, 0);
  await pump(ends);
  ends.agent.events();
  ends.viewer.events();
  assert.deepEqual([ends.agent.phase, ends.viewer.phase], [Phase.LIVE, Phase.LIVE]);
  return ends;
}

/** @param {c.AgentConnection | c.ViewerConnection} end */
function closed(end) {
  const found = end.events().filter((event) => event instanceof c.Closed);
  assert.equal(found.length, 1);
  return /** @type {c.Closed} */ (found[0]);
}

/** @param {c.AgentConnection | c.ViewerConnection} end */
function messages_of(end) {
  return end.events().flatMap((event) => (event instanceof c.Received ? [event.message] : []));
}

/** @param {number} seq */
const move = (seq) => new m.PointerMove({ seq, x: 1, y: 2 });

test("records given at once are opened together and dispatched in order", async () => {
  const { agent, viewer } = await live();
  for (let seq = 1; seq <= 40; seq += 1) await viewer.send(move(seq), 1);
  const records = viewer.data_to_send();
  assert.equal(records.length, 40);
  await Promise.all(records.map((record) => agent.receive_data(record, 1)));
  const seqs = messages_of(agent).map((message) => message instanceof m.PointerMove && message.seq);
  assert.deepEqual(seqs, Array.from({ length: 40 }, (_, index) => index + 1));
});

test("what is sent in one turn shares a record", async () => {
  const { agent, viewer } = await live();
  await Promise.all([1, 2, 3].map((seq) => viewer.send(move(seq), 1)));
  const records = viewer.data_to_send();
  assert.equal(records.length, 1);
  await agent.receive_data(/** @type {Bytes} */ (records[0]), 1);
  assert.equal(agent.events().length, 3);
});

test("message 3 and the records behind it may arrive in one go", async () => {
  const ends = await pair(FILE, false);
  await pump(ends);
  await ends.agent.grant(BOTH, FACTS, 0);
  for (let frame = 0; frame < 20; frame += 1) await ends.agent.send(new m.FrameBegin({ frame, complete: false }), 0);
  const all = ends.agent.data_to_send();
  assert.equal(all.length, 21);
  await Promise.all(all.map((data) => ends.viewer.receive_data(data, 0)));
  const [first, ...rest] = ends.viewer.events();
  assert.ok(first instanceof c.Established);
  assert.deepEqual(first.facts, FACTS);
  const frames = rest.map((event) => event instanceof c.Received && /** @type {m.FrameBegin} */ (event.message).frame);
  assert.deepEqual(frames, [...Array(20).keys()]);
});

test("a record that does not open ends it, whatever is under way behind it", async () => {
  const { agent, viewer } = await live();
  for (let seq = 1; seq <= 10; seq += 1) await viewer.send(move(seq), 1);
  const records = viewer.data_to_send();
  const third = /** @type {Bytes} */ (records[2]);
  third[0] = (third[0] ?? 0) ^ 1;
  await Promise.all(records.map((record) => agent.receive_data(record, 1)));
  const events = agent.events();
  assert.equal(events.length, 3);
  const end = events[2];
  assert.ok(end instanceof c.Closed);
  assert.deepEqual([end.ended, end.error], [false, ErrorCode.REFUSED]);
  assert.deepEqual(agent.data_to_send(), []);
});

test("urgent messages overtake a picture that waits, and a bye is the last thing said", async () => {
  const { agent, viewer } = await live();
  const sent = [
    agent.send(new m.Rect({ encoding: 1, x: 0, y: 0, width: 100, height: 100, data: new Uint8Array(30_000) }), 0),
    agent.send(new m.CursorPosition({ x: 1, y: 2, visible: true }), 0),
  ];
  await Promise.all(sent);
  await pump({ agent, viewer });
  const kinds = messages_of(viewer).map((message) => message.constructor.name);
  assert.deepEqual(kinds, ["CursorPosition", "Rect"]);
  await agent.close("ended", 1, "Thank you");
  await pump({ agent, viewer });
  const end = closed(viewer);
  assert.deepEqual([end.ended, end.code, end.reason], [true, "ended", "Thank you"]);
});

test("input without the right ends the session and with it passes", async () => {
  for (const granted of [VIEW, BOTH]) {
    const { agent, viewer } = await live(granted);
    viewer.rights = BOTH; // a viewer that lies to itself
    await viewer.send(move(1), 10);
    await pump({ agent, viewer }, 10);
    if (granted === BOTH) assert.ok(agent.events()[0] instanceof c.Received);
    else {
      assert.equal(closed(agent).error, ErrorCode.NOT_PERMITTED);
      assert.equal(closed(viewer).code, "protocol-error");
    }
  }
});

test("input under way when control is taken back is dropped without blame for two seconds", async () => {
  for (const [at, error] of /** @type {const} */ ([
    [6.9, null],
    [7.1, ErrorCode.NOT_PERMITTED],
  ])) {
    const { agent, viewer } = await live();
    await viewer.send(move(1), 5);
    const late = viewer.data_to_send();
    await agent.narrow(VIEW, 5);
    assert.ok(agent.events()[0] instanceof c.RightsNow);
    for (const data of late) await agent.receive_data(data, at);
    if (error === null) {
      assert.deepEqual(agent.events(), []);
      await pump({ agent, viewer }, 5.2);
      assert.deepEqual([...viewer.rights], [Right.VIEW]);
      await assert.rejects(viewer.send(move(2), 6), LocalProtocolError);
    } else assert.equal(closed(agent).error, error);
  }
});

test("losing every right ends it, and narrowing never widens", async () => {
  const { agent, viewer } = await live(VIEW);
  await agent.narrow(BOTH, 1);
  assert.deepEqual([...agent.rights], [Right.VIEW]);
  await agent.narrow(NO_RIGHTS, 1);
  await pump({ agent, viewer }, 1);
  assert.equal(closed(viewer).code, "rights-withdrawn");
});

test("silence is answered with ping, long silence is a loss", async () => {
  const { agent, viewer } = await live();
  assert.equal(viewer.next_deadline(), c.PING_AFTER_S);
  await viewer.on_deadline(0.9);
  assert.deepEqual(viewer.data_to_send(), []);
  await viewer.on_deadline(1);
  assert.equal(await pump({ agent, viewer }, 1), 2); // ping, pong
  assert.deepEqual([agent.events(), viewer.events()], [[], []]);
  for (let now = 2; now <= 16; now += 1) await viewer.on_deadline(now);
  const end = closed(viewer);
  assert.deepEqual([end.ended, end.error], [false, ErrorCode.LOST]);
  assert.equal(viewer.next_deadline(), null);
});

test("a peer that stops in the handshake is given up, a user who says nothing has said no", async () => {
  const { agent, viewer } = await pair(FILE, false);
  await viewer.on_deadline(c.HANDSHAKE_S - 0.1);
  assert.equal(viewer.phase, Phase.HANDSHAKE);
  await viewer.on_deadline(c.HANDSHAKE_S);
  assert.equal(closed(viewer).error, ErrorCode.LOST);
  await agent.on_deadline(c.HANDSHAKE_S);
  assert.equal(closed(agent).error, ErrorCode.LOST);
  const asked = await pair(FILE, false);
  await pump(asked);
  await asked.agent.on_deadline(c.CONSENT_S);
  await pump(asked, c.CONSENT_S);
  const [declined] = asked.viewer.events();
  assert.ok(declined instanceof c.Declined);
  assert.equal(declined.reason, "timeout");
});

test("another agent key than the pinned one is refused", async () => {
  const ends = await pair(FILE, false);
  ends.viewer._expected_agent_key = new Uint8Array(32);
  await pump(ends);
  await ends.agent.grant(BOTH, FACTS, 0);
  await pump(ends);
  assert.equal(closed(ends.viewer).error, ErrorCode.REFUSED);
});

test("resuming needs the secret", async () => {
  await live(BOTH, true);
  const ends = await pair(FILE, true);
  ends.viewer._resume_secret = null;
  await pump(ends);
  assert.equal(closed(ends.viewer).error, ErrorCode.NO_RESUME);
  assert.deepEqual(ends.viewer.data_to_send(), []);
});

test("patterns and first messages that do not exist", async () => {
  for (const first of [[], [0], [3, ...Array(32).fill(9)], [255]]) {
    const { viewer } = await pair(FILE, false);
    await viewer.receive_data(Uint8Array.from(first), 0);
    assert.equal(closed(viewer).error, ErrorCode.MALFORMED);
    assert.deepEqual(viewer.data_to_send(), []);
  }
  // A point of low order instead of an ephemeral key: every Diffie-Hellman with it would be known.
  const { viewer } = await pair(FILE, false);
  await viewer.receive_data(Uint8Array.from([1, ...Array(32).fill(0)]), 0);
  assert.equal(closed(viewer).error, ErrorCode.REFUSED);
});

test("a first message with content is refused", async () => {
  for (const extra of [0, 1]) {
    const { agent, viewer } = await pair(FILE, false);
    const [first] = agent.data_to_send();
    await viewer.receive_data(concat(/** @type {Bytes} */ (first), new Uint8Array(extra)), 0);
    assert.equal(viewer.data_to_send().length, 1 - extra);
    if (extra > 0) assert.equal(closed(viewer).error, ErrorCode.MALFORMED);
  }
});

test("the user cannot grant more than the ticket allows", async () => {
  const ends = await pair(FILE, false);
  await pump(ends);
  const { authority } = ends.agent;
  assert.ok(authority);
  ends.agent.authority = { ...authority, rights: VIEW };
  await ends.agent.grant(BOTH, FACTS, 0);
  await pump(ends);
  assert.deepEqual([[...ends.agent.rights], [...ends.viewer.rights]], [[Right.VIEW], [Right.VIEW]]);
});

test("each message comes only from its side, while live, and with its right", () => {
  for (const item of MESSAGES) {
    const message = build(item.name, item.fields);
    const row = TABLE.get(m.class_of(message));
    assert.ok(row);
    for (const receiver of Object.values(Role)) {
      for (const phase of Object.values(Phase)) {
        for (const rights of [BOTH, NO_RIGHTS]) {
          const check = () => check_incoming(message, receiver, phase, rights);
          if (!row.senders.includes(peer_of(receiver)) || phase !== Phase.LIVE) {
            assert.throws(check, { code: ErrorCode.OUT_OF_STATE });
          } else if (row.right !== null && rights === NO_RIGHTS) {
            assert.throws(check, { code: ErrorCode.NOT_PERMITTED });
          } else check();
        }
      }
    }
  }
});

test("a viewer that speaks while the user is asked", async () => {
  const ends = await pair(FILE, false);
  await pump(ends);
  ends.agent.events();
  await ends.agent.receive_data(Uint8Array.of(1), 0);
  assert.equal(closed(ends.agent).error, ErrorCode.OUT_OF_STATE);
});

test("closing while the handshake computes leaves nothing behind", async () => {
  const ends = await pair(FILE, false);
  await pump(ends);
  const granting = ends.agent.grant(BOTH, FACTS, 0);
  await assert.rejects(ends.agent.grant(BOTH, FACTS, 0), LocalProtocolError);
  ends.agent.connection_lost();
  await granting;
  assert.equal(ends.agent.phase, Phase.CLOSED);
  assert.deepEqual(ends.agent.data_to_send(), []);
  assert.equal(ends.agent.events().filter((event) => event instanceof c.Established).length, 0);
});

test("after the end nothing is read, sent or kept", async () => {
  const { agent, viewer } = await live();
  await viewer.send(new m.Ping({ id: 1 }), 0);
  const late = viewer.data_to_send();
  const sealer = agent._sealer;
  await agent.close("ended", 0);
  assert.ok(sealer?._cipher.wiped);
  agent.data_to_send();
  agent.events();
  for (const data of late) await agent.receive_data(data, 0);
  await agent.close("ended", 0);
  agent.connection_lost();
  assert.deepEqual([agent.events(), agent.data_to_send()], [[], []]);
  await assert.rejects(agent.send(new m.Ping({ id: 1 }), 0), LocalProtocolError);
});

test("misuse is the caller's mistake", async () => {
  const { agent, viewer } = await live();
  await assert.rejects(agent.grant(BOTH, FACTS, 0), LocalProtocolError);
  await assert.rejects(agent.refuse("declined", 0), LocalProtocolError);
  await assert.rejects(agent.send(move(1), 0), LocalProtocolError);
  for (const wrong of [
    new m.PointerMove({ seq: -1, x: 0, y: 0 }),
    new m.PointerMove({ seq: 1, x: 65_536, y: 0 }),
    new m.Wheel({ seq: 1, x: 0, y: 0, dx: 0.5, dy: 0 }),
    new m.Key({ seq: 1, down: true, modifiers: 0, code: "Ä", text: "" }),
    new m.Key({ seq: 1, down: true, modifiers: 0, code: "KeyA", text: "a".repeat(65) }),
    new m.Text({ seq: 1, text: "a".repeat(4_097) }),
    new m.Text({ seq: 1, text: "\ud800" }),
  ]) {
    await assert.rejects(viewer.send(wrong, 0), LocalProtocolError);
  }
  await viewer.send(new m.Text({ seq: 1, text: "🙂".repeat(4_096) }), 0);
  assert.equal(viewer.phase, Phase.LIVE);
});

test("a message in single bytes is put together, one byte over its limit is not", () => {
  const size = 100_000;
  const pieces = concat(...Array.from({ length: size }, (_, at) => Uint8Array.of(0x21, 1, 0, 1, at & 0xff)));
  for (const limit of [size, size - 1]) {
    const reader = new PieceReader(new Map([[0x21, limit]]));
    if (limit < size) {
      assert.throws(() => reader.read(pieces), { code: ErrorCode.TOO_LARGE });
      continue;
    }
    assert.deepEqual(reader.read(pieces), []);
    const [body] = reader.read(Uint8Array.of(0x21, 0, 0, 0));
    assert.equal(body?.data.length, size);
    assert.ok(body.data.every((byte, at) => byte === (at & 0xff)));
  }
});

test("a device key that cannot be exported is enough", async () => {
  const pair_ = await KeyPair.generate();
  assert.equal(pair_.private_key.extractable, false);
  await assert.rejects(crypto.subtle.exportKey("pkcs8", pair_.private_key));
  assert.equal(pair_.public_bytes.length, 32);
});

test("what is being sealed survives a shell that takes what is ready meanwhile", async () => {
  const { agent, viewer } = await live();
  let done = false;
  const sent = viewer.send(new m.Refresh(), 0).then(() => {
    done = true;
  });
  const records = [];
  while (!done) {
    records.push(...viewer.data_to_send());
    await new Promise((resolve) => setImmediate(resolve));
  }
  await sent;
  records.push(...viewer.data_to_send());
  assert.equal(records.length, 1);
  for (const record of records) await agent.receive_data(record, 0);
  const [event] = agent.events();
  assert.ok(event instanceof c.Received && event.message instanceof m.Refresh);
});
