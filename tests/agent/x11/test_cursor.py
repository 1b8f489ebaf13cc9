"""The pointer's shape and place on a real X server."""

import asyncio
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from Xlib import X, Xcursorfont
from Xlib.ext import xtest

from agent.errors import CaptureUnavailable
from agent.x11.cursor import X11Cursor, pack_shape, straight_rgba
from protocol.messages import CursorPosition, CursorShape
from protocol.picture import decode_cursor
from tests.support.display import VirtualDisplay

pytestmark = pytest.mark.display


@pytest.fixture
def cursor(display: VirtualDisplay) -> Iterator[X11Cursor]:
    source = X11Cursor(display.name)
    yield source
    source.close()


async def look(source: X11Cursor) -> tuple[CursorShape | None, CursorPosition]:
    async with asyncio.timeout(5):
        await source.changed()
    return await asyncio.to_thread(source.take)


def move(connection: Any, x: int, y: int) -> None:
    xtest.fake_input(connection, X.MotionNotify, x=x, y=y)
    connection.sync()


def test_premultiplied_becomes_straight() -> None:
    argb = np.array([[0x00000000, 0xFF102030, 0x80402010, 0x01010101]], np.uint32)
    assert straight_rgba(argb).tolist() == [
        [[0, 0, 0, 0], [0x10, 0x20, 0x30, 0xFF], [128, 64, 32, 0x80], [255, 255, 255, 1]]
    ]


def test_a_cursor_that_shows_nothing_hides_the_pointer_and_one_pixel_shows_it() -> None:
    argb = np.zeros((16, 16), np.uint32)
    assert pack_shape(argb, 3, 3) == CursorShape(0, 0, 0, 0, b"")
    argb[2, 2] = 0xFF000000
    assert pack_shape(argb, 3, 3).width == 16


def test_a_cursor_too_large_for_the_protocol_is_hidden_and_the_largest_is_not() -> None:
    assert pack_shape(np.full((4, 513), 0xFFFFFFFF, np.uint32), 0, 0).width == 0
    assert pack_shape(np.full((4, 512), 0xFFFFFFFF, np.uint32), 0, 0).width == 512


async def test_the_first_look_gives_shape_and_place(display: VirtualDisplay, cursor: X11Cursor) -> None:
    with display.connect() as connection:
        move(connection, 123, 45)
    shape, place = await look(cursor)
    assert shape is not None
    pixels = decode_cursor(shape.width, shape.height, shape.data)
    assert pixels[..., 3].any()
    assert place == CursorPosition(123, 45, visible=True)


async def test_a_motion_wakes_and_brings_no_shape(display: VirtualDisplay, cursor: X11Cursor) -> None:
    await look(cursor)
    with display.connect() as connection:
        move(connection, 400, 300)
        shape, place = await look(cursor)
        while place.x != 400:
            shape, place = await look(cursor)
    assert shape is None
    assert place == CursorPosition(400, 300, visible=True)


async def test_another_shape_is_seen_when_the_window_sets_it(display: VirtualDisplay, cursor: X11Cursor) -> None:
    first, _ = await look(cursor)
    with display.connect() as connection:
        font = connection.open_font("cursor")
        hand = font.create_glyph_cursor(font, Xcursorfont.hand2, Xcursorfont.hand2 + 1, (65535, 0, 0), (0, 0, 65535))
        screen = connection.screen()
        window = screen.root.create_window(0, 0, 200, 200, 0, screen.root_depth, override_redirect=1, cursor=hand)
        window.map()
        move(connection, 50, 60)
        shape = None
        while shape is None:
            shape, place = await look(cursor)
    assert shape != first
    assert (place.x, place.y) == (50, 60)
    pixels = decode_cursor(shape.width, shape.height, shape.data)
    opaque = {tuple(int(v) for v in colour) for colour in pixels.reshape(-1, 4) if colour[3] == 255}
    assert opaque <= {(255, 0, 0, 255), (0, 0, 255, 255)}
    assert len(opaque) == 2


async def test_a_hidden_pointer_is_told(display: VirtualDisplay, cursor: X11Cursor) -> None:
    await look(cursor)
    with display.connect() as connection:
        screen = connection.screen()
        empty = screen.root.create_pixmap(1, 1, 1)
        gc = empty.create_gc(foreground=0)
        empty.fill_rectangle(gc, 0, 0, 1, 1)
        nothing = empty.create_cursor(empty, (0, 0, 0), (0, 0, 0), 0, 0)
        window = screen.root.create_window(0, 0, 200, 200, 0, screen.root_depth, override_redirect=1, cursor=nothing)
        window.map()
        move(connection, 20, 20)
        place = CursorPosition(0, 0, visible=True)
        while place.visible:
            _, place = await look(cursor)
        window.unmap()
        connection.sync()
        while not place.visible:
            _, place = await look(cursor)


async def test_nothing_wakes_while_nothing_moves(cursor: X11Cursor) -> None:
    await look(cursor)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.3):
            await cursor.changed()


async def test_a_display_that_goes_away_is_an_error(display: VirtualDisplay, cursor: X11Cursor) -> None:
    await look(cursor)
    display.stop()
    with pytest.raises(CaptureUnavailable, match="went away"):
        async with asyncio.timeout(5):
            while True:
                await look(cursor)
