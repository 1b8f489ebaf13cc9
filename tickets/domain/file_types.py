"""What kind of file some bytes are, by their first ones, and which kinds a page may show.

What a sender declares is never believed: a browser is only told a type from here. Signatures: WHATWG MIME Sniffing
Standard, section 6, and the formats' own specifications.
"""

import re
from typing import Final

HEAD_BYTES: Final = 512
"""How much of a file `sniff` wants to see."""

UNKNOWN: Final = "application/octet-stream"
SHOWN: Final = frozenset({"image/png", "image/jpeg", "image/gif", "image/webp"})
"""What stands in a page as an image; everything else is only ever saved."""

_SIGNATURES: Final = (
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
    (b"BM", "image/bmp"),
    (b"%PDF-", "application/pdf"),
    (b"PK\x03\x04", "application/zip"),
    (b"\x1f\x8b\x08", "application/gzip"),
    (b"7z\xbc\xaf\x27\x1c", "application/x-7z-compressed"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "application/x-ole-storage"),
    (b"MZ", "application/x-msdownload"),
    (b"\x7fELF", "application/x-executable"),
    (b"OggS", "application/ogg"),
    (b"\x1aE\xdf\xa3", "video/webm"),
)
_MARKUP: Final = re.compile(
    rb"\s*(?:<\?xml[^>]*>\s*)?(?:<!--.*?-->\s*)*<(!doctype\s+html|html|head|body|script|svg)", re.DOTALL | re.IGNORECASE
)
_DECLARED: Final = re.compile(r"[a-z0-9][a-z0-9!#$&^_.+-]{0,60}/[a-z0-9][a-z0-9!#$&^_.+-]{0,60}\Z")


def sniff(head: bytes) -> str:
    """Return the media type of a file that begins with `head`, UNKNOWN when nothing tells."""
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "image/webp"
    if head[4:8] == b"ftyp":
        return "video/mp4"
    for signature, kind in _SIGNATURES:
        if head.startswith(signature):
            return kind
    if found := _MARKUP.match(head):
        return "image/svg+xml" if found[1].lower() == b"svg" else "text/html"
    return "text/plain" if _is_text(head) else UNKNOWN


def _is_text(head: bytes) -> bool:
    """Whether this is UTF-8 without control characters; a character cut in two at the end is no fault."""
    if not head or any(byte < 32 and byte not in b"\t\n\r\f\x1b" for byte in head):
        return False
    for cut in range(min(4, len(head))):
        try:
            head[: len(head) - cut].decode("utf-8")
        except UnicodeDecodeError:
            continue
        return True
    return False


def declared_type(text: str) -> str:
    """Return a declared media type without its parameters, UNKNOWN when it has no such form."""
    kind = text.partition(";")[0].strip().lower()
    return kind if _DECLARED.match(kind) else UNKNOWN


def is_shown(kind: str) -> bool:
    """Whether a page may show a file of this sniffed type."""
    return kind in SHOWN
