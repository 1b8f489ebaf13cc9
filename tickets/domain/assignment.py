"""Who gets a ticket: pure rules over what is known of the technicians at one moment."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated

import msgspec

from tickets.domain.values import TechnicianId
from tickets.domain.views import Id, Line

Cap = Annotated[int, msgspec.Meta(ge=1, le=1_000)]
Position = Annotated[int, msgspec.Meta(ge=0, le=10_000)]


class Strategy(StrEnum):
    """How one of several is chosen."""

    MANUAL = "manual"
    ROUND_ROBIN = "round-robin"
    LEAST_LOADED = "least-loaded"


@dataclass(frozen=True)
class Candidate:
    """A technician who could be given a ticket; `load` counts the open tickets that they have."""

    technician: TechnicianId
    name: str
    available: bool = True
    at_work: bool = True
    """Within their hours, and not absent."""
    skills: frozenset[str] = frozenset()
    load: int = 0
    cap: int | None = None

    @property
    def order(self) -> tuple[str, str]:
        """By name; among those of the same name by id."""
        return self.name, self.technician


class RuleFields(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An assignment rule. The first active one that fits a ticket counts; an empty condition fits everything.

    `cap` is the most open tickets that one may have to be given another one; `reassign` gives a technician's tickets to
    others when an absence of theirs begins.
    """

    name: Line
    category: Id | None = None
    team: Id | None = None
    strategy: Strategy = Strategy.MANUAL
    cap: Cap | None = None
    reassign: bool = False
    position: Position = 0
    active: bool = True


class RuleView(RuleFields, frozen=True, kw_only=True):
    """A rule that is kept; `last` is whom it chose last."""

    id: Id
    last: Id | None = None


class RuleList(msgspec.Struct, frozen=True):
    """All rules, in the order in which they are asked."""

    items: tuple[RuleView, ...]


def rule_for(rules: Iterable[RuleView], categories: Sequence[str], team: str | None) -> RuleView | None:
    """Return the first active rule for a ticket; `categories` are its category's id and those above it."""
    fits = (
        rule
        for rule in rules
        if rule.active and rule.category in {None, *categories} and (rule.team is None or rule.team == team)
    )
    return next(fits, None)


def eligible(
    candidates: Iterable[Candidate], skills: frozenset[str] = frozenset(), cap: int | None = None
) -> list[Candidate]:
    """Return who may be given a ticket that needs `skills`, by name; the lower of the two caps counts."""
    return sorted(
        (
            each
            for each in candidates
            if each.available and each.at_work and skills <= each.skills and each.load < _lowest(each.cap, cap)
        ),
        key=lambda each: each.order,
    )


def choose(candidates: Sequence[Candidate], strategy: Strategy, last: Candidate | None = None) -> Candidate | None:
    """Return who of the eligible gets it, None when nobody does; `last` is whom the rule chose before.

    Round robin takes the next one by name after `last`, also when `last` is no longer among them. Least loaded takes
    the one with the fewest tickets; among equals it goes round as well. The same input gives the same answer.
    """
    if strategy is Strategy.MANUAL or not candidates:
        return None
    ring = sorted(candidates, key=lambda each: each.order)
    if last is not None:
        ring = [each for each in ring if each.order > last.order] + [each for each in ring if each.order <= last.order]
    if strategy is Strategy.ROUND_ROBIN:
        return ring[0]
    return min(ring, key=lambda each: each.load)


def _lowest(*caps: int | None) -> float:
    return min((cap for cap in caps if cap is not None), default=float("inf"))
