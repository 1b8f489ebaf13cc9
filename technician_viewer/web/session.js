/**
 * One session in the worker: pumps bytes between the websocket and `ViewerConnection`, draws, acknowledges, and tells the
 * page what happens.
 *
 * Records are taken strictly one after the other, each with everything it causes, so that a frame is acknowledged only
 * when it can be seen: an agent that minds its acknowledgements is slowed down by a slow browser.
 */

import { cursorPicture } from "./cursor-picture.js";
import { InputQueue } from "./input-queue.js";
import { BadPicture } from "./picture.js";
import { Closed, Declined, Established, Received, RightsNow, ViewerConnection } from "./protocol/connection.js";
import { parse_b64 } from "./protocol/encoding.js";
import { check_record, MalformedFrame, pack_control, parse_from_relay, SUBPROTOCOL } from "./protocol/envelope.js";
import { ErrorCode, LocalProtocolError, RemoteProtocolError } from "./protocol/errors.js";
import { Feature } from "./protocol/handshake.js";
import * as m from "./protocol/messages.js";
import { KeyPair } from "./protocol/noise.js";
import { check_screen } from "./protocol/picture.js";
import { Right } from "./protocol/rights.js";
import { Phase } from "./protocol/table.js";
import { stateOfBye, stateOfClose } from "./status.js";

/**
 * @typedef {import("./port.js").FromWorker} FromWorker
 * @typedef {import("./port.js").Input} Input
 * @typedef {import("./port.js").Offer} Offer
 * @typedef {import("./picture.js").Picture} Picture
 * @typedef {import("./status.js").State} State
 */

const TICK_MS = 100;
/** The agent says something at least every second; twice that long without is worth a word. */
const UNSTABLE_AFTER_S = 2;
/** Records that wait to be taken. An agent that minds its window has a few frames under way, far from this. */
const MAX_UNDECODED_RECORDS = 16_384;
/** Input waits here rather than in the socket's buffer when the line is slow: what waits here can still be lined up. */
const MAX_BUFFERED_BYTES = 16_384;
const DELAY_EVERY_MS = 250;

export class Session {
  #say;
  #now;
  #picture;
  #offer;
  #pair;
  #socket;
  /** Made when both ends are there: its patience starts then. @type {ViewerConnection | undefined} */
  #connection;
  /** @type {(string | ArrayBuffer)[]} */
  #incoming = [];
  #taking = false;
  #input = new InputQueue();
  #over = false;
  #ending = false;
  #unstable = false;
  #hidden = false;
  #lastRecordAt = 0;
  #delaySaidAt = -Infinity;
  #cursorNumber = 0;
  /** The acknowledgement that waits until the page can be seen. @type {m.FrameAck | undefined} */
  #heldAck;
  /** What the relay allows at most, as far as it said. @type {Set<string> | undefined} */
  #narrowed;
  /** @type {State | undefined} */
  #closing;
  #timer;

