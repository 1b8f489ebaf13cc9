"""Numbers about the desk: as tables, as charts, and as CSV for other programs."""

import csv
import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from tickets.domain.access import Action, Actor, Thing, requires
from tickets.domain.errors import NotFound
from tickets.domain.reports import AGES_DAYS, DAYS, WAITS_MINUTES, Report, ReportQuery
from tickets.domain.values import Status
from tickets.pages import words
from tickets.pages.charts import columns, share
from tickets.pages.language import gettext
from tickets.pages.routing import page
from tickets.pages.site import PRIVATE, Site
from tickets.pages.times import short_day

_PATH: Final = "/console/reports"
_FIRST: Final = 30
_MINUTES_AN_HOUR: Final = 60
_MINUTES_A_DAY: Final = 1_440
# A spreadsheet takes a cell that begins like this for a formula.
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")


def days_of(request: Request) -> int:
    """Return the period that the address names; a month when it names none of those offered."""
    text = request.query_params.get("days", "")
    return next((days for days in DAYS if str(days) == text), _FIRST)


def duration(minutes: int | None) -> str:
    """Write a duration as people say it."""
    if minutes is None:
        return "–"
    if minutes < _MINUTES_AN_HOUR:
        return gettext("{minutes} min").format(minutes=minutes)
    if minutes < _MINUTES_A_DAY:
        hours, rest = divmod(minutes, _MINUTES_AN_HOUR)
        return gettext("{hours} h {minutes} min").format(hours=hours, minutes=f"{rest:02d}")
    days, rest = divmod(minutes, _MINUTES_A_DAY)
    return gettext("{days} d {hours} h").format(days=days, hours=rest // _MINUTES_AN_HOUR)


def ages_of(report: Report) -> list[tuple[str, list[int]]]:
    """Return each open state with its count in every class of age."""
    bounds: list[int | None] = [*AGES_DAYS, None]
    counts = {(row.status, row.below_days): row.count for row in report.open}
    states = [status for status in Status if any(row.status == status for row in report.open)]
    return [(words.STATUS[state], [counts.get((state, bound), 0) for bound in bounds]) for state in states]


def tables(report: Report) -> dict[str, list[Sequence[object]]]:
    """Return every table of a report with its heading, by the name that its address has."""
    ages = [*(f"under {days} d" for days in AGES_DAYS), f"{AGES_DAYS[-1]} d and more"]
    waits = [*(f"under {duration(bound)}" for bound in WAITS_MINUTES), f"{duration(WAITS_MINUTES[-1])} and more"]
    return {
        "open": [("state", *ages), *((state, *counts) for state, counts in ages_of(report))],
        "waits": [
            ("what", "count", "median minutes", "90 % under minutes", *waits),
            *(
                (name, each.count, each.median_minutes, each.p90_minutes, *each.classes)
                for name, each in (("first answer", report.first_answer), ("solution", report.solution))
            ),
        ],
        "days": [("day", "came in", "settled"), *((day.day, day.came, day.settled) for day in report.per_day)],
        "technicians": [
            ("technician", "open", "settled", "minutes", "good", "ok", "bad"),
            *((t.name, t.open, t.settled, t.minutes, t.good, t.ok, t.bad) for t in report.technicians),
        ],
        "categories": [("category", "requests"), *((row.name, row.count) for row in report.categories)],
        "channels": [("channel", "requests"), *((row.name, row.count) for row in report.channels)],
        "satisfaction": [("answer", "count"), *((row.name, row.count) for row in report.satisfaction)],
        "targets": [("target", "met", "missed"), *((row.kind, row.met, row.missed) for row in report.targets)],
    }


def as_csv(rows: Iterable[Sequence[object]]) -> bytes:
    """Write rows as CSV (RFC 4180) with a mark that makes spreadsheets read UTF-8; nothing becomes a formula."""
    out = io.StringIO()
    writer = csv.writer(out)
    for row in rows:
        writer.writerow(["" if cell is None else _harmless(str(cell)) for cell in row])
    return out.getvalue().encode("utf-8-sig")


def _harmless(cell: str) -> str:
    return f"'{cell}" if cell.startswith(_FORMULA) else cell


@dataclass(frozen=True)
class Reports:
    """The page of numbers."""

    site: Site

    @requires(Action.READ, Thing.REPORTS)
    async def shown(self, request: Request, actor: Actor) -> Response:
        """Show the numbers of a period."""
        days = days_of(request)
        report = await self.site.desk.reports.report(actor, ReportQuery(days))
        named = [short_day(date.fromisoformat(day.day)) for day in report.per_day]
        under = gettext("under {time}")
        waits = [*(under.format(time=duration(bound)) for bound in WAITS_MINUTES), gettext("longer")]
        return self.site.page(
            request,
            actor,
            "console/reports.html",
            report=report,
            days=days,
            periods=DAYS,
            ages=[*(under.format(time=gettext("{days} d").format(days=each)) for each in AGES_DAYS), gettext("older")],
            open_by_age=ages_of(report),
            duration=duration,
            share=share,
            per_day=columns(
                named,
                (gettext("came in"), [day.came for day in report.per_day]),
                (gettext("settled"), [day.settled for day in report.per_day]),
            ),
            waits=waits,
            waits_chart=columns(
                waits,
                (gettext("first answers"), report.first_answer.classes),
                (gettext("solutions"), report.solution.classes),
            ),
            rating_words=words.RATING,
            target_words=words.TARGET,
        )

    @requires(Action.READ, Thing.REPORTS)
    async def table(self, request: Request, actor: Actor) -> Response:
        """Give one table as CSV."""
        name = request.path_params["name"]
        report = await self.site.desk.reports.report(actor, ReportQuery(days_of(request)))
        rows = tables(report).get(name)
        if rows is None:
            raise NotFound("table")
        return Response(
            as_csv(rows),
            media_type="text/csv; charset=utf-8",
            headers={**PRIVATE, "content-disposition": f'attachment; filename="towline-{name}-{report.days}d.csv"'},
        )

    def routes(self) -> list[Route]:
        """Return the routes of this page."""
        return [
            page(self.site, _PATH, self.shown, staff_only=True),
            page(self.site, f"{_PATH}/{{name}}.csv", self.table, staff_only=True),
        ]
