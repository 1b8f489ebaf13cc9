"""The session client against a real websocket that speaks for a real AgentConnection."""

import asyncio

import numpy as np
import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from protocol import messages as m
from protocol.envelope import CloseCode, Ended, Waiting, pack_control
from protocol.handshake import RefusalReason
from protocol.picture import Encoding, Pixels, encode_cursor
from protocol.rights import Right
from technician_viewer.client import SessionClient
from technician_viewer.errors import (
    AgentOffline,
    ConsentDeclined,
    InvalidInput,
    NotPermitted,
    ServerUnreachable,
    SessionEnded,
    SessionError,
    SessionLost,
    SessionRefused,
    ViewerError,
    WaitedTooLong,
)
from technician_viewer.state import SessionState
from tests.technician_viewer.fake_agent import (
    BOTH,
    FACTS,
    FakeAgent,
    Script,
    World,
    eventually,
    make_rect,
    scene,
    stage,
)

PATIENCE_S = 5.0


def showing(picture: Pixels, rights: frozenset[Right] = BOTH) -> Script:
    """Return an agent that says yes, shows one picture and answers."""

    async def script(agent: FakeAgent) -> None:
        await agent.grant(rights)
        await agent.show(picture)
        await agent.serve()

    return script


# --- the picture


async def test_picture_is_exact() -> None:
    picture = scene()
    async with stage(showing(picture)) as there, there.client() as session:
        await session.wait_live(timeout_s=PATIENCE_S)
        assert session.size == (320, 200)
        assert session.rights == BOTH
        assert session.facts == FACTS
        assert np.array_equal(session.picture, picture)
        assert session.exact
        with pytest.raises(ValueError, match="read-only"):
            session.picture[0, 0] = 0


