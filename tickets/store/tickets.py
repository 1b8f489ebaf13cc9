"""Statements about tickets."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Select, func, literal, select, text, update
from sqlalchemy.ext.asyncio import AsyncConnection

from protocol.tracking import TrackingNumber
from tickets.domain.calendar import FAR
from tickets.domain.values import Status, TechnicianId
from tickets.store.one_view import kept
from tickets.store.schema import people, teams, technicians, tickets
from tickets.store.tables.base import Moment
from tickets.store.tables.tickets import OPEN

_LIKE_ESCAPE: Final = "\\"
_ORDER: Final = (tickets.c.priority_rank, tickets.c.due_at, tickets.c.created_at, tickets.c.id)


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
    impact: str
    priority: str
    priority_rank: int
    team_id: str | None
    team_name: str | None
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
    due_at: datetime = FAR
    targets: int = 0


_COLUMNS: Final = (
    *tickets.c,
    people.c.email.label("requester_email"),
    technicians.c.name.label("assignee_name"),
    teams.c.name.label("team_name"),
)


def selected() -> Select[Any]:
    """Return a statement for whole tickets, without any condition."""
    return select(*_COLUMNS).select_from(
        tickets.join(people, people.c.id == tickets.c.requester_id)
        .outerjoin(technicians, technicians.c.id == tickets.c.assignee_id)
        .outerjoin(teams, teams.c.id == tickets.c.team_id)
    )


def row_of(mapping: Any) -> TicketRow:
    """Return what such a statement gave."""
    return TicketRow(**{**mapping, "status": Status(mapping["status"])})


async def insert(connection: AsyncConnection, **values: Any) -> None:
    """Add a ticket."""
    await connection.execute(tickets.insert().values(**values))


@kept
async def by_tracking(connection: AsyncConnection, tracking: str) -> TicketRow | None:
    """Return the ticket with this canonical tracking number."""
    found = (await connection.execute(selected().where(tickets.c.tracking == tracking))).mappings().one_or_none()
    return None if found is None else row_of(found)


async def by_id(connection: AsyncConnection, ident: str) -> TicketRow | None:
    """Return the ticket with this internal id."""
    found = (await connection.execute(selected().where(tickets.c.id == ident))).mappings().one_or_none()
    return None if found is None else row_of(found)


async def open_of(connection: AsyncConnection, technician: str) -> list[TicketRow]:
    """Return the tickets of a technician that are worked on or wait, in the order of the queue."""
    query = selected().where(tickets.c.assignee_id == technician, text(f"tickets.{OPEN}")).order_by(*_ORDER)
    return [row_of(found) for found in (await connection.execute(query)).mappings()]


async def resolved_before(connection: AsyncConnection, moment: datetime, limit: int) -> list[TicketRow]:
    """Return tickets that were resolved at `moment` or before and not opened again, the oldest first."""
    query = selected().where(tickets.c.status == Status.RESOLVED, tickets.c.settled_at <= moment)
    query = query.order_by(tickets.c.settled_at).limit(limit)
    return [row_of(found) for found in (await connection.execute(query)).mappings()]


async def change(connection: AsyncConnection, ticket: str, now: datetime, **values: Any) -> None:
    """Set columns of a ticket; with the status goes the moment since which it is settled."""
    if "status" in values:
        settled = values["status"] in {Status.RESOLVED, Status.CLOSED}
        values["settled_at"] = func.coalesce(tickets.c.settled_at, literal(now, Moment)) if settled else None
    await connection.execute(tickets.update().where(tickets.c.id == ticket).values(updated_at=now, **values))


async def claim(connection: AsyncConnection, ticket: str, technician: str, now: datetime, status: Status) -> bool:
    """Assign a ticket that nobody has; False when somebody has it."""
    done = await connection.execute(
        update(tickets)
        .where(tickets.c.id == ticket, tickets.c.assignee_id.is_(None))
        .values(assignee_id=technician, updated_at=now, status=status)
    )
    return done.rowcount == 1
