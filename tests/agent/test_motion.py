"""Scrolled and moved areas are found, cost little, and never show a wrong pixel."""

import time
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent import motion
from agent.encode import ExactEncoder
from agent.motion import Area, Motion, bounds
from agent.ports import Pixels
from agent.region import Box
from protocol.handshake import Feature
from protocol.messages import Rect
from protocol.picture import Encoding, pack_colours
from tests.agent.test_encode import Viewer, part, same, text_page, whole

CAN_COPY = frozenset({Feature.COPY})
WIDTH, HEIGHT = 640, 480
Change = Callable[[Pixels], object]


def roll(pixels: Pixels, box: Box, dx: int, dy: int) -> None:
    """Scroll what is in `box`: content moves by (dx, dy) and what comes in is new."""
    area = pixels[box.y : box.bottom, box.x : box.right]
    before = area.copy()
    area[...] = text_page(box.width, box.height, seed=1000 + dx + 7 * dy)
    source = before[max(0, -dy) : box.height - max(0, dy), max(0, -dx) : box.width - max(0, dx)]
    area[max(0, dy) : box.height + min(0, dy), max(0, dx) : box.width + min(0, dx)] = source


class Desk:
    """A screen of text, an encoder and a viewer of it."""

    def __init__(self, pixels: Pixels | None = None, features: frozenset[str] = CAN_COPY) -> None:
        self.pixels = text_page(WIDTH, HEIGHT) if pixels is None else pixels
        self.encoder, self.viewer = ExactEncoder(features), Viewer()
        self.viewer.show(self.encoder.encode(whole(self.pixels, layout=True)))

    def show(self, *boxes: Box) -> int:
        """Send a frame of what is in these boxes, or of everything; return how many bytes it took."""
        height, width = self.pixels.shape[:2]
        before = self.viewer.bytes
        self.viewer.show(self.encoder.encode(part(self.pixels, *(boxes or (Box(0, 0, width, height),)))))
        assert same(self.viewer, self.pixels)
        return self.viewer.bytes - before

    @property
    def copies(self) -> list[Rect]:
        return [rect for rect in self.viewer.last_rects if rect.encoding == Encoding.COPY]


ALL = Box(0, 0, WIDTH, HEIGHT)
PANE, OTHER = Box(20, 30, 280, 400), Box(330, 50, 290, 380)


@pytest.mark.parametrize("way", [(0, -45), (0, 45), (0, -1), (0, 1), (0, -7), (40, 0), (-40, 0), (1, 0), (-13, 0)])
def test_a_scroll_is_one_copy_and_a_strip(way: tuple[int, int]) -> None:
    desk = Desk()
    roll(desk.pixels, ALL, *way)
    copying = desk.show()
    assert len(desk.copies) == 1
    (copy,) = desk.copies
    strip_px = WIDTH * HEIGHT - (WIDTH - abs(way[0])) * (HEIGHT - abs(way[1]))
    sent_px = sum(rect.width * rect.height for rect in desk.viewer.last_rects if rect is not copy)
    assert sent_px <= 1.2 * strip_px + 64 * 64
    plain = Desk(features=frozenset())
    roll(plain.pixels, ALL, *way)
    assert copying < plain.show() / 4
    assert plain.copies == []


def test_what_changes_inside_a_scroll_is_sent_with_it() -> None:
    desk = Desk()
    roll(desk.pixels, ALL, 0, -45)
    desk.pixels[200:216, 300:308, :3] = (1, 2, 3)
    desk.pixels[0:20, 0:100, :3] = (9, 9, 200)
    desk.show()
    assert len(desk.copies) == 1
    assert sum(rect.width * rect.height for rect in desk.viewer.last_rects if rect.encoding != Encoding.COPY) < 50_000


def test_two_panes_scroll_their_own_ways() -> None:
    desk = Desk()
    roll(desk.pixels, PANE, 0, -30)
    roll(desk.pixels, OTHER, 0, 17)
    desk.show()
    ways = {(int.from_bytes(copy.data[:2]) - copy.x, int.from_bytes(copy.data[2:]) - copy.y) for copy in desk.copies}
    assert ways == {(0, 30), (0, -17)}
    moved_px = sum(copy.width * copy.height for copy in desk.copies)
    assert moved_px > 0.8 * (PANE.area + OTHER.area)


