"""Things that are looked after: computers, printers, programs; which requests were about them."""

from datetime import datetime
from typing import Annotated, Final, Protocol

import msgspec

from tickets.domain.access import Actor
from tickets.domain.values import Asset
from tickets.domain.views import MAX_LINE, Id, Line, TicketSummary

MAX_NOTES: Final = 5_000
MOST_OF_A_TICKET: Final = 20

_Short = Annotated[str, msgspec.Meta(max_length=MAX_LINE)]


class AssetFields(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A thing; `owner` is an e-mail address, empty for nobody's. A retired one is no longer offered."""

    name: Line
    kind: Asset = Asset.HARDWARE
    serial: _Short = ""
    inventory: _Short = ""
    location: _Short = ""
    owner: Annotated[str, msgspec.Meta(max_length=254)] = ""
    notes: Annotated[str, msgspec.Meta(max_length=MAX_NOTES)] = ""
    retired: bool = False


class AssetView(AssetFields, frozen=True, kw_only=True):
    """A thing that is kept; `computer`: an agent on it has joined a request."""

    id: Id
    computer: bool
    changed_at: datetime


class AssetList(msgspec.Struct, frozen=True):
    """Things by name; hand `next_cursor` in to get the next ones."""

    items: tuple[AssetView, ...]
    next_cursor: str | None = None


class AssetWithTickets(msgspec.Struct, frozen=True):
    """A thing and the requests about it, the newest first."""

    asset: AssetView
    tickets: tuple[TicketSummary, ...]


class AssetQuery(msgspec.Struct, frozen=True):
    """Which things to list: those with all words of `q` in name, serial or inventory number, place or owner."""

    q: Annotated[str, msgspec.Meta(max_length=200)] = ""
    owner: Annotated[str, msgspec.Meta(max_length=254)] = ""
    retired: bool = False
    cursor: Annotated[str, msgspec.Meta(max_length=200)] = ""
    limit: Annotated[int, msgspec.Meta(ge=1, le=100)] = 50


class TicketAssets(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """All things that a ticket is about."""

    assets: Annotated[tuple[Id, ...], msgspec.Meta(max_length=MOST_OF_A_TICKET)]


class AssetTable(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A table of things as CSV; its first line names the columns, as the fields of a thing are named."""

    csv: Annotated[str, msgspec.Meta(min_length=1, max_length=400_000)]


class TableLine(msgspec.Struct, frozen=True):
    """What is wrong with a line of a table; `line` counts from 1, the headings too."""

    line: int
    detail: str


class AssetsImported(msgspec.Struct, frozen=True):
    """What became of a table: nothing at all when a line is wrong."""

    added: int
    changed: int
    wrong: tuple[TableLine, ...]


class Assets(Protocol):
    """Looking after things. All raise NotAllowed; NotFound."""

    async def listed(self, actor: Actor, query: AssetQuery) -> AssetList:
        """Return things. Raises Invalid for a cursor that is none."""

    async def get(self, actor: Actor, ident: Id) -> AssetWithTickets:
        """Return a thing and its tickets."""

    async def add(self, actor: Actor, new: AssetFields) -> AssetView:
        """Add a thing. Raises Invalid, AlreadyThere for an inventory number that another one has."""

    async def change(self, actor: Actor, ident: Id, new: AssetFields) -> AssetView:
        """Change a thing. Raises Invalid, AlreadyThere."""

    async def load(self, actor: Actor, table: AssetTable) -> AssetsImported:
        """Add the lines of a table, and change what has the same inventory number, or else the same serial number."""

    async def of_ticket(self, actor: Actor, tracking: str) -> AssetList:
        """Return what a ticket is about. Raises TicketNotFound."""

    async def suggested(self, actor: Actor, tracking: str) -> AssetList:
        """Return what it may be about: the requester's things, the computer that joined. Raises TicketNotFound."""

    async def put_on(self, actor: Actor, tracking: str, new: TicketAssets) -> AssetList:
        """Say what a ticket is about. Raises TicketNotFound, NotFound, Invalid."""
