"""Whatever a client sends: a documented close code, no traceback, no hang. Every refusal has its twin."""

import asyncio
import logging
import os
import struct
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
import structlog
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from websockets.exceptions import ConnectionClosed, InvalidStatus

from protocol.envelope import (
    MAX_CONTROL_BYTES,
    AgentHello,
    AgentSession,
    Asking,
    CloseCode,
    Hello,
    Joined,
    Ping,
    ViewerHello,
    Waiting,
    pack_control,
)
from relay.switch.limits import SwitchLimits
from tests.relay.support import (
    AGENT_KEY,
    AGENT_TOKEN,
    ORIGIN,
    TRACKING,
    RunningRelay,
    close_code,
    control,
    running_relay,
    session_id,
    until,
)
from tests.relay.test_meeting import agent_control, pair, viewer

CAPS = SwitchLimits(first_frame_s=5, newcomers_per_address=3, newcomers_in_all=4)
HELLO = pack_control(AgentHello(token=AGENT_TOKEN, agent_key=AGENT_KEY))
DOCUMENTED = {int(code) for code in CloseCode}


@pytest.fixture(scope="module")
def relay() -> Iterator[RunningRelay]:
    with running_relay() as running:
        running.admit_agent()
        yield running


@pytest.fixture(scope="module")
def hasty() -> Iterator[RunningRelay]:
    """A relay that gives up soon on half a first frame."""
    with running_relay(SwitchLimits(first_frame_s=0.05)) as running:
        yield running


@pytest.fixture(autouse=True)
def no_traceback(caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]) -> Iterator[None]:
    """No test here may leave a traceback, or anything at level error, in a log."""
    structlog.configure(
        processors=[structlog.stdlib.render_to_log_kwargs], logger_factory=structlog.stdlib.LoggerFactory()
    )
    with caplog.at_level(logging.DEBUG, logger="relay"):
        yield
    structlog.reset_defaults()
    assert [
        record.getMessage() for record in caplog.records if record.exc_info or record.levelno >= logging.ERROR
    ] == []
    assert "Traceback" not in capsys.readouterr().err


# Before the first frame


@pytest.mark.parametrize(
    "origin",
    [
        "https://evil.example",
        "https://desk.example.evil.example",
        "http://desk.example",
        "https://desk.example:8443",
        "null",
    ],
)
async def test_other_origins_are_refused(relay: RunningRelay, origin: str) -> None:
    with pytest.raises(InvalidStatus) as refusal:
        async with relay.connect("agent", origin=origin):
            pass
    assert refusal.value.response.status_code == 403


async def test_missing_origin_is_refused(relay: RunningRelay) -> None:
    assert (await handshake(relay, f"/relay/{TRACKING}/agent", origin=None)).startswith(b"HTTP/1.1 403")
    assert (await handshake(relay, f"/relay/{TRACKING}/agent", origin=ORIGIN)).startswith(b"HTTP/1.1 101")


async def test_own_origin_is_let_in(relay: RunningRelay) -> None:
    async with relay.connect("agent", origin=ORIGIN) as socket:
        await socket.send(HELLO)
        assert isinstance(await control(socket), Hello)


@pytest.mark.parametrize("subprotocol", [None, "towline.2", "chat"])
async def test_other_subprotocols_are_refused(relay: RunningRelay, subprotocol: str | None) -> None:
    with pytest.raises(InvalidStatus) as refusal:
        async with relay.connect("agent", subprotocol=subprotocol):
            pass
    assert refusal.value.response.status_code == 400


@pytest.mark.parametrize(
    "path",
    [
        "/relay/tl-0000-0000/agent",
        "/relay/TL-0000-000U/agent",
        "/relay/TL-0000-0000/admin",
        "/relay/TL-0000-0000/agent/",
        "/relay/TL-0000-0000",
        "/relay//agent",
        "/relay/TL-0000-0000%2fagent",
        "/relay/..%2f/agent",
        "/",
    ],
)
async def test_other_paths_are_not_there(relay: RunningRelay, path: str) -> None:
    assert (await handshake(relay, path, origin=ORIGIN)).split(b" ")[1] == b"404"


