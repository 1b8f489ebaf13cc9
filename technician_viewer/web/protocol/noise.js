/**
 * Noise_XX and Noise_XXpsk3 over 25519, AESGCM, SHA256 (Noise Protocol Framework rev 34), on WebCrypto alone.
 *
 * Only these two patterns and one suite exist: there is nothing to negotiate and nothing to downgrade to. WebCrypto is
 * asynchronous, so every method that computes returns a promise; a cipher state takes its counter before it awaits.
 */

import { concat, pack_utf8 } from "./encoding.js";
import { LocalProtocolError, SecurityError } from "./errors.js";

/** @typedef {import("./encoding.js").Bytes} Bytes */

export const KEY_BYTES = 32;
export const TAG_BYTES = 16;
// Section 3: every Noise message fits in 65,535 bytes.
export const MAX_MESSAGE_BYTES = 65_535;

/** The handshake patterns; the value is the agent's first byte. */
export const Pattern = Object.freeze({ XX: 1, XXPSK3: 2 });

/** @type {Record<number, string>} */
const NAMES = {
  [Pattern.XX]: "Noise_XX_25519_AESGCM_SHA256",
  [Pattern.XXPSK3]: "Noise_XXpsk3_25519_AESGCM_SHA256",
};
/** @type {Record<number, string[][]>} */
const TOKENS = {
  [Pattern.XX]: [["e"], ["e", "ee", "s", "es"], ["s", "se"]],
  [Pattern.XXPSK3]: [["e"], ["e", "ee", "s", "es"], ["s", "se", "psk"]],
};

const EMPTY = new Uint8Array(0);
// Section 4.2: the nonce of rekey, 4 zero bytes and 2^64 - 1.
const REKEY_NONCE = Uint8Array.from({ length: 12 }, (_, index) => (index < 4 ? 0 : 0xff));
// RFC 8410: a PrivateKeyInfo of X25519 up to the 32 bytes of the key.
const PKCS8_HEAD = Uint8Array.of(0x30, 0x2e, 2, 1, 0, 0x30, 5, 6, 3, 0x2b, 0x65, 0x6e, 4, 0x22, 4, 0x20);
// RFC 7748 section 6.1: multiplying the base point gives the public key.
const BASE_POINT = Uint8Array.from({ length: KEY_BYTES }, (_, index) => (index === 0 ? 9 : 0));

/**
 * X25519 of section 4.1. Throws SecurityError for a point of low order.
 * @param {CryptoKey} private_key
 * @param {Bytes} public_bytes
 * @returns {Promise<Bytes>}
 */
async function exchange(private_key, public_bytes) {
  const theirs = await crypto.subtle.importKey("raw", public_bytes, { name: "X25519" }, true, []);
  try {
    return new Uint8Array(await crypto.subtle.deriveBits({ name: "X25519", public: theirs }, private_key, 256));
  } catch (error) {
    // OperationError is WebCrypto's word for an all-zero result; anything else is a wrong private key of ours.
    if (error instanceof DOMException && error.name === "OperationError") {
      throw new SecurityError("the peer's key is of low order");
    }
    throw error;
  }
}

/** An X25519 key pair; the private half may be non-extractable, as a device's key in a browser is. */
export class KeyPair {
  /**
   * @param {CryptoKey} private_key with the usage `deriveBits`
   * @param {Bytes} public_bytes 32 bytes
   */
  constructor(private_key, public_bytes) {
    this.private_key = private_key;
    this.public_bytes = public_bytes;
  }

  /**
   * Return the pair of a private key; its public half is computed.
   * @param {CryptoKey} private_key
   * @returns {Promise<KeyPair>}
   */
  static async from_private_key(private_key) {
    return new KeyPair(private_key, await exchange(private_key, BASE_POINT));
  }

  /**
   * Return the pair of 32 secret bytes.
   * @param {Uint8Array} secret
   * @returns {Promise<KeyPair>}
   */
  static async from_private_bytes(secret) {
    if (secret.length !== KEY_BYTES) throw new LocalProtocolError("a private key has 32 bytes");
    const info = concat(PKCS8_HEAD, secret);
    const key = await crypto.subtle.importKey("pkcs8", info, { name: "X25519" }, false, ["deriveBits"]);
    return KeyPair.from_private_key(key);
  }

