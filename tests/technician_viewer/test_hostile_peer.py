"""Garbage from the relay or the agent: a documented state and code, a closed socket, never a traceback or a hang."""

import logging
from collections.abc import Awaitable, Callable

import pytest

from protocol import messages as m
from protocol.envelope import Joined, pack_control
from protocol.errors import ErrorCode
from protocol.picture import encode_copy
from technician_viewer.client import SessionClient
from technician_viewer.state import SessionState
from tests.technician_viewer.fake_agent import FakeAgent, Script, eventually, scene, stage

PATIENCE_S = 5.0


async def play(script: Script, caplog: pytest.LogCaptureFixture, *, hello: bool = True) -> SessionClient:
    """Let a viewer meet `script`; return the client after its session is over."""
    with caplog.at_level(logging.ERROR, logger="technician_viewer"):
        async with stage(script, hello=hello) as there, there.client() as session:
            await eventually(lambda: session.end is not None, PATIENCE_S)
            await eventually(lambda: bool(there.agents) and there.socket.close_code is not None, PATIENCE_S)
    assert [record.message for record in caplog.records if record.name.startswith("technician_viewer")] == []
    return session


TEXTS = [
    "",
    "{",
    "[]",
    '{"type":"no-such"}',
    '{"type":"hello"}',
    '{"type":"ended"}',
    "x" * 5_000,
    '{"type":"ended","x":1}',
]
BINARIES = [
    b"",
    b"\x00",
    b"\x01",
    b"\x01" + b"\x02" * 31,
    b"\x03" + b"\x02" * 32,
    b"\x02" + b"\x09" * 32,
    b"\xff" * 65_535,
]


@pytest.mark.parametrize("text", TEXTS, ids=range(len(TEXTS)))
async def test_text_that_is_no_control_frame(text: str, caplog: pytest.LogCaptureFixture) -> None:
    async def script(agent: FakeAgent) -> None:
        await agent.socket.send(text)
        await agent.serve()

    session = await play(script, caplog, hello=False)
    assert session.end is not None
    assert (session.state, session.end.code) == (SessionState.REFUSED, ErrorCode.MALFORMED)


@pytest.mark.parametrize("data", BINARIES, ids=range(len(BINARIES)))
async def test_bytes_that_are_no_handshake(data: bytes, caplog: pytest.LogCaptureFixture) -> None:
    async def script(agent: FakeAgent) -> None:
        await agent.socket.send(pack_control(Joined()))
        await agent.socket.send(data)
        await agent.serve()

    session = await play(script, caplog, hello=False)
    assert session.end is not None
    assert session.state is SessionState.REFUSED
    assert session.end.code in {ErrorCode.MALFORMED, ErrorCode.REFUSED, ErrorCode.NO_RESUME}


async def test_a_record_before_the_pair_is_complete(caplog: pytest.LogCaptureFixture) -> None:
    async def script(agent: FakeAgent) -> None:
        await agent.flush()
        await agent.serve()

    session = await play(script, caplog, hello=False)
    assert session.end is not None
    assert (session.state, session.end.code) == (SessionState.REFUSED, ErrorCode.OUT_OF_STATE)


@pytest.mark.parametrize("data", [b"", b"\x00", b"\x55" * 16, b"\x55" * 17, b"\x55" * 65_535], ids=range(5))
async def test_bytes_that_are_no_record(data: bytes, caplog: pytest.LogCaptureFixture) -> None:
    async def script(agent: FakeAgent) -> None:
        await agent.grant()
        await agent.show(scene())
        await agent.socket.send(data)
        await agent.serve()

    session = await play(script, caplog)
    assert session.end is not None
    assert session.state is SessionState.LOST
    assert session.end.code in set(ErrorCode)


async def test_a_frame_over_the_limit(caplog: pytest.LogCaptureFixture) -> None:
    async def script(agent: FakeAgent) -> None:
        await agent.grant()
        await agent.socket.send(b"\x00" * 70_000)
        await agent.serve()

    session = await play(script, caplog)
    assert session.state is SessionState.LOST


Misdeed = Callable[[FakeAgent], Awaitable[None]]


