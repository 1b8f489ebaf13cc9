"""Numbers about the desk, as API and pages show them. Durations are whole minutes of wall time."""

from typing import Annotated, Final, Protocol

import msgspec

from tickets.domain.access import Actor

DAYS: Final = (7, 30, 90, 365)
AGES_DAYS: Final = (1, 3, 7, 30)
"""Where one class of age ends and the next begins."""
WAITS_MINUTES: Final = (60, 240, 480, 1_440, 4_320, 10_080)
"""Where one class of waiting ends and the next begins: an hour, four, eight, a day, three, a week."""


class ReportQuery(msgspec.Struct, frozen=True):
    """How many days back."""

    days: Annotated[int, msgspec.Meta(ge=1, le=365)] = 30


class Counted(msgspec.Struct, frozen=True):
    """How many of one kind."""

    name: str
    count: int


class AgeCount(msgspec.Struct, frozen=True):
    """Open tickets in one state, at most `below_days` old (no bound in the last class)."""

    status: str
    below_days: int | None
    count: int


class Waits(msgspec.Struct, frozen=True):
    """How long something took: the middle, what nine of ten stayed below, and how many in each class."""

    count: int
    median_minutes: int | None
    p90_minutes: int | None
    classes: tuple[int, ...]


class Day(msgspec.Struct, frozen=True):
    """What came in and what was settled on one day (UTC, ISO 8601)."""

    day: str
    came: int
    settled: int


class TechnicianLoad(msgspec.Struct, frozen=True):
    """What one technician has now, and did in the period."""

    name: str
    open: int
    settled: int
    minutes: int
    good: int
    ok: int
    bad: int


class Target(msgspec.Struct, frozen=True):
    """Targets of one kind that were met and missed in the period."""

    kind: str
    met: int
    missed: int


class Report(msgspec.Struct, frozen=True):
    """The numbers of a period that ends now; `open` and `technicians[].open` are those of this moment."""

    days: int
    open: tuple[AgeCount, ...]
    first_answer: Waits
    solution: Waits
    per_day: tuple[Day, ...]
    technicians: tuple[TechnicianLoad, ...]
    categories: tuple[Counted, ...]
    channels: tuple[Counted, ...]
    satisfaction: tuple[Counted, ...]
    targets: tuple[Target, ...]


class Reports(Protocol):
    """Numbers about the desk."""

    async def report(self, actor: Actor, query: ReportQuery) -> Report:
        """Return the numbers of the last days. Raises NotLoggedIn, NotAllowed."""
