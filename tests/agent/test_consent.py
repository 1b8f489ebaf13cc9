"""Consent: what is asked, what counts as yes, what is remembered, and when nobody is asked."""

import asyncio
import logging
import os
import pty
from collections.abc import Iterator
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.consent import (
    CONTROL,
    LOOK,
    MAX_REFUSALS,
    REFUSALS_S,
    GivenBeforehand,
    RememberedConsent,
    read_answer,
    rights_named,
)
from agent.ports import Answer, Decision, Question
from agent.prompt import NobodyThere, StandardTerminal, TerminalAsker
from agent.terminal import clean
from protocol.rights import Right
from tests.agent.world import eventually

QUESTION = Question("Tess Technician", "t1", "Harbour IT", "TL-0000-0000", "Printer", CONTROL)


class ScriptedTerminal:
    """A terminal whose user types the given lines; then nothing more comes, or the end of input."""

    def __init__(self, *lines: str, ends: bool = False) -> None:
        self.lines = list(lines)
        self.ends = ends
        self.shown: list[str] = []

    def show(self, line: str) -> None:
        self.shown.append(line)

    async def line(self) -> str | None:
        if self.lines:
            return self.lines.pop(0)
        if self.ends:
            return None
        await asyncio.Event().wait()
        raise AssertionError("unreachable")


