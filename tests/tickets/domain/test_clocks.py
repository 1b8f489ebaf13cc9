"""Clocks count business time, and stand still while somebody else is waited for."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tickets.domain.calendar import ALWAYS, make_calendar
from tickets.domain.clocks import (
    Clock,
    ClockKind,
    ClockState,
    PolicyView,
    end,
    pause,
    policy_for,
    resume,
    retarget,
    start,
)
from tickets.domain.priority import Priority

OFFICE = make_calendar("Mon-Fri 09:00-17:00", "UTC")
TUESDAY = datetime(2026, 11, 24, 10, tzinfo=UTC)
H = timedelta(hours=1)


def running(target: timedelta = 4 * H) -> Clock:
    return start(ClockKind.SOLUTION, target, 80, TUESDAY, OFFICE)


def test_a_clock_knows_when_it_runs_out_and_when_to_warn() -> None:
    clock = running(10 * H)
    assert clock.due_at == TUESDAY + 26 * H
    assert clock.warn_at == datetime(2026, 11, 25, 10, tzinfo=UTC)


def test_a_pause_takes_no_time_and_the_night_neither() -> None:
    paused = pause(running(), TUESDAY + H, OFFICE)
    assert (paused.state, paused.used, paused.due_at, paused.warn_at) == (ClockState.PAUSED, H, None, None)
    again = resume(paused, TUESDAY + 30 * H, OFFICE)
    # Wednesday 16:00: an hour is left on that day, two on the next.
    assert again.due_at == datetime(2026, 11, 26, 11, tzinfo=UTC)
    assert pause(paused, TUESDAY + 31 * H, OFFICE) == paused
    assert resume(again, TUESDAY + 31 * H, OFFICE) == again


def test_met_in_time_and_too_late() -> None:
    assert end(running(), ClockState.MET, TUESDAY + 4 * H, OFFICE).breached_at is None
    late = end(running(), ClockState.MET, TUESDAY + 5 * H, OFFICE)
    assert (late.state, late.breached_at, late.ended_at) == (ClockState.MET, TUESDAY + 4 * H, TUESDAY + 5 * H)
    assert end(late, ClockState.STOPPED, TUESDAY + 6 * H, OFFICE) == late
    # A pause in between does not make it forget.
    assert pause(running(), TUESDAY + 5 * H, OFFICE).breached_at == TUESDAY + 4 * H


def test_what_comes_back_goes_on_with_what_is_left() -> None:
    met = end(running(), ClockState.MET, TUESDAY + 3 * H, OFFICE)
    again = resume(met, TUESDAY + 24 * H, OFFICE)
    assert (again.state, again.due_at, again.ended_at) == (ClockState.RUNNING, TUESDAY + 25 * H, None)


def test_another_target_counts_what_was_used() -> None:
    at = TUESDAY + 2 * H
    assert retarget(running(), 3 * H, 80, at, before=OFFICE, after=OFFICE).due_at == TUESDAY + 3 * H
    assert retarget(running(), H, 80, at, before=OFFICE, after=OFFICE).due_at == at
    other = retarget(running(), 8 * H, 50, at, before=OFFICE, after=ALWAYS)
    assert (other.due_at, other.warn_at) == (at + 6 * H, at + 2 * H)
    paused = pause(running(), at, OFFICE)
    assert resume(retarget(paused, 3 * H, 80, at, before=OFFICE, after=OFFICE), at, OFFICE).due_at == at + H
    met = end(running(), ClockState.MET, at, OFFICE)
    assert retarget(met, H, 80, at, before=OFFICE, after=OFFICE) == met


@given(st.lists(st.integers(1, 600), min_size=1, max_size=12), st.integers(1, 3_000))
def test_however_often_it_is_paused_only_what_ran_is_used(steps: list[int], target: int) -> None:
    at, ran = TUESDAY, timedelta()
    clock = start(ClockKind.SOLUTION, timedelta(minutes=target), 80, at, OFFICE)
    for number, minutes in enumerate(steps):
        later = at + timedelta(minutes=minutes)
        if number % 2 == 0:
            ran += OFFICE.between(at, later)
            clock = pause(clock, later, OFFICE)
        else:
            clock = resume(clock, later, OFFICE)
        at = later
    assert end(clock, ClockState.MET, at, OFFICE).used == ran
    assert (clock.breached_at is not None) == (ran > clock.target) or ran == clock.target


def policy(name: str, **changes: object) -> PolicyView:
    return PolicyView(id=name, name=name, **changes)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("priority", "category", "team", "expected"),
    [
        (Priority.CRITICAL, "x", None, "critical"),
        (Priority.LOW, "mail", None, "mail"),
        (Priority.LOW, "x", "blue", "blue"),
        (Priority.LOW, "x", None, "rest"),
    ],
)
def test_the_first_policy_that_fits(priority: Priority, category: str, team: str | None, expected: str) -> None:
    policies = [
        policy("off", active=False),
        policy("critical", priority=Priority.CRITICAL),
        policy("mail", category="mail"),
        policy("blue", team="blue"),
        policy("rest"),
    ]
    found = policy_for(policies, priority, (category,), team)
    assert found is not None
    assert found.name == expected
    assert policy_for(policies[:2], Priority.LOW, (), None) is None


def test_what_has_no_target_is_not_measured() -> None:
    measured = policy("x", first_answer=60)
    assert measured.target(ClockKind.FIRST_ANSWER) == H
    assert measured.target(ClockKind.SOLUTION) is None