async def test_no_extension_is_agreed_on(relay: RunningRelay) -> None:
    path = f"/relay/{TRACKING}/agent"
    for offer in ("", "\r\nSec-WebSocket-Extensions: permessage-deflate"):
        # A compressed frame could grow a thousandfold after its size was checked.
        answer = await handshake(relay, path, origin=f"{ORIGIN}{offer}")
        assert answer.startswith(b"HTTP/1.1 101")
        assert b"extensions" not in answer.lower()


async def test_first_frame_has_five_seconds() -> None:
    with running_relay(SwitchLimits(first_frame_s=0.3)) as relay:
        relay.admit_agent()
        async with relay.connect("agent") as socket:
            assert await close_code(socket) == CloseCode.FIRST_FRAME_LATE
        async with relay.connect("agent") as socket:
            await socket.send(HELLO)
            assert isinstance(await control(socket), Hello)


async def test_newcomers_are_capped() -> None:
    with running_relay(CAPS) as relay:
        relay.admit_agent()
        async with relay.connect("agent") as one, relay.connect("agent"), relay.connect("viewer"):
            async with relay.connect("viewer") as fourth:
                assert await close_code(fourth) == CloseCode.TOO_MANY
            # An accepted first frame makes room.
            await one.send(HELLO)
            assert isinstance(await control(one), Hello)
            async with relay.connect("viewer") as fourth:
                ticket = relay.socket_ticket(session_id(1))
                await fourth.send(pack_control(ViewerHello(ticket=ticket)))
                assert isinstance(await control(fourth), Hello)


@pytest.mark.parametrize(
    ("role", "frame"),
    [
        ("agent", AgentHello(token="b" * 43, agent_key=AGENT_KEY)),
        ("agent", AgentHello(token=AGENT_TOKEN, agent_key="b" * 43)),
        ("agent", AgentSession(token=AGENT_TOKEN, agent_key=AGENT_KEY, session=session_id(99))),
        ("agent", AgentSession(token="b" * 43, agent_key=AGENT_KEY, session=session_id(1))),
        ("viewer", ViewerHello(ticket="x" * 43)),
    ],
)
async def test_every_refusal_is_the_same(relay: RunningRelay, role: str, frame: Any) -> None:
    async with relay.connect(role) as socket:
        await socket.send(pack_control(frame))
        with pytest.raises(ConnectionClosed) as closed:
            await socket.recv()
    assert closed.value.rcvd is not None
    assert (closed.value.rcvd.code, closed.value.rcvd.reason) == (CloseCode.REFUSED, "refused")


async def test_socket_ticket_is_good_once_and_for_its_ticket_only(relay: RunningRelay) -> None:
    relay.admit_agent("TL-1111-1111")
    ticket = relay.socket_ticket(session_id(5))
    async with relay.connect("viewer", "TL-1111-1111") as other:
        await other.send(pack_control(ViewerHello(ticket=ticket)))
        assert await close_code(other) == CloseCode.REFUSED
    async with relay.connect("viewer") as first:
        await first.send(pack_control(ViewerHello(ticket=ticket)))
        assert isinstance(await control(first), Hello)
        async with relay.connect("viewer") as second:
            await second.send(pack_control(ViewerHello(ticket=ticket)))
            assert await close_code(second) == CloseCode.REFUSED


async def test_a_gate_that_mixes_tickets_up_lets_nobody_in(relay: RunningRelay) -> None:
    for number, tracking in ((11, "TL-1111-1111"), (12, TRACKING)):
        ticket = relay.socket_ticket(session_id(number))
        relay.gate.tickets[TRACKING, ticket] = replace(relay.gate.tickets[TRACKING, ticket], tracking=tracking)
        async with relay.connect("viewer") as socket:
            await socket.send(pack_control(ViewerHello(ticket=ticket)))
            if tracking == TRACKING:
                assert isinstance(await control(socket), Hello)
            else:
                assert await close_code(socket) == CloseCode.REFUSED


async def test_the_gate_is_asked_about_the_session(relay: RunningRelay, monkeypatch: pytest.MonkeyPatch) -> None:
    first = AgentSession(token=AGENT_TOKEN, agent_key=AGENT_KEY, session=session_id(13))

    async def admit_agent(_tracking: str, _token: str, _key: str, session: str | None) -> bool:
        return session is not None and good

    monkeypatch.setattr(relay.gate, "admit_agent", admit_agent)
    async with viewer(relay, session_id(13)):
        for good in (False, True):
            async with relay.connect("agent") as socket:
                await socket.send(pack_control(first))
                if good:
                    assert isinstance(await control(socket), Hello)
                else:
                    assert await close_code(socket) == CloseCode.REFUSED


