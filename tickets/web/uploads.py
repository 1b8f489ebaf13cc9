"""Files as browsers and programs send them: piece by piece into a temporary place, bounded, never whole in memory."""

import re
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import unquote

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header
from starlette.requests import Request

from tickets.domain.attachments import Incoming, NewFile
from tickets.domain.errors import Invalid, TooLarge

MAX_UPLOAD_BYTES: Final = 101 * 1024 * 1024
"""The largest body of a route that takes files, whatever is set; the settings say how large one file may be."""
NAME_HEADER: Final = "x-file-name"
"""Percent-encoded UTF-8, beside a body that is the file itself."""

_UPLOADS: Final = re.compile(
    r"/\Z|/api/v1/tickets/[^/]{1,60}/attachments\Z|/console/tickets/[^/]{1,60}/messages\Z"
    r"|/api/v1/articles/[^/]{1,60}/files\Z|/console/articles/(?:new|[^/]{1,60}/edit)\Z"
)
_MOST_FIELD_BYTES: Final = 512 * 1024
_MOST_PARTS: Final = 80
_CUT_OFF: Final = "The form did not arrive as a whole. Send it again."

Begin = Callable[[], Incoming]


def takes_files(path: str) -> bool:
    """Whether a body for this path may be as large as files are."""
    return _UPLOADS.match(path) is not None


@dataclass
class Sent:
    """A form with the files in it, each whole on disk, in a temporary place."""

    fields: dict[str, str] = field(default_factory=dict)
    files: list[NewFile] = field(default_factory=list)


@dataclass
class _Part:
    headers: dict[bytes, bytes] = field(default_factory=dict)
    name: str = ""
    file_name: str | None = None
    incoming: Incoming | None = None
    data: bytearray = field(default_factory=bytearray)


class _Reader:
    """What the parser calls: takes parts apart into fields and files."""

    def __init__(self, begin: Begin, most_files: int) -> None:
        self._begin: Final = begin
        self._most_files: Final = most_files
        self._part = _Part()
        self._header = (bytearray(), bytearray())
        self._parts = 0
        self._field_bytes = 0
        self.ended = False
        self.fields: Final[dict[str, str]] = {}
        self.files: Final[list[_Part]] = []

    def on_part_begin(self) -> None:
        self._part = _Part()
        self._parts += 1
        if self._parts > _MOST_PARTS:
            raise Invalid("", "The form has too many fields.")

    def on_header_field(self, data: bytes, start: int, end: int) -> None:
        self._header[0].extend(data[start:end])

    def on_header_value(self, data: bytes, start: int, end: int) -> None:
        self._header[1].extend(data[start:end])

    def on_header_end(self) -> None:
        self._part.headers[bytes(self._header[0]).lower()] = bytes(self._header[1])
        self._header = (bytearray(), bytearray())

    def on_headers_finished(self) -> None:
        _, options = parse_options_header(self._part.headers.get(b"content-disposition", b""))
        self._part.name = _text(options.get(b"name", b""))
        if b"filename" in options:
            self._part.file_name = _text(options[b"filename"])

    def on_part_data(self, data: bytes, start: int, end: int) -> None:
        part = self._part
        if part.file_name is None:
            self._field_bytes += end - start
            if self._field_bytes > _MOST_FIELD_BYTES:
                raise TooLarge(_MOST_FIELD_BYTES)
            part.data.extend(data[start:end])
            return
        if part.incoming is None:
            if len(self.files) >= self._most_files:
                raise Invalid("attachments", f"send at most {self._most_files} files with one message.")
            part.incoming = self._begin()
            self.files.append(part)
        part.incoming.write(data[start:end])

    def on_end(self) -> None:
        self.ended = True

    def on_part_end(self) -> None:
        # A file box that was left empty comes as a part without name and bytes.
        if self._part.file_name is None:
            self.fields.setdefault(self._part.name, _text(bytes(self._part.data)))


def _text(data: bytes) -> str:
    return data.decode("utf-8", "replace")


@asynccontextmanager
async def receive_form(request: Request, begin: Begin, most_files: int) -> AsyncIterator[Sent]:
    """Give the fields and files of a `multipart/form-data` body; files that nobody kept are gone after the block.

    Raises Invalid, TooLarge.
    """
    _, options = parse_options_header(request.headers.get("content-type", ""))
    boundary = options.get(b"boundary", b"")
    if not boundary or len(boundary) > 200:
        raise Invalid("", "Send the form as the page does.")
    reader = _Reader(begin, most_files)
    parser = MultipartParser(
        boundary,
        {
            "on_part_begin": reader.on_part_begin,
            "on_part_data": reader.on_part_data,
            "on_part_end": reader.on_part_end,
            "on_header_field": reader.on_header_field,
            "on_header_value": reader.on_header_value,
            "on_header_end": reader.on_header_end,
            "on_headers_finished": reader.on_headers_finished,
            "on_end": reader.on_end,
        },
    )
    try:
        try:
            async for chunk in request.stream():
                parser.write(chunk)
            parser.finalize()
        except FormParserError:
            raise Invalid("", _CUT_OFF) from None
        if not reader.ended:
            raise Invalid("", _CUT_OFF)
        sent = Sent(reader.fields)
        for part in reader.files:
            if part.incoming is not None:
                kept = await part.incoming.finish()
                declared = _text(part.headers.get(b"content-type", b""))
                sent.files.append(NewFile(kept, part.file_name or "", declared))
        yield sent
    finally:
        for part in reader.files:
            if part.incoming is not None:
                part.incoming.discard()


@asynccontextmanager
async def receive_file(request: Request, begin: Begin) -> AsyncIterator[NewFile]:
    """Give the one file of a body: a form with one, or the bytes themselves with their name in a header.

    Raises Invalid, TooLarge.
    """
    kind = request.headers.get("content-type", "")
    if kind.partition(";")[0].strip().lower() == "multipart/form-data":
        async with receive_form(request, begin, 1) as sent:
            if not sent.files:
                raise Invalid("file", "send one file.")
            yield sent.files[0]
        return
    name = unquote(request.headers.get(NAME_HEADER, ""), errors="replace")
    if not name.strip():
        raise Invalid("file", "name it in the header X-File-Name, or send a form.")
    incoming = begin()
    try:
        async for chunk in request.stream():
            incoming.write(chunk)
        yield NewFile(await incoming.finish(), name, kind)
    finally:
        incoming.discard()
