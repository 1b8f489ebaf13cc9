/** The session's worker: takes what the page says, and owns the socket, the keys of the tunnel and the canvas. */

import { Picture } from "./picture.js";
import { Session } from "./session.js";

/**
 * @typedef {import("./port.js").ToWorker} ToWorker
 * @typedef {import("./port.js").FromWorker} FromWorker
 * @typedef {{ postMessage(message: FromWorker, transfer: Transferable[]): void }} Port
 */

/** @type {Session | undefined} */
let session;
/** @type {Picture | undefined} */
let picture;

/**
 * @param {FromWorker} message
 * @param {Transferable[]} [transfer]
 */
function say(message, transfer = []) {
  /** @type {Port} */ (/** @type {unknown} */ (globalThis)).postMessage(message, transfer);
}

/** @param {number} id */
function snapshot(id) {
  const image = picture?.snapshot();
  if (image === undefined) {
    say({ type: "snapshot", id, width: 0, height: 0, data: new ArrayBuffer(0) });
    return;
  }
  const data = image.data.buffer;
  say({ type: "snapshot", id, width: image.width, height: image.height, data }, [data]);
}

addEventListener("message", (event) => {
  /** @type {ToWorker} */
  const message = event.data;
  switch (message.type) {
    case "start":
      picture = new Picture(message.canvas, () => performance.now());
      session = new Session({
        say,
        now: () => performance.now() / 1_000,
        picture,
        offer: message.offer,
        pair: message.pair,
        url: message.url,
      });
      break;
    case "input":
      session?.input(message.input);
      break;
    case "hidden":
      session?.hide(message.hidden);
      break;
    case "refresh":
      session?.refresh();
      break;
    case "end":
      session?.end(message.code);
      break;
    case "snapshot":
      snapshot(message.id);
      break;
  }
});
