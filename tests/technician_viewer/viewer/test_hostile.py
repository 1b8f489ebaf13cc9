"""What a broken or hostile relay or agent sends ends in a documented state, and never in an error of the page."""

import secrets

import pytest

from protocol import messages as m
from protocol.connection import Closed
from protocol.messages import Message
from protocol.picture import Encoding, encode_copy
from protocol.records import Body
from tests.technician_viewer.viewer.pictures import flat, scene
from tests.technician_viewer.viewer.stage import Agent, eventually, make_rect
from tests.technician_viewer.viewer.viewer_page import ViewerPage

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]

TEXTS = (
    "",
    "{",
    "[]",
    '"hello"',
    '{"type": "no-such-frame"}',
    '{"type": "viewer-waiting", "session": "AAAAAAAAAAAAAAAAAAAAAA"}',
    '{"type": "hello", "server_time": "today"}',
    '{"type": "rights", "session": 1, "rights": ["view"]}',
    '{"type": "replaced"}',
    " " * 5_000,
)


@pytest.mark.parametrize("text", TEXTS, ids=lambda text: text[:30].strip() or "blank")
async def test_a_relay_that_talks_nonsense(viewer: ViewerPage, text: str) -> None:
    agent = await viewer.connect()
    await agent.socket.send_text(text)
    await viewer.is_in("broken")
    await eventually(lambda: agent.close_code is not None)


async def test_records_before_the_pair_is_complete(viewer: ViewerPage) -> None:
    agent = await viewer.connect()
    await agent.socket.send_bytes(b"\x01" + bytes(32))
    await viewer.is_in("broken")


async def test_joined_twice(viewer: ViewerPage) -> None:
    agent = await viewer.connect()
    await agent.join()
    await agent.join()
    await viewer.is_in("broken")


@pytest.mark.parametrize(
    ("data", "state"),
    [
        (b"\x03" + bytes(32), "broken"),
        (b"\x02" + bytes(32), "broken"),
        (b"\x01" + bytes(32), "refused"),
        (b"\x01short", "refused"),
        (secrets.token_bytes(400), "broken"),
    ],
    ids=["pattern", "resume", "low-order", "short", "random"],
)
async def test_a_first_message_that_is_none(viewer: ViewerPage, data: bytes, state: str) -> None:
    if data[0] in (1, 2):
        data = data if len(data) < 400 else b"\x09" + data
    agent = await viewer.connect()
    await agent.socket.send_text('{"type": "joined"}')
    await agent.socket.send_bytes(data)
    await viewer.is_in(state)


async def test_a_third_message_that_is_none(viewer: ViewerPage) -> None:
    agent = await viewer.connect()
    await agent.ask()
    await agent.socket.send_bytes(secrets.token_bytes(120))
    await viewer.is_in("refused")


@pytest.mark.parametrize("size", [1, 15, 16, 17, 4_096, 65_535])
async def test_a_record_that_does_not_open(viewer: ViewerPage, size: int) -> None:
    agent = await viewer.connect()
    await agent.grant()
    await viewer.is_in("live")
    await agent.socket.send_bytes(secrets.token_bytes(size))
    await viewer.is_in("refused")


async def broken_by(viewer: ViewerPage, *messages: Message) -> Agent:
    """Send these in a live session and see it end, with a goodbye that says whose fault it was."""
    agent = await viewer.connect()
    await agent.grant()
    await agent.show(scene())
    await agent.send(*messages)
    await viewer.is_in("broken")
    await eventually(lambda: agent.end is not None)
    assert isinstance(agent.end, Closed)
    assert agent.end.code == "protocol-error"
    return agent


BEGIN = m.FrameBegin(7, complete=False)
SPOT = make_rect(flat(4, 4, (1, 2, 3)), 0, 0, Encoding.SOLID)

LONG = make_rect(scene(20, 20), 0, 0, Encoding.DEFLATE).data