def sends(*messages: m.Message) -> Misdeed:
    """Return an agent that sends these after a good first frame."""

    async def misdeed(agent: FakeAgent) -> None:
        await agent.send(*messages)

    return misdeed


MISDEEDS: dict[str, tuple[Misdeed, str]] = {
    "rect outside a frame": (sends(m.Rect(0, 0, 0, 1, 1, b"abc")), "malformed"),
    "rect outside the screen": (sends(m.FrameBegin(9, False), m.Rect(0, 319, 0, 2, 1, b"abc")), "malformed"),
    "rect too large": (
        sends(m.Monitors(8_000, 8_000), m.FrameBegin(9, False), m.Rect(0, 0, 0, 8_000, 8_000, b"abc")),
        "too-large",
    ),
    "unknown encoding": (sends(m.FrameBegin(9, False), m.Rect(99, 0, 0, 1, 1, b"")), "unknown-message"),
    "broken deflate": (sends(m.FrameBegin(9, False), m.Rect(3, 0, 0, 1, 1, b"\xff\xff")), "malformed"),
    "broken deflate, in a thread": (sends(m.FrameBegin(9, False), m.Rect(3, 0, 0, 320, 200, b"\xff")), "malformed"),
    "copy from outside the screen": (
        sends(m.FrameBegin(9, False), m.Rect(4, 0, 0, 20, 20, encode_copy(301, 0))),
        "malformed",
    ),
    "copy in a complete picture": (
        sends(m.FrameBegin(9, True), m.Rect(4, 0, 0, 20, 20, encode_copy(0, 0))),
        "malformed",
    ),
    "frame in a frame": (sends(m.FrameBegin(9, False), m.FrameBegin(10, False)), "malformed"),
    "end of another frame": (sends(m.FrameBegin(9, False), m.FrameEnd(10, 0, True)), "malformed"),
    "end without begin": (sends(m.FrameEnd(10, 0, True)), "malformed"),
    "monitors in a frame": (sends(m.FrameBegin(9, False), m.Monitors(10, 10)), "malformed"),
    "screen too large": (sends(m.Monitors(16_384, 16_384)), "malformed"),
    "acknowledgement of nothing": (sends(m.InputAck(1)), "malformed"),
    "broken cursor": (sends(m.CursorShape(4, 4, 0, 0, b"\x01")), "malformed"),
}


@pytest.mark.parametrize("name", MISDEEDS)
async def test_messages_that_make_no_sense(name: str, caplog: pytest.LogCaptureFixture) -> None:
    misdeed, code = MISDEEDS[name]

    async def script(agent: FakeAgent) -> None:
        await agent.grant()
        await agent.show(scene())
        await misdeed(agent)
        await agent.serve()

    session = await play(script, caplog)
    assert session.end is not None
    assert (session.state, session.end.code) == (SessionState.LOST, code)
    assert "\n" not in session.end.text


async def test_the_agent_is_told_of_its_mistake(caplog: pytest.LogCaptureFixture) -> None:
    heard: list[m.ByeCode | None] = []

    async def script(agent: FakeAgent) -> None:
        await agent.grant()
        await agent.send(m.InputAck(1))
        await agent.serve()
        assert agent.closed is not None
        heard.append(agent.closed.code)

    await play(script, caplog)
    assert heard == ["protocol-error"]


async def test_many_rects_in_one_frame_are_shown() -> None:
    picture = scene()

    async def script(agent: FakeAgent) -> None:
        await agent.grant()
        await agent.show(picture)
        await agent.send(m.FrameBegin(2, complete=False))
        for number in range(2_500):
            await agent.send(m.Rect(0, number % 320, number // 320, 1, 1, b"\x01\x02\x03"))
        await agent.send(m.FrameEnd(2, 0, exact=True))
        await agent.serve()

    async with stage(script) as there, there.client() as session:
        await session.wait_live(timeout_s=PATIENCE_S)
        await eventually(lambda: session.frames == 2)
        assert (session.picture[:7, :, :3] == (3, 2, 1)).all()
        assert (session.picture[8:] == picture[8:]).all()
