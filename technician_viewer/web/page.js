/** The session page: builds its parts, connects them, and starts a session. */

import { get, Problem, textIn, Unreachable } from "./api.js";
import { Cursor } from "./cursor.js";
import { DeviceKey } from "./device-key.js";
import { Keyboard } from "./keyboard.js";
import { Notice } from "./notice.js";
import { askForOffer } from "./offer.js";
import { Pointer } from "./pointer.js";
import { Screen } from "./screen.js";
import { isOver, stateOfProblem } from "./status.js";
import { part, Toolbar } from "./toolbar.js";
import { trustLine } from "./trust.js";

/**
 * @typedef {import("./status.js").State} State
 * @typedef {import("./port.js").FromWorker} FromWorker
 * @typedef {import("./port.js").ToWorker} ToWorker
 * @typedef {import("./input-queue.js").Input} Input
 * @typedef {{ width: number, height: number, data: ArrayBuffer }} Snapshot RGBA
 */

const WORKER = new URL("./worker.js", import.meta.url);

class Page {
  #tracking = document.body.dataset.tracking ?? "";
  #who = document.body.dataset.requester || "the user";
  #key = new DeviceKey(document.body.dataset.technician ?? "");
  #field = part(document, "typing", HTMLTextAreaElement);
  #delay = part(document, "delay", HTMLElement);
  #rights = part(document, "rights", HTMLElement);
  #measures = part(document, "measures", HTMLElement);
  #notice;
  #toolbar;
  /** @type {State} */
  #state = "preparing";
  #control = false;
  #exact = false;
  /** What belongs to the session of the moment; nothing before the first and while asking for an offer. @type {Running | undefined} */
  #running;
  /** Told apart by number, so that nothing late from an earlier attempt is taken for the newest's. */
  #attempt = 0;

