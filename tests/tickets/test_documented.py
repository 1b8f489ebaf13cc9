"""docs/http-api.md names every word that the help desk can say to a program."""

import re
from pathlib import Path

import pytest

from tickets.domain import errors
from tickets.domain.access import ANY_TICKET, RIGHTS, Action
from tickets.domain.errors import DeskError
from tickets.domain.values import ConsentAnswer, EntryKind
from tickets.domain.views import SessionOffer, TicketView, TimelineEntry
from tickets.services.hangup import REASONS

PAGE = (Path(__file__).parents[2] / "docs" / "http-api.md").read_text("utf-8")
PROBLEMS = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, DeskError)]
ON_TICKETS = {action for _, action, thing in RIGHTS if thing in ANY_TICKET}


def named() -> set[str]:
    """Return every word inside backticks."""
    return {word for code in re.findall(r"`([^`]+)`", PAGE) for word in re.split(r"[^\w-]+", code)}


@pytest.mark.parametrize("problem", [kind for kind in PROBLEMS if kind is not DeskError], ids=lambda kind: kind.slug)
def test_every_problem_has_a_row(problem: type[DeskError]) -> None:
    assert f"| `{problem.slug}` | {int(problem.status)} |" in PAGE


@pytest.mark.parametrize("code", REASONS)
def test_every_reason_to_end_a_session_has_a_row(code: str) -> None:
    assert f"| `{code}` | " in PAGE


@pytest.mark.parametrize("word", [*EntryKind, *ConsentAnswer, *sorted(ON_TICKETS)])
def test_every_kind_answer_and_action_is_named(word: str) -> None:
    assert word in named()


@pytest.mark.parametrize("shown", [SessionOffer, TicketView, TimelineEntry], ids=lambda kind: kind.__name__)
def test_every_field_is_named(shown: type[SessionOffer | TicketView | TimelineEntry]) -> None:
    assert set(shown.__struct_fields__) <= named()


def test_a_word_that_is_not_there_is_missed() -> None:
    assert "no-such-word" not in named()
    assert Action.TELL_CONSENT in named()