BAD_PICTURES: dict[str, tuple[Message, ...]] = {
    "rect outside a frame": (SPOT,),
    "end without a begin": (m.FrameEnd(7, 0, exact=True),),
    "end of another frame": (BEGIN, m.FrameEnd(8, 0, exact=True)),
    "begin inside a frame": (BEGIN, BEGIN),
    "rect outside the screen": (BEGIN, m.Rect(0, 319, 0, 2, 1, b"abc")),
    "no such encoding": (BEGIN, m.Rect(77, 0, 0, 1, 1, b"abc")),
    "solid of the wrong size": (BEGIN, m.Rect(0, 0, 0, 1, 1, b"ab")),
    "raw cut short": (BEGIN, m.Rect(1, 0, 0, 2, 2, bytes(11))),
    "palette index outside": (BEGIN, m.Rect(2, 0, 0, 1, 1, b"\x00abc\x00\x00\x00\x01\x05\x00")),
    "palette of too many runs": (BEGIN, m.Rect(2, 0, 0, 1, 1, b"\x00abc\xff\xff\xff\xff\x00\x00")),
    "broken deflate": (BEGIN, m.Rect(3, 0, 0, 4, 4, b"\xff\xff\xff"), m.FrameEnd(7, 0, exact=True)),
    "deflate that is too long": (BEGIN, m.Rect(3, 0, 0, 2, 2, LONG), m.FrameEnd(7, 0, exact=True)),
    "copy from outside the screen": (BEGIN, m.Rect(4, 0, 0, 20, 20, encode_copy(301, 0))),
    "copy cut short": (BEGIN, m.Rect(4, 0, 0, 20, 20, bytes(3))),
    "copy in a complete picture": (m.FrameBegin(7, complete=True), m.Rect(4, 0, 0, 20, 20, bytes(4))),
    "a screen that is too large": (m.Monitors(16_384, 16_384),),
    "a broken cursor": (m.CursorShape(4, 4, 0, 0, b"\xff\xff\xff"),),
}


@pytest.mark.parametrize("name", BAD_PICTURES)
async def test_a_picture_that_breaks_the_rules(viewer: ViewerPage, name: str) -> None:
    await broken_by(viewer, *BAD_PICTURES[name])


async def test_its_twin_the_same_frame_done_right(viewer: ViewerPage) -> None:
    agent = await viewer.connect()
    await agent.grant()
    picture = scene()
    await agent.show(picture)
    picture[0:4, 0:4] = flat(4, 4, (1, 2, 3))
    await agent.show(picture, SPOT)
    assert (await viewer.snapshot() == picture).all()
    await viewer.is_in("live")


@pytest.mark.parametrize(
    "body",
    [
        Body(0x7F, b""),
        Body(0x10, bytes(8)),
        Body(0x21, b"\x00"),
        Body(0x01, b"{}"),
        Body(0x01, b"\xff\xfe"),
        Body(0x01, b'{"type": "refresh"}'),
        Body(0x14, bytes(3)),
    ],
    ids=["unknown kind", "viewer's kind", "short rect", "no type", "no text", "viewer's type", "short ack"],
)
async def test_a_message_that_is_none(viewer: ViewerPage, body: Body) -> None:
    agent = await viewer.connect()
    await agent.grant()
    await viewer.is_in("live")
    agent.connection._writer.add(body, urgent=True)
    await agent.flush()
    await viewer.is_in("broken")


async def test_a_frame_without_a_size(viewer: ViewerPage) -> None:
    agent = await viewer.connect()
    await agent.grant()
    await agent.send(BEGIN)
    await viewer.is_in("broken")


async def test_control_frames_in_the_middle_of_a_session_change_nothing(viewer: ViewerPage) -> None:
    agent = await viewer.connect()
    await agent.grant()
    picture = scene()
    await agent.show(picture)
    for text in ('{"type": "waiting"}', '{"type": "asking"}', '{"type": "hello", "server_time": 1}'):
        await agent.socket.send_text(text)
    await agent.show(picture)
    await viewer.is_in("live")