  /**
   * Return a fresh pair whose private half never leaves WebCrypto.
   * @returns {Promise<KeyPair>}
   */
  static async generate() {
    const pair = await crypto.subtle.generateKey({ name: "X25519" }, false, ["deriveBits"]);
    if (!("privateKey" in pair)) throw new LocalProtocolError("no key pair was made");
    return KeyPair.from_private_key(pair.privateKey);
  }
}

/**
 * @param {Bytes} key
 * @param {Bytes} data
 * @returns {Promise<Bytes>}
 */
async function hmac(key, data) {
  const imported = await crypto.subtle.importKey("raw", key, { name: "HMAC", hash: "SHA-256" }, false, ["sign"]);
  return new Uint8Array(await crypto.subtle.sign("HMAC", imported, data));
}

/**
 * HKDF of section 4.3, which is RFC 5869 with an empty info.
 * @param {Bytes} chaining_key
 * @param {Bytes} material
 * @returns {Promise<[Bytes, Bytes, Bytes]>}
 */
async function hkdf(chaining_key, material) {
  const secret = await hmac(chaining_key, material);
  const first = await hmac(secret, Uint8Array.of(1));
  const second = await hmac(secret, concat(first, Uint8Array.of(2)));
  return [first, second, await hmac(secret, concat(second, Uint8Array.of(3)))];
}

/** @param {Bytes} data @returns {Promise<Bytes>} */
async function sha256(data) {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", data));
}

/** @param {Bytes} key @returns {Promise<CryptoKey>} */
function import_aes(key) {
  return crypto.subtle.importKey("raw", key, { name: "AES-GCM" }, false, ["encrypt", "decrypt"]);
}

/** One key and its counter (section 5.1). Every failure to open is a SecurityError. */
export class CipherState {
  /** @param {Bytes} key 32 bytes */
  constructor(key) {
    // A promise, so that records may be begun while the key is still being made: they keep the order of the calls.
    /** @type {Promise<CryptoKey> | null} */
    this._key = import_aes(key);
    this.counter = 0;
  }

  /** @returns {Promise<CryptoKey>} */
  _current() {
    if (this._key === null) throw new LocalProtocolError("the key was wiped");
    return this._key;
  }

  /** @returns {Bytes} */
  _next_nonce() {
    if (this.counter >= Number.MAX_SAFE_INTEGER) throw new LocalProtocolError("counter exhausted");
    const nonce = new Uint8Array(12);
    new DataView(nonce.buffer).setBigUint64(4, BigInt(this.counter));
    this.counter += 1;
    return nonce;
  }

  /**
   * Return `plain` sealed under the next counter.
   * @param {Bytes} plain
   * @param {Bytes} associated
   * @returns {Promise<Bytes>}
   */
  async encrypt(plain, associated = EMPTY) {
    const current = this._current();
    const iv = this._next_nonce();
    const key = await current;
    return new Uint8Array(await crypto.subtle.encrypt({ name: "AES-GCM", iv, additionalData: associated }, key, plain));
  }

  /**
   * Return the plain text of `sealed`, which must be the next one in order.
   * @param {Bytes} sealed
   * @param {Bytes} associated
   * @returns {Promise<Bytes>}
   */
  async decrypt(sealed, associated = EMPTY) {
    const current = this._current();
    const iv = this._next_nonce();
    const key = await current;
    try {
      const algorithm = { name: "AES-GCM", iv, additionalData: associated };
      return new Uint8Array(await crypto.subtle.decrypt(algorithm, key, sealed));
    } catch (error) {
      if (error instanceof DOMException) throw new SecurityError("a record did not open");
      throw error;
    }
  }

  /** Replace the key by the one that section 4.2 derives from it; the counter goes on. */
  rekey() {
    this._key = this._current().then(async (key) => {
      const zeros = new Uint8Array(KEY_BYTES);
      const sealed = await crypto.subtle.encrypt({ name: "AES-GCM", iv: REKEY_NONCE }, key, zeros);
      return import_aes(new Uint8Array(sealed, 0, KEY_BYTES));
    });
  }

