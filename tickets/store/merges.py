"""Statements about tickets that went into others, and about moving what belongs to them."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import msgspec
from sqlalchemy import Table, and_, delete, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from tickets.domain.values import EntryKind, Status
from tickets.store.schema import attachments, merges, tickets, time_spent, timeline

_MOVES: Final[tuple[Table, ...]] = (timeline, attachments, time_spent)
_SPOKEN: Final = (EntryKind.MESSAGE, EntryKind.NOTE)


class Moved(msgspec.Struct, frozen=True):
    """Which lines, files and times moved, and the line that was written in place of the description."""

    timeline: tuple[int, ...]
    attachments: tuple[str, ...]
    time_spent: tuple[int, ...]
    description: int


@dataclass(frozen=True)
class MergeRow:
    """A merge that was not undone."""

    id: int
    from_id: str
    into_id: str
    at: datetime
    status: Status
    moved: Moved
    tracking: str
    title: str


async def owned(connection: AsyncConnection, ticket: str) -> dict[str, tuple[Any, ...]]:
    """Return the ids of all that can move from a ticket, by table."""
    found = {}
    for table in _MOVES:
        query = select(table.c.id).where(table.c.ticket_id == ticket)
        found[table.name] = tuple((await connection.execute(query)).scalars())
    return found


async def move(connection: AsyncConnection, moved: Moved, origin: str, to: str) -> None:
    """Move lines, files and times from one ticket to another, as far as they are still there."""
    for table in _MOVES:
        ids = getattr(moved, table.name)
        for start in range(0, len(ids), 500):
            here = and_(table.c.id.in_(ids[start : start + 500]), table.c.ticket_id == origin)
            await connection.execute(update(table).where(here).values(ticket_id=to))


async def add(
    connection: AsyncConnection, origin: str, into: str, *, at: datetime, status: Status, moved: Moved
) -> None:
    """Write a merge down."""
    packed = msgspec.json.encode(moved).decode()
    await connection.execute(merges.insert().values(from_id=origin, into_id=into, at=at, status=status, moved=packed))


def _merges() -> Any:
    return (
        select(merges, tickets.c.tracking, tickets.c.title)
        .join(tickets, tickets.c.id == merges.c.from_id)
        .where(merges.c.undone_at.is_(None))
    )


def _row(mapping: Any) -> MergeRow:
    return MergeRow(
        id=mapping["id"],
        from_id=mapping["from_id"],
        into_id=mapping["into_id"],
        at=mapping["at"],
        status=Status(mapping["status"]),
        moved=msgspec.json.decode(mapping["moved"], type=Moved),
        tracking=mapping["tracking"],
        title=mapping["title"],
    )


async def of_origin(connection: AsyncConnection, ticket: str) -> MergeRow | None:
    """Return the merge by which this ticket went into another."""
    query = _merges().where(merges.c.from_id == ticket).order_by(merges.c.id.desc()).limit(1)
    found = (await connection.execute(query)).mappings().one_or_none()
    return None if found is None else _row(found)


async def into(connection: AsyncConnection, ticket: str) -> tuple[MergeRow, ...]:
    """Return the merges by which others went into this ticket, the oldest first."""
    query = _merges().where(merges.c.into_id == ticket).order_by(merges.c.id)
    return tuple(_row(found) for found in (await connection.execute(query)).mappings())


async def undo(connection: AsyncConnection, merge: MergeRow, now: datetime) -> None:
    """Write down that a merge was undone, and remove the line that stood for the description."""
    await connection.execute(update(merges).where(merges.c.id == merge.id).values(undone_at=now))
    await connection.execute(
        delete(timeline).where(timeline.c.id == merge.moved.description, timeline.c.ticket_id == merge.into_id)
    )


@dataclass(frozen=True)
class SpokenRow:
    """A message or note, as splitting needs it."""

    id: int
    at: datetime
    text: str
    internal: bool
    channel: str | None
    who: str


async def spoken(connection: AsyncConnection, ticket: str, entry: int) -> SpokenRow | None:
    """Return a message or note of a ticket."""
    query = select(
        timeline.c.id, timeline.c.at, timeline.c.text, timeline.c.internal, timeline.c.channel, timeline.c.who
    ).where(timeline.c.ticket_id == ticket, timeline.c.id == entry, timeline.c.kind.in_(_SPOKEN))
    found = (await connection.execute(query)).mappings().one_or_none()
    return None if found is None else SpokenRow(**found)


async def split_off(connection: AsyncConnection, ticket: str, first: SpokenRow, to: str) -> int:
    """Move a message and all messages and notes after it, with their files, to another ticket; returns how many."""
    later = or_(timeline.c.at > first.at, and_(timeline.c.at == first.at, timeline.c.id >= first.id))
    query = select(timeline.c.id).where(timeline.c.ticket_id == ticket, timeline.c.kind.in_(_SPOKEN), later)
    ids = tuple((await connection.execute(query)).scalars())
    await connection.execute(update(timeline).where(timeline.c.id.in_(ids)).values(ticket_id=to))
    await connection.execute(update(attachments).where(attachments.c.entry_id.in_(ids)).values(ticket_id=to))
    return len(ids)


async def becomes(connection: AsyncConnection, entry: int, kind: EntryKind, text: str) -> None:
    """Let a line say that its words are the description of its ticket now; its files and parts stay with it."""
    await connection.execute(update(timeline).where(timeline.c.id == entry).values(kind=kind, text=text))
