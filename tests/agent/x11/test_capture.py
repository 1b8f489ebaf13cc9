"""Capture on a real X server: what is grabbed, when, and that it is the screen."""

import asyncio
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from agent.errors import CaptureUnavailable
from agent.ports import Capture, Pixels
from agent.region import Box
from agent.x11.capture import X11Screen, layout_of
from tests.support.display import VirtualDisplay, wait_until

pytestmark = pytest.mark.display


@pytest.fixture
def screen(display: VirtualDisplay) -> Iterator[X11Screen]:
    source = X11Screen(display.name)
    yield source
    source.close()


class Desk:
    """A window to draw on."""

    def __init__(self, display: Any, width: int = 600, height: int = 400) -> None:
        self.display = display
        screen = display.screen()
        self.window = screen.root.create_window(
            100, 50, width, height, 0, screen.root_depth, background_pixel=screen.white_pixel, override_redirect=1
        )
        self.window.map()
        self.display.sync()

    def fill(self, box: Box, colour: int) -> None:
        gc = self.window.create_gc(foreground=colour)
        self.window.fill_rectangle(gc, box.x, box.y, box.width, box.height)
        gc.free()
        self.display.sync()


def paint(picture: Pixels, capture: Capture) -> None:
    for patch in capture.patches:
        box = patch.box
        picture[box.y : box.bottom, box.x : box.right] = patch.pixels


async def next_capture(source: X11Screen) -> Capture:
    async with asyncio.timeout(5):
        await source.changed()
    return await asyncio.to_thread(source.take, complete=False)


async def settle(source: X11Screen, picture: Pixels | None = None) -> None:
    """Take captures until nothing changes for a moment."""
    while True:
        try:
            async with asyncio.timeout(0.15):
                await source.changed()
        except TimeoutError:
            return
        capture = source.take(complete=False)
        if picture is not None:
            paint(picture, capture)


async def test_first_capture_is_the_whole_screen_with_its_layout(display: VirtualDisplay, screen: X11Screen) -> None:
    capture = await next_capture(screen)
    assert capture.layout is not None
    assert (capture.layout.width, capture.layout.height) == (1024, 768)
    assert [m.primary for m in capture.layout.monitors] == [True]
    assert len(capture.patches) == 1
    assert np.array_equal(capture.patches[0].pixels[..., :3], display.picture()[..., :3])


async def test_a_change_grabs_only_its_box(display: VirtualDisplay, screen: X11Screen) -> None:
    with display.connect() as connection:
        desk = Desk(connection)
        await settle(screen)
        before = screen.grabber.grabbed_px
        desk.fill(Box(10, 20, 30, 40), 0xFF0000)
        capture = await next_capture(screen)
        assert [patch.box for patch in capture.patches] == [Box(110, 70, 30, 40)]
        assert screen.grabber.grabbed_px - before == 30 * 40
        assert capture.layout is None
        assert (capture.patches[0].pixels[..., :3] == (0, 0, 0xFF)).all()


async def test_changes_far_apart_are_grabbed_apart(display: VirtualDisplay, screen: X11Screen) -> None:
    with display.connect() as connection:
        desk = Desk(connection)
        await settle(screen)
        desk.fill(Box(0, 0, 8, 8), 0x00FF00)
        desk.fill(Box(590, 390, 8, 8), 0x0000FF)
        capture = await next_capture(screen)
        assert {patch.box for patch in capture.patches} == {Box(100, 50, 8, 8), Box(690, 440, 8, 8)}


async def test_the_picture_put_together_from_captures_equals_the_screen(
    display: VirtualDisplay, screen: X11Screen
) -> None:
    picture = np.zeros((768, 1024, 4), np.uint8)
    paint(picture, await next_capture(screen))
    random = np.random.default_rng(7)
    with display.connect() as connection:
        desk = Desk(connection)
        for _ in range(150):
            x, y, w, h = (int(n) for n in random.integers((0, 0, 1, 1), (560, 380, 200, 100)))
            desk.fill(Box(x, y, w, h), int(random.integers(0, 1 << 24)))
            if random.random() < 0.5:
                paint(picture, await asyncio.to_thread(screen.take, complete=False))
        await settle(screen, picture)
        assert np.array_equal(picture[..., :3], display.picture()[..., :3])


