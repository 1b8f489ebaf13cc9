"""Requesters as admins see them, and what they may have done with one person's data: handed out, or erased."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Final, Protocol

import msgspec

from tickets.domain.access import Actor
from tickets.domain.views import MAX_TITLE

ERASED: Final = "(erased)"
"""What stands in place of words that were erased."""
ERASED_NAME: Final = "Erased person"
ERASED_DOMAIN: Final = "erased.invalid"
"""RFC 2606: no mail leads there."""


class PersonQuery(msgspec.Struct, frozen=True):
    """Part of an address or a name."""

    q: Annotated[str, msgspec.Meta(max_length=MAX_TITLE)] = ""


class PersonView(msgspec.Struct, frozen=True):
    """A requester."""

    id: str
    email: str
    name: str
    tickets: int
    created_at: datetime


class PersonList(msgspec.Struct, frozen=True):
    """Requesters by address, at most fifty."""

    items: tuple[PersonView, ...]


class Erased(msgspec.Struct, frozen=True):
    """What was erased of a person: so many tickets and messages, files and mails."""

    tickets: int
    messages: int
    files: int
    mails: int


class TicketExport(msgspec.Struct, frozen=True):
    """A ticket as its requester may have it: without internal notes."""

    tracking: str
    title: str
    description: str
    category: str
    status: str
    channel: str
    solution: str | None
    created_at: datetime
    timeline: tuple["EntryExport", ...]
    files: tuple[str, ...]


class EntryExport(msgspec.Struct, frozen=True):
    """A line of a timeline."""

    at: datetime
    kind: str
    who: str
    text: str


class PersonExport(msgspec.Struct, frozen=True):
    """Everything that the desk keeps about a person, as `person.json` in the file that is handed out."""

    email: str
    name: str
    language: str
    known_since: datetime
    tickets: tuple[TicketExport, ...]
    also_told_of: tuple[str, ...]
    ratings: tuple[str, ...]
    assets: tuple[str, ...]


@dataclass(frozen=True)
class ExportFile:
    """A ZIP file for one person, piece by piece."""

    name: str
    pieces: AsyncIterator[bytes]


class People(Protocol):
    """Requesters, for admins."""

    async def listed(self, actor: Actor, query: PersonQuery) -> PersonList:
        """Return requesters. Raises NotAllowed."""

    async def get(self, actor: Actor, person: str) -> PersonView:
        """Return one requester. Raises NotFound."""

    async def export(self, actor: Actor, person: str) -> ExportFile:
        """Return all that is kept about a person. Raises NotFound."""

    async def erase(self, actor: Actor, person: str) -> Erased:
        """Erase a person's words, files, mails, name and address for good; numbers stay. Raises NotFound."""