def test_two_panes_in_damage_of_their_own() -> None:
    desk = Desk()
    roll(desk.pixels, PANE, 0, -30)
    roll(desk.pixels, OTHER, 0, -30)
    desk.show(PANE, OTHER)
    assert len(desk.copies) == 2


@pytest.mark.parametrize("way", [(3, 2), (-25, 14), (60, -40), (-1, -1)])
def test_a_window_dragged_over_text_is_a_copy(way: tuple[int, int]) -> None:
    background = text_page(WIDTH, HEIGHT)
    window = np.random.default_rng(8).integers(0, 256, (200, 240, 4), dtype=np.uint8)
    desk = Desk(background.copy())
    x, y = 190, 130
    desk.pixels[y : y + 200, x : x + 240] = window
    desk.show()
    for step in range(1, 4):
        old = Box(x, y, 240, 200)
        x, y = x + way[0], y + way[1]
        desk.pixels[:] = background
        desk.pixels[y : y + 200, x : x + 240] = window
        new = Box(x, y, 240, 200)
        taken = desk.show() if step % 2 else desk.show(old, new)
        assert len(desk.copies) >= 1
        assert taken < 240 * 200 * 3 / 2


def test_a_copy_may_come_from_outside_the_damage() -> None:
    desk = Desk(np.random.default_rng(4).integers(0, 256, (HEIGHT, WIDTH, 4), dtype=np.uint8))
    desk.pixels[300:460, 100:400] = desk.pixels[20:180, 250:550]
    desk.pixels[20:180, 250:550] = 7
    taken = desk.show(Box(100, 300, 300, 160), Box(250, 20, 300, 160))
    assert taken < 2_000
    assert len(desk.copies) == 1


def test_noise_is_no_movement() -> None:
    desk = Desk()
    random = np.random.default_rng(6)
    for _ in range(3):
        desk.pixels[:] = random.integers(0, 256, desk.pixels.shape, dtype=np.uint8)
        desk.show()
        assert desk.copies == []


