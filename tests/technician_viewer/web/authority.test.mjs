/** Signed objects with a key of our own: what the vectors cannot hold. */

import assert from "node:assert/strict";
import test from "node:test";

import { MAX_SIGNED_BYTES, RevocationList, verify } from "../../../technician_viewer/web/protocol/authority.js";
import { concat, pack_utf8 } from "../../../technician_viewer/web/protocol/encoding.js";
import { SecurityError } from "../../../technician_viewer/web/protocol/errors.js";

/** @typedef {import("../../../technician_viewer/web/protocol/encoding.js").Bytes} Bytes */

const GOOD = { organisation: "A".repeat(43), sequence: 3, issued_at: 1_800_000_000, serials: ["device-0"] };

async function signer() {
  const pair = /** @type {CryptoKeyPair} */ (
    await crypto.subtle.generateKey({ name: "Ed25519" }, true, ["sign", "verify"])
  );
  const key = new Uint8Array(await crypto.subtle.exportKey("raw", pair.publicKey));
  /** @param {string} body */
  const sign = async (body) => {
    const data = pack_utf8(body);
    return concat(new Uint8Array(await crypto.subtle.sign({ name: "Ed25519" }, pair.privateKey, data)), data);
  };
  return { key, sign };
}

test("the label is part of what is verified", async () => {
  const { key, sign } = await signer();
  for (const label of ["towline revocations 1", "towline revocations 2", "towline revocation1 1", ""]) {
    const data = await sign(`${label}\n${JSON.stringify(GOOD)}`);
    if (label === RevocationList.label) assert.deepEqual(await verify(key, data, RevocationList), GOOD);
    else await assert.rejects(verify(key, data, RevocationList), SecurityError);
  }
});

test("an object of the largest size is read, one byte more is not", async () => {
  const { key, sign } = await signer();
  const body = `${RevocationList.label}\n${JSON.stringify(GOOD)}`;
  for (const size of [MAX_SIGNED_BYTES, MAX_SIGNED_BYTES + 1]) {
    const data = await sign(body.padEnd(size - 64, " "));
    assert.equal(data.length, size);
    if (size === MAX_SIGNED_BYTES) assert.equal((await verify(key, data, RevocationList)).sequence, 3);
    else await assert.rejects(verify(key, data, RevocationList), SecurityError);
  }
});

test("content of the wrong form under a good signature", async () => {
  const { key, sign } = await signer();
  /** @type {[object | string, boolean][]} */
  const contents = [
    [GOOD, true],
    [{ ...GOOD, more: "of a later version" }, true],
    [{ ...GOOD, sequence: -1 }, false],
    [{ ...GOOD, sequence: 2 ** 53 }, false],
    [{ ...GOOD, organisation: "A".repeat(42) }, false],
    [{ ...GOOD, serials: [""] }, false],
    [{ ...GOOD, serials: [7] }, false],
    [{ ...GOOD, issued_at: 2 ** 40 + 1 }, false],
    ["[]", false],
    ["", false],
  ];
  for (const [content, good] of contents) {
    const text = typeof content === "string" ? content : JSON.stringify(content);
    const data = await sign(`${RevocationList.label}\n${text}`);
    if (good) assert.equal((await verify(key, data, RevocationList)).sequence, 3);
    else await assert.rejects(verify(key, data, RevocationList), SecurityError);
  }
});

test("another key, a changed byte, nothing at all", async () => {
  const { key, sign } = await signer();
  const other = await signer();
  const data = await sign(`${RevocationList.label}\n${JSON.stringify(GOOD)}`);
  await assert.rejects(verify(other.key, data, RevocationList), SecurityError);
  await assert.rejects(verify(key, new Uint8Array(0), RevocationList), SecurityError);
  for (const at of [0, 63, 64, data.length - 1]) {
    const changed = data.slice();
    changed[at] = (changed[at] ?? 0) ^ 1;
    await assert.rejects(verify(key, changed, RevocationList), SecurityError);
  }
  assert.equal((await verify(key, data, RevocationList)).sequence, 3);
});
