"""Telling the help desk what was decided: what is told, how often it is tried, and that nobody waits for it."""

import asyncio
import contextlib
import json
import logging
from collections.abc import AsyncIterator

import httpx
import pytest

from agent import telling
from agent.consent import CONTROL, LOOK, GivenBeforehand, RememberedConsent
from agent.errors import ApiError, TicketNotFound, Unreachable
from agent.http import Api, ConsentReport
from agent.ports import Answer, Decision, Question
from agent.report import Answered, Asked, Report, RightsNarrowed, SessionOn, SessionOver, Waiting
from agent.server import parse_server
from agent.telling import MAX_PENDING, MAX_TRIES, ConsentTeller, told_of
from protocol.rights import Right
from protocol.tracking import TrackingNumber
from tests.agent.world import BOTH, Stage, World, eventually

QUESTION = Question("Tess", "t1", "Harbour IT", "TL-0000-0000", "Printer", CONTROL)
ALLOWED = Answered("s1", QUESTION, Decision(Answer.ALLOWED, LOOK))
TOLD = ConsentReport("s1", "allowed", ("view",))


class Desk:
    """A help desk that says to each report what a test scripted; in the end everything is fine."""

    def __init__(self, *outcomes: Exception) -> None:
        self.outcomes = list(outcomes)
        self.told: list[ConsentReport] = []
        self.tries = 0
        self.waits: list[float] = []
        self.teller = ConsentTeller(self.send, chance=lambda: 0.5, sleep=self.sleep)

    async def send(self, told: ConsentReport) -> None:
        self.tries += 1
        await asyncio.sleep(0)
        if self.outcomes:
            raise self.outcomes.pop(0)
        self.told.append(told)

    async def sleep(self, seconds: float) -> None:
        self.waits.append(seconds)
        await asyncio.sleep(0)


@pytest.mark.parametrize(
    ("report", "told"),
    [
        (ALLOWED, TOLD),
        (
            Answered("s1", QUESTION, Decision(Answer.ALLOWED, CONTROL), beforehand=True),
            ConsentReport("s1", "allowed", ("control", "view"), beforehand=True),
        ),
        (Answered("s1", QUESTION, Decision(Answer.DECLINED)), ConsentReport("s1", "declined")),
        (Answered("s1", QUESTION, Decision(Answer.TIMEOUT)), ConsentReport("s1", "timeout")),
        (Answered("s1", QUESTION, Decision(Answer.BUSY)), ConsentReport("s1", "busy")),
        (Answered("s1", QUESTION, Decision(Answer.ALLOWED)), ConsentReport("s1", "declined")),
        (RightsNarrowed("s1", "Tess", LOOK), ConsentReport("s1", "narrowed", ("view",))),
        (Waiting("TL-0000-0000"), None),
        (Asked(QUESTION), None),
        (SessionOn("s1", "Tess", LOOK), None),
        (SessionOver("s1", "Tess", True, "It is over."), None),
    ],
)
def test_decisions_are_told_and_nothing_else(report: Report, told: ConsentReport | None) -> None:
    assert told_of(report) == told


async def test_a_server_in_trouble_is_tried_again_in_order() -> None:
    desk = Desk(Unreachable("no way"), ApiError("broken", status=500), ApiError("too many", status=429))
    desk.teller(ALLOWED)
    desk.teller(RightsNarrowed("s1", "Tess", LOOK))
    await eventually(lambda: len(desk.told) == 2, "both decisions")
    assert [told.answer for told in desk.told] == ["allowed", "narrowed"]
    assert desk.waits == [0.5, 0.75, 1.125]
    # After it has nothing to do, it begins anew.
    desk.teller(ALLOWED)
    await eventually(lambda: len(desk.told) == 3, "a third")
    await desk.teller.close()


