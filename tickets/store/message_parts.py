"""Statements about what a mail said besides its own words."""

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from tickets.store.schema import message_parts, timeline


@dataclass(frozen=True)
class MessageParts:
    """The folded rest of a mail, and whether it had HTML."""

    quoted: str
    has_html: bool


async def add(connection: AsyncConnection, entry: int, *, quoted: str, html: str) -> None:
    """Add the parts of a line of the timeline; `html` is as it came."""
    await connection.execute(message_parts.insert().values(entry_id=entry, quoted=quoted, html=html))


async def of_ticket(connection: AsyncConnection, ticket: str) -> dict[int, MessageParts]:
    """Return the parts by line of the timeline."""
    query = (
        select(message_parts.c.entry_id, message_parts.c.quoted, message_parts.c.html != "")
        .join(timeline, timeline.c.id == message_parts.c.entry_id)
        .where(timeline.c.ticket_id == ticket)
    )
    return {row[0]: MessageParts(row[1], bool(row[2])) for row in await connection.execute(query)}


async def html_of(connection: AsyncConnection, ticket: str, entry: int, *, internal: bool) -> str | None:
    """Return the HTML of one line of a ticket's timeline as it came; of an internal one only when asked."""
    query = (
        select(message_parts.c.html)
        .join(timeline, timeline.c.id == message_parts.c.entry_id)
        .where(timeline.c.ticket_id == ticket, timeline.c.id == entry, message_parts.c.html != "")
    )
    if not internal:
        query = query.where(timeline.c.internal.is_(False))
    found: str | None = (await connection.execute(query)).scalar_one_or_none()
    return found
