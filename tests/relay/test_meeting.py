"""An agent and a viewer meet on the switch, and records go both ways untouched."""

import asyncio
import os
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager

import pytest
from websockets.asyncio.client import ClientConnection

from protocol.envelope import (
    AgentHello,
    AgentSession,
    Asking,
    CloseCode,
    Ended,
    GoingAway,
    Hello,
    Joined,
    Ping,
    Pong,
    Replaced,
    RightsNarrowed,
    SessionId,
    ViewerHello,
    ViewerWaiting,
    Waiting,
    pack_control,
)
from relay.switch.limits import SwitchLimits
from tests.relay.support import (
    AGENT_KEY,
    AGENT_TOKEN,
    SOON_S,
    TRACKING,
    RunningRelay,
    close_code,
    control,
    running_relay,
    session_id,
    until,
)

FAST = SwitchLimits(first_frame_s=0.5, stalled_write_s=0.5, heartbeat_s=0.3, agent_offline_s=0.6)


@pytest.fixture
def relay() -> Iterator[RunningRelay]:
    with running_relay() as running:
        running.admit_agent()
        yield running


@asynccontextmanager
async def agent_control(relay: RunningRelay) -> AsyncIterator[ClientConnection]:
    async with relay.connect("agent") as socket:
        await socket.send(pack_control(AgentHello(token=AGENT_TOKEN, agent_key=AGENT_KEY)))
        assert isinstance(await control(socket), Hello)
        yield socket


@asynccontextmanager
async def viewer(relay: RunningRelay, session: SessionId) -> AsyncIterator[ClientConnection]:
    async with relay.connect("viewer") as socket:
        await socket.send(pack_control(ViewerHello(ticket=relay.socket_ticket(session))))
        assert isinstance(await control(socket), Hello)
        yield socket


@asynccontextmanager
async def agent_session(relay: RunningRelay, session: SessionId) -> AsyncIterator[ClientConnection]:
    async with relay.connect("agent") as socket:
        await socket.send(pack_control(AgentSession(token=AGENT_TOKEN, agent_key=AGENT_KEY, session=session)))
        assert isinstance(await control(socket), Hello)
        yield socket


@asynccontextmanager
async def pair(
    relay: RunningRelay, number: int = 1
) -> AsyncIterator[tuple[ClientConnection, ClientConnection, ClientConnection]]:
    """Control socket, agent's session socket and viewer's socket of a joined session."""
    session = session_id(number)
    async with agent_control(relay) as on_control, viewer(relay, session) as watching:
        assert await control(on_control) == ViewerWaiting(session=session)
        async with agent_session(relay, session) as sharing:
            assert await control(sharing) == Joined()
            assert await control(watching) == Joined()
            yield on_control, sharing, watching


async def test_records_go_both_ways_untouched(relay: RunningRelay) -> None:
    async with pair(relay) as (_, sharing, watching):
        for size in (1, 2, 125, 126, 4_096, 65_534, 65_535):
            record = os.urandom(size)
            await sharing.send(record)
            assert await asyncio.wait_for(watching.recv(), SOON_S) == record
            await watching.send(record[::-1])
            assert await asyncio.wait_for(sharing.recv(), SOON_S) == record[::-1]
        await sharing.send(pack_control(Asking()))
        assert await control(watching) == Asking()
    await until(lambda: ("left", TRACKING) in relay.gate.happened)
    names = [what[0] for what in relay.gate.happened]
    assert names == ["came", "joined", "asking", "ended", "left"]


async def test_viewer_waits_for_agent(relay: RunningRelay) -> None:
    session = session_id(2)
    async with viewer(relay, session) as watching:
        assert await control(watching) == Waiting()
        async with agent_control(relay) as on_control:
            assert await control(on_control) == ViewerWaiting(session=session)
            async with agent_session(relay, session) as sharing:
                assert await control(sharing) == Joined()
                assert await control(watching) == Joined()


async def test_agent_does_not_come() -> None:
    with running_relay(FAST) as relay:
        async with viewer(relay, session_id(3)) as watching:
            assert await control(watching) == Waiting()
            assert await close_code(watching) == CloseCode.AGENT_OFFLINE


