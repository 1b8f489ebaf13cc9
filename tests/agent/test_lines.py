"""What the join command prints."""

import json
from datetime import UTC, datetime

import pytest

from agent.consent import CONTROL, LOOK
from agent.lines import JsonLines, PlainLines, plain
from agent.ports import Answer, Decision, Question
from agent.report import Answered, Asked, Reconnecting, Report, RightsNarrowed, SessionOn, SessionOver, Waiting

EVIL = "Te\x1b[31mss\n"
QUESTION = Question(EVIL, "t1", "Harbour IT", "TL-0000-0000", "Printer", CONTROL)
REPORTS: tuple[tuple[Report, str], ...] = (
    (Waiting("TL-0000-0000"), "Waiting for a technician on TL-0000-0000"),
    (Reconnecting("No network.", 0.4), "No network. Trying again in 1 s."),
    (Asked(QUESTION), ""),
    (Answered("s", QUESTION, Decision(Answer.ALLOWED, LOOK)), ""),
    (Answered("s", QUESTION, Decision(Answer.DECLINED)), "You said no."),
    (Answered("s", QUESTION, Decision(Answer.TIMEOUT)), "Nobody answered"),
    (Answered("s", QUESTION, Decision(Answer.BUSY)), "without asking"),
    (SessionOn("s", EVIL, LOOK), "may look at the screen."),
    (SessionOn("s", EVIL, CONTROL), "mouse and keyboard"),
    (RightsNarrowed("s", EVIL, LOOK), "may now only look"),
    (SessionOver("s", EVIL, True, "It is over."), "Session ended: It is over."),
    (SessionOver("s", EVIL, False, "You said no."), "No session: You said no."),
    (SessionOver("s", "", False, "Turned away."), ""),
)


@pytest.mark.parametrize(("report", "words"), REPORTS)
def test_each_change_is_one_clean_line(report: Report, words: str) -> None:
    line = plain(report)
    assert words in line
    assert bool(words) == bool(line)
    assert "\n" not in line
    assert "\x1b" not in line


def test_a_name_cannot_command_the_terminal() -> None:
    assert plain(SessionOn("s", EVIL, LOOK)).startswith("Session on: Te[31mss may look")


def test_lines_carry_the_time_of_day_and_silence_is_silence() -> None:
    out: list[str] = []
    listen = PlainLines(out.append, clock=lambda: datetime(2026, 11, 24, 9, 5, 7, tzinfo=UTC))
    listen(Waiting("TL-0000-0000"))
    listen(Asked(QUESTION))
    assert out == ["09:05:07 Waiting for a technician on TL-0000-0000. Press Ctrl+C to stop."]


@pytest.mark.parametrize(("report", "words"), REPORTS)
def test_json_is_one_object_a_line(report: Report, words: str) -> None:
    out: list[str] = []
    JsonLines(out.append)(report)
    assert len(out) == 1
    assert "\n" not in out[0]
    assert json.loads(out[0])["state"]
