/**
 * This browser's X25519 key: made here, not extractable, kept in IndexedDB, certified by the server.
 *
 * @typedef {object} Device
 * @property {CryptoKeyPair} pair
 * @property {string} publicKey base64url
 */

import { post, textIn } from "./api.js";

const DATABASE = "towline";
const STORE = "devices";
/** A certificate is renewed when less than this is left of it. */
const RENEW_BEFORE_MS = 3 * 86_400_000;

/**
 * @typedef {object} Kept
 * @property {CryptoKeyPair} pair
 * @property {number} certifiedUntil ms since 1970; 0 when it never was
 */

/** The one key of this technician in this browser. */
export class DeviceKey {
  #technician;

  /** @param {string} technician Id: technicians who share a browser have a key each. */
  constructor(technician) {
    this.#technician = technician;
  }

  /**
   * Return the key, with a certificate at the server that is good for a while.
   * @returns {Promise<Device>}
   */
  async ready() {
    const kept = (await this.#read()) ?? { pair: await makePair(), certifiedUntil: 0 };
    const publicKey = await publicText(kept.pair);
    if (kept.certifiedUntil - Date.now() < RENEW_BEFORE_MS) await this.#certify(kept.pair, publicKey);
    return { pair: kept.pair, publicKey };
  }

  /**
   * Return a new key instead of the old one, which the server does not accept any more.
   * @returns {Promise<Device>}
   */
  async replace() {
    const pair = await makePair();
    const publicKey = await publicText(pair);
    await this.#certify(pair, publicKey);
    return { pair, publicKey };
  }

  /**
   * @param {CryptoKeyPair} pair
   * @param {string} publicKey
   */
  async #certify(pair, publicKey) {
    const answer = await post("/devices", { public_key: publicKey, kind: "browser" });
    const until = Date.parse(textIn(answer, "not_after"));
    await this.#write({ pair, certifiedUntil: Number.isNaN(until) ? 0 : until });
  }

  /** @returns {Promise<Kept | undefined>} */
  async #read() {
    const database = await open();
    try {
      const request = database.transaction(STORE, "readonly").objectStore(STORE).get(this.#technician);
      return /** @type {Kept | undefined} */ (await settled(request));
    } finally {
      database.close();
    }
  }

  /** @param {Kept} kept */
  async #write(kept) {
    const database = await open();
    try {
      await settled(database.transaction(STORE, "readwrite").objectStore(STORE).put(kept, this.#technician));
    } finally {
      database.close();
    }
  }
}

/** @returns {Promise<CryptoKeyPair>} */
async function makePair() {
  return /** @type {CryptoKeyPair} */ (await crypto.subtle.generateKey({ name: "X25519" }, false, ["deriveBits"]));
}

/** @param {CryptoKeyPair} pair */
async function publicText(pair) {
  const bytes = new Uint8Array(await crypto.subtle.exportKey("raw", pair.publicKey));
  return btoa(String.fromCharCode(...bytes)).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

/** @returns {Promise<IDBDatabase>} */
function open() {
  const request = indexedDB.open(DATABASE, 1);
  request.onupgradeneeded = () => request.result.createObjectStore(STORE);
  return settled(request);
}

/**
 * @template T
 * @param {IDBRequest<T>} request
 * @returns {Promise<T>}
 */
function settled(request) {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}