async def test_newest_agent_wins(relay: RunningRelay) -> None:
    async with agent_control(relay) as older, agent_control(relay):
        assert await control(older) == Replaced()
        assert await close_code(older) == CloseCode.REPLACED
        assert relay.switchboard.is_online(TRACKING)
    await until(lambda: not relay.switchboard.is_online(TRACKING))
    assert relay.gate.happened.count(("left", TRACKING)) == 1


async def test_newest_viewer_wins(relay: RunningRelay) -> None:
    session = session_id(4)
    async with viewer(relay, session) as older:
        assert await control(older) == Waiting()
        async with viewer(relay, session) as newer:
            assert await close_code(older) == CloseCode.REPLACED
            assert await control(newer) == Waiting()
            assert relay.switchboard.sessions(TRACKING) == (session,)


@pytest.mark.parametrize(("said", "heard"), [(1000, CloseCode.DONE), (1001, CloseCode.PEER_GONE)])
async def test_one_end_leaves(relay: RunningRelay, said: int, heard: int) -> None:
    async with pair(relay) as (_, sharing, watching):
        await watching.close(said)
        assert await close_code(sharing) == heard
    async with pair(relay) as (_, sharing, watching):
        await sharing.close(said)
        assert await close_code(watching) == heard


async def test_session_is_ended(relay: RunningRelay) -> None:
    session = session_id(1)
    async with pair(relay) as (on_control, sharing, watching):
        await relay.on_server(relay.switchboard.end_session(session, "reassigned"))
        for socket in (on_control, sharing, watching):
            assert await control(socket) == Ended(session=session, code="reassigned")
        assert await close_code(sharing) == CloseCode.ENDED
        assert await close_code(watching) == CloseCode.ENDED
        assert relay.switchboard.is_online(TRACKING)
        assert ("ended", TRACKING, session, "ended") in relay.gate.happened
        await relay.on_server(relay.switchboard.end_session(session, "reassigned"))


async def test_everybody_is_sent_off(relay: RunningRelay) -> None:
    session = session_id(1)
    async with pair(relay) as sockets:
        await relay.on_server(relay.switchboard.end(TRACKING, "closed"))
        for socket in sockets:
            assert await control(socket) == Ended(session=session, code="closed")
            assert await close_code(socket) == CloseCode.ENDED
        assert not relay.switchboard.is_online(TRACKING)
        assert relay.gate.happened[-1] == ("left", TRACKING)


async def test_rights_are_narrowed(relay: RunningRelay) -> None:
    session = session_id(1)
    async with pair(relay) as (on_control, sharing, _):
        assert await relay.on_server(relay.switchboard.narrow(session, ("view",)))
        for socket in (on_control, sharing):
            assert await control(socket) == RightsNarrowed(session=session, rights=("view",))
    assert not await relay.on_server(relay.switchboard.narrow(session, ("view",)))


async def test_server_goes_away(relay: RunningRelay) -> None:
    async with pair(relay) as sockets:
        await relay.on_server(relay.switchboard.go_away(1_000))
        for socket in sockets:
            frame = await control(socket)
            assert isinstance(frame, GoingAway)
            assert 1_000 <= frame.retry_in_ms < 2_000
            assert await close_code(socket) == CloseCode.GOING_AWAY
        async with relay.connect("agent") as late:
            assert await close_code(late) == CloseCode.GOING_AWAY


async def test_heartbeat() -> None:
    with running_relay(FAST) as relay:
        relay.admit_agent()
        async with agent_control(relay) as socket:
            await socket.send(pack_control(Ping()))
            assert await control(socket) == Pong()
            assert await control(socket) == Ping()
            assert await control(socket) == Ping()
            assert await close_code(socket) == CloseCode.STALLED
        async with agent_control(relay) as socket:
            for _ in range(6):
                assert await control(socket) == Ping()
                await socket.send(pack_control(Pong()))
            assert relay.switchboard.is_online(TRACKING)
