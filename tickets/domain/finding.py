"""What somebody looks for in the queue: filters, the order, and the language of the search line.

The line is read here and nowhere else; what it names (people, tags, teams) is looked up by `tickets.store.finding`.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from typing import Final, TypeVar

from protocol.tracking import ALPHABET
from tickets.domain.errors import Invalid
from tickets.domain.priority import Priority
from tickets.domain.values import WORKABLE, Channel, Status

ME: Final = "me"
NOBODY: Final = "nobody"
HELP: Final = (
    'Words find requests that have all of them. "Exact words" in quotes stand together. Narrow it down with status:, '
    "priority:, category:, team:, assigned: (me, nobody, a name), from:, tag:, asset:, channel:, watcher:, "
    "created: and updated: (>2026-01-31, <2026-02-28, 2026-01-01..2026-01-31), age: (>7d, <12h), number: (a part is "
    'enough). A minus before one of these leaves its requests out; quotes hold words together: category:"Shared files".'
)
"""The line under the search box."""


class Sort(StrEnum):
    """The order of a list of tickets."""

    QUEUE = "queue"
    BEST = "best"
    NEWEST = "newest"
    OLDEST = "oldest"
    CHANGED = "changed"
    STALE = "stale"


@dataclass(frozen=True)
class Span:
    """A stretch of time: from `since`, to before `until`."""

    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True)
class Filters:
    """What tickets have to be: every field has to be met.

    `text` are words that a ticket has all of, `phrases` words that stand together. What a ticket has one of (status,
    team) is one of the values; what it has several of (tags, assets, names of the requester, watchers) is one of the
    values of every group. Both stretches of time count. Names are as people wrote them; ME and NOBODY stand for what
    they say. `without` leaves out what meets any of its filters.
    """

    text: tuple[str, ...] = ()
    phrases: tuple[str, ...] = ()
    status: tuple[Status, ...] = ()
    priority: tuple[Priority, ...] = ()
    category: tuple[str, ...] = ()
    team: tuple[str, ...] = ()
    assigned: tuple[str, ...] = ()
    person: tuple[tuple[str, ...], ...] = ()
    tag: tuple[tuple[str, ...], ...] = ()
    asset: tuple[tuple[str, ...], ...] = ()
    channel: tuple[Channel, ...] = ()
    watcher: tuple[tuple[str, ...], ...] = ()
    number: tuple[str, ...] = ()
    created: tuple[Span, ...] = ()
    updated: tuple[Span, ...] = ()
    without: tuple["Filters", ...] = ()
    # Others that have to be met as well.
    also: tuple["Filters", ...] = ()

    @property
    def has_words(self) -> bool:
        """Whether the words of tickets are asked for."""
        return bool(self.text or self.phrases)

    def and_also(self, other: "Filters") -> "Filters":
        """Return both together."""
        return replace(self, **{name: getattr(self, name) + getattr(other, name) for name in self.__dataclass_fields__})


# A key, a colon and a value; a value may be in quotes. Or words in quotes, or one word.
_TOKEN: Final = re.compile(
    r'(?P<minus>-)?(?P<key>[A-Za-z]+):(?:"(?P<quoted>[^"]*)"|(?P<value>\S*))'
    r'|"(?P<phrase>[^"]*)"?|(?P<word>\S+)'
)
_DATE: Final = re.compile(r"\d{4}-\d{2}-\d{2}\Z")
_AGE: Final = re.compile(r"([<>])(\d{1,4})([hdw])\Z")
_HOURS: Final = {"h": 1, "d": 24, "w": 168}
_OPEN: Final = "unsolved"
_DONE: Final = "done"
MAX_TERMS: Final = 30
NUMBER_LENGTH: Final = 8
# Shorter parts of a number are looked for as words: most of them are error codes.
_TELLING: Final = 6
_SEPARATORS: Final = re.compile(r"[\s\-\u2010-\u2015._]+")
_READ_AS: Final = str.maketrans("OIL", "011")
_Choice = TypeVar("_Choice", bound=StrEnum)


def parse_search(line: str, now: datetime) -> Filters:
    """Return what a search line asks for; times count from `now`. Raises Invalid, which says what would be right."""
    found = Filters()
    for count, token in enumerate(_TOKEN.finditer(line)):
        if count == MAX_TERMS:
            raise Invalid("q", f"this search has more than {MAX_TERMS} words. Leave some out.")
        key = (token["key"] or "").lower()
        if token["phrase"] is not None:
            found = found.and_also(Filters(phrases=(token["phrase"],)))
        elif key not in _READERS:
            # Times, addresses and drive letters have colons too.
            found = found.and_also(Filters(text=(token.group().strip('"'),)))
        else:
            value = token["quoted"] if token["quoted"] is not None else token["value"]
            if not value.strip():
                raise Invalid("q", f"write what it should be behind {key}: without a space between.")
            # In quotes a comma is a part of a name.
            parts = (value,) if token["quoted"] is not None else tuple(part for part in value.split(",") if part)
            meant = _READERS[key](parts, now)
            found = found.and_also(Filters(without=(meant,)) if token["minus"] else meant)
    return found


def spoken_part(text: str, prefix: str) -> str:
    """Return the part of a tracking number that `text` is as people say it, without the prefix; "" when it is none.

    Read as `protocol.tracking.parse_tracking` reads a whole one.
    """
    plain = _SEPARATORS.sub("", text).upper()
    part = (plain.removeprefix(prefix) if len(plain) > len(prefix) else plain).translate(_READ_AS)
    return part if len(part) <= NUMBER_LENGTH and set(part) <= set(ALPHABET) else ""


def telling_part(text: str, prefix: str) -> str:
    """Return the part of a tracking number that `text` must be, though nobody said so; "" when it could be a word."""
    part = spoken_part(text, prefix)
    telling = len(part) == NUMBER_LENGTH or (len(part) >= _TELLING and any(c.isdigit() for c in text))
    return part if telling else ""


def age_span(text: str, now: datetime) -> Span:
    """Return the stretch of filing times that an age (">7d", "<12h") means. Raises Invalid."""
    age = _AGE.match(text)
    if age is None:
        raise Invalid("q", "write an age as age:>7d (older than seven days), age:<12h or age:>2w.")
    border = now - timedelta(hours=int(age[2]) * _HOURS[age[3]])
    return Span(until=border) if age[1] == ">" else Span(since=border)


def date_span(text: str, key: str) -> Span:
    """Return the stretch that a date, a comparison with one or two dates with .. between them mean. Raises Invalid."""
    first, dots, last = text.partition("..")
    if dots:
        return Span(_day(first, key) if first else None, _day(last, key) + timedelta(days=1) if last else None)
    sign = next((sign for sign in (">=", "<=", ">", "<", "=") if text.startswith(sign)), "")
    day = _day(text.removeprefix(sign), key)
    after = day + timedelta(days=1)
    return {
        ">": Span(since=after),
        ">=": Span(since=day),
        "<": Span(until=day),
        "<=": Span(until=after),
    }.get(sign, Span(day, after))


def _day(text: str, key: str) -> datetime:
    try:
        day = date.fromisoformat(text) if _DATE.match(text) else None
    except ValueError:
        day = None
    if day is None:
        forms = f"{key}:2026-01-31, {key}:>2026-01-31 or {key}:2026-01-01..2026-01-31"
        raise Invalid("q", f"write a day as {forms}.")
    return datetime.combine(day, time(), UTC)


def _choice(kind: type[_Choice], value: str, key: str) -> _Choice:
    try:
        return kind(value.lower())
    except ValueError:
        words = ", ".join(kind)
        raise Invalid("q", f"there is no {key}:{value[:40]}. Use one of {words}.") from None


def _statuses(value: str) -> Iterator[Status]:
    if value.lower() == _OPEN:
        yield from (status for status in Status if status in WORKABLE)
    elif value.lower() == _DONE:
        yield from (status for status in Status if status not in WORKABLE)
    else:
        try:
            yield Status(value.lower())
        except ValueError:
            words = ", ".join((*Status, _OPEN, _DONE))
            raise Invalid("q", f"there is no status:{value[:40]}. Use one of {words}.") from None


Reader = Callable[[tuple[str, ...], datetime], Filters]

_READERS: Final[dict[str, Reader]] = {
    "status": lambda values, _: Filters(status=tuple(status for value in values for status in _statuses(value))),
    "priority": lambda values, _: Filters(priority=tuple(_choice(Priority, value, "priority") for value in values)),
    "channel": lambda values, _: Filters(channel=tuple(_choice(Channel, value, "channel") for value in values)),
    "category": lambda values, _: Filters(category=values),
    "team": lambda values, _: Filters(team=values),
    "assigned": lambda values, _: Filters(assigned=values),
    "from": lambda values, _: Filters(person=(values,)),
    "tag": lambda values, _: Filters(tag=(values,)),
    "asset": lambda values, _: Filters(asset=(values,)),
    "watcher": lambda values, _: Filters(watcher=(values,)),
    "number": lambda values, _: Filters(number=values),
    "created": lambda values, _: Filters(created=tuple(date_span(value, "created") for value in values)),
    "updated": lambda values, _: Filters(updated=tuple(date_span(value, "updated") for value in values)),
    "age": lambda values, now: Filters(created=tuple(age_span(value, now) for value in values)),
}
KEYS: Final = tuple(_READERS)
