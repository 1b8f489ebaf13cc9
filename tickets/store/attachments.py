"""Statements about files, what they are called, and to which message they belong."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import delete, exists, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from tickets.domain.attachments import AttachmentView, KeptFile
from tickets.domain.file_types import is_shown
from tickets.store.files import FileStore
from tickets.store.schema import article_files, attachments, files
from tickets.store.upsert import upsert


@dataclass(frozen=True)
class AttachmentRow:
    """A file of a ticket; `entry_id` is None until a message takes it."""

    id: str
    ticket_id: str
    entry_id: int | None
    content: str
    name: str
    declared: str
    kind: str
    size: int
    cid: str
    inline: bool
    internal: bool
    sender: str
    created_at: datetime

    def shown(self) -> AttachmentView:
        """Return it as people see it."""
        return AttachmentView(
            self.id, self.name, self.kind, self.size, is_shown(self.kind), self.inline, self.internal, self.cid
        )


def _row(mapping: Any) -> AttachmentRow:
    return AttachmentRow(**mapping)


async def keep(connection: AsyncConnection, store: FileStore, kept: KeptFile, now: datetime) -> None:
    """Write down that a file is there, and move it to its place."""
    await upsert(connection, files, {"content": kept.content, "size": kept.size, "taken_at": now}, "taken_at")
    store.settle(kept)


async def add(connection: AsyncConnection, row: AttachmentRow) -> None:
    """Add a file to a ticket; its bytes are kept already."""
    await connection.execute(attachments.insert().values(**vars(row)))


async def by_id(connection: AsyncConnection, ticket: str, ident: str) -> AttachmentRow | None:
    """Return the file of this ticket with this id."""
    query = select(attachments).where(attachments.c.ticket_id == ticket, attachments.c.id == ident)
    found = (await connection.execute(query)).mappings().one_or_none()
    return None if found is None else _row(found)


async def of_ticket(connection: AsyncConnection, ticket: str, *, internal: bool) -> list[AttachmentRow]:
    """Return the files of a ticket's messages, in the order in which they came; internal ones only when asked."""
    query = (
        select(attachments)
        .where(attachments.c.ticket_id == ticket, attachments.c.entry_id.is_not(None))
        .order_by(attachments.c.created_at, attachments.c.id)
    )
    if not internal:
        query = query.where(attachments.c.internal.is_(False))
    return [_row(found) for found in (await connection.execute(query)).mappings()]


async def take(
    connection: AsyncConnection, ticket: str, entry: int, sender: str, idents: Collection[str], *, internal: bool
) -> list[AttachmentRow]:
    """Give files that `sender` sent for this ticket to a message; returns those that there were and nobody took."""
    waiting = (
        attachments.c.ticket_id == ticket,
        attachments.c.id.in_(idents),
        attachments.c.sender == sender,
        attachments.c.entry_id.is_(None),
    )
    await connection.execute(update(attachments).where(*waiting).values(entry_id=entry, internal=internal))
    query = select(attachments).where(attachments.c.id.in_(idents), attachments.c.entry_id == entry)
    return [_row(found) for found in (await connection.execute(query)).mappings()]


async def total(connection: AsyncConnection, ticket: str) -> tuple[int, int]:
    """Return how many files a ticket has and how many bytes they are."""
    query = select(func.count(), func.coalesce(func.sum(attachments.c.size), 0)).where(
        attachments.c.ticket_id == ticket
    )
    count, size = (await connection.execute(query)).one()
    return int(count), int(size)


async def purge(connection: AsyncConnection, store: FileStore, before: datetime, *, limit: int = 200) -> int:
    """Remove files that no message took, then bytes that neither ticket nor article has; returns how many of these.

    Everything younger than `before` stays.
    """
    await connection.execute(
        delete(attachments).where(attachments.c.entry_id.is_(None), attachments.c.created_at < before)
    )
    used = or_(
        exists().where(attachments.c.content == files.c.content),
        exists().where(article_files.c.content == files.c.content),
    )
    unused = select(files.c.content).where(files.c.taken_at < before, ~used).limit(limit)
    gone = (await connection.execute(unused)).scalars().all()
    for content in gone:
        done = await connection.execute(
            delete(files).where(files.c.content == content, files.c.taken_at < before, ~used)
        )
        if done.rowcount == 1:
            store.remove(content)
    return len(gone)


async def unknown(connection: AsyncConnection, contents: Collection[str]) -> set[str]:
    """Return those of `contents` that no row knows: their transaction came to nothing."""
    if not contents:
        return set()
    query = select(files.c.content).where(files.c.content.in_(contents))
    return set(contents) - set((await connection.execute(query)).scalars())
