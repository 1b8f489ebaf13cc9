"""Statements about links that somebody asked for, and about all requests of one person."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from tickets.domain.values import Status
from tickets.store.schema import link_requests, tickets

MOST_LISTED = 200


@dataclass(frozen=True)
class LinkRequestRow:
    """What was typed; no tracking number means all requests of the address."""

    id: int
    tracking: str
    email: str
    created_at: datetime


@dataclass(frozen=True)
class OwnTicketRow:
    """A line of somebody's list."""

    id: str
    tracking: str
    title: str
    status: Status
    requester_generation: int
    created_at: datetime
    updated_at: datetime


async def add(connection: AsyncConnection, tracking: str, email: str, now: datetime) -> None:
    """Keep what was typed until the worker looks at it."""
    await connection.execute(link_requests.insert().values(tracking=tracking, email=email, created_at=now))


async def first(connection: AsyncConnection) -> LinkRequestRow | None:
    """Return the request that waits longest."""
    query = select(link_requests).order_by(link_requests.c.id).limit(1)
    found = (await connection.execute(query)).mappings().one_or_none()
    return None if found is None else LinkRequestRow(**found)


async def remove(connection: AsyncConnection, ident: int) -> bool:
    """Take a request out; False when somebody else did."""
    done = await connection.execute(link_requests.delete().where(link_requests.c.id == ident))
    return done.rowcount == 1


async def tickets_of(connection: AsyncConnection, person: str, limit: int = MOST_LISTED) -> list[OwnTicketRow]:
    """Return the tickets of one person, the newest first."""
    query = (
        select(
            tickets.c.id,
            tickets.c.tracking,
            tickets.c.title,
            tickets.c.status,
            tickets.c.requester_generation,
            tickets.c.created_at,
            tickets.c.updated_at,
        )
        .where(tickets.c.requester_id == person)
        .order_by(tickets.c.created_at.desc(), tickets.c.id)
        .limit(limit)
    )
    rows = (await connection.execute(query)).mappings()
    return [OwnTicketRow(**{**row, "status": Status(row["status"])}) for row in rows]
