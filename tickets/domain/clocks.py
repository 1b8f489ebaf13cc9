"""How long a ticket may take: targets, and clocks that count business time towards them. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Annotated, Final

import msgspec

from tickets.domain.assignment import Position
from tickets.domain.calendar import FAR, Calendar
from tickets.domain.priority import Priority
from tickets.domain.views import Id, Line

Minutes = Annotated[int, msgspec.Meta(ge=1, le=525_600)]


class ClockKind(StrEnum):
    """What is waited for."""

    FIRST_ANSWER = "first-answer"
    NEXT_ANSWER = "next-answer"
    SOLUTION = "solution"


class ClockState(StrEnum):
    """Where a clock stands; whether it came too late is said by `breached_at`."""

    RUNNING = "running"
    PAUSED = "paused"
    MET = "met"
    STOPPED = "stopped"
    """The ticket was closed without it."""
    DROPPED = "dropped"
    """No target asks for it any more."""


GOING: Final = frozenset({ClockState.RUNNING, ClockState.PAUSED})


class PolicyFields(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Targets in business minutes. The first active policy that fits a ticket counts; an empty condition fits all.

    Without a `calendar` every minute counts. At `warn_percent` of a target the assignee is told; when it is missed the
    team's lead is, or the admins; `raise_priority` and `reassign` are done then too.
    """

    name: Line
    priority: Priority | None = None
    category: Id | None = None
    team: Id | None = None
    calendar: Id | None = None
    first_answer: Minutes | None = None
    next_answer: Minutes | None = None
    solution: Minutes | None = None
    warn_percent: Annotated[int, msgspec.Meta(ge=1, le=99)] = 80
    raise_priority: bool = False
    reassign: bool = False
    position: Position = 0
    active: bool = True

    def target(self, kind: ClockKind) -> timedelta | None:
        """Return how much business time there is; None when this is not measured."""
        minutes = {
            ClockKind.FIRST_ANSWER: self.first_answer,
            ClockKind.NEXT_ANSWER: self.next_answer,
            ClockKind.SOLUTION: self.solution,
        }[kind]
        return None if minutes is None else timedelta(minutes=minutes)


class PolicyView(PolicyFields, frozen=True, kw_only=True):
    """A policy that is kept."""

    id: Id


class PolicyList(msgspec.Struct, frozen=True):
    """All policies, in the order in which they are asked."""

    items: tuple[PolicyView, ...]


class ClockView(msgspec.Struct, frozen=True):
    """A clock as it is shown; `due_at` is None while it is paused, `breached_at` when it was in time."""

    kind: ClockKind
    state: ClockState
    target_minutes: int
    started_at: datetime
    due_at: datetime | None
    met_at: datetime | None
    breached_at: datetime | None


@dataclass(frozen=True)
class Clock:
    """A clock. `used` is the business time that went by before `since`, the last time it was set going."""

    kind: ClockKind
    target: timedelta
    warn_percent: int
    started_at: datetime
    state: ClockState = ClockState.RUNNING
    used: timedelta = timedelta()
    since: datetime | None = None
    due_at: datetime | None = None
    warn_at: datetime | None = None
    ended_at: datetime | None = None
    breached_at: datetime | None = None


def policy_for(
    policies: Iterable[PolicyView], priority: Priority, categories: Sequence[str], team: str | None
) -> PolicyView | None:
    """Return the first active policy for a ticket; `categories` are its category's id and those above it."""
    fits = (
        policy
        for policy in policies
        if policy.active
        and policy.priority in {None, priority}
        and policy.category in {None, *categories}
        and (policy.team is None or policy.team == team)
    )
    return next(fits, None)


def start(kind: ClockKind, target: timedelta, warn_percent: int, now: datetime, calendar: Calendar) -> Clock:
    """Return a clock that begins to count now."""
    return _set_going(Clock(kind, target, warn_percent, started_at=now), now, calendar)


def pause(clock: Clock, now: datetime, calendar: Calendar) -> Clock:
    """Stop counting for as long as the requester is waited for."""
    if clock.state is not ClockState.RUNNING:
        return clock
    counted = _counted(clock, now, calendar)
    return replace(counted, state=ClockState.PAUSED, since=None, due_at=None, warn_at=None)


def resume(clock: Clock, now: datetime, calendar: Calendar) -> Clock:
    """Go on counting, also after the end: a solved ticket can come back."""
    if clock.state is ClockState.RUNNING:
        return clock
    return _set_going(replace(clock, ended_at=None), now, calendar)


def end(clock: Clock, state: ClockState, now: datetime, calendar: Calendar) -> Clock:
    """End a clock as met or stopped."""
    if clock.state not in GOING:
        return clock
    counted = _counted(clock, now, calendar) if clock.state is ClockState.RUNNING else clock
    return replace(counted, state=state, since=None, due_at=None, warn_at=None, ended_at=now)


def retarget(
    clock: Clock, target: timedelta, warn_percent: int, now: datetime, *, before: Calendar, after: Calendar
) -> Clock:
    """Give a clock that goes another target or another calendar; what was used until now stays used."""
    if clock.state is ClockState.PAUSED:
        return replace(clock, target=target, warn_percent=warn_percent)
    if clock.state is not ClockState.RUNNING:
        return clock
    counted = _counted(clock, now, before)
    return _set_going(replace(counted, target=target, warn_percent=warn_percent), now, after)


def _counted(clock: Clock, now: datetime, calendar: Calendar) -> Clock:
    """Return the clock with the business time up to now in `used`, and whether it ran out before."""
    used = clock.used + (calendar.between(clock.since, now) if clock.since is not None else timedelta())
    late = clock.breached_at is None and clock.due_at is not None and clock.due_at < now
    return replace(clock, used=used, breached_at=clock.due_at if late else clock.breached_at)


def _set_going(clock: Clock, now: datetime, calendar: Calendar) -> Clock:
    left = clock.target - clock.used
    # Whole minutes and per cents: whole milliseconds, which is what the database keeps.
    warning = clock.target * clock.warn_percent / 100 - clock.used
    due_at = calendar.add(now, left)
    return replace(
        clock,
        state=ClockState.RUNNING,
        since=now,
        due_at=min(due_at, FAR),
        warn_at=min(calendar.add(now, warning), due_at),
    )
