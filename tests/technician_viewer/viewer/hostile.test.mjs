/** What a relay, an agent or a server must not do to the viewer, under Node: picture, session and calls of the API. */

import assert from "node:assert/strict";
import test from "node:test";

import { get } from "../../../technician_viewer/web/api.js";
import { askForOffer } from "../../../technician_viewer/web/offer.js";
import { BadPicture, Picture } from "../../../technician_viewer/web/picture.js";
import { RemoteProtocolError } from "../../../technician_viewer/web/protocol/errors.js";
import { check_screen, copy_source, decode_rect } from "../../../technician_viewer/web/protocol/picture.js";
import { Session } from "../../../technician_viewer/web/session.js";

const globals = /** @type {Record<string, unknown>} */ (/** @type {unknown} */ (globalThis));

// --- the picture

class FakeImage {
  /** @param {number} width @param {number} height */
  constructor(width, height) {
    this.width = width;
    this.height = height;
    this.data = new Uint8ClampedArray(width * height * 4);
  }
}

/** A picture on a canvas of no browser; `drawn` counts what was put on it. */
function makePicture() {
  globals.ImageData = FakeImage;
  const drawn = { count: 0 };
  const context = { putImageData: () => (drawn.count += 1) };
  const canvas = /** @type {unknown} */ ({ getContext: () => context, width: 1, height: 1 });
  return { picture: new Picture(/** @type {OffscreenCanvas} */ (canvas), () => 0), drawn };
}

/** @param {number} x @param {number} y */
const spot = (x, y) => ({ encoding: 0, x, y, width: 1, height: 1, data: Uint8Array.of(1, 2, 3) });

test("a screen has a size that exists", () => {
  for (const [width, height] of [[0, 1], [1, 0], [16_385, 1], [16_384, 16_384], [16_384, 4_097]]) {
    assert.throws(() => check_screen(width ?? 0, height ?? 0), RemoteProtocolError);
  }
  check_screen(16_384, 4_096);
  check_screen(1, 1);
});

test("a rect has a bounded number of pixels", () => {
  const data = Uint8Array.of(1, 2, 3);
  assert.throws(() => decode_rect({ encoding: 0, width: 16_384, height: 257, data }), RemoteProtocolError);
  const most = decode_rect({ encoding: 0, width: 16_384, height: 256, data });
  assert.ok(!(most instanceof Promise) && most.length === 16_384 * 256 * 4);
});

test("a frame needs a screen, and lies in no other", () => {
  const { picture } = makePicture();
  assert.throws(() => picture.begin(1, false), BadPicture);
  picture.resize(4, 4);
  picture.begin(1, false);
  assert.throws(() => picture.begin(2, false), BadPicture);
});

test("a rect lies in a frame and on the screen", async () => {
  const { picture } = makePicture();
  picture.resize(4, 4);
  await assert.rejects(picture.add(spot(0, 0)), BadPicture);
  picture.begin(1, false);
  await assert.rejects(picture.add(spot(4, 0)), BadPicture);
  await assert.rejects(picture.add(spot(0, 4)), BadPicture);
  await picture.add(spot(3, 3));
  await picture.end(1);
});

/**
 * @param {number} x
 * @param {number} y
 * @param {number[]} source
 */
const copy = (x, y, source) => ({ encoding: 4, x, y, width: 2, height: 2, data: Uint8Array.from(source) });

test("a copy comes from the screen, and lies on it", async () => {
  const { picture } = makePicture();
  picture.resize(4, 4);
  await assert.rejects(picture.add(copy(0, 0, [0, 0, 0, 0])), BadPicture);
  picture.begin(1, false);
  for (const source of [[0, 3, 0, 0], [0, 0, 0, 3], [255, 255, 255, 255], [0, 0, 0], [0, 0, 0, 0, 0]]) {
    await assert.rejects(picture.add(copy(0, 0, source)), RemoteProtocolError, source.join(" "));
  }
  await assert.rejects(picture.add(copy(3, 0, [0, 0, 0, 0])), BadPicture);
  await picture.add(copy(0, 0, [0, 2, 0, 2]));
  await picture.end(1);
});