  /**
   * @param {object} options
   * @param {(message: FromWorker, transfer?: Transferable[]) => void} options.say
   * @param {() => number} options.now monotonic, in seconds
   * @param {Picture} options.picture
   * @param {Offer} options.offer
   * @param {CryptoKeyPair} options.pair
   * @param {string} options.url
   */
  constructor({ say, now, picture, offer, pair, url }) {
    this.#say = say;
    this.#now = now;
    this.#picture = picture;
    this.#offer = offer;
    this.#pair = pair;
    this.#socket = new WebSocket(url, SUBPROTOCOL);
    this.#socket.binaryType = "arraybuffer";
    this.#socket.addEventListener("open", () => {
      this.#socket.send(pack_control({ type: "viewer-hello", ticket: offer.socket_ticket }));
    });
    this.#socket.addEventListener("message", (event) => this.#onMessage(event.data));
    this.#socket.addEventListener("close", (event) => this.#onClose(event.code));
    this.#timer = setInterval(() => this.#onTick(), TICK_MS);
  }

  // --- what the page asks for

  /** @param {Input} input */
  input(input) {
    if (this.#over || !this.#controls()) return;
    this.#input.push(input);
    this.#sendInput();
  }

  refresh() {
    if (this.#isLive()) this.#send(new m.Refresh());
  }

  /** @param {boolean} hidden */
  hide(hidden) {
    this.#hidden = hidden;
    const ack = this.#heldAck;
    if (!hidden && ack !== undefined) {
      this.#heldAck = undefined;
      if (this.#isLive()) this.#send(ack);
    }
  }

  /** @param {"ended" | "viewer-closed"} code */
  end(code) {
    if (this.#over || this.#ending) return;
    this.#ending = true;
    if (this.#connection === undefined) this.#finish("ended-by-me");
    else void this.#run(() => this.#close(code, ""));
  }

  // --- the socket

  /** @param {string | ArrayBuffer} data */
  #onMessage(data) {
    if (this.#over) return;
    this.#incoming.push(data);
    if (this.#incoming.length > MAX_UNDECODED_RECORDS) {
      this.#incoming = [];
      void this.#run(() => this.#close("protocol-error", "more at once than this viewer can take"));
      return;
    }
    if (!this.#taking) void this.#run(() => this.#takeAll());
  }

  /** @param {number} code */
  #onClose(code) {
    if (this.#over) return;
    this.#closing ??= stateOfClose(code);
    if (!this.#taking) void this.#run(() => this.#takeAll());
  }

  async #takeAll() {
    this.#taking = true;
    try {
      for (let data = this.#incoming.shift(); data !== undefined && !this.#over; data = this.#incoming.shift()) {
        if (typeof data === "string") await this.#takeControl(data);
        else await this.#takeRecord(new Uint8Array(data));
      }
    } finally {
      this.#taking = false;
    }
    // What came before the socket closed has been taken, a bye included: it is lost only now.
    if (this.#closing !== undefined && this.#socket.readyState === WebSocket.CLOSED) {
      this.#connection?.connection_lost("the socket closed");
      this.#finish(this.#closing);
    }
  }

  /** @param {string} text */
  async #takeControl(text) {
    const frame = parse_from_relay(text);
    switch (frame.type) {
      case "hello":
        break;
      case "waiting":
        if (this.#connection === undefined) this.#say({ type: "state", state: "waiting" });
        break;
      case "joined":
        if (this.#connection !== undefined) throw new MalformedFrame("joined twice");
        await this.#join();
        this.#say({ type: "state", state: "checking" });
        break;
      case "asking":
        if (!this.#isLive()) this.#say({ type: "state", state: "asking" });
        break;
      case "rights":
        if (frame.session === this.#offer.session) {
          this.#narrowed = new Set(frame.rights.filter((right) => this.#narrowed?.has(right) ?? true));
          this.#sayRights();
        }
        break;
      case "ended":
        if (frame.session === this.#offer.session) this.#closing = "stopped";
        break;
      case "going-away":
        this.#closing = "server-away";
        break;
      default:
        throw new MalformedFrame(`a viewer is not told ${frame.type}`);
    }
  }

  async #join() {
    const offer = this.#offer;
    this.#connection = new ViewerConnection({
      session: offer.session,
      tracking: offer.tracking,
      organisation: parse_b64(offer.organisation, 32),
      static: await KeyPair.from_private_key(this.#pair.privateKey),
      ephemeral: await KeyPair.generate(),
      credentials: {
        certificate: parse_b64(offer.certificate),
        grant: parse_b64(offer.grant),
        grant_key_certificate: parse_b64(offer.grant_key_certificate),
        revocations: parse_b64(offer.revocations),
      },
      now: this.#now(),
      expected_agent_key: offer.agent_key === null ? null : parse_b64(offer.agent_key, 32),
      features: [Feature.COPY],
    });
  }

  /** @param {Uint8Array<ArrayBuffer>} data */
  async #takeRecord(data) {
    check_record(data);
    const connection = this.#connection;
    if (connection === undefined) throw new MalformedFrame("a record came before the other end");
    this.#lastRecordAt = this.#now();
    if (this.#unstable) {
      this.#unstable = false;
      this.#say({ type: "state", state: "live" });
    }
    await connection.receive_data(data, this.#now());
    await this.#handleEvents();
    this.#flush();
  }

  // --- events of the connection

  async #handleEvents() {
    for (const event of this.#connection?.events() ?? []) {
      if (event instanceof Received) await this.#onReceived(event.message);
      else if (event instanceof Established) {
        this.#lastRecordAt = this.#now();
        this.#sayRights();
        this.#say({ type: "state", state: "live" });
      } else if (event instanceof RightsNow) this.#sayRights();
      else if (event instanceof Declined) {
        this.#closing = event.reason === "timeout" ? "no-answer" : event.reason;
      } else if (event instanceof Closed) await this.#onConnectionClosed(event);
    }
  }

  /** @param {Closed} event */
  async #onConnectionClosed(event) {
    this.#flush();
    const declined = this.#closing === "declined" || this.#closing === "no-answer" || this.#closing === "busy";
    /** @type {State} */
    let state = "broken";
    if (declined && this.#closing !== undefined) state = this.#closing;
    else if (event.ended && event.code) state = this.#ending ? "ended-by-me" : stateOfBye(event.code);
    else if (event.error === ErrorCode.REFUSED) state = "refused";
    else if (event.error === ErrorCode.LOST) state = this.#closing ?? "lost";
    this.#finish(state);
  }

  /** @param {m.Message} message */
  async #onReceived(message) {
    if (message instanceof m.Rect) await this.#picture.add(message);
    else if (message instanceof m.FrameBegin) this.#picture.begin(message.frame, message.complete);
    else if (message instanceof m.FrameEnd) await this.#onFrameEnd(message.frame);
    else if (message instanceof m.InputAck) this.#onInputAck(message.seq);
    else if (message instanceof m.CursorPosition) {
      this.#say({ type: "pointer", x: message.x, y: message.y, visible: message.visible });
    } else if (message instanceof m.CursorShape) await this.#onCursorShape(message);
    else if (message instanceof m.Monitors) {
      check_screen(message.width, message.height);
      this.#picture.resize(message.width, message.height);
      this.#say({ type: "screen", width: message.width, height: message.height });
    }
  }

  /** @param {number} frame */
  async #onFrameEnd(frame) {
    const took = await this.#picture.end(frame);
    const ack = new m.FrameAck({ frame, decoded_in_ms: Math.min(Math.round(took), 0xffff) });
    // Nobody sees it: the agent need not go on drawing.
    if (this.#hidden) this.#heldAck = ack;
    else if (this.#isLive()) this.#send(ack);
  }

  /** @param {number} seq */
  #onInputAck(seq) {
    const now = this.#now() * 1_000;
    const ms = this.#input.acknowledged(seq, now);
    if (ms === undefined || now - this.#delaySaidAt < DELAY_EVERY_MS) return;
    this.#delaySaidAt = now;
    this.#say({ type: "delay", ms });
  }

  /** @param {m.CursorShape} shape */
  async #onCursorShape(shape) {
    const { width, height, hot_x, hot_y } = shape;
    this.#cursorNumber += 1;
    const number = this.#cursorNumber;
    const picture = await cursorPicture(shape);
    // Packing takes a while and must not hold up the picture; a later shape may overtake it.
    void picture().then((blob) => {
      if (number === this.#cursorNumber && !this.#over) {
        this.#say({ type: "cursor", picture: blob, width, height, hot_x, hot_y });
      }
    });
  }

  // --- out

  #sendInput() {
    while (this.#controls() && this.#socket.bufferedAmount < MAX_BUFFERED_BYTES) {
      const next = this.#input.take(this.#now() * 1_000);
      if (next === undefined) return;
      this.#send(messageOf(next.seq, next.input));
    }
  }

  /** @param {m.Message} message */
  #send(message) {
    const connection = this.#connection;
    if (connection === undefined) return;
    void this.#run(async () => {
      await connection.send(message, this.#now());
      this.#flush();
    });
  }

  /** Hand what is ready to the socket, in order. */
  #flush() {
    for (const data of this.#connection?.data_to_send() ?? []) {
      if (this.#socket.readyState === WebSocket.OPEN) this.#socket.send(data);
    }
  }

  /**
   * @param {m.ByeCode} code
   * @param {string} reason
   */
  async #close(code, reason) {
    const connection = this.#connection;
    if (connection === undefined || this.#over) {
      this.#finish("broken");
      return;
    }
    await connection.close(code, this.#now(), reason.slice(0, 200));
    this.#flush();
    this.#finish(code === "protocol-error" ? "broken" : "ended-by-me");
  }

  #onTick() {
    const connection = this.#connection;
    if (this.#over || connection === undefined) return;
    const now = this.#now();
    const deadline = connection.next_deadline();
    if (deadline !== null && now >= deadline && !this.#taking) {
      void this.#run(async () => {
        await connection.on_deadline(now);
        await this.#handleEvents();
        this.#flush();
      });
    }
    if (this.#isLive() && !this.#unstable && now - this.#lastRecordAt > UNSTABLE_AFTER_S) {
      this.#unstable = true;
      this.#say({ type: "state", state: "unstable" });
    }
    this.#sendInput();
  }

  // --- state

  #isLive() {
    return !this.#over && this.#connection?.phase === Phase.LIVE;
  }

  /** @param {"view" | "control"} right */
  #has(right) {
    return this.#isLive() && this.#connection?.rights.has(right) === true && (this.#narrowed?.has(right) ?? true);
  }

  #controls() {
    return this.#has(Right.CONTROL);
  }

  #sayRights() {
    if (!this.#controls()) this.#input.clear();
    this.#say({ type: "rights", view: this.#has(Right.VIEW), control: this.#controls() });
  }

  /** @param {State} state */
  #finish(state) {
    if (this.#over) return;
    this.#over = true;
    clearInterval(this.#timer);
    this.#incoming = [];
    this.#socket.close(1000);
    this.#say({ type: "state", state });
  }

  /**
   * The edge of every task: what the other side did wrong ends the session, what we did wrong does too and is logged.
   * @param {() => Promise<void>} task
   */
  async #run(task) {
    try {
      await task();
    } catch (error) {
      if (this.#over) return;
      if (error instanceof LocalProtocolError) {
        // Rights or the session went away between a keypress and its turn.
        if (this.#isLive() || this.#connection === undefined) this.#finish("broken");
      } else if (error instanceof BadPicture || error instanceof RemoteProtocolError) {
        await this.#close("protocol-error", error.message);
      } else if (error instanceof MalformedFrame) {
        this.#finish("broken");
      } else {
        this.#finish("broken");
        throw error;
      }
    }
  }
}

/**
 * @param {number} seq
 * @param {Input} input
 * @returns {m.Message}
 */
function messageOf(seq, input) {
  switch (input.type) {
    case "pointer-move":
      return new m.PointerMove({ seq, ...input });
    case "button":
      return new m.Button({ seq, ...input });
    case "wheel":
      return new m.Wheel({ seq, ...input });
    case "key":
      return new m.Key({ seq, ...input });
    case "text":
      return new m.Text({ seq, text: input.text });
    case "release-all":
      return new m.ReleaseAll({ seq });
  }
}
