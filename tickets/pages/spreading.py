"""The lists that an admin keeps, as forms: which fields each has, how they are read and shown."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final

import msgspec

from tickets.domain.access import Actor, Thing
from tickets.domain.assignment import RuleFields, Strategy
from tickets.domain.categories import CategoryFields, CategoryView
from tickets.domain.clocks import PolicyFields
from tickets.domain.priority import Impact, Priority
from tickets.domain.registers import Register
from tickets.domain.services import DeskServices
from tickets.domain.teams import CalendarFields, CalendarView, TeamFields, TeamView
from tickets.domain.values import Urgency
from tickets.pages.language import Words, gettext

Options = tuple[tuple[str, str], ...]

MOST_FIELDS: Final = 600
"""A team's form has a box for each technician."""

IMPACT: Final = Words(
    {
        Impact.LOW: "One person",
        Impact.NORMAL: "Some people",
        Impact.HIGH: "Many people",
    }
)
PRIORITY: Final = Words(
    {
        Priority.LOW: "Low",
        Priority.NORMAL: "Normal",
        Priority.HIGH: "High",
        Priority.CRITICAL: "Critical",
    }
)
STRATEGY: Final = Words(
    {
        Strategy.MANUAL: "By hand: somebody takes it",
        Strategy.ROUND_ROBIN: "In turn",
        Strategy.LEAST_LOADED: "To whoever has the fewest",
    }
)


class Shape(StrEnum):
    """What a field is on the page."""

    LINE = "line"
    TEXT = "text"
    NUMBER = "number"
    TICK = "tick"
    PICK = "pick"
    BOXES = "boxes"
    WORDS = "words"


@dataclass(frozen=True)
class Field:
    """One field; `source` names the options of a choice."""

    name: str
    label: str
    shape: Shape = Shape.LINE
    hint: str = ""
    source: str = ""
    first: str = ""
    required: bool = False


@dataclass(frozen=True)
class Kept:
    """A list: where it is, what it is called, and its fields."""

    path: str
    thing: Thing
    heading: str
    lead: str
    one: str
    fields_of: type[msgspec.Struct]
    fields: tuple[Field, ...]
    service: Callable[[DeskServices], Register[Any, Any]] = field(repr=False)


_NAME: Final = Field("name", "Name", required=True)
_POSITION: Final = Field("position", "Place in the order", Shape.NUMBER, "The smaller, the sooner it is asked.")
_ACTIVE: Final = Field("active", "In use", Shape.TICK)

KEPT: Final[tuple[Kept, ...]] = (
    Kept(
        "/admin/categories",
        Thing.CATEGORIES,
        "Categories",
        "What requests are about. A request starts with its category’s team, impact and priority.",
        "category",
        CategoryFields,
        (
            _NAME,
            Field("parent", "Below", Shape.PICK, source="categories", first="No other category"),
            Field("team", "Team", Shape.PICK, source="teams", first="As the category above it, or nobody’s"),
            Field("impact", "Impact", Shape.PICK, source="impacts", first="Some people"),
            Field("priority", "Priority", Shape.PICK, source="priorities", first="By urgency and impact"),
            Field("skills", "Skills that it takes", Shape.WORDS, "Separated by commas."),
            Field("position", "Place in the list", Shape.NUMBER),
            Field("portal", "People may choose it themselves", Shape.TICK),
            Field("fallback", "Mail that names no category goes here", Shape.TICK),
            _ACTIVE,
        ),
        lambda desk: desk.categories,
    ),
    Kept(
        "/admin/teams",
        Thing.TEAMS,
        "Teams",
        "Who works together. The lead is told when a target is missed.",
        "team",
        TeamFields,
        (
            _NAME,
            Field("address", "Mailbox", hint="The address that belongs to this team, if it has one."),
            Field("lead", "Lead", Shape.PICK, source="technicians", first="Nobody: admins are told"),
            Field("members", "Members", Shape.BOXES, source="technicians"),
            _ACTIVE,
        ),
        lambda desk: desk.teams,
    ),
    Kept(
        "/admin/rules",
        Thing.SPREADING,
        "Assignment",
        "Who gets a new request. The first rule that fits counts; without one, somebody takes it from the queue.",
        "rule",
        RuleFields,
        (
            _NAME,
            Field("category", "For the category", Shape.PICK, source="categories", first="Every category"),
            Field("team", "For the team", Shape.PICK, source="teams", first="Every team"),
            Field("strategy", "Who gets it", Shape.PICK, source="strategies", first="By hand: somebody takes it"),
            Field("cap", "At most so many open requests each", Shape.NUMBER, "Empty: any number."),
            Field("reassign", "When an absence begins, give what somebody has to others", Shape.TICK),
            _POSITION,
            _ACTIVE,
        ),
        lambda desk: desk.rules,
    ),
    Kept(
        "/admin/targets",
        Thing.SPREADING,
        "Targets",
        "How long what may take, in minutes of business time. The first one that fits a request counts.",
        "target",
        PolicyFields,
        (
            _NAME,
            Field("priority", "For the priority", Shape.PICK, source="priorities", first="Every priority"),
            Field("category", "For the category", Shape.PICK, source="categories", first="Every category"),
            Field("team", "For the team", Shape.PICK, source="teams", first="Every team"),
            Field("calendar", "Business hours", Shape.PICK, source="calendars", first="Day and night"),
            Field("first_answer", "First answer within", Shape.NUMBER, "Minutes; empty: not measured."),
            Field("next_answer", "Each next answer within", Shape.NUMBER, "Minutes; empty: not measured."),
            Field("solution", "Solution within", Shape.NUMBER, "Minutes; empty: not measured."),
            Field("warn_percent", "Warn when so much of it is over", Shape.NUMBER, "Per cent."),
            Field("raise_priority", "When it is missed, raise the priority", Shape.TICK),
            Field("reassign", "When it is missed, give it to somebody else by the rules", Shape.TICK),
            _POSITION,
            _ACTIVE,
        ),
        lambda desk: desk.targets,
    ),
    Kept(
        "/admin/calendars",
        Thing.SPREADING,
        "Business hours",
        "When work is done. Targets count only these hours.",
        "calendar",
        CalendarFields,
        (
            _NAME,
            Field("zone", "Time zone", hint="Such as Europe/Berlin.", required=True),
            Field(
                "hours", "Hours", hint="Such as Mon-Fri 09:00-12:30 13:00-17:00; Sat 10:00-14:00. Empty: day and night."
            ),
            Field(
                "holidays",
                "Holidays",
                Shape.TEXT,
                "One a line: 2026-12-25 yearly Christmas, or 2027-03-26 Good Friday for a day that does not come back.",
            ),
            _ACTIVE,
        ),
        lambda desk: desk.calendars,
    ),
)


