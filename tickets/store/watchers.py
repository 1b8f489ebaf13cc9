"""Statements about who else is told about a ticket."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import and_, delete, select
from sqlalchemy.ext.asyncio import AsyncConnection

from tickets.domain.values import TechnicianId
from tickets.store.schema import technicians, watchers
from tickets.store.upsert import upsert


@dataclass(frozen=True)
class WatcherRow:
    """Somebody who is told; `technician` is set for a colleague, who may read internal notes too."""

    email: str
    name: str
    technician: TechnicianId | None


async def add(connection: AsyncConnection, ticket: str, email: str, name: str, now: datetime) -> bool:
    """Add a watcher; False when this address is one already."""
    return await upsert(connection, watchers, {"ticket_id": ticket, "email": email, "name": name, "added_at": now})


async def remove(connection: AsyncConnection, ticket: str, email: str) -> bool:
    """Remove a watcher; False when there was none."""
    here = (watchers.c.ticket_id == ticket, watchers.c.email == email)
    return (await connection.execute(delete(watchers).where(*here))).rowcount == 1


async def of_ticket(connection: AsyncConnection, ticket: str) -> tuple[WatcherRow, ...]:
    """Return the watchers of a ticket, by name; a disabled technician is none."""
    query = (
        select(watchers.c.email, watchers.c.name, technicians.c.id, technicians.c.disabled_at)
        .select_from(watchers.outerjoin(technicians, and_(technicians.c.email == watchers.c.email)))
        .where(watchers.c.ticket_id == ticket)
        .order_by(watchers.c.name, watchers.c.email)
    )
    rows = (await connection.execute(query)).all()
    return tuple(WatcherRow(row[0], row[1], row[2]) for row in rows if row[3] is None)


async def count(connection: AsyncConnection, ticket: str) -> int:
    """Return how many a ticket has."""
    return len((await connection.execute(select(watchers.c.email).where(watchers.c.ticket_id == ticket))).all())


async def among(connection: AsyncConnection, ticket: str, emails: Collection[str]) -> set[str]:
    """Return those of `emails` that watch the ticket."""
    query = select(watchers.c.email).where(watchers.c.ticket_id == ticket, watchers.c.email.in_(emails))
    return set((await connection.execute(query)).scalars())
