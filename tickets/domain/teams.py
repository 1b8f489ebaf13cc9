"""Teams, and when and on what technicians work."""

from datetime import datetime
from typing import Annotated, Final

import msgspec

from tickets.domain.assignment import Cap
from tickets.domain.categories import Skills
from tickets.domain.errors import Invalid
from tickets.domain.views import Id, Line

Hours = Annotated[str, msgspec.Meta(max_length=500)]
Zone = Annotated[str, msgspec.Meta(min_length=1, max_length=64)]

_FIRST_YEAR: Final = 2000
_LAST_YEAR: Final = 2199


class TeamFields(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A team; `lead` is told when a target is missed, `address` is the mailbox that its mails name."""

    name: Line
    address: Annotated[str, msgspec.Meta(max_length=254)] = ""
    lead: Id | None = None
    members: Annotated[tuple[Id, ...], msgspec.Meta(max_length=500)] = ()
    active: bool = True


class TeamView(TeamFields, frozen=True, kw_only=True):
    """A team that is kept."""

    id: Id


class TeamList(msgspec.Struct, frozen=True):
    """Teams by name."""

    items: tuple[TeamView, ...]


class CalendarFields(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """When work is done: `Mon-Fri 09:00-17:00`, in a time zone, less the holidays (one a line, `yearly` or once)."""

    name: Line
    zone: Zone = "UTC"
    hours: Hours = ""
    holidays: Annotated[str, msgspec.Meta(max_length=20_000)] = ""
    active: bool = True


class CalendarView(CalendarFields, frozen=True, kw_only=True):
    """A calendar that is kept."""

    id: Id


class CalendarList(msgspec.Struct, frozen=True):
    """Calendars by name."""

    items: tuple[CalendarView, ...]


class WorkFields(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a technician knows, how many tickets they take, and when they work (always, when `hours` is empty)."""

    skills: Skills = ()
    cap: Cap | None = None
    zone: Zone = "UTC"
    hours: Hours = ""


class NewAbsence(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A time away."""

    from_at: Annotated[datetime, msgspec.Meta(tz=True)]
    to_at: Annotated[datetime, msgspec.Meta(tz=True)]
    reason: Annotated[str, msgspec.Meta(max_length=200)] = ""


class AbsenceView(NewAbsence, frozen=True, kw_only=True):
    """An absence that is kept."""

    id: Id


class WorkView(WorkFields, frozen=True, kw_only=True):
    """A technician's work; `at_work`: now within their hours and not absent, `load`: open tickets that they have."""

    technician: Id
    name: str
    available: bool
    at_work: bool
    load: int
    absences: tuple[AbsenceView, ...]


class WorkList(msgspec.Struct, frozen=True):
    """Everybody's work."""

    items: tuple[WorkView, ...]


class Availability(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Whether somebody can be given tickets now."""

    available: bool


def check_absence(new: NewAbsence) -> None:
    """Pass when the absence has a beginning and an end. Raises Invalid."""
    for field, at in (("from_at", new.from_at), ("to_at", new.to_at)):
        # Further away a time may have no equal in another time zone.
        if not _FIRST_YEAR <= at.year <= _LAST_YEAR:
            raise Invalid(field, f"give a time between the years {_FIRST_YEAR} and {_LAST_YEAR}.")
    if new.to_at <= new.from_at:
        raise Invalid("to_at", "it has to end after it begins.")
