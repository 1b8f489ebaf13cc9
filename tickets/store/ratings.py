"""Statements about how the help was."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from tickets.domain.outgoing import Rating
from tickets.store.schema import ratings


@dataclass(frozen=True)
class RatingRow:
    """What the requester of a ticket said; `technician_id` had the ticket then."""

    ticket_id: str
    rating: Rating
    comment: str
    technician_id: str | None
    created_at: datetime
    changed_at: datetime


async def of_ticket(connection: AsyncConnection, ticket: str) -> RatingRow | None:
    """Return what was said about this ticket."""
    found = (await connection.execute(select(ratings).where(ratings.c.ticket_id == ticket))).mappings().one_or_none()
    return None if found is None else RatingRow(**{**found, "rating": Rating(found["rating"])})


async def write(connection: AsyncConnection, row: RatingRow) -> None:
    """Write down what is said first about a ticket."""
    await connection.execute(ratings.insert().values(**vars(row)))


async def change(connection: AsyncConnection, ticket: str, rating: Rating, comment: str, now: datetime) -> None:
    """Write down what is said instead."""
    await connection.execute(
        ratings.update().where(ratings.c.ticket_id == ticket).values(rating=rating, comment=comment, changed_at=now)
    )


async def counted(
    connection: AsyncConnection, since: datetime, until: datetime
) -> dict[tuple[str | None, Rating], int]:
    """Return how often each answer was first given in that time, by technician."""
    query = (
        select(ratings.c.technician_id, ratings.c.rating, func.count())
        .where(ratings.c.created_at >= since, ratings.c.created_at < until)
        .group_by(ratings.c.technician_id, ratings.c.rating)
    )
    return {(row[0], Rating(row[1])): int(row[2]) for row in await connection.execute(query)}