@pytest.mark.parametrize("size", [(320, 200), (1_000, 700)], ids=["small", "decoded in a thread"])
async def test_rects_of_a_frame_appear_together(size: tuple[int, int]) -> None:
    first, second = scene(*size), scene(*size, seed=2)
    second[: size[1] // 2, :, :3] = 7
    seen: list[bool] = []

    async def script(agent: FakeAgent) -> None:
        await agent.grant()
        await agent.show(first)
        middle = size[1] // 2
        await agent.send(m.FrameBegin(2, complete=False), make_rect(second[:middle], 0, 0, Encoding.SOLID))
        await agent.send(make_rect(second[middle:], 0, middle, Encoding.RAW))
        # The acknowledgement of this key press tells that both rects were read.
        await agent.read_until(lambda: len(agent.inputs) == 2)
        await eventually(lambda: bool(seen))
        await agent.send(m.FrameEnd(2, 0, exact=True))
        await agent.serve()

    async with stage(script) as there, there.client() as session:
        await session.wait_live(timeout_s=PATIENCE_S)
        await session.key("KeyA")
        await session.settled(timeout_s=PATIENCE_S)
        assert np.array_equal(session.picture, first)
        seen.append(True)
        await session.wait_until(lambda picture: bool(np.array_equal(picture, second)), timeout_s=PATIENCE_S)
        assert session.frames == 2


async def test_frames_are_acknowledged_in_order() -> None:
    picture = scene()

    async def script(agent: FakeAgent) -> None:
        await agent.grant()
        for _ in range(5):
            await agent.show(picture)
        await agent.serve()

    async with stage(script) as there, there.client() as session:
        await session.wait_live(timeout_s=PATIENCE_S)
        await eventually(lambda: len(there.agent.acks) == 5)
        assert [ack.frame for ack in there.agent.acks] == [1, 2, 3, 4, 5]
        assert all(ack.decoded_in_ms < 1_000 for ack in there.agent.acks)


async def test_new_size_begins_empty_and_same_size_stays() -> None:
    picture = scene()

    async def script(agent: FakeAgent) -> None:
        await agent.grant()
        await agent.show(picture)
        await agent.send(m.Monitors(320, 200))
        await agent.read_until(lambda: len(agent.inputs) == 1)
        await agent.send(m.Monitors(64, 48, (m.Monitor(0, 0, 0, 64, 48, primary=True),)))
        await agent.read_until(lambda: len(agent.inputs) == 2)
        await agent.serve()

    async with stage(script) as there, there.client() as session:
        await session.wait_live(timeout_s=PATIENCE_S)
        await session.release_all()
        await session.settled()
        await eventually(lambda: session.size == (64, 48))
        assert not session.picture[..., :3].any()
        assert not session.complete
        assert [monitor.id for monitor in session.monitors] == [0]
        await session.release_all()
        await session.settled()


async def test_cursor() -> None:
    shape = np.arange(4 * 3 * 4, dtype=np.uint8).reshape(3, 4, 4)

    async def script(agent: FakeAgent) -> None:
        await agent.grant()
        await agent.show(scene())
        await agent.send(m.CursorShape(4, 3, 1, 2, encode_cursor(shape)), m.CursorPosition(30, 40, visible=True))
        await agent.serve()

    async with stage(script) as there, there.client() as session:
        await session.wait_live(timeout_s=PATIENCE_S)
        await eventually(lambda: session.cursor.x == 30)
        cursor = session.cursor
        assert (cursor.y, cursor.hot_x, cursor.hot_y, cursor.visible) == (40, 1, 2, True)
        assert cursor.shape is not None
        assert np.array_equal(cursor.shape, shape)


async def test_waiting_for_a_region() -> None:
    picture = scene()
    patch = np.full((8, 8, 4), 255, np.uint8)

    async def script(agent: FakeAgent) -> None:
        await agent.grant()
        await agent.show(picture)
        await agent.read_until(lambda: len(agent.inputs) >= 1)
        await agent.show(picture, make_rect(patch, 0, 0))
        await agent.read_until(lambda: len(agent.inputs) >= 2)
        await agent.show(picture, make_rect(patch, 100, 100))
        await agent.serve()

    async with stage(script) as there, there.client() as session:
        await session.wait_live(timeout_s=PATIENCE_S)
        elsewhere = asyncio.create_task(session.wait_for_change((100, 100, 4, 4), timeout_s=PATIENCE_S))
        anywhere = asyncio.create_task(session.wait_for_change(timeout_s=PATIENCE_S))
        await asyncio.sleep(0)
        await session.release_all()
        await anywhere
        assert not elsewhere.done()
        await session.release_all()
        await elsewhere


async def test_waiting_has_an_end() -> None:
    async with stage(showing(scene())) as there, there.client() as session:
        await session.wait_live(timeout_s=PATIENCE_S)
        with pytest.raises(WaitedTooLong, match="in vain"):
            await session.wait_for_change(timeout_s=0.05)
        await session.wait_still(quiet_s=0.05, timeout_s=PATIENCE_S)


async def test_still_means_exact() -> None:
    picture = scene()

    async def script(agent: FakeAgent) -> None:
        await agent.grant()
        await agent.show(picture, exact=False)
        await agent.read_until(lambda: bool(agent.inputs))
        await agent.show(picture, make_rect(picture[:9, :9], 0, 0), exact=True)
        await agent.serve()

    async with stage(script) as there, there.client() as session:
        await session.wait_live(timeout_s=PATIENCE_S)
        with pytest.raises(WaitedTooLong):
            await session.wait_still(quiet_s=0.02, timeout_s=0.2)
        await session.release_all()
        await session.wait_still(quiet_s=0.02, timeout_s=PATIENCE_S)


async def test_refresh() -> None:
    async with stage(showing(scene())) as there, there.client() as session:
        await session.wait_live(timeout_s=PATIENCE_S)
        await session.refresh()
        await eventually(lambda: m.Refresh() in there.agent.received)


# --- the hands


async def test_input_arrives_in_order_and_is_acknowledged() -> None:
    async with stage(showing(scene())) as there, there.client() as session:
        await session.wait_live(timeout_s=PATIENCE_S)
        await session.move(10, 20)
        await session.click(30, 40, button="right")
        await session.wheel(dy=-1.5, dx=1)
        await session.key("KeyC", modifiers=["control"])
        await session.type_text("aB\n")
        await session.send_text("grün")
        await session.release_all()
        await session.settled(timeout_s=PATIENCE_S)
        inputs = there.agent.inputs
        assert [message.seq for message in inputs if not isinstance(message, m.Refresh)] == list(  # type: ignore[union-attr]
            range(1, len(inputs) + 1)
        )
        assert inputs == [
            m.PointerMove(1, 10, 20),
            m.PointerMove(2, 30, 40),
            m.Button(3, 30, 40, 3, down=True),
            m.Button(4, 30, 40, 3, down=False),
            m.Wheel(5, 30, 40, 120, -180),
            m.Key(6, True, m.Modifier.CONTROL, "ControlLeft"),
            m.Key(7, True, m.Modifier.CONTROL, "KeyC", "c"),
            m.Key(8, False, m.Modifier.CONTROL, "KeyC", "c"),
            m.Key(9, False, 0, "ControlLeft"),
            m.Key(10, True, 0, "KeyA", "a"),
            m.Key(11, False, 0, "KeyA", "a"),
            m.Key(12, True, m.Modifier.SHIFT, "ShiftLeft"),
            m.Key(13, True, m.Modifier.SHIFT, "KeyB", "B"),
            m.Key(14, False, m.Modifier.SHIFT, "KeyB", "B"),
            m.Key(15, False, 0, "ShiftLeft"),
            m.Key(16, True, 0, "Enter"),
            m.Key(17, False, 0, "Enter"),
            m.Text(18, "grün"),
            m.ReleaseAll(19),
        ]


async def test_drag_goes_straight() -> None:
    async with stage(showing(scene())) as there, there.client() as session:
        await session.wait_live(timeout_s=PATIENCE_S)
        await session.drag((10, 10), (50, 90), steps=4)
        await session.settled(timeout_s=PATIENCE_S)
        moves = [(move.x, move.y) for move in there.agent.inputs if isinstance(move, m.PointerMove)]
        assert moves == [(10, 10), (20, 30), (30, 50), (40, 70), (50, 90)]
        buttons = [(b.x, b.y, b.down) for b in there.agent.inputs if isinstance(b, m.Button)]
        assert buttons == [(10, 10, True), (50, 90, False)]


async def test_more_input_than_may_be_under_way() -> None:
    async with stage(showing(scene())) as there, there.client() as session:
        await session.wait_live(timeout_s=PATIENCE_S)
        await session.type_text("x" * 400)
        await session.settled(timeout_s=PATIENCE_S)
        assert len(there.agent.inputs) == 800


async def test_unacknowledged_input_holds_back() -> None:
    async def script(agent: FakeAgent) -> None:
        agent.acknowledge = False
        await agent.grant()
        await agent.show(scene())
        await agent.serve()

    async with stage(script) as there, there.client() as session:
        await session.wait_live(timeout_s=PATIENCE_S)
        typing = asyncio.create_task(session.type_text("x" * 400))
        await eventually(lambda: len(there.agent.inputs) == 256)
        assert not typing.done()
        await there.agent.send(m.InputAck(256))
        await eventually(lambda: len(there.agent.inputs) == 512)
        typing.cancel()
        await asyncio.gather(typing, return_exceptions=True)
        await there.agent.send(m.InputAck(512))


async def test_input_that_does_not_exist() -> None:
    async with stage(showing(scene())) as there, there.client() as session:
        await session.wait_live(timeout_s=PATIENCE_S)
        for bad in (
            session.move(320, 0),
            session.move(0, -1),
            session.press("third"),
            session.press(7),
            session.wheel(dy=1_000),
            session.key("Key A"),
            session.key("KeyA", modifiers=["hyper"]),
            session.key("KeyA", text="x" * 65),
            session.type_text("\x00"),
            session.click(5),
        ):
            with pytest.raises(InvalidInput):
                await bad
        await session.move(319, 199)
        await session.settled()
        assert there.agent.inputs == [m.PointerMove(1, 319, 199)]


async def test_looking_alone_is_no_touching() -> None:
    async with stage(showing(scene(), frozenset({Right.VIEW}))) as there, there.client() as session:
        await session.wait_live(timeout_s=PATIENCE_S)
        with pytest.raises(NotPermitted):
            await session.move(1, 1)
        await session.refresh()
        await eventually(lambda: m.Refresh() in there.agent.received)
        assert there.agent.inputs == []


async def test_rights_taken_away_in_the_middle() -> None:
    async def script(agent: FakeAgent) -> None:
        await agent.grant()
        await agent.show(scene())
        await agent.read_until(lambda: bool(agent.inputs))
        agent.acknowledge = False
        await agent.read_until(lambda: len(agent.inputs) == 2)
        await agent.narrow(frozenset({Right.VIEW}))
        await agent.serve()

    async with stage(script) as there, there.client() as session:
        await session.wait_live(timeout_s=PATIENCE_S)
        await session.move(1, 1)
        await session.settled(timeout_s=PATIENCE_S)
        await session.move(2, 2)
        with pytest.raises(NotPermitted):
            await session.settled(timeout_s=PATIENCE_S)
        assert session.rights == {Right.VIEW}
        with pytest.raises(NotPermitted):
            await session.move(3, 3)
        assert session.state is SessionState.LIVE
        assert np.array_equal(session.picture, scene())
        assert len(there.agent.inputs) == 2


# --- how it ends


async def test_leaving_says_bye() -> None:
    async with stage(showing(scene())) as there:
        async with there.client() as session:
            await session.wait_live(timeout_s=PATIENCE_S)
        assert session.state is SessionState.ENDED
        assert session.end is not None
        assert session.end.code == "viewer-closed"
        await eventually(lambda: there.agent.closed is not None)
        closed = there.agent.closed
        assert closed is not None
        assert (closed.ended, closed.code) == (True, "viewer-closed")
        with pytest.raises(SessionEnded):
            await session.move(1, 1)


async def test_leaving_waits_until_the_last_input_is_applied() -> None:
    async def script(agent: FakeAgent) -> None:
        agent.acknowledge = False
        await agent.grant()
        await agent.show(scene())
        await agent.read_until(lambda: len(agent.inputs) == 1)
        assert agent.closed is None
        await agent.send(m.InputAck(1))
        await agent.serve()

    async with stage(script) as there:
        async with there.client() as session:
            await session.wait_live(timeout_s=PATIENCE_S)
            await session.release_all()
        assert session.end is not None
        assert session.end.code == "viewer-closed"


async def test_input_sent_just_before_leaving_arrives() -> None:
    async with stage(showing(scene())) as there:
        async with there.client() as session:
            await session.wait_live(timeout_s=PATIENCE_S)
            await session.type_text("bye")
        await eventually(lambda: there.agent.closed is not None)
        assert len(there.agent.inputs) == 6


@pytest.mark.parametrize("code", ["ended", "agent-stopped", "rights-withdrawn", "capture-failed"])
async def test_bye_is_an_end(code: m.ByeCode) -> None:
    async def script(agent: FakeAgent) -> None:
        await agent.grant()
        await agent.show(scene())
        await agent.send(m.Bye(code))

    async with stage(script) as there, there.client() as session:
        await session.wait_for(SessionState.ENDED, timeout_s=PATIENCE_S)
        assert session.end is not None
        assert session.end.code == code
        with pytest.raises(SessionEnded) as caught:
            await session.wait_for_change()
        assert caught.value.code == code


@pytest.mark.parametrize(
    ("close", "code"),
    [(1000, "lost"), (1011, "lost"), (4440, "peer-gone"), (4442, "stalled"), (4503, "going-away"), (4400, "malformed")],
)
async def test_close_without_bye_is_lost(close: int, code: str) -> None:
    async def script(agent: FakeAgent) -> None:
        await agent.grant()
        await agent.show(scene())
        await agent.read_until(lambda: bool(agent.inputs))
        await there.socket.close(close)

    async with stage(script) as there, there.client() as session:
        await session.wait_live(timeout_s=PATIENCE_S)
        await session.release_all()
        waiting = asyncio.create_task(session.wait_for_change(timeout_s=PATIENCE_S))
        with pytest.raises(SessionLost) as caught:
            await waiting
        assert caught.value.code == code
        assert session.state is SessionState.LOST
        # What was last seen stays there to look at.
        assert np.array_equal(session.picture, scene())


async def test_cut_cable_is_lost() -> None:
    async def script(agent: FakeAgent) -> None:
        await agent.grant()
        await agent.show(scene())
        await agent.read_until(lambda: bool(agent.acks))
        there.socket.transport.abort()

    async with stage(script) as there, there.client() as session:
        await session.wait_for(SessionState.LOST, timeout_s=PATIENCE_S)
        assert session.end is not None
        assert session.end.code == "lost"


@pytest.mark.parametrize("reason", ["declined", "timeout", "busy"])
async def test_the_user_says_no(reason: RefusalReason) -> None:
    async def script(agent: FakeAgent) -> None:
        await agent.refuse(reason)

    async with stage(script) as there, there.client() as session:
        with pytest.raises(ConsentDeclined) as caught:
            await session.wait_live(timeout_s=PATIENCE_S)
        assert caught.value.code == reason
        assert session.state is SessionState.REFUSED
        assert session.size == (0, 0)


@pytest.mark.parametrize(
    ("close", "error", "code"),
    [
        (CloseCode.REFUSED, SessionRefused, "refused"),
        (CloseCode.TOO_MANY, SessionRefused, "too-many"),
        (CloseCode.FIRST_FRAME_LATE, SessionRefused, "first-frame-late"),
        (CloseCode.AGENT_OFFLINE, AgentOffline, "agent-offline"),
        (CloseCode.ENDED, SessionEnded, "ended"),
        (CloseCode.REPLACED, SessionEnded, "replaced"),
        (CloseCode.PEER_GONE, SessionLost, "peer-gone"),
    ],
)
async def test_the_relay_says_no(close: int, error: type[SessionError], code: str) -> None:
    async def script(agent: FakeAgent) -> None:
        await there.socket.close(close)

    async with stage(script, hello=False) as there, there.client() as session:
        with pytest.raises(error) as caught:
            await session.wait_live(timeout_s=PATIENCE_S)
        assert caught.value.code == code
        assert "\n" not in str(caught.value)


async def test_relay_tells_of_waiting_asking_and_the_end() -> None:
    async def script(agent: FakeAgent) -> None:
        await agent.socket.send(pack_control(Waiting()))
        await eventually(lambda: session.state is SessionState.WAITING_FOR_AGENT)
        await agent.socket.send('{"type":"joined"}')
        await eventually(lambda: session.state is SessionState.CONNECTING)
        await agent.socket.send('{"type":"asking"}')
        await eventually(lambda: session.state is SessionState.ASKING)
        await agent.socket.send(pack_control(Ended(there.world.session, "ticket-closed")))

    async with stage(script, hello=False) as there:
        session = there.client()
        async with session:
            with pytest.raises(SessionEnded) as caught:
                await session.wait_live(timeout_s=PATIENCE_S)
            assert caught.value.code == "ticket-closed"


async def test_another_agents_key_is_refused_and_the_pinned_one_is_not() -> None:
    world = World()
    other = X25519PrivateKey.generate().public_key().public_bytes_raw()
    async with stage(showing(scene()), world) as there, there.client(world.offer(agent_key=other)) as session:
        with pytest.raises(SessionRefused) as caught:
            await session.wait_live(timeout_s=PATIENCE_S)
        assert caught.value.code == "refused"
        assert session.size == (0, 0)
    async with stage(showing(scene()), world) as there, there.client() as session:
        await session.wait_live(timeout_s=PATIENCE_S)


async def test_papers_for_another_device_are_refused() -> None:
    world = World()

    async def script(agent: FakeAgent) -> None:
        await agent.serve()
        await there.socket.close(1000)

    foreign = World(organisation=world.organisation, grant_key=world.grant_key, session=world.session)
    async with (
        stage(script, world) as there,
        there.client(world.offer(credentials=foreign.credentials())) as session,
    ):
        await session.wait_for(SessionState.LOST, timeout_s=PATIENCE_S)
        assert not there.agent.asked


async def test_a_client_connects_once() -> None:
    async with stage(showing(scene())) as there:
        session = there.client()
        with pytest.raises(ViewerError, match="async with"):
            _ = session.picture
        async with session:
            await session.wait_live(timeout_s=PATIENCE_S)
        with pytest.raises(ViewerError, match="once"):
            await session.__aenter__()


async def test_nobody_listens() -> None:
    async with stage(showing(scene())) as there:
        pass
    with pytest.raises(ServerUnreachable, match="can't be reached") as caught:
        async with there.client():
            pass
    assert caught.value.code == "unreachable"


async def test_waiting_for_the_agent_has_no_end_of_its_own() -> None:
    """The handshake's patience begins when the pair is complete; until then the relay decides how long to wait."""
    now = [1_000.0]
    waited = asyncio.Event()

    async def script(agent: FakeAgent) -> None:
        await agent.socket.send(pack_control(Waiting()))
        await waited.wait()
        await agent.say_hello()
        await agent.grant()
        await agent.show(scene())
        await agent.serve()

    async with stage(script, hello=False) as there:
        client = SessionClient(there.world.offer(), there.world.device, server=there.server, clock=lambda: now[0])
        async with client as session:
            await session.wait_for(SessionState.WAITING_FOR_AGENT)
            now[0] += 600.0
            waited.set()
            await session.wait_live()


async def test_nothing_heard_is_lost() -> None:
    now = [1_000.0]
    async with stage(showing(scene())) as there:
        client = SessionClient(there.world.offer(), there.world.device, server=there.server, clock=lambda: now[0])
        async with client as session:
            await session.wait_live()
            now[0] += 15.0
            with pytest.raises(SessionLost):
                await session.wait_for_change(timeout_s=None)