async def test_a_terminal_that_scrolls_is_followed_to_the_last_pixel(
    display: VirtualDisplay, screen: X11Screen
) -> None:
    picture = np.zeros((768, 1024, 4), np.uint8)
    paint(picture, await next_capture(screen))
    display.terminal("sh", "-c", "seq 1 3000; exec cat", title="count")
    await settle(screen, picture)
    wait_until(lambda: "count" in display.windows(), "the terminal")
    await settle(screen, picture)
    assert np.array_equal(picture[..., :3], display.picture()[..., :3])


async def test_nothing_is_grabbed_while_nothing_changes(display: VirtualDisplay, screen: X11Screen) -> None:
    await settle(screen)
    before = screen.grabber.grabs
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.5):
            await screen.changed()
    assert screen.grabber.grabs == before


async def test_a_refresh_takes_everything_though_nothing_changed(screen: X11Screen) -> None:
    await settle(screen)
    capture = screen.take(complete=True)
    assert [patch.box for patch in capture.patches] == [Box(0, 0, 1024, 768)]
    assert capture.layout is None


async def test_a_new_size_brings_a_new_layout_and_a_complete_picture(
    display: VirtualDisplay, screen: X11Screen
) -> None:
    await settle(screen)
    with display.connect() as connection:
        resize(connection, 800, 600)
    capture = await next_capture(screen)
    assert capture.layout is not None
    assert (capture.layout.width, capture.layout.height) == (800, 600)
    assert [patch.box for patch in capture.patches] == [Box(0, 0, 800, 600)]
    assert np.array_equal(capture.patches[0].pixels[..., :3], display.picture()[..., :3])


def resize(connection: Any, width: int, height: int) -> None:
    """Give the screen another size, as xrandr does."""
    root = connection.screen().root
    resources = root.xrandr_get_screen_resources()
    crtc = resources.crtcs[0]
    now = connection.xrandr_get_crtc_info(crtc, resources.config_timestamp)
    new = root.xrandr_create_mode(
        (0, width, height, 60 * width * height, width, width, width, 0, height, height, height, len("towline"), 0),
        "towline",
    ).mode
    connection.xrandr_add_output_mode(now.outputs[0], new)
    connection.xrandr_set_crtc_config(crtc, resources.config_timestamp, 0, 0, 0, 1, [])
    root.xrandr_set_screen_size(width, height, 200, 150)
    connection.xrandr_set_crtc_config(crtc, resources.config_timestamp, 0, 0, new, 1, list(now.outputs))
    connection.sync()


async def test_a_display_that_goes_away_is_an_error_that_people_can_read(
    display: VirtualDisplay, screen: X11Screen
) -> None:
    await settle(screen)
    display.stop()
    with pytest.raises(CaptureUnavailable, match="went away"):
        async with asyncio.timeout(5):
            while True:
                await screen.changed()
                screen.take(complete=False)


# python-xlib leaves the sockets of a failed attempt to the garbage collector.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_a_display_that_does_not_exist_is_named() -> None:
    with pytest.raises(CaptureUnavailable, match=":917"):
        X11Screen(":917")


def test_without_damage_the_source_is_unavailable() -> None:
    display = VirtualDisplay.start(320, 240, extensions_off=("DAMAGE",))
    try:
        with pytest.raises(CaptureUnavailable, match="DAMAGE"):
            X11Screen(display.name)
    finally:
        display.stop()


async def test_a_closed_source_says_so(screen: X11Screen) -> None:
    screen.close()
    with pytest.raises(CaptureUnavailable):
        screen.take(complete=True)


def test_monitors_outside_the_screen_are_left_out() -> None:
    boxes = ((Box(0, 0, 400, 600), False), (Box(400, 0, 900, 900), False), (Box(900, 0, 9, 9), True))
    layout = layout_of(800, 600, boxes)
    assert [(m.x, m.width, m.height, m.primary) for m in layout.monitors] == [
        (0, 400, 600, True),
        (400, 400, 600, False),
    ]


def test_a_screen_larger_than_the_protocol_carries_is_refused_and_the_largest_is_not() -> None:
    with pytest.raises(CaptureUnavailable, match="larger"):
        layout_of(16_385, 100, ())
    assert layout_of(16_384, 100, ()).width == 16_384
