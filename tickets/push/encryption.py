"""What a push service carries and can't read: a message for one phone (RFC 8291), and who sends it (RFC 8292). Pure."""

import json
from typing import Final
from urllib.parse import urlsplit

from cryptography.exceptions import InvalidKey
from cryptography.hazmat.primitives.asymmetric.ec import (
    ECDH,
    ECDSA,
    SECP256R1,
    EllipticCurvePrivateKey,
    EllipticCurvePublicKey,
)
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from protocol.encoding import pack_b64, parse_b64

POINT_BYTES: Final = 65
AUTH_BYTES: Final = 16
# RFC 8291 section 4: services take at least 4,096 bytes, framing included.
MAX_MESSAGE_BYTES: Final = 3_000
_SALT_BYTES: Final = 16
_RECORD_BYTES: Final = 4_096
# RFC 8188 section 2: the last record ends with 2.
_LAST: Final = b"\x02"
_TOKEN_LIFE_S: Final = 12 * 3_600


def point_of(key: EllipticCurvePublicKey) -> bytes:
    """Return a public key as 65 bytes."""
    return key.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)


def check_keys(p256dh: str, auth: str) -> None:
    """Pass when these are a phone's public key and secret. Raises ValueError."""
    EllipticCurvePublicKey.from_encoded_point(SECP256R1(), parse_b64(p256dh, POINT_BYTES))
    parse_b64(auth, AUTH_BYTES)


def encrypt(message: bytes, p256dh: str, auth: str, ours: EllipticCurvePrivateKey, salt: bytes) -> bytes:
    """Return the body (RFC 8188, `aes128gcm`) that only this phone reads; `ours` is used once. Raises ValueError."""
    if len(message) > MAX_MESSAGE_BYTES or len(salt) != _SALT_BYTES:
        raise ValueError("the message is too long, or the salt has a wrong length")
    theirs = parse_b64(p256dh, POINT_BYTES)
    try:
        shared = ours.exchange(ECDH(), EllipticCurvePublicKey.from_encoded_point(SECP256R1(), theirs))
    except InvalidKey as error:
        raise ValueError("not a key") from error
    point = point_of(ours.public_key())
    secret = _hkdf(shared, parse_b64(auth, AUTH_BYTES), b"WebPush: info\0" + theirs + point, 32)
    key = _hkdf(secret, salt, b"Content-Encoding: aes128gcm\0", 16)
    nonce = _hkdf(secret, salt, b"Content-Encoding: nonce\0", 12)
    head = salt + _RECORD_BYTES.to_bytes(4, "big") + bytes([len(point)]) + point
    return head + AESGCM(key).encrypt(nonce, message + _LAST, None)


def signed_by(key: EllipticCurvePrivateKey, endpoint: str, contact: str, now_s: int) -> str:
    """Return the Authorization header: who sends this, good for the endpoint's origin and half a day."""
    parts = urlsplit(endpoint)
    claims = {"aud": f"{parts.scheme}://{parts.netloc}", "exp": now_s + _TOKEN_LIFE_S, "sub": contact}
    head = pack_b64(json.dumps({"typ": "JWT", "alg": "ES256"}, separators=(",", ":")).encode())
    body = pack_b64(json.dumps(claims, separators=(",", ":")).encode())
    r, s = decode_dss_signature(key.sign(f"{head}.{body}".encode(), ECDSA(SHA256())))
    signature = pack_b64(r.to_bytes(32, "big") + s.to_bytes(32, "big"))
    return f"vapid t={head}.{body}.{signature}, k={pack_b64(point_of(key.public_key()))}"


def _hkdf(secret: bytes, salt: bytes, info: bytes, length: int) -> bytes:
    return HKDF(SHA256(), length, salt, info).derive(secret)
