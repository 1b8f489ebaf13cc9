"""Noise_XX and Noise_XXpsk3 over 25519, AESGCM, SHA256 (Noise Protocol Framework rev 34).

Only these two patterns and one suite exist: there is nothing to negotiate and nothing to downgrade to.
"""

import hashlib
import hmac
from dataclasses import dataclass
from enum import IntEnum
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from protocol.errors import LocalProtocolError, SecurityError

KEY_BYTES: Final = 32
TAG_BYTES: Final = 16
# Section 3: every Noise message fits in 65,535 bytes.
MAX_MESSAGE_BYTES: Final = 65_535
# Section 5.1: the last nonce is reserved for rekey.
_MAX_NONCE: Final = (1 << 64) - 1


class Pattern(IntEnum):
    """The handshake patterns; the value is the agent's first byte."""

    XX = 1
    XXPSK3 = 2


_NAMES: Final = {
    Pattern.XX: b"Noise_XX_25519_AESGCM_SHA256",
    Pattern.XXPSK3: b"Noise_XXpsk3_25519_AESGCM_SHA256",
}
_TOKENS: Final = {
    Pattern.XX: (("e",), ("e", "ee", "s", "es"), ("s", "se")),
    Pattern.XXPSK3: (("e",), ("e", "ee", "s", "es"), ("s", "se", "psk")),
}


def _hkdf(chaining_key: bytes, material: bytes, outputs: int) -> list[bytes]:
    """HKDF of section 4.3, which is RFC 5869 with an empty info."""
    secret = hmac.digest(chaining_key, material, "sha256")
    results = [hmac.digest(secret, b"\x01", "sha256")]
    while len(results) < outputs:
        results.append(hmac.digest(secret, results[-1] + bytes([len(results) + 1]), "sha256"))
    return results


class CipherState:
    """One key and its counter (section 5.1). Every failure to open is a SecurityError."""

    def __init__(self, key: bytes) -> None:
        self._cipher: AESGCM | None = AESGCM(key)
        self.counter = 0

    def _next(self) -> tuple[AESGCM, bytes]:
        if self._cipher is None:
            raise LocalProtocolError("the key was wiped")
        if self.counter >= _MAX_NONCE:
            raise LocalProtocolError("counter exhausted")
        return self._cipher, self.counter.to_bytes(12, "big")

    def encrypt(self, plain: bytes, associated: bytes = b"") -> bytes:
        """Return `plain` sealed under the next counter."""
        cipher, nonce = self._next()
        sealed = cipher.encrypt(nonce, plain, associated)
        self.counter += 1
        return sealed

    def decrypt(self, sealed: bytes, associated: bytes = b"") -> bytes:
        """Return the plain text of `sealed`, which must be the next one in order."""
        cipher, nonce = self._next()
        try:
            plain = cipher.decrypt(nonce, sealed, associated)
        except (InvalidTag, ValueError) as error:  # ValueError: shorter than a tag
            raise SecurityError("a record did not open") from error
        self.counter += 1
        return plain

    def rekey(self) -> None:
        """Replace the key by the one that section 4.2 derives from it; the counter goes on."""
        cipher, _ = self._next()
        self._cipher = AESGCM(cipher.encrypt(_MAX_NONCE.to_bytes(12, "big"), bytes(KEY_BYTES), b"")[:KEY_BYTES])

    def wipe(self) -> None:
        """Let go of the key (Python cannot overwrite it in memory); whoever seals or opens afterwards is wrong."""
        self._cipher = None

    @property
    def wiped(self) -> bool:
        """Whether `wipe` was called."""
        return self._cipher is None


class _SymmetricState:
    """Section 5.2."""

    def __init__(self, name: bytes) -> None:
        self.hash = name.ljust(32, b"\0") if len(name) <= 32 else hashlib.sha256(name).digest()
        self._chaining_key = self.hash
        # No key before the first Diffie-Hellman: message 1 passes as it is.
        self._cipher: CipherState | None = None

    def mix_key(self, material: bytes) -> None:
        self._chaining_key, key = _hkdf(self._chaining_key, material, 2)
        self._cipher = CipherState(key)

    def mix_hash(self, data: bytes) -> None:
        self.hash = hashlib.sha256(self.hash + data).digest()

    def mix_key_and_hash(self, material: bytes) -> None:
        self._chaining_key, extra, key = _hkdf(self._chaining_key, material, 3)
        self.mix_hash(extra)
        self._cipher = CipherState(key)

    @property
    def tag_bytes(self) -> int:
        return 0 if self._cipher is None else TAG_BYTES

    def encrypt_and_hash(self, plain: bytes) -> bytes:
        sealed = plain if self._cipher is None else self._cipher.encrypt(plain, self.hash)
        self.mix_hash(sealed)
        return sealed

    def decrypt_and_hash(self, sealed: bytes) -> bytes:
        plain = sealed if self._cipher is None else self._cipher.decrypt(sealed, self.hash)
        self.mix_hash(sealed)
        return plain

    def split(self) -> tuple[CipherState, CipherState]:
        first, second = _hkdf(self._chaining_key, b"", 2)
        return CipherState(first), CipherState(second)


