"""Files of tickets: who may send one, who may have one."""

import asyncio
import base64
import re
from collections.abc import Collection
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from tickets.domain.access import Action, Actor
from tickets.domain.attachments import AttachmentView, FileContent, NewFile
from tickets.domain.errors import NotFound, TicketClosed
from tickets.domain.values import Status
from tickets.mail.reading.cleaning import clean_html, sandbox_document
from tickets.services.context import Context, spend
from tickets.services.extras import add_file, check_room, sender_of
from tickets.store import attachments as attachment_store
from tickets.store import message_parts
from tickets.store.attachments import AttachmentRow
from tickets.store.files import FORGOTTEN_AFTER, FileStore, IncomingFile

_WHAT: Final = "file"
_ENTRY: Final = re.compile(r"[0-9]{1,18}\Z")
# In a sandbox a picture can't be fetched: it stands in the document, if it is not too large for that.
_MOST_PICTURE_BYTES: Final = 2 * 1024 * 1024
_MOST_PICTURES_BYTES: Final = 8 * 1024 * 1024
_FOLDERS: Final = 256


class AttachmentService:
    """Implements `tickets.domain.attachments.Attachments`."""

    def __init__(self, context: Context) -> None:
        """Use the shared parts."""
        self._context: Final = context
        self._next_folder = 0

    def receive(self) -> IncomingFile:
        """Begin to receive a file."""
        return self._context.files.receive()

    async def add(self, actor: Actor, tracking: str, file: NewFile) -> AttachmentView:
        """Keep a file for a message that its sender is about to write."""
        context, now = self._context, self._context.now()
        async with context.database.write() as connection:
            row = await context.permitted(connection, actor, Action.ATTACH, tracking)
            if row.status is Status.CLOSED and not actor.is_staff:
                raise TicketClosed(row.status)
            if not actor.is_staff:
                await spend(connection, f"files {row.id}", context.settings.attachments.requester, now)
            await check_room(context, connection, row.id, (file.kept.size,))
            # Until its message says otherwise, what a technician sent is for technicians.
            added = await add_file(context, connection, actor, file, ticket=row.id, entry=None, internal=actor.is_staff)
        return added.shown()

    async def open(self, actor: Actor, tracking: str, attachment: str) -> FileContent:
        """Return a file as this person may have it. Raises NotFound."""
        context = self._context
        async with context.database.read() as connection:
            row = await context.permitted(connection, actor, Action.READ, tracking)
            found = await attachment_store.by_id(connection, row.id, attachment)
        if found is None or not may_have(actor, found) or not context.files.has(found.content):
            raise NotFound(_WHAT)
        return FileContent(found.shown(), context.files.pieces(found.content))

    async def html(self, actor: Actor, tracking: str, entry: str) -> bytes:
        """Return the HTML of a mail as a document for a sandbox, its own pictures in it. Raises NotFound."""
        context = self._context
        async with context.database.read() as connection:
            row = await context.permitted(connection, actor, Action.READ, tracking)
            ident = int(entry) if _ENTRY.match(entry) else 0
            html = await message_parts.html_of(connection, row.id, ident, internal=actor.is_staff)
            if html is None:
                raise NotFound("message")
            rows = await attachment_store.of_ticket(connection, row.id, internal=actor.is_staff)
        pictures = [each for each in rows if each.entry_id == ident and each.cid and each.shown().shown]
        await context.database.let_go()
        urls = await picture_data(html, pictures, context.files)
        return await asyncio.to_thread(lambda: sandbox_document(clean_html(html, urls)))

    async def housekeep(self) -> None:
        """Clear away what nobody has: half received files, files without a message, bytes without a row."""
        context, now = self._context, self._context.now()
        before = now - FORGOTTEN_AFTER
        async with context.database.write() as connection:
            await attachment_store.purge(connection, context.files, before)
            await self._sweep(connection)
        context.files.forgotten(now)

    async def _sweep(self, connection: AsyncConnection) -> None:
        """Look through a 256th of all files for those whose transaction came to nothing."""
        folder, self._next_folder = self._next_folder, (self._next_folder + 1) % _FOLDERS
        old = self._context.files.old_in(folder, self._context.now())
        for content in await attachment_store.unknown(connection, old):
            self._context.files.remove(content)


def may_have(actor: Actor, row: AttachmentRow) -> bool:
    """Whether somebody who may read the ticket may have this file of it."""
    if actor.is_staff:
        return True
    if row.entry_id is None:
        return row.sender == sender_of(actor)
    return not row.internal


async def picture_data(html: str, pictures: Collection[AttachmentRow], files: FileStore) -> dict[str, str]:
    """Return the pictures that `html` names, by Content-ID, as data URLs, as far as they are small enough."""
    left = _MOST_PICTURES_BYTES
    found: dict[str, str] = {}
    for row in pictures:
        if row.cid in found or row.size > min(left, _MOST_PICTURE_BYTES) or row.cid not in html:
            continue
        left -= row.size
        content = b"".join([piece async for piece in files.pieces(row.content)])
        found[row.cid] = f"data:{row.kind};base64,{base64.b64encode(content).decode('ascii')}"
    return found
