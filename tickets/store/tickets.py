"""Statements about tickets."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Select, and_, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from protocol.tracking import TrackingNumber
from tickets.domain.values import Status, TechnicianId
from tickets.store.schema import people, technicians, tickets
from tickets.text import words

_LIKE_ESCAPE: Final = "\\"


@dataclass(frozen=True)
class TicketRow:
    """A ticket with the names that belong to it."""

    id: str
    tracking: TrackingNumber
    title: str
    description: str
    category: str
    urgency: str
    urgency_rank: int
    asset: str
    status: Status
    channel: str
    requester_id: str
    requester_name: str
    requester_email: str
    requester_generation: int
    assignee_id: TechnicianId | None
    assignee_name: str | None
    solution: str | None
    created_at: datetime
    updated_at: datetime
    settled_at: datetime | None = None
    merged_into_id: str | None = None


@dataclass(frozen=True)
class QueuePosition:
    """Where a page of the queue ended."""

    urgency_rank: int
    created_at: datetime
    id: str


_COLUMNS: Final = (
    *(column for column in tickets.c if column.name != "search_text"),
    people.c.email.label("requester_email"),
    technicians.c.name.label("assignee_name"),
)


def _tickets() -> Select[Any]:
    return select(*_COLUMNS).select_from(
        tickets.join(people, people.c.id == tickets.c.requester_id).outerjoin(
            technicians, technicians.c.id == tickets.c.assignee_id
        )
    )


def _row(mapping: Any) -> TicketRow:
    return TicketRow(**{**mapping, "status": Status(mapping["status"])})


async def insert(connection: AsyncConnection, **values: Any) -> None:
    """Add a ticket."""
    await connection.execute(tickets.insert().values(**values))


async def by_tracking(connection: AsyncConnection, tracking: str) -> TicketRow | None:
    """Return the ticket with this canonical tracking number."""
    found = (await connection.execute(_tickets().where(tickets.c.tracking == tracking))).mappings().one_or_none()
    return None if found is None else _row(found)


async def change(connection: AsyncConnection, ticket: str, now: datetime, **values: Any) -> None:
    """Set columns of a ticket."""
    await connection.execute(tickets.update().where(tickets.c.id == ticket).values(updated_at=now, **values))


async def claim(connection: AsyncConnection, ticket: str, technician: str, now: datetime, status: Status) -> bool:
    """Assign a ticket that nobody has; False when somebody has it."""
    done = await connection.execute(
        update(tickets)
        .where(tickets.c.id == ticket, tickets.c.assignee_id.is_(None))
        .values(assignee_id=technician, updated_at=now, status=status)
    )
    return done.rowcount == 1


async def queue(
    connection: AsyncConnection,
    *,
    assignee: TechnicianId | None,
    unassigned: bool,
    status: Status | None,
    q: str,
    after: QueuePosition | None,
    limit: int,
) -> list[TicketRow]:
    """List tickets, the most urgent and oldest first; without a `status` those that are worked on or waiting."""
    query = _tickets()
    if assignee is not None:
        query = query.where(tickets.c.assignee_id == assignee)
    if unassigned:
        query = query.where(tickets.c.assignee_id.is_(None))
    if status is not None:
        query = query.where(tickets.c.status == status)
    elif not q:
        query = query.where(tickets.c.status.not_in([Status.RESOLVED, Status.CLOSED]))
    for word in words(q):
        query = query.where(tickets.c.search_text.contains(word, autoescape=True, escape=_LIKE_ESCAPE))
    if after is not None:
        rank, created, ident = tickets.c.urgency_rank, tickets.c.created_at, tickets.c.id
        query = query.where(
            or_(
                rank > after.urgency_rank,
                and_(rank == after.urgency_rank, created > after.created_at),
                and_(rank == after.urgency_rank, created == after.created_at, ident > after.id),
            )
        )
    query = query.order_by(tickets.c.urgency_rank, tickets.c.created_at, tickets.c.id).limit(limit)
    return [_row(found) for found in (await connection.execute(query)).mappings()]
