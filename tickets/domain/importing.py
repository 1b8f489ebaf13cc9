"""Reading technicians, requesters and articles in from CSV: what a file may hold, and how far it is."""

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Final, Protocol

import msgspec

from tickets.domain.access import Actor
from tickets.domain.errors import Invalid

MAX_FILE_BYTES: Final = 500_000
"""Below the API's limit for a body; ten thousand people fit."""
MAX_LINES: Final = 20_000
MAX_FAULTS: Final = 200
"""So many are kept with their line; the rest is counted."""
_MARK: Final = "\ufeff"


class ImportKind(StrEnum):
    """What the lines of a file are."""

    TECHNICIANS = "technicians"
    REQUESTERS = "requesters"
    ARTICLES = "articles"


class ImportState(StrEnum):
    """Where an import stands."""

    WAITING = "waiting"
    READING = "reading"
    DONE = "done"


COLUMNS: Final[dict[ImportKind, tuple[tuple[str, ...], tuple[str, ...]]]] = {
    ImportKind.TECHNICIANS: (("email", "name"), ("role",)),
    ImportKind.REQUESTERS: (("email",), ("name", "language")),
    ImportKind.ARTICLES: (("title", "body"), ("category", "visibility", "state")),
}
"""The columns that a file needs, and those that it may have."""


class ImportQuery(msgspec.Struct, frozen=True):
    """What the body is."""

    kind: ImportKind
    file_name: Annotated[str, msgspec.Meta(max_length=255)] = "import.csv"


class Fault(msgspec.Struct, frozen=True):
    """What is wrong with a line; the heading is line 1."""

    line: int
    text: str


class ImportView(msgspec.Struct, frozen=True):
    """An import and how far it is."""

    id: str
    kind: ImportKind
    file_name: str
    state: ImportState
    lines: int
    read: int
    added: int
    changed: int
    faults: tuple[Fault, ...]
    created_at: datetime
    done_at: datetime | None


class ImportList(msgspec.Struct, frozen=True):
    """The last imports, the newest first."""

    items: tuple[ImportView, ...]


class Imports(Protocol):
    """Reading in from CSV."""

    async def begin(self, actor: Actor, query: ImportQuery, content: bytes) -> ImportView:
        """Take a file in; the worker reads it. Raises NotAllowed, Invalid."""

    async def listed(self, actor: Actor) -> ImportList:
        """Return the last imports."""

    async def get(self, actor: Actor, ident: str) -> ImportView:
        """Return one import. Raises NotFound."""


@dataclass(frozen=True)
class Line:
    """A line of a file: its number as an editor shows it, and its cells by column."""

    number: int
    cells: dict[str, str]


def read_table(kind: ImportKind, content: bytes) -> list[Line]:
    """Return the lines of a CSV file (RFC 4180; comma, semicolon or tab). Raises Invalid, which says what to change."""
    rows = _rows(content)
    heading = next(rows, None)
    if heading is None:
        raise Invalid("file", "The file is empty.")
    names = [name.strip().casefold() for name in heading[1]]
    needed, optional = COLUMNS[kind]
    missing = [name for name in needed if name not in names]
    if missing:
        raise Invalid("file", f"The first line has to name the columns; these are missing: {', '.join(missing)}.")
    unknown = [name for name in names if name and name not in (*needed, *optional)]
    if unknown:
        known = ", ".join((*needed, *optional))
        raise Invalid("file", f"There is no column {', '.join(unknown)} in such a file. Its columns are: {known}.")
    if len(set(names)) != len(names):
        raise Invalid("file", "A column is named twice in the first line.")
    lines: list[Line] = []
    for number, row in rows:
        if not any(cell.strip() for cell in row):
            continue
        if len(lines) >= MAX_LINES:
            raise Invalid("file", f"The file has more than {MAX_LINES} lines. Cut it in parts.")
        lines.append(Line(number, dict(zip(names, (cell.strip() for cell in row), strict=False))))
    return lines


def _rows(content: bytes) -> Iterator[tuple[int, list[str]]]:
    if len(content) > MAX_FILE_BYTES:
        raise Invalid("file", f"The file is larger than {MAX_FILE_BYTES // 1000} kB. Cut it in parts.")
    try:
        text = content.decode("utf-8").removeprefix(_MARK)
    except UnicodeDecodeError:
        raise Invalid("file", "The file is not UTF-8. Save it as “CSV UTF-8”.") from None
    first = text.partition("\n")[0]
    delimiter = max(",;\t", key=first.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    try:
        for row in reader:
            yield reader.line_num, row
    except csv.Error:
        raise Invalid("file", f"Line {reader.line_num} is no CSV: check its quotation marks.") from None
