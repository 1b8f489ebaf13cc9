/**
 * What the page and its worker say to each other. Types only.
 *
 * @typedef {import("./input-queue.js").Input} Input
 * @typedef {import("./offer.js").Offer} Offer
 * @typedef {import("./status.js").State} State
 *
 * @typedef {{ type: "start", canvas: OffscreenCanvas, url: string, offer: Offer, pair: CryptoKeyPair }
 *   | { type: "input", input: Input }
 *   | { type: "hidden", hidden: boolean }
 *   | { type: "refresh" }
 *   | { type: "end", code: "ended" | "viewer-closed" }
 *   | { type: "snapshot", id: number }} ToWorker
 *
 * @typedef {{ type: "state", state: State, detail?: string }
 *   | { type: "rights", view: boolean, control: boolean }
 *   | { type: "screen", width: number, height: number }
 *   | { type: "cursor", picture: Blob | null, width: number, height: number, hot_x: number, hot_y: number }
 *   | { type: "pointer", x: number, y: number, visible: boolean }
 *   | { type: "delay", ms: number }
 *   | { type: "snapshot", id: number, width: number, height: number, data: ArrayBuffer }} FromWorker
 */

export {};