  constructor() {
    const ticket = `/console/tickets/${encodeURIComponent(this.#tracking)}`;
    this.#notice = new Notice({
      parts: {
        state: part(document, "state", HTMLElement),
        panel: part(document, "notice", HTMLElement),
        heading: part(document, "notice-heading", HTMLElement),
        text: part(document, "notice-text", HTMLElement),
        next: part(document, "notice-next", HTMLElement),
        detail: part(document, "notice-detail", HTMLElement),
        actions: part(document, "notice-actions", HTMLElement),
      },
      who: this.#who,
      links: {
        ticket,
        "join-code": `${ticket}#connect-heading`,
        solve: `${ticket}#solution`,
        login: "/console/login",
        queue: "/console",
      },
      act: (action) => {
        if (action === "again") void this.connect();
        else this.#end();
      },
    });
    this.#toolbar = new Toolbar(document, {
      exact: (exact) => this.#showExact(exact),
      keys: (codes) => this.#running?.keyboard.pressTogether(codes),
      release: () => this.#release(),
      text: (text) => this.#running?.keyboard.typeText(text),
      refresh: () => this.#running?.tell({ type: "refresh" }),
      end: () => this.#end(),
      back: () => {
        if (this.#isLive()) this.#field.focus({ preventScroll: true });
      },
    });
    this.#watchPage();
    // A keyboard on the screen would take half of it at every touch; "Type text" brings it when it is wanted.
    if (matchMedia("(pointer: coarse)").matches) this.#field.inputMode = "none";
  }

  get state() {
    return this.#state;
  }

  /** Open a session: a first one, or a new one after one that is over. */
  async connect() {
    this.#attempt += 1;
    const attempt = this.#attempt;
    this.#running?.close();
    this.#running = undefined;
    this.#allow(false);
    this.#show("preparing");
    try {
      if (!isSupported()) {
        this.#show("unsupported");
        return;
      }
      const { offer, device } = await askForOffer(this.#tracking, this.#key);
      if (attempt !== this.#attempt) return;
      this.#show("connecting");
      const running = new Running(this.#field, {
        message: (message) => {
          if (attempt === this.#attempt) this.#onMessage(message);
        },
        controlling: () => this.#control,
        leave: () => this.#leave(),
      });
      this.#running = running;
      running.screen.exact = this.#exact;
      running.start({ url: socketUrl(this.#tracking), offer, pair: device.pair });
      running.tell({ type: "hidden", hidden: document.hidden });
    } catch (error) {
      if (attempt === this.#attempt) this.#explain(error);
    }
  }

  /** @returns {Promise<Snapshot>} */
  async snapshot() {
    if (this.#running === undefined) throw new Error("there is no picture");
    return this.#running.snapshot();
  }

  /** Say in the page how far this can be trusted. */
  async showTrust() {
    const line = part(document, "trust", HTMLElement);
    try {
      line.textContent = trustLine(textIn(await get("/organisation"), "mode"));
    } catch (error) {
      if (!(error instanceof Problem || error instanceof Unreachable)) throw error;
      line.textContent = trustLine("");
    }
  }

  /** @param {FromWorker} message */
  #onMessage(message) {
    const running = this.#running;
    if (running === undefined) return;
    switch (message.type) {
      case "state":
        this.#show(message.state, message.detail);
        break;
      case "rights":
        this.#allow(message.control);
        break;
      case "screen":
        running.screen.resize(message);
        break;
      case "cursor":
        running.cursor.show(message);
        break;
      case "pointer":
        running.cursor.move(message.x, message.y, message.visible);
        break;
      case "delay":
        this.#delay.hidden = false;
        this.#delay.textContent = `${Math.round(message.ms)} ms`;
        break;
      case "snapshot":
        running.settleSnapshot(message.id, message);
        break;
    }
  }

  /**
   * @param {State} state
   * @param {string} [detail]
   */
  #show(state, detail) {
    const was = this.#isLive();
    this.#state = state;
    const live = this.#isLive();
    if (isOver(state)) this.#control = false;
    // Closes an open dialog first: behind it the notice could not take the focus.
    this.#offer();
    this.#notice.show(state, detail);
    this.#measures.hidden = !live;
    if (live && !was) this.#field.focus({ preventScroll: true });
    if (!live) this.#delay.hidden = true;
  }

  #isLive() {
    return this.#state === "live" || this.#state === "unstable";
  }

  /** @param {boolean} control */
  #allow(control) {
    if (this.#control && !control) this.#forgetHeld();
    this.#control = control;
    this.#rights.textContent = control ? "You have control" : "View only";
    this.#rights.classList.toggle("online", control);
    this.#offer();
  }

  #offer() {
    const control = this.#control && this.#isLive();
    document.body.classList.toggle("is-controlling", control);
    this.#toolbar.show({ live: this.#isLive(), control });
    if (this.#running !== undefined) this.#running.cursor.controlling = control;
  }

  /** @param {boolean} exact */
  #showExact(exact) {
    this.#exact = exact;
    if (this.#running !== undefined) this.#running.screen.exact = exact;
  }

  #forgetHeld() {
    this.#running?.pointer.release();
    this.#running?.keyboard.release();
  }

  /** Let go of everything, here and there. */
  #release() {
    this.#forgetHeld();
    if (this.#control && this.#isLive()) this.#running?.send({ type: "release-all" });
  }

  #leave() {
    this.#release();
    this.#toolbar.focus();
  }

  #end() {
    if (this.#running === undefined) {
      this.#attempt += 1;
      this.#show("ended-by-me");
      return;
    }
    this.#running.tell({ type: "end", code: "ended" });
  }

  /** @param {unknown} error */
  #explain(error) {
    if (error instanceof Unreachable) this.#show("no-server");
    else if (error instanceof Problem) this.#show(stateOfProblem(error.slug) ?? "no-server", error.message);
    // Old browsers know no X25519, private windows may have no database.
    else if (error instanceof DOMException) this.#show("unsupported");
    else throw error;
  }

  #watchPage() {
    this.#field.addEventListener("blur", () => this.#release());
    window.addEventListener("blur", () => this.#release());
    document.addEventListener("visibilitychange", () => {
      if (document.hidden) this.#release();
      this.#running?.tell({ type: "hidden", hidden: document.hidden });
    });
    window.addEventListener("pagehide", () => {
      this.#release();
      this.#running?.tell({ type: "end", code: "viewer-closed" });
    });
  }
}

