"""Statements that count. Everything is counted by the database; no row of a ticket leaves it."""

from bisect import bisect_right
from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Subquery,
    TextClause,
    case,
    cast,
    func,
    select,
    text,
    type_coerce,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from tickets.domain.access import Role
from tickets.domain.clocks import ClockState
from tickets.domain.values import EntryKind, Status
from tickets.store.schema import clocks, ratings, technicians, tickets, time_spent, timeline
from tickets.store.tables.tickets import OPEN

_DAY_MS: Final = 86_400_000
_MINUTE_MS: Final = 60_000
_STAFF: Final = (Role.TECHNICIAN, Role.ADMIN)
_SETTLED: Final = (Status.RESOLVED, Status.CLOSED)


def _ms(column: ColumnElement[Any]) -> ColumnElement[int]:
    """A moment as the milliseconds that it is kept as."""
    return type_coerce(column, BigInteger)


def _at_ms(at: datetime) -> int:
    return round(at.timestamp() * 1000)


async def open_by_age(
    connection: AsyncConnection, now: datetime, ages_days: Sequence[int]
) -> list[tuple[str, int | None, int]]:
    """Return status, upper bound of the age in days, and count of tickets that are not settled."""
    age = _at_ms(now) - _ms(tickets.c.created_at)
    bound = case(*((age < days * _DAY_MS, days) for days in ages_days), else_=-1).label("bound")
    query = (
        select(tickets.c.status, bound, func.count())
        # In the words of the partial indexes, which then serve.
        .where(text(f"tickets.{OPEN}"), tickets.c.merged_into_id.is_(None))
        .group_by(tickets.c.status, bound)
    )
    return [(row[0], None if row[1] < 0 else int(row[1]), int(row[2])) for row in await connection.execute(query)]


def first_answers(since: datetime) -> Subquery:
    """The waits, in minutes, of tickets since then until a technician first answered; None of those without answer."""
    # Asked for each ticket: as a join with groups SQLite would walk through all tickets there are.
    first = (
        select(func.min(_ms(timeline.c.at)))
        .where(timeline.c.ticket_id == tickets.c.id, timeline.c.kind == EntryKind.MESSAGE, timeline.c.role.in_(_STAFF))
        .scalar_subquery()
    )
    wait = first - _ms(tickets.c.created_at)
    return select((wait // _MINUTE_MS).label("minutes")).where(tickets.c.created_at >= since).subquery()


def solutions(since: datetime) -> Subquery:
    """The times, in minutes, that tickets took which were resolved since then."""
    took = _ms(tickets.c.settled_at) - _ms(tickets.c.created_at)
    return (
        select((took // _MINUTE_MS).label("minutes"))
        .where(tickets.c.settled_at >= since, tickets.c.solution.is_not(None), tickets.c.status.in_(_SETTLED))
        .subquery()
    )


async def waits(
    connection: AsyncConnection, times: Subquery, bounds: Sequence[int]
) -> tuple[int, int | None, int | None, tuple[int, ...]]:
    """Return count, median, ninth decile, and the count in each class of `times` that are there.

    The last class has no upper bound.
    """
    minutes = times.c.minutes
    # The waits are looked up once, and come as few numbers: how often each was.
    query = select(minutes, func.count()).group_by(minutes).order_by(minutes)
    found = [(int(row[0]), int(row[1])) for row in await connection.execute(query) if row[0] is not None]
    classes = [0] * (len(bounds) + 1)
    for wait, times_seen in found:
        classes[bisect_right(bounds, wait)] += times_seen
    count = sum(classes)

    def at(share: float) -> int | None:
        place = min(count - 1, int(count * share))
        for wait, times_seen in found:
            place -= times_seen
            if place < 0:
                return wait
        return None

    return count, at(0.5), at(0.9), tuple(classes)


async def per_day(connection: AsyncConnection, column: ColumnElement[Any], since: datetime) -> dict[int, int]:
    """Return how often `column` fell on each day since then; days are counted from 1970."""
    day = cast(_ms(column) / _DAY_MS, BigInteger).label("day")
    query = select(day, func.count()).where(column >= since).group_by(day)
    return {int(row[0]): int(row[1]) for row in await connection.execute(query)}


async def came(connection: AsyncConnection, since: datetime) -> dict[int, int]:
    """Return how many tickets were filed on each day."""
    return await per_day(connection, tickets.c.created_at, since)


async def settled(connection: AsyncConnection, since: datetime) -> dict[int, int]:
    """Return how many tickets were settled on each day."""
    return await per_day(connection, tickets.c.settled_at, since)


async def counted_by(connection: AsyncConnection, column: str, since: datetime) -> list[tuple[str, int]]:
    """Return how many tickets came since then by a column of theirs, the most first."""
    what, count = tickets.c[column], func.count().label("count")
    query = select(what, count).where(tickets.c.created_at >= since).group_by(what).order_by(count.desc(), what)
    return [(row[0], int(row[1])) for row in await connection.execute(query)]


async def ratings_since(connection: AsyncConnection, since: datetime) -> list[tuple[str | None, str, int]]:
    """Return technician, answer and count of what requesters said since then."""
    query = (
        select(ratings.c.technician_id, ratings.c.rating, func.count())
        .where(ratings.c.created_at >= since)
        .group_by(ratings.c.technician_id, ratings.c.rating)
    )
    return [(row[0], str(row[1]), int(row[2])) for row in await connection.execute(query)]


async def loads(connection: AsyncConnection, since: datetime) -> list[tuple[str, str, int, int, int]]:
    """Return id, name, open tickets, tickets settled since then, and minutes spent since then, by name."""
    opened = _per(tickets.c.assignee_id, func.count(), text(f"tickets.{OPEN}"))
    done = _per(tickets.c.assignee_id, func.count(), tickets.c.status.in_(_SETTLED), tickets.c.settled_at >= since)
    spent = _per(time_spent.c.technician_id, func.sum(time_spent.c.minutes), time_spent.c.at >= since)
    query = select(
        technicians.c.id, technicians.c.name, *(func.coalesce(each.c.sum, 0) for each in (opened, done, spent))
    )
    for each in (opened, done, spent):
        query = query.outerjoin(each, each.c.technician == technicians.c.id)
    query = query.where(technicians.c.disabled_at.is_(None)).order_by(technicians.c.name, technicians.c.id)
    return [(row[0], row[1], int(row[2]), int(row[3]), int(row[4])) for row in await connection.execute(query)]


def _per(
    technician: ColumnElement[Any], what: ColumnElement[Any], *where: ColumnElement[bool] | TextClause
) -> Subquery:
    """Return sums for technicians."""
    # Not grouped by the column itself: SQLite would walk through all rows in its order, to save itself a sort.
    who = func.coalesce(technician, "").label("technician")
    return select(who, what.label("sum")).where(*where).group_by(who).subquery()


async def targets(connection: AsyncConnection, since: datetime, now: datetime) -> list[tuple[str, int, int]]:
    """Return kind, met and missed of the targets that were reached, or ran out, since then."""
    missed = case((clocks.c.breached_at.is_not(None), 1), else_=0)
    met = case(((clocks.c.state == ClockState.MET) & clocks.c.breached_at.is_(None), 1), else_=0)
    over = (clocks.c.ended_at >= since) | (clocks.c.breached_at >= since) & (clocks.c.breached_at <= now)
    query = (
        select(clocks.c.kind, func.sum(met), func.sum(missed))
        .where(over)
        .group_by(clocks.c.kind)
        .order_by(clocks.c.kind)
    )
    return [(row[0], int(row[1]), int(row[2])) for row in await connection.execute(query)]