async def test_a_gate_that_does_not_answer_holds_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    with running_relay(SwitchLimits(admission_s=0.2)) as relay:

        async def admit_agent(*_: object) -> bool:
            await asyncio.sleep(3_600)
            return True

        monkeypatch.setattr(relay.gate, "admit_agent", admit_agent)
        async with relay.connect("agent") as socket:
            await socket.send(HELLO)
            assert await close_code(socket) == CloseCode.GOING_AWAY
        monkeypatch.undo()
        relay.admit_agent()
        async with relay.connect("agent") as socket:
            await socket.send(HELLO)
            assert isinstance(await control(socket), Hello)


async def test_an_agent_of_another_ticket_gets_into_no_session(relay: RunningRelay) -> None:
    first = AgentSession(token=AGENT_TOKEN, agent_key=AGENT_KEY, session=session_id(14))
    relay.admit_agent("TL-1111-1111")
    async with viewer(relay, session_id(14)):
        async with relay.connect("agent", "TL-1111-1111") as socket:
            await socket.send(pack_control(first))
            assert await close_code(socket) == CloseCode.REFUSED
        async with relay.connect("agent") as socket:
            await socket.send(pack_control(first))
            assert isinstance(await control(socket), Hello)


@pytest.mark.parametrize(
    ("role", "frame", "code"),
    [
        ("agent", b"\x00", CloseCode.MALFORMED),
        ("agent", "", CloseCode.MALFORMED),
        ("agent", "{}", CloseCode.MALFORMED),
        ("agent", "[" * 4_000, CloseCode.MALFORMED),
        ("agent", '{"type":"agent-hello"}', CloseCode.MALFORMED),
        ("agent", pack_control(Ping()), CloseCode.MALFORMED),
        ("agent", pack_control(ViewerHello(ticket="x" * 43)), CloseCode.MALFORMED),
        ("viewer", HELLO, CloseCode.MALFORMED),
        ("viewer", "x" * (MAX_CONTROL_BYTES + 1), CloseCode.TOO_LARGE),
        ("viewer", "x" * 70_000, CloseCode.TOO_LARGE),
        ("viewer", b"x" * 70_000, CloseCode.TOO_LARGE),
        pytest.param("agent", HELLO.encode(), CloseCode.MALFORMED, id="hello in binary"),
    ],
)
async def test_first_frames_of_other_forms(relay: RunningRelay, role: str, frame: str | bytes, code: CloseCode) -> None:
    async with relay.connect(role) as socket:
        await socket.send(frame)
        assert await close_code(socket) == code


# After it


@pytest.mark.parametrize(
    ("frame", "code"),
    [
        (b"\x00", CloseCode.MALFORMED),
        (pack_control(Asking()), CloseCode.MALFORMED),
        (HELLO, CloseCode.MALFORMED),
        ("x" * 5_000, CloseCode.TOO_LARGE),
    ],
)
async def test_control_socket_carries_heartbeats_only(relay: RunningRelay, frame: str | bytes, code: CloseCode) -> None:
    async with agent_control(relay) as socket:
        await socket.send(frame)
        assert await close_code(socket) == code
    await until(lambda: not relay.switchboard.is_online(TRACKING))


async def test_viewer_is_silent_until_joined(relay: RunningRelay) -> None:
    async with viewer(relay, session_id(6)) as socket:
        assert await control(socket) == Waiting()
        await socket.send(b"record")
        assert await close_code(socket) == CloseCode.MALFORMED


@pytest.mark.parametrize(
    ("frame", "code"),
    [(pack_control(Asking()), CloseCode.MALFORMED), ("", CloseCode.MALFORMED), (b"", CloseCode.MALFORMED)],
)
async def test_viewer_says_nothing_in_text(relay: RunningRelay, frame: str | bytes, code: CloseCode) -> None:
    async with pair(relay) as (_, sharing, watching):
        await watching.send(b"fine")
        assert await sharing.recv() == b"fine"
        await watching.send(frame)
        assert await close_code(watching) == code
        assert await close_code(sharing) == CloseCode.PEER_GONE


