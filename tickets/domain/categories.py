"""What requests are about: whose work they are, what it takes, and how a name that somebody wrote is understood."""

from collections.abc import Iterable, Mapping
from typing import Annotated

import msgspec

from tickets.domain.assignment import Position
from tickets.domain.errors import Invalid
from tickets.domain.priority import Impact, Priority
from tickets.domain.views import Id, Line
from tickets.text import fold

Skill = Annotated[str, msgspec.Meta(min_length=1, max_length=40, pattern=r"^[^,\n\r\0]+$")]
Skills = Annotated[tuple[Skill, ...], msgspec.Meta(max_length=20)]
# Shorter beginnings are no word yet.
_SHORTEST_BEGINNING = 3
_MOST_LEVELS = 5


class CategoryFields(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A category. `portal`: people may choose it themselves; `fallback`: where mail goes that names none.

    A ticket starts with the category's `team` and `impact`, and with its `priority` instead of the matrix's, if given.
    """

    name: Line
    parent: Id | None = None
    team: Id | None = None
    impact: Impact | None = None
    priority: Priority | None = None
    skills: Skills = ()
    portal: bool = True
    fallback: bool = False
    position: Position = 0
    active: bool = True


class CategoryView(CategoryFields, frozen=True, kw_only=True):
    """A category that is kept."""

    id: Id


class CategoryList(msgspec.Struct, frozen=True):
    """Categories in their order."""

    items: tuple[CategoryView, ...]


class CategoryChoice(msgspec.Struct, frozen=True):
    """A category as those who file a request see it; `name` is what to send, `parent` the name of the one above."""

    name: str
    parent: str | None


class CategoryChoices(msgspec.Struct, frozen=True):
    """What a request can be about."""

    items: tuple[CategoryChoice, ...]


def named(categories: Iterable[CategoryView], text: str, *, internal: bool) -> CategoryView:
    """Return the active category that `text` names: its name, or the beginning of one name only.

    Raises Invalid, which lists what there is; those that are not for the portal only with `internal`.
    """
    known = [each for each in categories if each.active and (internal or each.portal)]
    wanted = fold(text)
    for each in known:
        if fold(each.name) == wanted:
            return each
    begins = [each for each in known if len(wanted) >= _SHORTEST_BEGINNING and fold(each.name).startswith(wanted)]
    if len(begins) == 1:
        return begins[0]
    raise Invalid("category", f"use one of these: {', '.join(each.name for each in known)}.")


def fallback(categories: Iterable[CategoryView]) -> CategoryView | None:
    """Return the category of what names none."""
    return next((each for each in categories if each.fallback and each.active), None)


def lineage(categories: Mapping[str, CategoryView], ident: str | None) -> tuple[str, ...]:
    """Return the id and those of the categories above it, the nearest first."""
    found: list[str] = []
    while ident is not None and ident in categories and ident not in found:
        found.append(ident)
        ident = categories[ident].parent
    return tuple(found)


def check_parent(categories: Mapping[str, CategoryView], ident: str | None, parent: str | None) -> None:
    """Pass when `parent` can be above `ident`. Raises Invalid for a circle and for too many levels."""
    above = lineage(categories, parent)
    if ident is not None and ident in above:
        raise Invalid("parent", "a category can't be below itself.")
    if len(above) >= _MOST_LEVELS:
        raise Invalid("parent", f"at most {_MOST_LEVELS} levels.")
