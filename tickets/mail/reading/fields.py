"""The header block by hand: what a mail begins with, fields unfolded, and where the body starts."""

import re
from typing import Final

from tickets.mail.reading.charsets import codec_of
from tickets.mail.reading.limits import MAX_FIELD_BYTES, MAX_FIELDS, MAX_HEADER_BYTES
from tickets.mail.reading.mail import Field, Fields
from tickets.mail.reading.words import decode_value

# RFC 5322 section 2.2: printable ASCII but the colon. Blanks before the colon are obsolete (4.5.8) and still sent.
_FIELD: Final = re.compile(rb"\A([!-9;-~]{1,100})[ \t]{0,20}:")
_CHARSET: Final = re.compile(rb"(?:charset\s{0,5}=\s{0,5}[\"']?|=\?)([A-Za-z0-9_.:-]{2,40})", re.IGNORECASE)
# Lines that mailbox files and broken gateways put before the first field.
_MAX_JUNK_LINES: Final = 5
_HINT_BYTES: Final = 20_000


def normal_line_ends(raw: bytes) -> bytes:
    """Return the mail with line ends that LF finds: old Macs end lines with CR alone, some gateways with CR CR LF."""
    start = raw[:MAX_HEADER_BYTES]
    if b"\n" not in start:
        return raw.replace(b"\r", b"\n")
    return raw.replace(b"\r\r\n", b"\r\n") if b"\r\r\n" in start else raw


def split_fields(raw: bytes, *, junk_allowed: bool = False) -> tuple[list[tuple[bytes, bytes]], int]:
    """Return the fields (name as written, value unfolded) and where the body starts.

    A line that is no field ends the header block as an empty line would, and belongs to the body; before the first
    field a few such lines are skipped if `junk_allowed`. Fields beyond the limits are left out.
    """
    found: list[tuple[bytes, list[bytes], int]] = []
    position, junk, body = 0, 0, 0
    limit = min(len(raw), MAX_HEADER_BYTES)
    while position < limit:
        end = raw.find(b"\n", position)
        after = len(raw) if end == -1 else end + 1
        line = raw[position:after].rstrip(b"\r\n")
        if match := _FIELD.match(line):
            found.append((match[1], [line[match.end() :]], len(line)))
        elif found and line[:1] in {b" ", b"\t"} and (line.strip() or _goes_on(raw, after)):
            _fold(found, line)
        elif not line.strip() and (found or not junk_allowed):
            return _unfolded(found), after
        elif found:
            if not _goes_on(raw, after) or line.startswith(b"--"):
                return _unfolded(found), position
            # A broken line amid the fields: most often the rest of the one before, which somebody forgot to indent.
            _fold(found, line)
        else:
            junk += 1
            if not junk_allowed or junk > _MAX_JUNK_LINES:
                return [], body
        position = after
    return _unfolded(found), position if found else body


def _goes_on(raw: bytes, position: int) -> bool:
    """Say whether a field follows, perhaps after a few folded lines."""
    for _ in range(_MAX_JUNK_LINES):
        if raw[position : position + 1] not in {b" ", b"\t"}:
            break
        position = raw.find(b"\n", position) + 1 or len(raw)
    return _FIELD.match(raw[position : position + 120]) is not None


def _fold(found: list[tuple[bytes, list[bytes], int]], line: bytes) -> None:
    name, lines, size = found[-1]
    if size < MAX_FIELD_BYTES:
        lines.append(line)
        found[-1] = (name, lines, size + len(line))


def _unfolded(found: list[tuple[bytes, list[bytes], int]]) -> list[tuple[bytes, bytes]]:
    return [
        (name, b" ".join(line.strip() for line in lines)[:MAX_FIELD_BYTES].strip())
        for name, lines, _ in found[:MAX_FIELDS]
    ]


def charset_hint(raw: bytes) -> str:
    """Return the first charset named near the top of a mail that is not Unicode: raw header bytes are often in it."""
    for label in _CHARSET.findall(raw[:_HINT_BYTES]):
        text = label.decode("ascii")
        if codec_of(text) not in {None, "utf-8", "ascii"}:
            return str(text)
    return ""


def read_fields(raw: bytes, hint: str, *, junk_allowed: bool = False) -> tuple[Fields, int]:
    """Return the decoded fields and where the body starts."""
    pairs, body = split_fields(raw, junk_allowed=junk_allowed)
    return Fields(
        tuple(Field(name.decode("ascii").lower(), decode_value(value, hint), value) for name, value in pairs)
    ), body
