"""Screens that are looked at again and again."""

import asyncio
import time
from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.errors import CaptureUnavailable
from agent.platforms import open_desktop
from agent.polling import FASTEST_S, SLOWEST_S, Pace, PollingScreen, different
from agent.ports import Patch, Pixels
from agent.region import Box
from agent.x11.capture import X11Pictures
from protocol.messages import Monitors
from tests.support.display import VirtualDisplay


class Painted:
    """Pictures that a test paints."""

    def __init__(self) -> None:
        self.pixels: Pixels = np.zeros((200, 300, 4), np.uint8)
        self.grabs = 0
        self.closed = False

    def layout(self) -> Monitors:
        height, width = self.pixels.shape[:2]
        return Monitors(width, height)

    def grab(self, box: Box) -> Patch:
        self.grabs += 1
        return Patch(box, self.pixels[box.y : box.bottom, box.x : box.right].copy())

    def close(self) -> None:
        self.closed = True


class Lazy(Pace):
    """Never looks again by itself."""

    def looked(self, *, changed: bool) -> float:
        return 0.0 if changed else 3600.0


async def test_first_everything_then_what_is_different() -> None:
    painted = Painted()
    screen = PollingScreen(painted)
    await screen.changed()
    first = screen.take(complete=False)
    assert first.layout == Monitors(300, 200)
    assert [patch.box for patch in first.patches] == [Box(0, 0, 300, 200)]
    painted.pixels[150, 290] = 9
    async with asyncio.timeout(5):
        await screen.changed()
    second = screen.take(complete=False)
    assert second.layout is None
    assert [patch.box for patch in second.patches] == [Box(256, 128, 44, 64)]
    assert (second.patches[0].pixels == painted.pixels[128:192, 256:300]).all()
    everything = screen.take(complete=True)
    assert [patch.box for patch in everything.patches] == [Box(0, 0, 300, 200)]


async def test_nothing_different_brings_nothing_and_looks_ever_less_often() -> None:
    painted = Painted()
    screen = PollingScreen(painted)
    await screen.changed()
    screen.take(complete=False)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.5):
            await screen.changed()
    assert painted.grabs <= 9


async def test_input_makes_it_look_at_once() -> None:
    painted = Painted()
    screen = PollingScreen(painted)
    await screen.changed()
    screen.take(complete=False)
    # Slow as it would be after a minute of nothing, only more so.
    screen._pace = Lazy(time.monotonic)
    waiting = asyncio.ensure_future(screen.changed())
    await asyncio.sleep(0.05)
    painted.pixels[0, 0] = 1
    assert not waiting.done()
    screen.hurry()
    async with asyncio.timeout(5):
        await waiting


def test_the_pace() -> None:
    now = [0.0]
    pace = Pace(lambda: now[0])
    assert pace.looked(changed=True) == FASTEST_S
    waits = [pace.looked(changed=False) for _ in range(20)]
    assert waits == sorted(waits)
    assert waits[-1] == SLOWEST_S
    pace.hurry()
    assert pace.looked(changed=False) == FASTEST_S
    now[0] += 1.0
    assert pace.looked(changed=False) > FASTEST_S


@given(st.lists(st.tuples(st.integers(0, 149), st.integers(0, 99)), max_size=10))
def test_every_pixel_that_differs_is_in_a_box(points: list[tuple[int, int]]) -> None:
    old = np.zeros((100, 150, 4), np.uint8)
    new = old.copy()
    new[..., 3] = 255
    for x, y in points:
        new[y, x, 1] = 1
    boxes = different(old, new)
    assert all(any(b.x <= x < b.right and b.y <= y < b.bottom for b in boxes) for x, y in points)
    assert bool(boxes) == bool(points)


async def test_a_closed_screen_says_so() -> None:
    painted = Painted()
    screen = PollingScreen(painted)
    screen.close()
    screen.close()
    assert painted.closed
    with pytest.raises(CaptureUnavailable):
        await screen.changed()


@pytest.fixture
def deaf() -> Iterator[VirtualDisplay]:
    """A display that tells nothing of what changes."""
    display = VirtualDisplay.start(400, 300, extensions_off=("DAMAGE",))
    yield display
    display.stop()


@pytest.mark.display
async def test_a_display_without_damage_is_polled(deaf: VirtualDisplay) -> None:
    desktop = await asyncio.to_thread(open_desktop, deaf.name)
    try:
        assert isinstance(desktop.screen, PollingScreen)
        assert desktop.cursor is not None
        await desktop.screen.changed()
        capture = desktop.screen.take(complete=False)
        assert np.array_equal(capture.patches[0].pixels[..., :3], deaf.picture()[..., :3])
        with deaf.connect() as connection:
            root = connection.screen().root
            gc = root.create_gc(foreground=0x00FF00)
            root.fill_rectangle(gc, 10, 10, 20, 20)
            connection.sync()
        async with asyncio.timeout(5):
            await desktop.screen.changed()
        [patch] = desktop.screen.take(complete=False).patches
        assert (patch.pixels[10 - patch.box.y, 10 - patch.box.x, :3] == (0, 255, 0)).all()
    finally:
        await asyncio.to_thread(desktop.close)


@pytest.mark.display
def test_x11_pictures_give_size_and_pixels(deaf: VirtualDisplay) -> None:
    pictures = X11Pictures(deaf.name)
    assert (pictures.layout().width, pictures.layout().height) == (400, 300)
    assert pictures.grab(Box(5, 6, 7, 8)).pixels.shape == (8, 7, 4)
    pictures.close()