@pytest.mark.parametrize("period", [1, 2, 8, 64])
def test_patterns_that_are_alike_everywhere(period: int) -> None:
    desk = Desk()
    tile = np.random.default_rng(7).integers(0, 256, (period, period, 4), dtype=np.uint8)
    desk.pixels[:] = np.tile(tile, (HEIGHT // period + 1, WIDTH // period + 1, 1))[:HEIGHT, :WIDTH]
    desk.show()
    desk.pixels[:] = np.roll(desk.pixels, 3, axis=0)
    desk.show()


def test_a_small_change_is_not_searched(monkeypatch: pytest.MonkeyPatch) -> None:
    """A key press must not wait. The twin is every scroll above."""
    desk = Desk()

    def never(*_: object) -> None:
        raise AssertionError("searched")

    monkeypatch.setattr(Motion, "_votes", never)
    desk.pixels[100:140, 200:260, :3] = 5
    desk.show()


def test_a_complete_picture_has_no_copies() -> None:
    desk = Desk()
    roll(desk.pixels, ALL, 0, -45)
    desk.viewer.show(desk.encoder.encode(whole(desk.pixels)))
    assert desk.viewer.last_complete
    assert desk.copies == []
    assert same(desk.viewer, desk.pixels)


def test_a_screen_larger_than_a_rect_may_be() -> None:
    pixels = np.tile(text_page(1024, 512), (5, 4, 1))[:2160, :3840]
    pixels[::3, ::7, 0] = np.random.default_rng(2).integers(0, 256, pixels[::3, ::7, 0].shape)
    desk = Desk(pixels.copy())
    for dy in (-60, 60):
        before = desk.pixels.copy()
        desk.pixels[:] = np.roll(before, dy, axis=0)
        desk.show()
        assert len(desk.copies) >= 2


def test_the_work_for_one_frame_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """Panes that all move their own way: no more ways, copies and pixels are looked at than the limits say."""
    desk = Desk(np.random.default_rng(3).integers(0, 256, (HEIGHT, WIDTH, 4), dtype=np.uint8))
    looked = []
    targets = motion._targets

    def counted(shadow: motion.Colours, area: Area, way: tuple[int, int], most: int) -> list[Box]:
        looked.append(area.box.area)
        return targets(shadow, area, way, most)

    monkeypatch.setattr(motion, "_targets", counted)
    for pane in range(12):
        roll(desk.pixels, Box(pane % 4 * 160, pane // 4 * 160, 160, 160), pane - 5, 9 - pane)
    desk.show()
    assert 0 < len(looked) <= motion.MOST_WAYS
    assert 0 < len(desk.copies) <= motion.MOST_COPIES
    looked.clear()
    monkeypatch.setattr(motion, "MOST_COMPARED_PX", ALL.area - 1)
    roll(desk.pixels, ALL, 0, -9)
    desk.show()
    assert looked == []
    assert desk.copies == []


@pytest.mark.parametrize("what", ["noise", "text", "text that scrolls"])
def test_the_search_takes_little_time(what: str) -> None:
    """Full HD; generous, since other programs run beside this one."""
    old, new = text_page(), text_page()
    if what == "noise":
        new = np.random.default_rng(1).integers(0, 256, old.shape, dtype=np.uint8)
    elif what == "text":
        new = text_page(seed=4)
    else:
        roll(new, Box(0, 0, 1920, 1080), 0, -45)
    shadow, colours, search = pack_colours(old), pack_colours(np.ascontiguousarray(new)), Motion()
    best = 1e9
    for _ in range(4):
        here = shadow.copy()
        began = time.perf_counter()
        search.find(here, [Area(Box(0, 0, 1920, 1080), colours)])
        best = min(best, time.perf_counter() - began)
    assert best < 0.05, f"{best * 1000:.1f} ms"


def test_bounds() -> None:
    mask = np.zeros((20, 30), bool)
    assert bounds(mask) is None
    mask[3, 7] = mask[9, 4] = True
    assert bounds(mask) == Box(4, 3, 4, 7)
    mask[:] = True
    assert bounds(mask) == Box(0, 0, 30, 20)


@st.composite
def edits(draw: st.DrawFn) -> list[tuple[str, Box, int, int, int]]:
    """Scrolls, moves, and other changes, a few for each frame."""
    steps = []
    for _ in range(draw(st.integers(1, 6))):
        x, y = draw(st.integers(0, 340)), draw(st.integers(0, 240))
        box = Box(x, y, draw(st.integers(1, 360 - x)), draw(st.integers(1, 260 - y)))
        manner = draw(st.sampled_from(["scroll", "scroll", "scroll", "move", "fill", "noise", "show"]))
        steps.append((manner, box, draw(st.integers(-60, 60)), draw(st.integers(-60, 60)), draw(st.integers(0, 255))))
    return steps


def apply_edit(pixels: Pixels, step: tuple[str, Box, int, int, int]) -> None:
    """Change the picture as one step says."""
    manner, box, dx, dy, value = step
    area = pixels[box.y : box.bottom, box.x : box.right]
    if manner == "scroll":
        area[...] = np.roll(area, (dy, dx), axis=(0, 1))
    elif manner == "move":
        height, width = pixels.shape[:2]
        x, y = min(max(0, box.x + dx), width - box.width), min(max(0, box.y + dy), height - box.height)
        pixels[y : y + box.height, x : x + box.width] = area.copy()
    elif manner == "fill":
        area[..., :3] = value
    elif manner == "noise":
        area[...] = np.random.default_rng(value).integers(0, 256, area.shape, dtype=np.uint8)


@settings(deadline=None, max_examples=80)
@given(edits(), st.sampled_from(["text", "noise", "plain"]))
def test_whatever_moves_the_viewer_shows_it(steps: list[tuple[str, Box, int, int, int]], ground: str) -> None:
    pixels = np.zeros((260, 360, 4), np.uint8)
    if ground == "text":
        pixels = text_page(360, 260)
    elif ground == "noise":
        pixels = np.random.default_rng(9).integers(0, 256, (260, 360, 4), dtype=np.uint8)
    desk = Desk(pixels)
    for step in steps:
        apply_edit(pixels, step)
        if step[0] == "show":
            desk.show()
    desk.show()
