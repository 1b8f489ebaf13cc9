"""Statements about tickets as a source of solutions."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from tickets.domain.values import Status
from tickets.store.schema import tickets


@dataclass(frozen=True)
class SolvedTicket:
    """What a solved ticket tells about a problem."""

    tracking: str
    title: str
    solution: str | None
    updated_at: datetime


async def by_ids(connection: AsyncConnection, idents: Sequence[str]) -> dict[str, SolvedTicket]:
    """Return tickets by their internal ids."""
    columns = (tickets.c.tracking, tickets.c.title, tickets.c.solution, tickets.c.updated_at)
    query = select(tickets.c.id, *columns).where(tickets.c.id.in_(idents))
    return {row[0]: SolvedTicket(*row[1:]) for row in await connection.execute(query)}


async def status_of(connection: AsyncConnection, ticket: str) -> Status:
    """Return where a ticket stands."""
    return Status((await connection.execute(select(tickets.c.status).where(tickets.c.id == ticket))).scalar_one())