@dataclass(frozen=True)
class Transport:
    """What a finished handshake leaves: one cipher state per direction and the hash that names this handshake."""

    send: CipherState
    receive: CipherState
    handshake_hash: bytes
    peer_static: bytes


class HandshakeState:
    """One side of a handshake (section 5.3).

    `ephemeral` is a fresh X25519 private key, passed in so that entropy stays outside and vectors can be replayed;
    it must never be used twice. `psk` is 32 bytes, for XXpsk3 only.
    """

    def __init__(
        self,
        pattern: Pattern,
        *,
        initiator: bool,
        prologue: bytes,
        static: X25519PrivateKey,
        ephemeral: X25519PrivateKey,
        psk: bytes | None = None,
    ) -> None:
        if (psk is not None) != (pattern is Pattern.XXPSK3):
            raise LocalProtocolError("a resume secret goes with XXpsk3 and with nothing else")
        if psk is not None and len(psk) != KEY_BYTES:
            raise LocalProtocolError("a resume secret has 32 bytes")
        self.pattern = pattern
        self.initiator = initiator
        self._static = static
        self._ephemeral = ephemeral
        self._psk = psk
        self._remote_static: X25519PublicKey | None = None
        self._remote_ephemeral: X25519PublicKey | None = None
        self._step = 0
        self._symmetric = _SymmetricState(_NAMES[pattern])
        self._symmetric.mix_hash(prologue)

    @property
    def peer_static(self) -> bytes | None:
        """The peer's static public key once its message has been read."""
        return None if self._remote_static is None else self._remote_static.public_bytes_raw()

    @property
    def finished(self) -> bool:
        """Whether all three messages have passed."""
        return self._step == len(_TOKENS[self.pattern])

    def _turn(self, *, writing: bool) -> tuple[str, ...]:
        if self.finished or writing != (self.initiator == (self._step % 2 == 0)):
            raise LocalProtocolError("not this side's turn in the handshake")
        return _TOKENS[self.pattern][self._step]

    def write_message(self, payload: bytes = b"") -> bytes:
        """Return the next handshake message with `payload` in it."""
        out = bytearray()
        for token in self._turn(writing=True):
            match token:
                case "e":
                    public = self._ephemeral.public_key().public_bytes_raw()
                    out += public
                    self._symmetric.mix_hash(public)
                    if self._psk is not None:
                        self._symmetric.mix_key(public)
                case "s":
                    out += self._symmetric.encrypt_and_hash(self._static.public_key().public_bytes_raw())
                case _:
                    self._mix(token)
        out += self._symmetric.encrypt_and_hash(payload)
        if len(out) > MAX_MESSAGE_BYTES:
            raise LocalProtocolError("handshake payload too large")
        self._step += 1
        return bytes(out)

    def read_message(self, message: bytes) -> bytes:
        """Return the payload of the peer's next handshake message. Raises SecurityError."""
        tokens = self._turn(writing=False)
        if len(message) > MAX_MESSAGE_BYTES:
            raise SecurityError("handshake message too large")
        rest = message
        for token in tokens:
            match token:
                case "e":
                    public, rest = _cut(rest, KEY_BYTES)
                    self._remote_ephemeral = X25519PublicKey.from_public_bytes(public)
                    self._symmetric.mix_hash(public)
                    if self._psk is not None:
                        self._symmetric.mix_key(public)
                case "s":
                    sealed, rest = _cut(rest, KEY_BYTES + self._symmetric.tag_bytes)
                    public = self._symmetric.decrypt_and_hash(sealed)
                    self._remote_static = X25519PublicKey.from_public_bytes(public)
                case _:
                    self._mix(token)
        payload = self._symmetric.decrypt_and_hash(rest)
        self._step += 1
        return payload

    def _mix(self, token: str) -> None:
        if token == "psk":  # noqa: S105 a Noise token, not a password
            if self._psk is None:
                raise LocalProtocolError("no resume secret")
            self._symmetric.mix_key_and_hash(self._psk)
            return
        # The first letter is the initiator's key, the second the responder's.
        mine, theirs = (token[0], token[1]) if self.initiator else (token[1], token[0])
        private = self._ephemeral if mine == "e" else self._static
        public = self._remote_ephemeral if theirs == "e" else self._remote_static
        if public is None:
            raise LocalProtocolError("a key is needed before it was sent")
        try:
            secret = private.exchange(public)
        except ValueError as error:  # an all-zero result: the peer sent a point of low order
            raise SecurityError("the peer's key is of low order") from error
        self._symmetric.mix_key(secret)

    def split(self) -> Transport:
        """Return the transport keys after the last message; the initiator sends with the first cipher state."""
        peer_static = self.peer_static
        if not self.finished or peer_static is None:
            raise LocalProtocolError("the handshake is not finished")
        first, second = self._symmetric.split()
        send, receive = (first, second) if self.initiator else (second, first)
        return Transport(send, receive, self._symmetric.hash, peer_static)


def _cut(data: bytes, length: int) -> tuple[bytes, bytes]:
    if len(data) < length:
        raise SecurityError("handshake message too short")
    return data[:length], data[length:]
