"""Statements about the clocks of tickets."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from tickets.domain.clocks import GOING, Clock, ClockKind, ClockState
from tickets.store.schema import clocks, tickets
from tickets.store.tables.tickets import OPEN


@dataclass(frozen=True)
class ClockRow:
    """A clock with what it belongs to; `id` is None before it is written."""

    id: int | None
    policy: str
    calendar: str | None
    clock: Clock

    def having(self, clock: Clock, policy: str | None = None, calendar: str | None = None) -> "ClockRow":
        """Return this row with another clock, and other targets when they are named."""
        if policy is None:
            return replace(self, clock=clock)
        return replace(self, clock=clock, policy=policy, calendar=calendar)


@dataclass(frozen=True)
class DueClock:
    """A clock that somebody has to be told of."""

    id: int
    tracking: str


async def of_ticket(connection: AsyncConnection, ticket: str) -> list[ClockRow]:
    """Return the clocks of a ticket, the oldest first."""
    query = select(clocks).where(clocks.c.ticket_id == ticket).order_by(clocks.c.id)
    return [_row(found) for found in (await connection.execute(query)).mappings()]


async def by_id(connection: AsyncConnection, ident: int) -> ClockRow | None:
    """Return one clock."""
    found = (await connection.execute(select(clocks).where(clocks.c.id == ident))).mappings().one_or_none()
    return None if found is None else _row(found)


async def write(connection: AsyncConnection, ticket: str, row: ClockRow) -> None:
    """Add a clock, or write one that is there."""
    clock = row.clock
    values = {
        "policy_id": row.policy,
        "calendar_id": row.calendar,
        "kind": clock.kind,
        "state": clock.state,
        "target_ms": round(clock.target / timedelta(milliseconds=1)),
        "warn_percent": clock.warn_percent,
        "used_ms": round(clock.used / timedelta(milliseconds=1)),
        "started_at": clock.started_at,
        "since": clock.since,
        "due_at": clock.due_at,
        "warn_at": clock.warn_at,
        "ended_at": clock.ended_at,
        "breached_at": clock.breached_at,
    }
    if row.id is None:
        await connection.execute(clocks.insert().values(ticket_id=ticket, **values))
    else:
        await connection.execute(clocks.update().where(clocks.c.id == row.id).values(**values))


async def set_due(connection: AsyncConnection, ticket: str, due_at: datetime, targets: int | None = None) -> None:
    """Write into the ticket when the first of its clocks runs out, and by which targets they are set."""
    values: dict[str, Any] = {"due_at": due_at}
    if targets is not None:
        values["targets"] = targets
    await connection.execute(tickets.update().where(tickets.c.id == ticket).values(**values))


async def set_by_older_targets(connection: AsyncConnection, targets: int, limit: int) -> list[str]:
    """Return tracking numbers of open tickets whose clocks are set by older targets."""
    query = select(tickets.c.tracking).where(text(OPEN), tickets.c.targets < targets).limit(limit)
    return list((await connection.execute(query)).scalars())


async def near_due(connection: AsyncConnection, now: datetime, limit: int) -> list[DueClock]:
    """Return clocks of which nobody was warned yet though it is time."""
    query = (
        select(clocks.c.id, tickets.c.tracking)
        .join(tickets, tickets.c.id == clocks.c.ticket_id)
        .where(
            clocks.c.state == ClockState.RUNNING,
            clocks.c.warn_at <= now,
            clocks.c.due_at > now,
            clocks.c.warned_at.is_(None),
        )
        .order_by(clocks.c.warn_at)
        .limit(limit)
    )
    return [DueClock(row[0], row[1]) for row in await connection.execute(query)]


async def past_due(connection: AsyncConnection, now: datetime, limit: int) -> list[DueClock]:
    """Return clocks that ran out without anybody being told."""
    query = (
        select(clocks.c.id, tickets.c.tracking)
        .join(tickets, tickets.c.id == clocks.c.ticket_id)
        .where(clocks.c.state == ClockState.RUNNING, clocks.c.due_at <= now, clocks.c.escalated_at.is_(None))
        .order_by(clocks.c.due_at)
        .limit(limit)
    )
    return [DueClock(row[0], row[1]) for row in await connection.execute(query)]


async def mark_warned(connection: AsyncConnection, ident: int, now: datetime) -> bool:
    """Take the warning for oneself; False when somebody had it before, or the clock does not run any more."""
    here = clocks.update().where(
        clocks.c.id == ident, clocks.c.state == ClockState.RUNNING, clocks.c.warned_at.is_(None)
    )
    return (await connection.execute(here.values(warned_at=now))).rowcount == 1


async def mark_escalated(connection: AsyncConnection, ident: int, now: datetime) -> bool:
    """Take the escalation for oneself, and the warning with it; False as for `mark_warned`."""
    here = clocks.update().where(
        clocks.c.id == ident,
        clocks.c.state == ClockState.RUNNING,
        clocks.c.due_at <= now,
        clocks.c.escalated_at.is_(None),
    )
    values = {"escalated_at": now, "warned_at": now, "breached_at": clocks.c.due_at}
    return (await connection.execute(here.values(**values))).rowcount == 1


def going(rows: list[ClockRow], kind: ClockKind) -> ClockRow | None:
    """Return the clock of a kind that runs or is paused."""
    return next((row for row in rows if row.clock.kind is kind and row.clock.state in GOING), None)


def _row(found: Any) -> ClockRow:
    return ClockRow(
        found["id"],
        found["policy_id"],
        found["calendar_id"],
        Clock(
            kind=ClockKind(found["kind"]),
            target=timedelta(milliseconds=found["target_ms"]),
            warn_percent=found["warn_percent"],
            started_at=found["started_at"],
            state=ClockState(found["state"]),
            used=timedelta(milliseconds=found["used_ms"]),
            since=found["since"],
            due_at=found["due_at"],
            warn_at=found["warn_at"],
            ended_at=found["ended_at"],
            breached_at=found["breached_at"],
        ),
    )