test("a copy has a bounded number of pixels", () => {
  const data = Uint8Array.of(0, 0, 0, 1);
  assert.deepEqual(copy_source({ width: 16_384, height: 256, data }, 16_384, 4_096), { x: 0, y: 1 });
  assert.throws(() => copy_source({ width: 16_384, height: 257, data }, 16_384, 4_096), RemoteProtocolError);
});

test("a complete picture copies nothing", async () => {
  const { picture } = makePicture();
  picture.resize(4, 4);
  picture.begin(1, true);
  await assert.rejects(picture.add(copy(0, 0, [0, 2, 0, 2])), BadPicture);
  await picture.end(1);
});

test("only the frame that began ends", async () => {
  const { picture } = makePicture();
  picture.resize(4, 4);
  picture.begin(1, false);
  await assert.rejects(picture.end(2), BadPicture);
  await picture.end(1);
  await assert.rejects(picture.end(1), BadPicture);
});

test("a frame of very many rects is drawn in few steps", async () => {
  const { picture, drawn } = makePicture();
  picture.resize(4, 4);
  picture.begin(1, false);
  for (let number = 0; number < 5_000; number += 1) await picture.add(spot(number % 4, 0));
  drawn.count = 0;
  await picture.end(1);
  assert.ok(drawn.count <= 512, `${drawn.count} steps`);
});

// --- the session

class FakeSocket extends EventTarget {
  static OPEN = 1;
  static CLOSED = 3;
  /** @type {FakeSocket | undefined} */
  static last;
  readyState = 1;
  bufferedAmount = 0;
  /** @type {unknown[]} */
  sent = [];

  /** @param {string} url @param {string} protocol */
  constructor(url, protocol) {
    super();
    this.url = url;
    this.protocol = protocol;
    FakeSocket.last = this;
  }

  /** @param {unknown} data */
  send(data) {
    this.sent.push(data);
  }

  close() {
    this.readyState = 3;
  }

  /** @param {string | ArrayBuffer} data */
  hear(data) {
    this.dispatchEvent(new MessageEvent("message", { data }));
  }
}

const OFFER = {
  session: "A".repeat(22),
  socket_ticket: "s".repeat(43),
  grant: "",
  grant_key_certificate: "",
  certificate: "",
  revocations: "",
  organisation: "A".repeat(43),
  agent_key: null,
  tracking: "TL-0000-0000",
};

/** @param {(socket: FakeSocket) => void} play */
async function statesOf(play) {
  globals.WebSocket = FakeSocket;
  /** @type {string[]} */
  const states = [];
  const pair = /** @type {CryptoKeyPair} */ (
    await crypto.subtle.generateKey({ name: "X25519" }, false, ["deriveBits"])
  );
  const { picture } = makePicture();
  const session = new Session({
    say: (message) => message.type === "state" && states.push(message.state),
    now: () => 0,
    picture,
    offer: OFFER,
    pair,
    url: "wss://desk.example/relay/TL-0000-0000/viewer",
  });
  const socket = FakeSocket.last;
  assert.ok(socket);
  play(socket);
  for (let turn = 0; turn < 50 && states.at(-1) !== "broken"; turn += 1) await new Promise((next) => setTimeout(next, 2));
  const seen = [...states];
  session.end("viewer-closed");
  return { states: seen, socket };
}

test("a viewer shows its ticket to the socket of its session, and first", async () => {
  const { socket } = await statesOf((there) => there.dispatchEvent(new Event("open")));
  assert.equal(socket.protocol, "towline.1");
  assert.deepEqual(socket.sent, [JSON.stringify({ type: "viewer-hello", ticket: OFFER.socket_ticket })]);
});