  /** Let go of the key; whoever seals or opens afterwards is wrong. What was begun before is finished. */
  wipe() {
    this._key = null;
  }

  /** Whether `wipe` was called. */
  get wiped() {
    return this._key === null;
  }
}

/** Section 5.2. */
class SymmetricState {
  /** @param {string} name */
  constructor(name) {
    /** @type {Bytes} */
    this.hash = new Uint8Array(32);
    this._name = pack_utf8(name);
    /** @type {Bytes} */
    this._chaining_key = this.hash;
    // No key before the first Diffie-Hellman: message 1 passes as it is.
    /** @type {CipherState | null} */
    this._cipher = null;
  }

  /** @param {Bytes} prologue */
  async begin(prologue) {
    if (this._name.length <= 32) this.hash.set(this._name);
    else this.hash = await sha256(this._name);
    this._chaining_key = this.hash;
    await this.mix_hash(prologue);
  }

  /** @param {Bytes} material */
  async mix_key(material) {
    const [chaining_key, key] = await hkdf(this._chaining_key, material);
    this._chaining_key = chaining_key;
    this._cipher = new CipherState(key);
  }

  /** @param {Bytes} data */
  async mix_hash(data) {
    this.hash = await sha256(concat(this.hash, data));
  }

  /** @param {Bytes} material */
  async mix_key_and_hash(material) {
    const [chaining_key, extra, key] = await hkdf(this._chaining_key, material);
    this._chaining_key = chaining_key;
    await this.mix_hash(extra);
    this._cipher = new CipherState(key);
  }

  get tag_bytes() {
    return this._cipher === null ? 0 : TAG_BYTES;
  }

  /** @param {Bytes} plain */
  async encrypt_and_hash(plain) {
    const sealed = this._cipher === null ? plain : await this._cipher.encrypt(plain, this.hash);
    await this.mix_hash(sealed);
    return sealed;
  }

  /** @param {Bytes} sealed */
  async decrypt_and_hash(sealed) {
    const plain = this._cipher === null ? sealed : await this._cipher.decrypt(sealed, this.hash);
    await this.mix_hash(sealed);
    return plain;
  }

  /** @returns {Promise<[CipherState, CipherState]>} */
  async split() {
    const [first, second] = await hkdf(this._chaining_key, EMPTY);
    return [new CipherState(first), new CipherState(second)];
  }
}

/**
 * What a finished handshake leaves: one cipher state per direction and the hash that names this handshake.
 * @typedef {{send: CipherState, receive: CipherState, handshake_hash: Bytes, peer_static: Bytes}} Transport
 */

/**
 * One side of a handshake (section 5.3).
 *
 * `ephemeral` is a fresh key pair, passed in so that vectors can be replayed; it must never be used twice. `psk` is 32
 * bytes, for XXpsk3 only. One call at a time: await each.
 */
export class HandshakeState {
  /**
   * @param {{pattern: number, initiator: boolean, prologue: Bytes, static: KeyPair, ephemeral: KeyPair,
   *   psk?: Bytes | null}} options
   */
  constructor({ pattern, initiator, prologue, static: static_pair, ephemeral, psk = null }) {
    const name = NAMES[pattern];
    const tokens = TOKENS[pattern];
    if (name === undefined || tokens === undefined) throw new LocalProtocolError("no such pattern");
    if ((psk !== null) !== (pattern === Pattern.XXPSK3)) {
      throw new LocalProtocolError("a resume secret goes with XXpsk3 and with nothing else");
    }
    if (psk !== null && psk.length !== KEY_BYTES) throw new LocalProtocolError("a resume secret has 32 bytes");
    this.pattern = pattern;
    this.initiator = initiator;
    /** The peer's static public key once its message has been read. @type {Bytes | null} */
    this.peer_static = null;
    this._tokens = tokens;
    this._static = static_pair;
    this._ephemeral = ephemeral;
    this._psk = psk;
    /** @type {Bytes | null} */
    this._peer_ephemeral = null;
    this._step = 0;
    this._symmetric = new SymmetricState(name);
    /** @type {Bytes | null} */
    this._prologue = prologue;
  }

