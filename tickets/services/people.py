"""Requesters, for admins: found, handed out, erased."""

import asyncio
import tempfile
import zipfile
from collections.abc import AsyncIterator
from typing import IO, Final

import msgspec
from sqlalchemy.ext.asyncio import AsyncConnection

from tickets.domain.access import Action, Actor, Thing, check
from tickets.domain.errors import NotFound
from tickets.domain.people import (
    EntryExport,
    Erased,
    ExportFile,
    PersonExport,
    PersonList,
    PersonQuery,
    PersonView,
    TicketExport,
)
from tickets.domain.values import EntryKind
from tickets.services.context import Context, entry
from tickets.store import attachments as attachment_store
from tickets.store import personal
from tickets.store import tickets as ticket_store
from tickets.store import timeline as timeline_store
from tickets.store.attachments import AttachmentRow
from tickets.store.personal import PersonRow

_PIECE_BYTES: Final = 256 * 1024
# A larger file goes to disk while it is made.
_IN_MEMORY_BYTES: Final = 1024 * 1024


class PeopleService:
    """Implements `tickets.domain.people.People`."""

    def __init__(self, context: Context) -> None:
        """Use the shared parts."""
        self._context: Final = context

    async def listed(self, actor: Actor, query: PersonQuery) -> PersonList:
        """Return requesters. Raises NotAllowed."""
        check(actor, Action.LIST, Thing.PEOPLE)
        async with self._context.database.read() as connection:
            rows = await personal.listed(connection, query.q)
        return PersonList(tuple(_view(row) for row in rows))

    async def get(self, actor: Actor, person: str) -> PersonView:
        """Return one requester. Raises NotFound, NotAllowed."""
        check(actor, Action.READ, Thing.PEOPLE)
        async with self._context.database.read() as connection:
            return _view(await _found(connection, person))

    async def export(self, actor: Actor, person: str) -> ExportFile:
        """Return all that is kept about a person. Raises NotFound, NotAllowed."""
        check(actor, Action.READ, Thing.PEOPLE)
        async with self._context.database.read() as connection:
            row = await _found(connection, person)
            told, files = await _told(connection, row)
        return ExportFile("towline-person.zip", self._zipped(told, files))

    async def _zipped(self, told: PersonExport, files: list[tuple[str, AttachmentRow]]) -> AsyncIterator[bytes]:
        """Give the ZIP file piece by piece; it is whole before the first one leaves."""
        store = self._context.files
        with tempfile.SpooledTemporaryFile(_IN_MEMORY_BYTES) as made:
            with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
                archive.writestr("person.json", msgspec.json.format(msgspec.json.encode(told)))
                for name, row in files:
                    if not store.has(row.content):
                        continue
                    with archive.open(name, "w") as member:
                        async for piece in store.pieces(row.content):
                            await asyncio.to_thread(member.write, piece)
            made.seek(0)
            async for piece in _pieces(made):
                yield piece

    async def erase(self, actor: Actor, person: str) -> Erased:
        """Erase a person's words, files, mails, name and address. Raises NotFound, NotAllowed."""
        check(actor, Action.REMOVE, Thing.PEOPLE)
        context, now = self._context, self._context.now()
        async with context.database.write() as connection:
            row = await _found(connection, person)
            own = await personal.ticket_ids(connection, row.id)
            traces = await personal.erase(connection, row)
            erased = [found for ident in own if (found := await ticket_store.by_id(connection, ident)) is not None]
            for ticket in erased:
                said = f"{actor.name} erased what the requester had given."
                line = entry(ticket, actor, EntryKind.ERASED, said, now, internal=True)
                await context.story.tell(connection, line)
        for ticket in erased:
            context.hub.publish("ticket", ticket.tracking)
        context.hub.publish("queue")
        return Erased(len(own), traces.messages, traces.files, traces.mails)


async def _told(connection: AsyncConnection, row: PersonRow) -> tuple[PersonExport, list[tuple[str, AttachmentRow]]]:
    own = await personal.ticket_ids(connection, row.id)
    shown: list[TicketExport] = []
    files: list[tuple[str, AttachmentRow]] = []
    for ident in own:
        ticket = await ticket_store.by_id(connection, ident)
        if ticket is None:
            continue
        lines = await timeline_store.of_ticket(connection, ident, internal=False)
        attached = await attachment_store.of_ticket(connection, ident, internal=False)
        names = [f"files/{ticket.tracking}/{number}-{each.name}" for number, each in enumerate(attached, 1)]
        files.extend(zip(names, attached, strict=True))
        shown.append(
            TicketExport(
                tracking=ticket.tracking,
                title=ticket.title,
                description=ticket.description,
                category=ticket.category,
                status=ticket.status,
                channel=ticket.channel,
                solution=ticket.solution,
                created_at=ticket.created_at,
                timeline=tuple(EntryExport(line.at, line.kind, line.who, line.text) for line in lines),
                files=tuple(names),
            )
        )
    told = PersonExport(
        email=row.email,
        name=row.name or "",
        language=row.language or "",
        known_since=row.created_at,
        tickets=tuple(shown),
        also_told_of=tuple(await personal.watched(connection, row.email)),
        ratings=tuple(await personal.comments(connection, own)),
        assets=tuple(await personal.owned(connection, row.id)),
    )
    return told, files


async def _pieces(file: IO[bytes]) -> AsyncIterator[bytes]:
    while piece := await asyncio.to_thread(file.read, _PIECE_BYTES):
        yield piece


async def _found(connection: AsyncConnection, person: str) -> PersonRow:
    row = await personal.by_id(connection, person)
    if row is None:
        raise NotFound("person")
    return row


def _view(row: PersonRow) -> PersonView:
    return PersonView(row.id, row.email, row.name or "", row.tickets, row.created_at)