/** One session's parts on the page and its worker. */
class Running {
  #worker;
  #nextId = 1;
  /** @type {Map<number, (snapshot: Snapshot) => void>} */
  #snapshots = new Map();

  /**
   * @param {HTMLTextAreaElement} field
   * @param {{ message: (message: FromWorker) => void, controlling: () => boolean, leave: () => void }} on
   */
  constructor(field, on) {
    const scroller = part(document, "scroller", HTMLElement);
    this.screen = new Screen({
      scroller,
      holder: part(document, "holder", HTMLElement),
      onChange: () => this.cursor.place(),
    });
    this.cursor = new Cursor({
      element: this.screen.element,
      image: part(document, "remote-pointer", HTMLImageElement),
      placeOf: (x, y) => this.screen.placeOf(x, y),
    });
    /** @param {Input} input */
    const send = (input) => this.send(input);
    this.pointer = new Pointer({
      element: this.screen.element,
      pixelAt: (x, y) => this.screen.pixelAt(x, y),
      enabled: on.controlling,
      send,
      focus: () => field.focus({ preventScroll: true }),
      moved: () => this.cursor.mine(),
    });
    this.keyboard = new Keyboard({ field, enabled: on.controlling, send, leave: on.leave });
    this.#worker = new Worker(WORKER, { type: "module", name: "towline session" });
    this.#worker.addEventListener("message", (event) => on.message(event.data));
    // A worker that could not be loaded or that failed: say so instead of waiting for ever.
    this.#worker.addEventListener("error", () => on.message({ type: "state", state: "broken" }));
  }

  /** @param {{ url: string, offer: import("./offer.js").Offer, pair: CryptoKeyPair }} what */
  start(what) {
    const canvas = this.screen.transfer();
    this.tell({ type: "start", canvas, ...what }, [canvas]);
  }

  /**
   * @param {ToWorker} message
   * @param {Transferable[]} [transfer]
   */
  tell(message, transfer = []) {
    this.#worker.postMessage(message, transfer);
  }

  /** @param {Input} input */
  send(input) {
    this.tell({ type: "input", input });
  }

  /** @returns {Promise<Snapshot>} */
  snapshot() {
    const id = this.#nextId++;
    return new Promise((resolve) => {
      this.#snapshots.set(id, resolve);
      this.tell({ type: "snapshot", id });
    });
  }

  /**
   * @param {number} id
   * @param {Snapshot} snapshot
   */
  settleSnapshot(id, { width, height, data }) {
    this.#snapshots.get(id)?.({ width, height, data });
    this.#snapshots.delete(id);
  }

  /** Take everything off the page and stop the worker. */
  close() {
    this.pointer.close();
    this.keyboard.close();
    this.cursor.close();
    this.screen.close();
    this.#worker.terminate();
  }
}

/** @param {string} tracking */
function socketUrl(tracking) {
  const url = new URL(`/relay/${encodeURIComponent(tracking)}/viewer`, location.href);
  url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
  return url.href;
}

function isSupported() {
  return (
    isSecureContext &&
    typeof OffscreenCanvas === "function" &&
    typeof DecompressionStream === "function" &&
    typeof indexedDB === "object" &&
    "transferControlToOffscreen" in HTMLCanvasElement.prototype
  );
}

const page = new Page();
// For scripts of the person at this page (and tests): what they see anyway, and nothing that acts.
Object.defineProperty(window, "towline", {
  value: Object.freeze({ snapshot: () => page.snapshot(), state: () => page.state }),
});
void page.connect();
void page.showTrust();