  /** Whether all three messages have passed. */
  get finished() {
    return this._step === this._tokens.length;
  }

  /**
   * @param {boolean} writing
   * @returns {Promise<string[]>}
   */
  async _turn(writing) {
    const tokens = this._tokens[this._step];
    if (tokens === undefined || writing !== (this.initiator === (this._step % 2 === 0))) {
      throw new LocalProtocolError("not this side's turn in the handshake");
    }
    if (this._prologue !== null) {
      const prologue = this._prologue;
      this._prologue = null;
      await this._symmetric.begin(prologue);
    }
    return tokens;
  }

  /**
   * Return the next handshake message with `payload` in it.
   * @param {Bytes} payload
   * @returns {Promise<Bytes>}
   */
  async write_message(payload = EMPTY) {
    /** @type {Bytes[]} */
    const out = [];
    for (const token of await this._turn(true)) {
      if (token === "e") {
        out.push(this._ephemeral.public_bytes);
        await this._mix_ephemeral(this._ephemeral.public_bytes);
      } else if (token === "s") {
        out.push(await this._symmetric.encrypt_and_hash(this._static.public_bytes));
      } else {
        await this._mix(token);
      }
    }
    out.push(await this._symmetric.encrypt_and_hash(payload));
    const message = concat(...out);
    if (message.length > MAX_MESSAGE_BYTES) throw new LocalProtocolError("handshake payload too large");
    this._step += 1;
    return message;
  }

  /**
   * Return the payload of the peer's next handshake message. Throws SecurityError.
   * @param {Bytes} message
   * @returns {Promise<Bytes>}
   */
  async read_message(message) {
    const tokens = await this._turn(false);
    if (message.length > MAX_MESSAGE_BYTES) throw new SecurityError("handshake message too large");
    let rest = message;
    for (const token of tokens) {
      if (token === "e") {
        this._peer_ephemeral = cut(rest, KEY_BYTES);
        rest = rest.subarray(KEY_BYTES);
        await this._mix_ephemeral(this._peer_ephemeral);
      } else if (token === "s") {
        const length = KEY_BYTES + this._symmetric.tag_bytes;
        this.peer_static = await this._symmetric.decrypt_and_hash(cut(rest, length));
        rest = rest.subarray(length);
      } else {
        await this._mix(token);
      }
    }
    const payload = await this._symmetric.decrypt_and_hash(rest);
    this._step += 1;
    return payload;
  }

  /** @param {Bytes} public_bytes */
  async _mix_ephemeral(public_bytes) {
    await this._symmetric.mix_hash(public_bytes);
    // Section 9.2: in a handshake with a psk the ephemeral keys are mixed into the key as well.
    if (this._psk !== null) await this._symmetric.mix_key(public_bytes);
  }

  /** @param {string} token */
  async _mix(token) {
    if (token === "psk") {
      if (this._psk === null) throw new LocalProtocolError("no resume secret");
      await this._symmetric.mix_key_and_hash(this._psk);
      return;
    }
    // The first letter is the initiator's key, the second the responder's.
    const [mine, theirs] = this.initiator ? [token[0], token[1]] : [token[1], token[0]];
    const pair = mine === "e" ? this._ephemeral : this._static;
    const public_bytes = theirs === "e" ? this._peer_ephemeral : this.peer_static;
    if (public_bytes === null) throw new LocalProtocolError("a key is needed before it was sent");
    await this._symmetric.mix_key(await exchange(pair.private_key, public_bytes));
  }

  /**
   * Return the transport keys after the last message; the initiator sends with the first cipher state.
   * @returns {Promise<Transport>}
   */
  async split() {
    if (!this.finished || this.peer_static === null) throw new LocalProtocolError("the handshake is not finished");
    const [first, second] = await this._symmetric.split();
    const [send, receive] = this.initiator ? [first, second] : [second, first];
    return { send, receive, handshake_hash: this._symmetric.hash, peer_static: this.peer_static };
  }
}

/**
 * @param {Bytes} data
 * @param {number} length
 * @returns {Bytes}
 */
function cut(data, length) {
  if (data.length < length) throw new SecurityError("handshake message too short");
  return data.slice(0, length);
}
