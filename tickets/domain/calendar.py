"""Business time: when work is done, how much of it lies between two moments, and when so much of it is over.

Pure. Moments are aware; the answer is in UTC. A local time that a change of the clocks skips counts as the moment of
the change, one that comes twice as its first time, so hours of a day never overlap and never go backwards.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo, available_timezones

from tickets.domain.errors import Invalid

DAYS: Final = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
MINUTES_A_DAY: Final = 24 * 60
# Longer than any target; a calendar without an open minute in that time never opens.
_LOOK_AHEAD_DAYS: Final = 3_660
FAR: Final = datetime(9999, 1, 1, tzinfo=UTC)
"""When it is never."""
MAX_HOLIDAYS: Final = 400

Span = tuple[int, int]
"""From and to, in minutes since midnight."""
Week = tuple[tuple[Span, ...], ...]
"""The spans of Monday to Sunday, each day's in order and apart from each other."""
Holidays = tuple[tuple[date, bool, str], ...]
"""Day, whether it comes back every year, and its name."""

UTC_ZONE: Final = ZoneInfo("UTC")
ALL_WEEK: Final[Week] = (((0, MINUTES_A_DAY),),) * 7
_DAY_PART: Final = re.compile(r"(?P<first>[A-Za-z]{3})[a-z]*(?:\s*-\s*(?P<last>[A-Za-z]{3})[a-z]*)?\s+(?P<spans>\S.*)")
_SPAN: Final = re.compile(r"(\d{1,2}):(\d{2})\s*-\s*(\d{1,2}):(\d{2})")
_HOLIDAY: Final = re.compile(r"(\d{4}-\d{2}-\d{2})(\s+yearly)?(?:\s+(.*))?")


@dataclass(frozen=True)
class Calendar:
    """Weekly hours in a time zone, less the holidays."""

    week: Week = ALL_WEEK
    zone: ZoneInfo = UTC_ZONE
    holidays: frozenset[date] = frozenset()
    yearly: frozenset[tuple[int, int]] = frozenset()
    """Month and day of the holidays that come back."""

    def is_open(self, at: datetime) -> bool:
        """Whether work is done at this moment."""
        day = at.astimezone(self.zone).date()
        return any(start <= at < end for near in (-1, 0) for start, end in self._spans(day + timedelta(days=near)))

    def between(self, start: datetime, end: datetime) -> timedelta:
        """Return how much business time lies between two moments; none when `end` is not after `start`."""
        total = timedelta()
        if end <= start:
            return total
        last = end.astimezone(self.zone).date()
        day = start.astimezone(self.zone).date() - timedelta(days=1)
        while day <= last:
            for opens, closes in self._spans(day):
                total += max(timedelta(), min(closes, end) - max(opens, start))
            day += timedelta(days=1)
        return total

    def add(self, start: datetime, amount: timedelta) -> datetime:
        """Return the first moment by which `amount` of business time has passed since `start`; FAR when never.

        No time at all is over at once, also when nobody works.
        """
        if amount <= timedelta():
            return start.astimezone(UTC)
        left = amount
        for opens, closes in self._open_after(start):
            begin = max(opens, start)
            if closes - begin >= left:
                return begin + left
            left -= closes - begin
        return FAR

    def _open_after(self, start: datetime) -> Iterator[tuple[datetime, datetime]]:
        first = start.astimezone(self.zone).date() - timedelta(days=1)
        for count in range(_LOOK_AHEAD_DAYS):
            for opens, closes in self._spans(first + timedelta(days=count)):
                if closes > start:
                    yield opens, closes

    def _spans(self, day: date) -> Iterator[tuple[datetime, datetime]]:
        """Give the open spans of a local day, in UTC."""
        if day in self.holidays or (day.month, day.day) in self.yearly:
            return
        for opens, closes in self.week[day.weekday()]:
            start, end = moment_of(day, opens, self.zone), moment_of(day, closes, self.zone)
            if start < end:
                yield start, end


ALWAYS: Final = Calendar()
"""Day and night."""


def moment_of(day: date, minutes: int, zone: ZoneInfo) -> datetime:
    """Return the moment, in UTC, at which the clocks of `zone` first show `minutes` after midnight or go past it."""
    local = datetime.combine(day, time()) + timedelta(minutes=minutes)
    at = local.replace(tzinfo=zone).astimezone(UTC)
    if at.astimezone(zone).replace(tzinfo=None) == local:
        return at
    # Skipped: the change lies between the two ways to read the time (PEP 495, "Temporal arithmetic in the gap").
    early, late = local.replace(tzinfo=zone, fold=1).astimezone(UTC), at
    after = late.astimezone(zone).utcoffset()
    while late - early > timedelta(seconds=1):
        middle = early + (late - early) // 2
        if middle.astimezone(zone).utcoffset() == after:
            late = middle
        else:
            early = middle
    return late.replace(microsecond=0)


