"""Statements about the timeline of a ticket: it only grows."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from tickets.domain.access import Role
from tickets.domain.values import Channel, EntryKind
from tickets.domain.views import TimelineEntry
from tickets.store.schema import tickets, timeline


@dataclass(frozen=True)
class NewEntry:
    """An entry as it is written; `actor_id` is a technician's or a person's."""

    ticket: str
    at: datetime
    kind: EntryKind
    who: str
    role: Role
    text: str
    actor_id: str | None = None
    internal: bool = False
    channel: Channel | None = None


async def add(connection: AsyncConnection, entry: NewEntry) -> TimelineEntry:
    """Write an entry and return it as it is shown."""
    done = await connection.execute(
        timeline.insert().values(
            ticket_id=entry.ticket,
            at=entry.at,
            kind=entry.kind,
            who=entry.who,
            role=entry.role,
            actor_id=entry.actor_id,
            text=entry.text,
            internal=entry.internal,
            channel=entry.channel,
        )
    )
    key = done.inserted_primary_key
    ident = "" if key is None else str(key[0])
    return TimelineEntry(ident, entry.at, entry.kind, entry.who, entry.role, entry.text, entry.internal, entry.channel)


async def of_ticket(connection: AsyncConnection, ticket: str, *, internal: bool) -> tuple[TimelineEntry, ...]:
    """Return the timeline, oldest first; internal entries only when asked."""
    query = select(timeline).where(timeline.c.ticket_id == ticket).order_by(timeline.c.at, timeline.c.id)
    if not internal:
        query = query.where(timeline.c.internal.is_(False))
    return tuple(
        TimelineEntry(
            str(row["id"]),
            row["at"],
            EntryKind(row["kind"]),
            row["who"],
            Role(row["role"]),
            row["text"],
            row["internal"],
            None if row["channel"] is None else Channel(row["channel"]),
        )
        for row in (await connection.execute(query)).mappings()
    )


async def newest(connection: AsyncConnection) -> int:
    """Return the id of the newest entry of all tickets; 0 when there is none."""
    return (await connection.execute(select(func.max(timeline.c.id)))).scalar_one() or 0


async def after(connection: AsyncConnection, ident: int) -> list[tuple[int, str]]:
    """Return id and tracking number of the entries after `ident`, the oldest first, at most 1,000."""
    query = (
        select(timeline.c.id, tickets.c.tracking)
        .join(tickets, tickets.c.id == timeline.c.ticket_id)
        .where(timeline.c.id > ident)
        .order_by(timeline.c.id)
        .limit(1_000)
    )
    return [(row[0], row[1]) for row in await connection.execute(query)]