test("a relay that makes sense goes on, one that does not is left", async () => {
  const hello = '{"type":"hello","server_time":1}';
  assert.deepEqual((await statesOf((socket) => [hello, '{"type":"waiting"}'].forEach((text) => socket.hear(text)))).states, [
    "waiting",
  ]);
  for (const text of ["", "{", "[]", '{"type":"no-such"}', '{"type":"viewer-waiting","session":"AAAAAAAAAAAAAAAAAAAAAA"}']) {
    assert.deepEqual((await statesOf((socket) => socket.hear(text))).states, ["broken"], text);
  }
});

test("a pair is joined once", async () => {
  const joined = '{"type":"joined"}';
  assert.deepEqual((await statesOf((socket) => socket.hear(joined))).states, ["checking"]);
  const twice = await statesOf((socket) => [joined, joined].forEach((text) => socket.hear(text)));
  assert.deepEqual(twice.states, ["checking", "broken"]);
});

test("no record comes before the pair is complete, and none of a size that does not exist", async () => {
  const early = await statesOf((socket) => socket.hear(new ArrayBuffer(33)));
  assert.deepEqual(early.states, ["broken"]);
  assert.equal(early.socket.readyState, FakeSocket.CLOSED);
  const empty = await statesOf((socket) => {
    socket.hear('{"type":"joined"}');
    socket.hear(new ArrayBuffer(0));
  });
  assert.deepEqual(empty.states, ["checking", "broken"]);
});

test("more records at once than anybody needs end the session", async () => {
  const waits = '{"type":"waiting"}';
  const many = await statesOf((socket) => {
    for (let number = 0; number < 20_000; number += 1) socket.hear(waits);
  });
  assert.equal(many.states.at(-1), "broken");
  const few = await statesOf((socket) => {
    for (let number = 0; number < 2_000; number += 1) socket.hear(waits);
  });
  assert.ok(!few.states.includes("broken"));
});

test("what is said of another session counts for that one", async () => {
  /** @param {string} session */
  const ended = (session) => async () => {
    const { socket, states } = await statesOf((there) => {
      there.hear(JSON.stringify({ type: "ended", session, code: "closed" }));
      there.close();
      there.dispatchEvent(Object.assign(new Event("close"), { code: 1006 }));
    });
    return [states.at(-1), socket.readyState];
  };
  assert.deepEqual(await ended(OFFER.session)(), ["stopped", FakeSocket.CLOSED]);
  assert.notEqual((await ended("B".repeat(22))())[0], "stopped");
});

// --- calls of the API

/**
 * Answer every request with `answer`; return the requests.
 * @param {() => Response} answer
 */
function serve(answer) {
  /** @type {{ url: string, options: RequestInit }[]} */
  const asked = [];
  globals.fetch = async (/** @type {string} */ url, /** @type {RequestInit} */ options) => {
    asked.push({ url, options });
    return answer();
  };
  return asked;
}

test("the cookie goes to this server only, and follows nobody elsewhere", async () => {
  const asked = serve(() => Response.json({ name: "Help" }));
  assert.equal((await get("/organisation")).name, "Help");
  const { url, options } = asked[0] ?? assert.fail();
  assert.equal(url, "/api/v1/organisation");
  assert.equal(options.mode, "same-origin");
  assert.equal(options.credentials, "same-origin");
  assert.equal(options.redirect, "error");
});

test("an offer is for the ticket that was asked for", async () => {
  const device = /** @type {import("../../../technician_viewer/web/device-key.js").Device} */ ({ publicKey: "k" });
  const key = /** @type {import("../../../technician_viewer/web/device-key.js").DeviceKey} */ (
    /** @type {unknown} */ ({ ready: async () => device, replace: async () => device })
  );
  const papers = { grant: "g", grant_key_certificate: "g", certificate: "c", revocations: "r" };
  serve(() => Response.json({ ...OFFER, ...papers }));
  assert.equal((await askForOffer("TL-0000-0000", key)).offer.tracking, "TL-0000-0000");
  await assert.rejects(askForOffer("TL-0000-0012", key), /another request/);
});
