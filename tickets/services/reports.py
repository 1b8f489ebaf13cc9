"""Numbers about the desk."""

from datetime import UTC, datetime, timedelta
from typing import Final

from tickets.domain.access import Action, Actor, Thing, check
from tickets.domain.outgoing import Rating
from tickets.domain.reports import (
    AGES_DAYS,
    WAITS_MINUTES,
    AgeCount,
    Counted,
    Day,
    Report,
    ReportQuery,
    Target,
    TechnicianLoad,
    Waits,
)
from tickets.services.context import Context
from tickets.store import reports as report_store

_DAY_S: Final = 86_400


class ReportService:
    """Implements `tickets.domain.reports.Reports`."""

    def __init__(self, context: Context) -> None:
        """Use the shared parts."""
        self._context: Final = context

    async def report(self, actor: Actor, query: ReportQuery) -> Report:
        """Return the numbers of the last days. Raises NotLoggedIn, NotAllowed."""
        check(actor, Action.READ, Thing.REPORTS)
        now = self._context.now()
        first_day = int(now.timestamp()) // _DAY_S - query.days + 1
        # Whole days, so that a page shows the same numbers all day for all but the last of them.
        since = datetime.fromtimestamp(first_day * _DAY_S, UTC)
        async with self._context.database.read() as connection:
            ages = await report_store.open_by_age(connection, now, AGES_DAYS)
            answers = await report_store.waits(connection, report_store.first_answers(since), WAITS_MINUTES)
            solutions = await report_store.waits(connection, report_store.solutions(since), WAITS_MINUTES)
            came, settled = await report_store.came(connection, since), await report_store.settled(connection, since)
            loads = await report_store.loads(connection, since)
            rated = await report_store.ratings_since(connection, since)
            categories = await report_store.counted_by(connection, "category", since)
            channels = await report_store.counted_by(connection, "channel", since)
            targets = await report_store.targets(connection, since, now)
        return Report(
            days=query.days,
            open=tuple(AgeCount(*row) for row in sorted(ages, key=lambda row: (row[0], row[1] or 10_000))),
            first_answer=Waits(*answers),
            solution=Waits(*solutions),
            per_day=tuple(
                Day(_date(first_day + offset), came.get(first_day + offset, 0), settled.get(first_day + offset, 0))
                for offset in range(query.days)
            ),
            technicians=tuple(
                TechnicianLoad(name, opened, done, minutes, *(_said(rated, ident, rating) for rating in Rating))
                for ident, name, opened, done, minutes in loads
            ),
            categories=tuple(Counted(*row) for row in categories),
            channels=tuple(Counted(*row) for row in channels),
            satisfaction=tuple(
                Counted(rating, sum(count for _, said, count in rated if said == rating)) for rating in Rating
            ),
            targets=tuple(Target(*row) for row in targets),
        )


def _date(day: int) -> str:
    return (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(days=day)).date().isoformat()


def _said(rated: list[tuple[str | None, str, int]], technician: str, rating: Rating) -> int:
    return sum(count for who, said, count in rated if who == technician and said == rating)