@pytest.mark.parametrize(
    ("frame", "code"),
    [
        (pack_control(Ping()), CloseCode.MALFORMED),
        (HELLO, CloseCode.MALFORMED),
        (b"", CloseCode.MALFORMED),
        (b"x" * 65_536, CloseCode.TOO_LARGE),
    ],
)
async def test_agent_says_only_asking_in_text(relay: RunningRelay, frame: str | bytes, code: CloseCode) -> None:
    async with pair(relay) as (_, sharing, watching):
        await sharing.send(pack_control(Asking()))
        assert await control(watching) == Asking()
        await sharing.send(frame)
        assert await close_code(sharing) == code
        assert await close_code(watching) == CloseCode.PEER_GONE


async def test_second_agent_of_a_joined_session_is_refused(relay: RunningRelay) -> None:
    async with pair(relay) as (_, sharing, watching):
        async with relay.connect("agent") as second:
            await second.send(pack_control(AgentSession(token=AGENT_TOKEN, agent_key=AGENT_KEY, session=session_id(1))))
            assert await close_code(second) == CloseCode.REFUSED
        await sharing.send(b"still here")
        assert await watching.recv() == b"still here"


async def test_session_ends_when_its_time_is_over() -> None:
    with running_relay(SwitchLimits(stalled_write_s=0.5)) as relay:
        relay.admit_agent()
        ticket = relay.socket_ticket(session_id(7), lasts_s=-5)
        async with relay.connect("viewer") as socket:
            await socket.send(pack_control(ViewerHello(ticket=ticket)))
            assert await close_code(socket) == CloseCode.ENDED


# Bytes that no websocket library sends


def frame(opcode: int, payload: bytes, *, fin: bool = True, masked: bool = True, reserved: int = 0) -> bytes:
    """Return a websocket frame as RFC 6455 section 5.2 has it, well-formed or not."""
    head = bytes([(0x80 if fin else 0) | reserved << 4 | opcode])
    mask = 0x80 if masked else 0
    if len(payload) < 126:
        head += bytes([mask | len(payload)])
    elif len(payload) < 65_536:
        head += bytes([mask | 126]) + struct.pack(">H", len(payload))
    else:
        head += bytes([mask | 127]) + struct.pack(">Q", len(payload))
    # A mask of zeros leaves the payload as it is.
    return head + (bytes(4) if masked else b"") + payload


def request(path: str, origin: str | None = ORIGIN) -> bytes:
    lines = [
        f"GET {path} HTTP/1.1",
        "Host: desk.example",
        "Connection: Upgrade",
        "Upgrade: websocket",
        "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==",
        "Sec-WebSocket-Version: 13",
        "Sec-WebSocket-Protocol: towline.1",
        *([] if origin is None else [f"Origin: {origin}"]),
    ]
    return "\r\n".join([*lines, "", ""]).encode()


async def handshake(relay: RunningRelay, path: str, origin: str | None) -> bytes:
    """Return the head of the answer to an upgrade."""
    reader, writer = await asyncio.open_connection("127.0.0.1", relay.front.port)
    try:
        writer.write(request(path, origin))
        return await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 10)
    finally:
        writer.close()


async def answer_to(relay: RunningRelay, data: bytes) -> int | None:
    """Send bytes after an upgrade; return the close code that comes back, None when the line is just cut."""
    reader, writer = await asyncio.open_connection("127.0.0.1", relay.front.port)
    try:
        writer.write(request(f"/relay/{TRACKING}/agent"))
        head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 10)
        assert head.startswith(b"HTTP/1.1 101")
        writer.write(data)
        return await asyncio.wait_for(read_close(reader), 10)
    except (asyncio.IncompleteReadError, ConnectionResetError):
        return None
    finally:
        writer.close()


