"""The control socket: registering, staying registered, starting sessions, stopping."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from agent.backoff import CAP_S, FIRST_S, JITTER, Backoff
from agent.control import MAX_SESSIONS, Control, Registration, ServerClock
from agent.errors import Refused, Superseded
from agent.link import Link, LinkFailed
from agent.report import Reconnecting, Report, Waiting
from agent.session import Session
from protocol import envelope
from protocol.tracking import TrackingNumber
from tests.agent.world import FakeLink, Stage, World, eventually

HELLO = envelope.Hello(server_time=1_800_000_000, heartbeat_s=0.1)


class Relay:
    """Hands out links, or failures, one for each time the agent connects."""

    def __init__(self, *outcomes: FakeLink | LinkFailed) -> None:
        self.outcomes = list(outcomes)
        self.opened: list[FakeLink] = []

    async def open(self) -> Link:
        await asyncio.sleep(0)
        if not self.outcomes:
            self.outcomes.append(FakeLink())
        outcome = self.outcomes.pop(0)
        if isinstance(outcome, LinkFailed):
            raise outcome
        self.opened.append(outcome)
        return outcome


def no_session(link: Link, session: str) -> Session:
    raise AssertionError("no session was to be made")


class Desk:
    """A control socket in its usual surroundings."""

    def __init__(
        self,
        *outcomes: FakeLink | LinkFailed,
        make_session: Callable[[Link, str], Session] = no_session,
        forget: Callable[[], None] = lambda: None,
        farewell: Callable[[], Awaitable[None]] | None = None,
        once: bool = False,
    ) -> None:
        self.relay = Relay(*outcomes)
        self.reports: list[Report] = []
        self.clock = ServerClock()
        self.control = Control(
            Registration(TrackingNumber("TL-0000-0000"), "t" * 43, "k" * 43),
            open_link=self.relay.open,
            make_session=make_session,
            clock=self.clock,
            listen=self.reports.append,
            forget=forget,
            farewell=farewell,
            once=once,
            chance=lambda: 0.5,
        )
        self.task = asyncio.ensure_future(self.control.run())

    async def registered(self, number: int = 0) -> FakeLink:
        await eventually(lambda: len(self.relay.opened) > number, "the agent to connect")
        link = self.relay.opened[number]
        link.say(HELLO)
        waiting = sum(isinstance(report, Waiting) for report in self.reports)
        await eventually(
            lambda: sum(isinstance(report, Waiting) for report in self.reports) > waiting, "the agent to wait"
        )
        return link

    async def stop(self) -> None:
        self.control.stop()
        async with asyncio.timeout(10):
            await self.task


async def test_it_shows_token_and_key_and_learns_the_time() -> None:
    desk = Desk()
    assert desk.clock.now() == 0
    link = await desk.registered()
    assert envelope.parse_first_frame(link.texts[0]) == envelope.AgentHello(token="t" * 43, agent_key="k" * 43)
    assert desk.reports == [Waiting("TL-0000-0000")]
    assert 1_800_000_000 <= desk.clock.now() <= 1_800_000_020
    await desk.stop()
    assert link.closed_with == 1000


async def test_it_comes_back_after_a_loss() -> None:
    desk = Desk()
    first = await desk.registered()
    first.hang_up(None)
    await desk.registered(1)
    retry = next(report for report in desk.reports if isinstance(report, Reconnecting))
    assert retry.in_s == pytest.approx(FIRST_S)
    await desk.stop()


async def test_it_tries_again_when_the_server_cannot_be_reached() -> None:
    desk = Desk(LinkFailed("no way"), FakeLink())
    await desk.registered()
    assert any(isinstance(report, Reconnecting) and report.why == "no way" for report in desk.reports)
    await desk.stop()


async def test_it_gives_up_when_trying_again_cannot_help() -> None:
    desk = Desk(LinkFailed("not trusted", final=True))
    with pytest.raises(LinkFailed, match="not trusted"):
        await desk.task


async def test_it_waits_as_told_when_the_server_goes_away() -> None:
    desk = Desk()
    link = await desk.registered()
    link.say(envelope.GoingAway(retry_in_ms=50))
    await desk.registered(1)
    assert any(isinstance(report, Reconnecting) and report.in_s == pytest.approx(0.05) for report in desk.reports)
    await desk.stop()


@pytest.mark.parametrize(
    ("code", "error", "words"),
    [(4401, Refused, "does not accept"), (4410, Refused, "closed"), (4409, Superseded, "started again")],
)
async def test_closes_that_are_for_good(code: int, error: type[Exception], words: str) -> None:
    desk = Desk()
    link = await desk.registered()
    link.hang_up(code)
    with pytest.raises(error, match=words):
        await desk.task
    assert len(desk.relay.opened) == 1


async def test_a_close_that_is_not_for_good_is_tried_again() -> None:
    desk = Desk()
    link = await desk.registered()
    link.hang_up(4429)
    await desk.registered(1)
    await desk.stop()


async def test_replaced_stops() -> None:
    desk = Desk()
    link = await desk.registered()
    link.say(envelope.Replaced())
    with pytest.raises(Superseded):
        await desk.task


async def test_heartbeats_are_answered_and_asked() -> None:
    desk = Desk()
    link = await desk.registered()
    link.say(envelope.Ping())
    await eventually(lambda: envelope.pack_control(envelope.Pong()) in link.texts, "the pong")
    await eventually(lambda: envelope.pack_control(envelope.Ping()) in link.texts, "a ping of its own")
    link.say(envelope.Pong())
    await desk.stop()


async def test_a_server_that_says_nothing_any_more_is_left() -> None:
    desk = Desk()
    await desk.registered()
    await eventually(lambda: len(desk.relay.opened) == 2, "the agent to connect anew")
    await desk.stop()


@pytest.mark.parametrize("frame", [b"\x01\x02", "nonsense", '{"type":"waiting-for-godot"}'])
async def test_garbage_closes_and_the_agent_comes_back(frame: str | bytes) -> None:
    desk = Desk()
    link = await desk.registered()
    link.inbox.put_nowait(frame)
    await eventually(lambda: len(desk.relay.opened) == 2, "the agent to connect anew")
    assert link.closed_with is not None
    await desk.stop()


class Sessions:
    """Makes real sessions, each with a viewer of its own."""

    def __init__(self) -> None:
        self.stages: dict[str, Stage] = {}

    def add(self) -> World:
        stage = Stage()
        stage.task.cancel()
        self.stages[stage.world.session] = stage
        return stage.world

    def __call__(self, link: Link, session: str) -> Session:
        assert isinstance(link, FakeLink)
        stage = self.stages[session]
        stage.link = link
        stage.viewer.link = link
        link.on_send = stage.viewer._hear
        invitation = stage.session._invitation
        stage.session = Session(link, invitation, stage.tools)
        return stage.session


async def test_a_viewer_gets_a_session_on_a_socket_of_its_own() -> None:
    sessions = Sessions()
    world = sessions.add()
    desk = Desk(make_session=sessions)
    control = await desk.registered()
    control.say(envelope.ViewerWaiting(session=world.session))
    control.say(envelope.ViewerWaiting(session=world.session))  # said twice, begun once
    await eventually(lambda: sessions.stages[world.session].viewer.live, "the session to be live")
    assert len(desk.relay.opened) == 2
    await desk.stop()
    closed = sessions.stages[world.session].viewer.closed()
    assert closed is not None
    assert closed.code == "agent-stopped"


async def test_sessions_go_on_while_the_control_socket_is_away() -> None:
    sessions = Sessions()
    world = sessions.add()
    desk = Desk(make_session=sessions)
    control = await desk.registered()
    control.say(envelope.ViewerWaiting(session=world.session))
    stage = sessions.stages[world.session]
    await eventually(lambda: stage.viewer.live, "the session to be live")
    control.hang_up(None)
    await desk.registered(2)
    assert stage.viewer.live
    await desk.stop()


async def test_what_the_server_says_of_a_session_reaches_it() -> None:
    sessions = Sessions()
    world = sessions.add()
    desk = Desk(make_session=sessions)
    control = await desk.registered()
    control.say(envelope.ViewerWaiting(session=world.session))
    stage = sessions.stages[world.session]
    await eventually(lambda: stage.viewer.live, "the session to be live")
    control.say(envelope.RightsNarrowed(session=world.session, rights=("view",)))
    await eventually(lambda: stage.viewer.connection.rights == {"view"}, "narrowed rights")
    control.say(envelope.Ended(session=world.session, code="reassigned"))
    await eventually(lambda: stage.viewer.closed() is not None, "the end")
    await desk.stop()


@pytest.mark.parametrize(("code", "over"), [("resolved", 1), ("closed", 1), ("reassigned", 0)])
async def test_consent_is_forgotten_when_the_request_is_over_and_not_when_it_goes_to_another(
    code: str, over: int
) -> None:
    forgotten: list[None] = []
    desk = Desk(forget=lambda: forgotten.append(None))
    link = await desk.registered()
    link.say(envelope.Ended(session=World().session, code=code))
    link.say(envelope.Ping())
    await eventually(lambda: envelope.pack_control(envelope.Pong()) in link.texts, "the pong")
    assert len(forgotten) == over
    await desk.stop()


async def test_once_stops_after_a_session_that_was_granted() -> None:
    sessions = Sessions()
    world = sessions.add()
    desk = Desk(make_session=sessions, once=True)
    control = await desk.registered()
    control.say(envelope.ViewerWaiting(session=world.session))
    stage = sessions.stages[world.session]
    await eventually(lambda: stage.viewer.live, "the session to be live")
    stage.viewer.connection.close("ended", 0.0)
    stage.viewer.flush()
    async with asyncio.timeout(10):
        await desk.task
    assert desk.control.last_session is not None


async def test_the_farewell_comes_after_the_last_session() -> None:
    sessions = Sessions()
    world = sessions.add()
    left: list[bool] = []

    async def farewell() -> None:
        left.append(sessions.stages[world.session].viewer.closed() is not None)

    desk = Desk(make_session=sessions, farewell=farewell)
    control = await desk.registered()
    control.say(envelope.ViewerWaiting(session=world.session))
    await eventually(lambda: world.session in sessions.stages, "the session")
    await eventually(lambda: sessions.stages[world.session].viewer.live, "the session to be live")
    assert left == []
    await desk.stop()
    assert left == [True]


async def test_more_sessions_than_make_sense_are_left_waiting() -> None:
    sessions = Sessions()
    worlds = [sessions.add() for _ in range(MAX_SESSIONS + 1)]
    desk = Desk(make_session=sessions)
    control = await desk.registered()
    for world in worlds:
        control.say(envelope.ViewerWaiting(session=world.session))
    await eventually(lambda: len(desk.relay.opened) == 1 + MAX_SESSIONS, "the sessions that fit")
    await eventually(
        lambda: sum(stage.viewer.live for stage in sessions.stages.values()) == MAX_SESSIONS, "them to be live"
    )
    assert not sessions.stages[worlds[-1].session].viewer.live
    await desk.stop()


def test_waits_grow_to_a_cap_and_begin_anew() -> None:
    middle = Backoff(lambda: 0.5)
    waits = [middle.next() for _ in range(12)]
    assert waits[:3] == [0.5, 0.75, 1.125]
    assert waits[-1] == CAP_S
    middle.reset()
    assert middle.next() == FIRST_S
    assert Backoff(lambda: 0.0).next() == pytest.approx(FIRST_S * (1 - JITTER))
    assert Backoff(lambda: 1.0).next() == pytest.approx(FIRST_S * (1 + JITTER))