async def test_tries_are_bounded_and_then_one_line_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    desk = Desk(*(Unreachable("no way") for _ in range(MAX_TRIES)))
    with caplog.at_level(logging.INFO):
        desk.teller(ALLOWED)
        desk.teller(Answered("s2", QUESTION, Decision(Answer.DECLINED)))
        await eventually(lambda: desk.told, "the second decision")
    assert [told.session for told in desk.told] == ["s2"]
    assert desk.tries == MAX_TRIES + 1
    assert [record.getMessage() for record in caplog.records] == [
        "the server could not be told of the answer allowed: no way"
    ]


@pytest.mark.parametrize("error", [TicketNotFound("no", status=404), ApiError("no", status=409), ValueError("odd")])
async def test_what_no_try_can_change_is_tried_once(error: Exception, caplog: pytest.LogCaptureFixture) -> None:
    desk = Desk(error)
    desk.teller(ALLOWED)
    desk.teller(Answered("s2", QUESTION, Decision(Answer.DECLINED)))
    await eventually(lambda: desk.told, "the second decision")
    assert desk.tries == 2
    assert desk.waits == []
    assert len(caplog.records) == 1


async def test_at_the_end_what_is_under_way_gets_a_moment_and_is_then_dropped(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    desk = Desk()
    desk.teller(ALLOWED)
    await desk.teller.close()
    assert desk.told == [TOLD]
    assert caplog.records == []
    monkeypatch.setattr(telling, "FAREWELL_S", 0.01)

    async def never(_told: ConsentReport) -> None:
        await asyncio.Event().wait()

    stuck = ConsentTeller(never)
    for _ in range(MAX_PENDING + 5):
        stuck(ALLOWED)
    async with asyncio.timeout(5):
        await stuck.close()
    assert f"{MAX_PENDING} answers were not told" in caplog.text
    assert caplog.text.count("one was dropped") == 5


async def test_a_session_does_not_wait_for_a_server_that_hangs(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def never(_told: ConsentReport) -> None:
        await asyncio.Event().wait()

    monkeypatch.setattr(telling, "FAREWELL_S", 0.01)
    teller = ConsentTeller(never)
    stage = Stage(listen=teller)
    await stage.until_live()
    await stage.end()
    await teller.close()
    assert "1 answers" in caplog.text


@contextlib.asynccontextmanager
async def told_by(stage: Stage) -> AsyncIterator[list[ConsentReport]]:
    """Give what the help desk learns of a session, and end the session afterwards."""
    told = [found for report in stage.reports if (found := told_of(report)) is not None]
    try:
        yield told
    finally:
        await stage.end()


async def test_consent_given_beforehand_is_told_as_such_and_an_answer_is_not() -> None:
    world = World()
    asked = Stage(world)
    await asked.until_live()
    async with told_by(asked) as told:
        assert told == [ConsentReport(world.session, "allowed", ("control", "view"))]
    given = Stage(world, decides=GivenBeforehand(LOOK))
    await given.until_live()
    async with told_by(given) as told:
        assert told == [ConsentReport(world.session, "allowed", ("view",), beforehand=True)]


async def test_an_answer_that_is_remembered_was_given_beforehand() -> None:
    async def yes(question: Question) -> frozenset[Right]:
        return BOTH

    consent = RememberedConsent(yes)
    found = []
    for _ in range(2):
        stage = Stage(World(), decides=consent)
        await stage.until_live()
        async with told_by(stage) as told:
            found.append(told[0].beforehand)
    assert found == [False, True]


async def test_it_goes_to_the_tickets_route_with_the_agents_token_in_the_header() -> None:
    seen: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return httpx.Response(204)

    async with Api(parse_server("https://help.example.org"), None, transport=httpx.MockTransport(answer)) as api:
        await api.tell_consent(TrackingNumber("TL-0000-0000"), "t0ken", TOLD)
    assert str(seen[0].url) == "https://help.example.org/api/v1/tickets/TL-0000-0000/consent"
    assert seen[0].headers["authorization"] == "Bearer t0ken"
    assert json.loads(seen[0].content) == {
        "session": "s1",
        "answer": "allowed",
        "rights": ["view"],
        "beforehand": False,
    }