async def category_options(desk: DeskServices, actor: Actor) -> Options:
    """Return what a request can be about, for a form: what is sent, and what is read."""
    offered = (await desk.categories.offered(actor)).items
    return tuple((each.name, f"{each.parent}: {each.name}" if each.parent else each.name) for each in offered)


async def choices(desk: DeskServices, actor: Actor) -> dict[str, Options]:
    """Return the options that fields choose from, by the name of their source."""
    return {
        "categories": _named(await desk.categories.listed(actor)),
        "teams": _named(await desk.teams.listed(actor)),
        "calendars": _named(await desk.calendars.listed(actor)),
        "technicians": tuple((each.id, each.name) for each in (await desk.technicians.listed(actor)).items),
        "impacts": tuple(IMPACT.items()),
        "priorities": tuple(PRIORITY.items()),
        "strategies": tuple(STRATEGY.items()),
        "urgencies": tuple((each, each) for each in Urgency),
    }


def _named(views: Iterable[CategoryView | TeamView | CalendarView]) -> Options:
    """Return what can be chosen; what is not in use stays on offer, so that a form does not change it unasked."""
    return tuple(
        (each.id, each.name if each.active else gettext("{name} (not in use)").format(name=each.name)) for each in views
    )


def shown_values(kept: Kept, view: msgspec.Struct) -> dict[str, str]:
    """Return what the form of one shows."""
    values: dict[str, str] = {}
    for each in kept.fields:
        value = getattr(view, each.name)
        if each.shape is Shape.BOXES:
            values |= {f"{each.name}:{item}": "yes" for item in value}
        elif each.shape is Shape.WORDS:
            values[each.name] = ", ".join(value)
        elif each.shape is Shape.TICK:
            values[each.name] = "yes" if value else ""
        else:
            values[each.name] = "" if value is None else str(value)
    return values


def start_values(kept: Kept) -> dict[str, str]:
    """Return what the empty form shows: the defaults."""
    needed = {"name": "?", "zone": "UTC"}
    given = {name: value for name, value in needed.items() if name in kept.fields_of.__struct_fields__}
    return shown_values(kept, msgspec.convert(given, kept.fields_of)) | {"name": ""}


def read_fields(kept: Kept, values: Mapping[str, str]) -> tuple[msgspec.Struct | None, dict[str, str]]:
    """Return what a form says, or None and what is wrong by field."""
    found: dict[str, Any] = {}
    faults: dict[str, str] = {}
    for each in kept.fields:
        text = values.get(each.name, "")
        if each.shape is Shape.BOXES:
            names = (name.partition(":") for name in values if name.startswith(f"{each.name}:"))
            found[each.name] = [ident for _, _, ident in names]
        elif each.shape is Shape.WORDS:
            found[each.name] = [word.strip() for word in text.split(",") if word.strip()]
        elif each.shape is Shape.TICK:
            found[each.name] = text == "yes"
        elif each.required and not text:
            faults[each.name] = "Please fill this in."
        elif text or each.shape in {Shape.LINE, Shape.TEXT}:
            found[each.name] = text
    if faults:
        return None, faults
    try:
        return msgspec.convert(found, kept.fields_of, strict=False), {}
    except msgspec.ValidationError as error:
        text, _, where = str(error).partition(" - at `$.")
        name = where.rstrip("`").partition("[")[0]
        return None, {name: f"Please look at this again: {text[:1].lower()}{text[1:200]}."}
