"""Content-Transfer-Encoding undone (RFC 2045 section 6), also where it was done badly."""

import binascii
import re
from typing import Final

_NOT_BASE64: Final = re.compile(rb"[^A-Za-z0-9+/]+")
# Padding in the middle: some gateways join separately encoded pieces.
_PADDED_PIECE: Final = re.compile(rb"={1,2}")
_UU_BEGIN: Final = re.compile(rb"^begin [0-7]{3,4} [^\r\n]*\r?\n", re.MULTILINE)
_SAMPLE: Final = 4_096
# Gateways join a few pieces; thousands are an attack on memory.
_MAX_PIECES: Final = 10_000
_MAX_BAD_LINES: Final = 1_000


def decode_transfer(content: bytes, encoding: str) -> bytes:
    """Return the bytes before the encoding; unknown encodings ("7-bit", "plain", "8bits;") change nothing."""
    name = re.sub(r"[^a-z0-9]", "", encoding.lower()[:40])
    if name == "base64":
        return decode_base64(content)
    if name == "quotedprintable":
        return decode_quoted_printable(content)
    if name in {"xuuencode", "uuencode", "xuue", "uue"}:
        return decode_uu(content)
    return content


def decode_base64(content: bytes) -> bytes:
    """Return what base64 says; foreign characters are skipped, padding may be missing or in the middle.

    A part that says base64 and plainly is not is returned as it is.
    """
    sample = content[:_SAMPLE]
    if sample.count(b" ") * 12 > len(sample.strip()) and len(sample.split()) > 6:
        return content
    body = content.rstrip()
    end = body.find(b"=")
    if end == -1 or not _NOT_BASE64.sub(b"", body[end:]):
        return _base64_piece(body)
    if body.count(b"=") > _MAX_PIECES:
        return _base64_piece(body)
    return b"".join(_base64_piece(piece) for piece in _PADDED_PIECE.split(body))


def _base64_piece(piece: bytes) -> bytes:
    digits = _NOT_BASE64.sub(b"", piece)
    if len(digits) % 4 == 1:
        # One digit holds six bits, no byte.
        digits = digits[:-1]
    return binascii.a2b_base64(digits + b"=" * (-len(digits) % 4))


def decode_quoted_printable(content: bytes) -> bytes:
    """Return what quoted-printable says; an = before anything else stays what it is."""
    # Soft breaks with blanks behind the = (RFC 2045 section 6.7, rule 3) are not known to a2b_qp.
    tidy = re.sub(rb"=[ \t]{1,20}(?=\r?\n)", b"=", content)
    return binascii.a2b_qp(tidy)


def decode_uu(content: bytes) -> bytes:
    """Return the file in a uuencoded part, or the part as it is if there is no file in it."""
    begin = _UU_BEGIN.search(content)
    if begin is None:
        return content
    found, bad = bytearray(), 0
    for line in content[begin.end() :].splitlines():
        if line.strip() in {b"end", b"`"} or bad > _MAX_BAD_LINES:
            break
        found_bytes = _uu_line(line)
        bad += found_bytes is None
        found += found_bytes or b""
    return bytes(found)


def _uu_line(line: bytes) -> bytes | None:
    # Encoders that pad lines wrongly: take what the length byte promises.
    promised = (((line[0] - 32) & 63) * 4 + 5) // 3 if line else 0
    for candidate in (line, line[:promised]):
        try:
            return binascii.a2b_uu(candidate)
        except binascii.Error:
            continue
    return None
