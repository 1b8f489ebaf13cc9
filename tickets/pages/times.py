"""Moments and spans of time as pages say them, in the reader's language; `times.js` says them the same way."""

from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import Final, Literal

from babel import Locale
from babel.dates import format_skeleton, format_timedelta
from babel.numbers import format_decimal

from tickets.pages.language import gettext, tongue

_Unit = Literal["minute", "hour", "day"]
_STEPS: Final[tuple[tuple[int, int, _Unit], ...]] = ((60, 60, "minute"), (24, 3_600, "hour"), (14, 86_400, "day"))
_ONLY_THIS_UNIT: Final = 1e9


@lru_cache(1_024)
def _span(count: int, unit_s: int, unit: _Unit, locale: Locale, *, to_now: bool) -> str:
    length = timedelta(seconds=count * unit_s)
    return format_timedelta(length, granularity=unit, threshold=_ONLY_THIS_UNIT, add_direction=to_now, locale=locale)


@lru_cache(1_024)
def _day(day: date, skeleton: str, locale: Locale) -> str:
    return format_skeleton(skeleton, day, locale=locale)


def day(at: date) -> str:
    """Write a day out."""
    return _day(at.date() if isinstance(at, datetime) else at, "yMMMd", tongue().locale)


def short_day(at: date) -> str:
    """Write a day out without its year."""
    return _day(at, "MMMd", tongue().locale)


def ago(at: datetime, now: datetime) -> str:
    """Say how long ago `at` was, or on which day when that is more than two weeks."""
    seconds = (now - at).total_seconds()
    if seconds < 60:
        return gettext("just now")
    for limit, unit_s, unit in _STEPS:
        count = int(seconds // unit_s)
        if count < limit:
            return _span(-count, unit_s, unit, tongue().locale, to_now=True)
    return day(at.astimezone(UTC))


def due(at: datetime, now: datetime) -> str:
    """Say how long there is until `at`, or how long it is over."""
    seconds = (at - now).total_seconds()
    left = abs(seconds)
    _, unit_s, unit = next((step for step in _STEPS if left // step[1] < step[0]), _STEPS[-1])
    count = int(left // unit_s)
    if seconds > 0:
        return gettext("Due {when}").format(when=_span(count, unit_s, unit, tongue().locale, to_now=True))
    return gettext("Late by {span}").format(span=_span(count, unit_s, unit, tongue().locale, to_now=False))


def clock(at: datetime) -> str:
    """Write a moment out, in UTC; `times.js` turns it into the reader's own time."""
    there = at.astimezone(UTC)
    return f"{day(there)}, {there:%H:%M} UTC"


def number(value: float) -> str:
    """Write a number as the reader's language does, with at most one decimal."""
    return format_decimal(value, format="#,##0.#", locale=tongue().locale)
