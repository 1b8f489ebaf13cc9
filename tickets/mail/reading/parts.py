"""The tree of MIME parts (RFC 2046), split by hand so that no mail can break it, within limits."""

import re
from dataclasses import dataclass, field
from typing import Final

from tickets.mail.reading.fields import read_fields
from tickets.mail.reading.limits import MAX_DEPTH, MAX_PARTS
from tickets.mail.reading.mail import Fields
from tickets.mail.reading.transfer import decode_transfer
from tickets.mail.reading.words import parse_parameters

_TYPE: Final = re.compile(r"\A[a-z0-9.+_-]{1,80}/[a-z0-9.+_-]{1,100}\Z")
# A delimiter that nobody declared: it stands alone on its line, at the very start of the body.
_UNDECLARED: Final = re.compile(rb"\A\s{0,200}--([^\s-][^\r\n]{5,70}|-+[^\s-][^\r\n]{5,70}?)[ \t]*\r?\n(?=[Cc]ontent-)")


@dataclass
class Part:
    """One part: its fields, its type, and either its children or its bytes, still transfer-encoded."""

    fields: Fields
    content_type: str
    parameters: dict[str, str]
    disposition: str
    disposition_parameters: dict[str, str]
    raw: bytes
    children: list["Part"] = field(default_factory=list)

    @property
    def content(self) -> bytes:
        """The bytes, transfer encoding undone."""
        return decode_transfer(self.raw, self.fields.get("content-transfer-encoding"))

    @property
    def name(self) -> str:
        """The file's name as the sender gave it."""
        return self.disposition_parameters.get("filename") or self.parameters.get("name") or ""


@dataclass
class Budget:
    """What is left for one mail."""

    parts: int = MAX_PARTS
    exceeded: bool = False


def build_part(
    fields: Fields, body: bytes, hint: str, budget: Budget, *, depth: int = 0, default: str = "text/plain"
) -> Part:
    """Return the part with everything in it."""
    content_type, parameters = _content_type(fields, default)
    disposition, disposition_parameters = parse_parameters(fields.get("content-disposition"))
    part = Part(fields, content_type, parameters, disposition, dict(disposition_parameters), body)
    if not content_type.startswith("multipart/"):
        return part
    boundary = _boundary(fields, parameters, body)
    if boundary is None or depth >= MAX_DEPTH or budget.parts <= 0:
        budget.exceeded |= boundary is not None
        part.content_type = "text/plain" if boundary is None else "application/octet-stream"
        return part
    child_default = "message/rfc822" if content_type == "multipart/digest" else "text/plain"
    for piece in _split(body, boundary, budget):
        child_fields, start = read_fields(piece, hint)
        if piece.strip() or child_fields.all:
            part.children.append(
                build_part(child_fields, piece[start:], hint, budget, depth=depth + 1, default=child_default)
            )
    if not part.children:
        part.content_type = "text/plain"
    return part


def _content_type(fields: Fields, default: str) -> tuple[str, dict[str, str]]:
    # The field may stand there several times; the first that makes sense counts.
    for value in fields.values("content-type"):
        content_type, parameters = parse_parameters(value)
        content_type = re.sub(r"\s+", "", content_type)
        if _TYPE.match(content_type):
            return content_type, dict(parameters)
        if content_type == "text":
            # RFC 1049's way of saying it.
            return "text/plain", dict(parameters)
    return default, {}


def _boundary(fields: Fields, parameters: dict[str, str], body: bytes) -> bytes | None:
    # The raw value, not the decoded one: a boundary is bytes, and blanks inside it count.
    declared = parameters.get("boundary", "").strip()
    candidates = [declared.encode("utf-8", "replace")] if declared else []
    raw = re.search(
        rb"boundary\s{0,5}=\s{0,5}(?:\"([^\"\r\n]{1,250})\"|([^\s;\"]{1,250}))",
        b" ".join(fields.raws("content-type")),
        re.IGNORECASE,
    )
    if raw is not None:
        candidates.append(raw[1] or raw[2])
    for candidate in candidates:
        if b"--" + candidate in body:
            return candidate
    # Declared wrongly or not at all.
    found = _UNDECLARED.match(body[:1_000])
    return found[1].rstrip() if found else None


def _split(body: bytes, boundary: bytes, budget: Budget) -> list[bytes]:
    """Return the bodies between the delimiter lines; a missing last delimiter is as good as one.

    The pattern starts with a literal, so that a search is one pass in C; what follows it cannot match twice.
    """
    delimiter = re.compile(rb"\n--" + re.escape(boundary) + rb"(--)?[ \t]*\r?(?=\n|\Z)")
    text = b"\n" + body
    pieces: list[bytes] = []
    start: int | None = None
    preamble_only = True
    for match in delimiter.finditer(text):
        if start is not None:
            pieces.append(_piece(text, start, match.start()))
            budget.parts -= 1
        preamble_only = False
        if budget.parts <= 0:
            budget.exceeded = True
            start = match.end() + 1
            break
        # What follows a closing delimiter is an epilogue, unless another part opens: some senders close too early.
        start = None if match[1] else match.end() + 1
    if start is not None and start < len(text):
        pieces.append(_piece(text, start, len(text)))
        budget.parts -= 1
    if preamble_only and body.strip():
        pieces.append(body)
    return pieces


def _piece(text: bytes, start: int, end: int) -> bytes:
    # The line end before a delimiter belongs to the delimiter.
    if end > start and text[end - 1 : end] == b"\r":
        end -= 1
    return text[start:end]