@lru_cache(maxsize=1)
def _zones() -> frozenset[str]:
    return frozenset(available_timezones())


def parse_zone(name: str) -> ZoneInfo:
    """Return a time zone of the IANA database. Raises Invalid."""
    if name not in _zones():
        raise Invalid("zone", "use a name of the time zone database, such as Europe/Berlin or UTC.")
    return ZoneInfo(name)


def parse_week(text: str) -> Week:
    """Return weekly hours such as `Mon-Fri 09:00-12:30 13:00-17:00; Sat 10:00-14:00`. Raises Invalid.

    Parts are separated by semicolons or line ends; a day that is named twice has both.
    """
    days: list[list[Span]] = [[] for _ in DAYS]
    for part in filter(None, (piece.strip() for piece in re.split(r"[;\n]", text))):
        found = _DAY_PART.fullmatch(part)
        if found is None:
            raise _bad_hours(part)
        first = _day(found["first"], part)
        last = _day(found["last"], part) if found["last"] else first
        spans = [_span(piece, part) for piece in _pieces(found["spans"])]
        for offset in range((last - first) % len(DAYS) + 1):
            days[(first + offset) % len(DAYS)] += spans
    if not any(days):
        raise Invalid("hours", "give at least one span, such as Mon-Fri 09:00-17:00.")
    return tuple(_apart(sorted(day)) for day in days)


def _pieces(text: str) -> list[str]:
    return re.sub(r"\s*-\s*", "-", text.replace(",", " ")).split()


def _day(name: str, part: str) -> int:
    try:
        return DAYS.index(name.capitalize())
    except ValueError:
        raise _bad_hours(part) from None


def _span(text: str, part: str) -> Span:
    found = _SPAN.fullmatch(text)
    if found is None:
        raise _bad_hours(part)
    start_h, start_min, end_h, end_min = (int(number) for number in found.groups())
    start, end = start_h * 60 + start_min, end_h * 60 + end_min
    if max(start_min, end_min) > 59 or not start < end <= MINUTES_A_DAY:
        raise _bad_hours(part)
    return start, end


def _apart(spans: list[Span]) -> tuple[Span, ...]:
    """Return the spans joined where they touch or overlap."""
    joined: list[Span] = []
    for start, end in spans:
        if joined and start <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        else:
            joined.append((start, end))
    return tuple(joined)


def _bad_hours(part: str) -> Invalid:
    return Invalid(
        "hours",
        f"“{part[:40]}” can't be read. Write days and hours such as Mon-Fri 09:00-12:30 13:00-17:00; Sat 10:00-14:00.",
    )


def write_week(week: Week) -> str:
    """Return the text that `parse_week` reads back, neighbouring days of the same hours together."""
    parts: list[str] = []
    first = 0
    for day in range(1, len(DAYS) + 1):
        if day < len(DAYS) and week[day] == week[first]:
            continue
        if week[first]:
            name = DAYS[first] if first == day - 1 else f"{DAYS[first]}-{DAYS[day - 1]}"
            parts.append(f"{name} {' '.join(f'{_clock(start)}-{_clock(end)}' for start, end in week[first])}")
        first = day
    return "; ".join(parts)


def _clock(minutes: int) -> str:
    return f"{minutes // 60:02}:{minutes % 60:02}"


def parse_holidays(text: str) -> Holidays:
    """Return holidays, one a line: `2026-12-25 yearly Christmas` or `2027-03-26 Good Friday`. Raises Invalid."""
    found: list[tuple[date, bool, str]] = []
    for line in filter(None, (line.strip() for line in text.split("\n"))):
        matched = _HOLIDAY.fullmatch(line)
        try:
            day = date.fromisoformat(matched[1] if matched else "")
        except ValueError:
            text_of_fault = f"“{line[:40]}” can't be read. Write a line for each, such as 2026-12-25 yearly Christmas."
            raise Invalid("holidays", text_of_fault) from None
        if matched is not None:
            found.append((day, matched[2] is not None, (matched[3] or "").strip()))
    if len(found) > MAX_HOLIDAYS:
        raise Invalid("holidays", f"give at most {MAX_HOLIDAYS}.")
    return tuple(found)


def write_holidays(holidays: Holidays) -> str:
    """Return the text that `parse_holidays` reads back."""
    return "\n".join(
        f"{day.isoformat()}{' yearly' if yearly else ''}{f' {name}' if name else ''}" for day, yearly, name in holidays
    )


def make_calendar(hours: str, zone: str, holidays: str = "") -> Calendar:
    """Return the calendar that three texts describe; empty hours are day and night. Raises Invalid."""
    days = parse_holidays(holidays)
    return Calendar(
        parse_week(hours) if hours.strip() else ALL_WEEK,
        parse_zone(zone),
        frozenset(day for day, yearly, _ in days if not yearly),
        frozenset((day.month, day.day) for day, yearly, _ in days if yearly),
    )
