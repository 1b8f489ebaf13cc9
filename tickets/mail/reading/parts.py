"""The tree of MIME parts (RFC 2046), split by hand so that no mail can break it, within limits."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from tickets.mail.reading.fields import read_fields
from tickets.mail.reading.limits import MAX_DEPTH, MAX_HEADER_BYTES, MAX_PARTS
from tickets.mail.reading.mail import Fields
from tickets.mail.reading.transfer import decode_transfer
from tickets.mail.reading.words import parse_parameters

_TYPE: Final = re.compile(r"\A[a-z0-9.+_-]{1,80}/[a-z0-9.+_-]{1,100}\Z")
_RAW_BOUNDARY: Final = re.compile(
    rb"boundary\s{0,5}=\s{0,5}(?:\"([^\"\r\n]{1,250})\"|([^\s;\"]{1,250}))", re.IGNORECASE
)
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


@dataclass(frozen=True)
class Span:
    """Bytes of the mail that are never copied before a part without children is cut out of it."""

    mail: bytes
    start: int
    end: int

    def cut(self) -> bytes:
        """Copy the bytes."""
        return self.mail[self.start : self.end]


def build_part(
    fields: Fields, body: Span, hint: str, budget: Budget, *, depth: int = 0, default: str = "text/plain"
) -> Part:
    """Return the part with everything in it."""
    content_type, parameters = _content_type(fields, default)
    disposition, disposition_parameters = parse_parameters(fields.get("content-disposition"))
    part = Part(fields, content_type, parameters, disposition, dict(disposition_parameters), b"")
    if not content_type.startswith("multipart/"):
        part.raw = body.cut()
        return part
    boundary = _boundary(fields, parameters, body)
    if boundary is None or depth >= MAX_DEPTH or budget.parts <= 0:
        budget.exceeded |= boundary is not None
        part.content_type = "text/plain" if boundary is None else "application/octet-stream"
        part.raw = body.cut()
        return part
    child_default = "message/rfc822" if content_type == "multipart/digest" else "text/plain"
    for piece in _split(body, boundary, budget):
        head = body.mail[piece.start : min(piece.end, piece.start + MAX_HEADER_BYTES)]
        child_fields, start = read_fields(head, hint)
        if head.strip() or child_fields.all:
            content = Span(body.mail, piece.start + start, piece.end)
            part.children.append(
                build_part(child_fields, content, hint, budget, depth=depth + 1, default=child_default)
            )
    if not part.children:
        part.content_type, part.raw = "text/plain", body.cut()
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


def _boundary(fields: Fields, parameters: dict[str, str], body: Span) -> bytes | None:
    # Also the raw value, not only the decoded one: a boundary is bytes, and blanks inside it count.
    declared = parameters.get("boundary", "").strip()
    candidates = [declared.encode("utf-8", "replace")] if declared else []
    raw = _RAW_BOUNDARY.search(b" ".join(fields.raws("content-type")))
    if raw is not None:
        candidates.append(raw[1] or raw[2])
    for candidate in candidates:
        if body.mail.find(b"--" + candidate, body.start, body.end) != -1:
            return candidate
    # Declared wrongly or not at all.
    found = _UNDECLARED.match(body.mail[body.start : min(body.end, body.start + 1_000)])
    return bytes(found[1]).rstrip() if found else None


def _split(body: Span, boundary: bytes, budget: Budget) -> list[Span]:
    """Return the bodies between the delimiter lines; a missing last delimiter is as good as one.

    The pattern starts with a literal, so that a search is one pass in C; what follows it cannot match twice.
    """
    delimiter = re.compile(rb"\n--" + re.escape(boundary) + rb"(--)?[ \t]*\r?(?=\n|\Z)")
    mail, pieces = body.mail, list[Span]()
    start: int | None = None
    # The line end before the first delimiter is that of the header.
    for match in _matches(delimiter, body):
        if start is not None:
            pieces.append(_piece(mail, start, match.start()))
            budget.parts -= 1
        # What follows a closing delimiter is an epilogue, unless another part opens: some senders close too early.
        start = None if match[1] else min(match.end() + 1, body.end)
        if budget.parts <= 0:
            budget.exceeded = True
            start = match.end() + 1
            break
    if start is not None and start < body.end:
        pieces.append(_piece(mail, start, body.end))
        budget.parts -= 1
    return pieces


def _matches(delimiter: re.Pattern[bytes], body: Span) -> Iterator[re.Match[bytes]]:
    if body.start == 0:
        # A body without a header before it: its first line may be a delimiter that no line end precedes.
        first = re.compile(rb"(?:\A|(?<=\n))" + delimiter.pattern.removeprefix(rb"\n")).match(body.mail, 0, body.end)
        if first is not None:
            yield first
    yield from delimiter.finditer(body.mail, max(body.start - 1, 0), body.end)


def _piece(mail: bytes, start: int, end: int) -> Span:
    # The line end before a delimiter belongs to the delimiter.
    return Span(mail, start, end - 1 if end > start and mail[end - 1 : end] == b"\r" else end)