class Time:
    """A clock that a test sets."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def consent(terminal: ScriptedTerminal, time: Time | None = None, answer_s: float = 5.0) -> RememberedConsent:
    return RememberedConsent(TerminalAsker(terminal), monotonic=time or Time(), answer_s=answer_s)


@pytest.mark.parametrize(
    ("typed", "rights"),
    [("l", LOOK), ("c", CONTROL), ("C ", CONTROL), ("n", frozenset()), ("no", frozenset()), ("let them look", LOOK)],
)
async def test_answers(typed: str, rights: frozenset[Right]) -> None:
    decision = await consent(ScriptedTerminal(typed)).ask(QUESTION)
    assert decision == Decision(Answer.ALLOWED if rights else Answer.DECLINED, rights)


async def test_the_question_names_who_what_and_which_request() -> None:
    terminal = ScriptedTerminal("n")
    await consent(terminal).ask(QUESTION)
    text = "\n".join(terminal.shown)
    for part in ("Tess Technician", "Harbour IT", "TL-0000-0000", "Printer", "mouse and keyboard", "60 seconds"):
        assert part in text


async def test_text_of_others_cannot_command_the_terminal() -> None:
    terminal = ScriptedTerminal("n")
    evil = replace(QUESTION, technician="Te\x1b[2J\x07ss\u202e", organisation="A\r\nB", title="x\x9b31m\ny")
    await consent(terminal).ask(evil)
    text = "".join(terminal.shown)
    assert not any(ord(character) < 32 or 0x7F <= ord(character) < 0xA0 for character in text)
    assert "\u202e" not in text
    assert "Te[2Jss" in text
    assert "A B" in text


async def test_anything_unclear_is_asked_again() -> None:
    terminal = ScriptedTerminal("maybe", "", "y", "l")
    assert (await consent(terminal).ask(QUESTION)).rights == LOOK


async def test_silence_is_no() -> None:
    async with asyncio.timeout(2):
        assert await consent(ScriptedTerminal(), answer_s=0.05).ask(QUESTION) == Decision(Answer.TIMEOUT)


async def test_silence_counts_as_a_refusal() -> None:
    asked = consent(ScriptedTerminal(), answer_s=0.01)
    for _ in range(MAX_REFUSALS):
        assert asked.recall(QUESTION) is None
        await asked.ask(QUESTION)
    assert asked.recall(QUESTION) == Decision(Answer.BUSY)


async def test_no_more_is_granted_than_was_asked_for() -> None:
    async def generous(question: Question) -> frozenset[Right]:
        return CONTROL

    for rights in (LOOK, CONTROL):
        assert (await RememberedConsent(generous).ask(replace(QUESTION, rights=rights))).rights == rights


async def test_no_name_turns_the_line() -> None:
    for mark in "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\ufeff":
        assert clean(f"Te{mark}ss") == "Tess"
    assert clean("Тёся תס") == "Тёся תס"


async def test_the_end_of_input_is_no() -> None:
    assert (await consent(ScriptedTerminal(ends=True)).ask(QUESTION)).answer is Answer.DECLINED


async def test_nobody_there_is_no() -> None:
    assert (await RememberedConsent(NobodyThere()).ask(QUESTION)).answer is Answer.TIMEOUT


async def test_control_is_not_offered_when_only_the_view_is_asked_for() -> None:
    looking = replace(QUESTION, rights=LOOK)
    terminal = ScriptedTerminal("c", "l")
    assert (await consent(terminal).ask(looking)).rights == LOOK
    assert not any("control" in line for line in terminal.shown)


async def test_an_answer_holds_for_ticket_technician_and_rights_and_no_further() -> None:
    terminal = ScriptedTerminal("c")
    asked = consent(terminal)
    assert asked.recall(QUESTION) is None
    await asked.ask(QUESTION)
    assert asked.recall(QUESTION) == Decision(Answer.ALLOWED, CONTROL)
    assert asked.recall(replace(QUESTION, rights=LOOK)) == Decision(Answer.ALLOWED, LOOK)
    assert asked.recall(replace(QUESTION, technician_id="t2")) is None
    assert asked.recall(replace(QUESTION, tracking="TL-0000-0001")) is None
    asked.forget(QUESTION.tracking)
    assert asked.recall(QUESTION) is None


async def test_a_further_right_asks_again() -> None:
    terminal = ScriptedTerminal("l")
    asked = consent(terminal)
    await asked.ask(replace(QUESTION, rights=LOOK))
    assert asked.recall(QUESTION) is None
    assert asked.recall(replace(QUESTION, rights=LOOK)) == Decision(Answer.ALLOWED, LOOK)


async def test_look_only_stays_the_answer_to_the_same_question() -> None:
    asked = consent(ScriptedTerminal("l"))
    await asked.ask(QUESTION)
    assert asked.recall(QUESTION) == Decision(Answer.ALLOWED, LOOK)


async def test_a_no_is_not_remembered_but_three_are() -> None:
    time = Time()
    asked = consent(ScriptedTerminal(*"n" * 10), time)
    for _ in range(MAX_REFUSALS - 1):
        await asked.ask(QUESTION)
        assert asked.recall(QUESTION) is None
    await asked.ask(QUESTION)
    assert asked.recall(QUESTION) == Decision(Answer.BUSY)
    time.now += REFUSALS_S - 1
    assert asked.recall(QUESTION) == Decision(Answer.BUSY)
    time.now += 2
    assert asked.recall(QUESTION) is None


async def test_refusals_far_apart_do_not_add_up() -> None:
    time = Time()
    asked = consent(ScriptedTerminal(*"n" * 10), time)
    for _ in range(MAX_REFUSALS + 2):
        await asked.ask(QUESTION)
        assert asked.recall(QUESTION) is None
        time.now += REFUSALS_S / 2 + 1


async def test_a_second_technician_does_not_get_a_question_while_the_first_is_open() -> None:
    asked = consent(ScriptedTerminal(), answer_s=0.1)
    first = asyncio.ensure_future(asked.ask(QUESTION))
    await asyncio.sleep(0)
    assert asked.recall(replace(QUESTION, technician_id="t2")) == Decision(Answer.BUSY)
    await first
    assert asked.recall(replace(QUESTION, technician_id="t2")) is None


async def test_given_beforehand_grants_what_was_given_and_says_so_in_the_log(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with caplog.at_level(logging.WARNING):
        assert GivenBeforehand(LOOK).recall(QUESTION) == Decision(Answer.ALLOWED, LOOK)
    assert "beforehand" in caplog.text
    assert "Tess Technician" in caplog.text
    assert await GivenBeforehand(CONTROL).ask(replace(QUESTION, rights=LOOK)) == Decision(Answer.ALLOWED, LOOK)


def test_words_of_allow() -> None:
    assert rights_named("view") == LOOK
    assert rights_named("control") == CONTROL
    with pytest.raises(ValueError, match="view or control"):
        rights_named("everything")


@given(st.text())
def test_no_answer_grants_what_was_not_asked_for(text: str) -> None:
    assert (read_answer(text, replace(QUESTION, rights=LOOK)) or frozenset()) <= LOOK


@given(st.text())
def test_clean_text_is_one_harmless_line(text: str) -> None:
    cleaned = clean(text)
    assert not any(ord(character) < 32 or 0x7F <= ord(character) < 0xA0 for character in cleaned)
    assert cleaned == clean(cleaned)
    assert len(cleaned) <= 200


@pytest.fixture
def pseudo() -> Iterator[tuple[int, int]]:
    master, slave = pty.openpty()
    yield master, slave
    os.close(master)
    os.close(slave)


async def test_a_real_terminal(pseudo: tuple[int, int]) -> None:
    master, slave = pseudo
    shown: list[str] = []
    asked = RememberedConsent(TerminalAsker(StandardTerminal(show=shown.append, fd=slave)), answer_s=5.0)
    # Typed before anything was asked: no answer to this question.
    os.write(master, b"c\n")
    task = asyncio.ensure_future(asked.ask(QUESTION))
    await eventually(lambda: any("l = let them look" in line for line in shown), "the question")
    assert not task.done()
    os.write(master, b"l\n")
    async with asyncio.timeout(5):
        assert (await task).rights == LOOK