async def read_close(reader: asyncio.StreamReader) -> int:
    """Skip frames up to the close frame and return its code."""
    while True:
        head = await reader.readexactly(2)
        size = head[1] if head[1] < 126 else int.from_bytes(await reader.readexactly(2))
        payload = await reader.readexactly(size)
        if head[0] & 15 == 8:
            return int.from_bytes(payload[:2])


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (frame(1, b"\xff\xfe"), CloseCode.MALFORMED),
        (frame(1, b"x", reserved=4), CloseCode.MALFORMED),
        (frame(3, b"x"), CloseCode.MALFORMED),
        (frame(0, b"x"), CloseCode.MALFORMED),
        (frame(9, b"x" * 126), CloseCode.MALFORMED),
        (frame(9, b"x", fin=False), CloseCode.MALFORMED),
        (frame(8, b"x"), CloseCode.MALFORMED),
        (frame(1, b"x", masked=False), CloseCode.MALFORMED),
        (frame(1, b"", fin=False) + frame(0, b"", fin=False) * 1_000, CloseCode.MALFORMED),
        (frame(1, b"x", fin=False) + frame(1, b"x"), CloseCode.MALFORMED),
        (b"\x82\xff" + b"\xff" * 8, CloseCode.TOO_LARGE),
        (b"\x82\xff" + struct.pack(">Q", 1 << 40), CloseCode.TOO_LARGE),
        (frame(2, b"x" * 40_000, fin=False) + frame(0, b"x" * 40_000), CloseCode.TOO_LARGE),
    ],
)
async def test_broken_frames(relay: RunningRelay, data: bytes, code: CloseCode) -> None:
    assert await answer_to(relay, data) == code


async def test_message_in_pieces_is_read(relay: RunningRelay) -> None:
    data = HELLO.encode()
    reader, writer = await asyncio.open_connection("127.0.0.1", relay.front.port)
    try:
        writer.write(request(f"/relay/{TRACKING}/agent"))
        # A client says nothing before the answer to its upgrade (RFC 6455 section 4.1).
        await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 10)
        writer.write(frame(1, data[:10], fin=False) + frame(9, b"ping") + frame(0, data[10:]))
        await asyncio.wait_for(reader.readuntil(b'"type":"hello"'), 10)
    finally:
        writer.close()


MANY = settings(
    max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture], derandomize=True
)


@given(st.binary(max_size=300))
@MANY
def test_random_bytes_after_the_upgrade(hasty: RunningRelay, data: bytes) -> None:
    code = asyncio.run(answer_to(hasty, data))
    # A close frame that happens to be right is answered with its own code.
    assert code is None or code in DOCUMENTED or 1000 <= code < 1015 or 3000 <= code < 5000


@given(st.one_of(st.binary(max_size=200), st.text(max_size=200)))
@settings(MANY, max_examples=60)
def test_random_first_frames(relay: RunningRelay, data: str | bytes) -> None:
    async def play() -> int:
        async with relay.connect("viewer") as socket:
            await socket.send(data)
            return await close_code(socket)

    assert asyncio.run(play()) == CloseCode.MALFORMED


@given(st.text(max_size=200))
@settings(MANY, max_examples=60)
def test_random_text_on_a_control_socket(relay: RunningRelay, text: str) -> None:
    async def play() -> int:
        async with agent_control(relay) as socket:
            await socket.send(text)
            return await close_code(socket)

    # Of all random texts only a JSON ping or pong is right, and that is not random any more.
    assert asyncio.run(play()) in (CloseCode.MALFORMED, CloseCode.REPLACED)


@given(st.integers(0, 120), st.integers(0, 255))
@settings(MANY, max_examples=100)
def test_requests_with_one_byte_changed(relay: RunningRelay, at: int, value: int) -> None:
    async def play() -> bytes:
        reader, writer = await asyncio.open_connection("127.0.0.1", relay.front.port)
        head = bytearray(request(f"/relay/{TRACKING}/agent"))
        head[at] = value
        writer.write(bytes(head))
        writer.write_eof()
        try:
            return await asyncio.wait_for(reader.read(), 10)
        except ConnectionResetError:
            return b""
        finally:
            writer.close()

    answer = asyncio.run(play())
    assert b"Traceback" not in answer
    assert answer == b"" or answer.startswith(b"HTTP/1.1 ")


async def test_records_are_opaque(relay: RunningRelay) -> None:
    async with pair(relay) as (_, sharing, watching):
        for record in (HELLO.encode(), pack_control(Joined()).encode(), os.urandom(500)):
            await sharing.send(record)
            assert await watching.recv() == record
