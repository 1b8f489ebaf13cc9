"""base64url without padding (RFC 4648 section 5), strict in both directions."""

import base64
import binascii
import re

_FORM = re.compile(r"[A-Za-z0-9_-]*\Z")


def pack_b64(data: bytes) -> str:
    """Return `data` as base64url text without padding."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode("ascii")


def parse_b64(text: str, length: int | None = None) -> bytes:
    """Return the bytes of `text`; exactly `length` of them when given.

    Raises ValueError for other characters, for spare bits that are not zero, and for another length.
    """
    if not _FORM.match(text):
        raise ValueError("not base64url")
    try:
        data = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except binascii.Error as error:
        raise ValueError("not base64url") from error
    if pack_b64(data) != text:
        raise ValueError("not canonical base64url")
    if length is not None and len(data) != length:
        raise ValueError(f"{length} bytes expected, not {len(data)}")
    return data
