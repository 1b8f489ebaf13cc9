"""What the encoder sends, decoded again, is the screen; and it sends little."""

import time
from collections.abc import Iterable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.encode import ExactEncoder, smallest
from agent.ports import Capture, Patch, Pixels
from agent.region import Box
from protocol.messages import FrameBegin, FrameEnd, Message, Monitors, Rect, pack_message, parse_message
from protocol.picture import Encoding, blank, decode_rect, draw_rect


class Viewer:
    """Shows what it is sent, as a viewer does, and checks the order of messages."""

    def __init__(self) -> None:
        self.picture = blank(1, 1)
        self.frames = 0
        self.bytes = 0
        self.last_rects: list[Rect] = []
        self.last_complete = False

    def show(self, messages: Iterable[Message]) -> None:
        inside = False
        for sent in messages:
            kind, data = pack_message(sent)
            self.bytes += len(data)
            match parse_message(kind, data):
                case Monitors(width=width, height=height):
                    assert not inside
                    self.picture = blank(width, height)
                case FrameBegin(frame=frame, complete=complete):
                    assert not inside
                    inside = True
                    self.frames += 1
                    assert frame == self.frames
                    self.last_complete = complete
                    self.last_rects = []
                case Rect() as rect:
                    assert inside
                    self.last_rects.append(rect)
                    draw_rect(self.picture, rect)
                case FrameEnd(frame=frame, exact=exact):
                    assert inside
                    assert exact
                    assert frame == self.frames
                    inside = False
                case other:
                    raise AssertionError(f"unexpected {other}")
        assert not inside


def screen(height: int, width: int, colour: tuple[int, int, int] = (0, 0, 0)) -> Pixels:
    pixels = np.zeros((height, width, 4), np.uint8)
    pixels[..., :3] = colour
    return pixels


def whole(pixels: Pixels, *, layout: bool = False) -> Capture:
    height, width = pixels.shape[:2]
    patch = Patch(Box(0, 0, width, height), pixels.copy())
    return Capture((patch,), 1, Monitors(width, height) if layout else None, complete=True)


def part(pixels: Pixels, *boxes: Box) -> Capture:
    return Capture(tuple(Patch(box, pixels[box.y : box.bottom, box.x : box.right].copy()) for box in boxes), 2)


def same(viewer: Viewer, pixels: Pixels) -> bool:
    return bool(np.array_equal(viewer.picture[..., :3], pixels[..., :3]))


def test_the_first_frame_is_complete() -> None:
    encoder, viewer = ExactEncoder(), Viewer()
    pixels = screen(100, 150, (1, 2, 3))
    viewer.show(encoder.encode(whole(pixels, layout=True)))
    assert same(viewer, pixels)
    assert viewer.last_complete
    assert [rect.encoding for rect in viewer.last_rects] == [Encoding.SOLID]


def test_the_first_capture_must_name_the_size() -> None:
    with pytest.raises(ValueError, match="size"):
        ExactEncoder().encode(whole(screen(8, 8)))


def test_what_the_viewer_has_already_is_not_sent() -> None:
    encoder, viewer = ExactEncoder(), Viewer()
    pixels = screen(200, 300)
    viewer.show(encoder.encode(whole(pixels, layout=True)))
    assert encoder.encode(part(pixels, Box(10, 10, 100, 100))) == []
    pixels[50, 60, :3] = 255
    messages = encoder.encode(part(pixels, Box(10, 10, 250, 180)))
    viewer.show(messages)
    assert len(viewer.last_rects) == 1
    assert viewer.last_rects[0].width <= 64
    assert not viewer.last_complete
    assert same(viewer, pixels)


def test_a_refresh_sends_everything_though_the_viewer_has_it() -> None:
    encoder, viewer = ExactEncoder(), Viewer()
    pixels = screen(200, 300, (9, 9, 9))
    viewer.show(encoder.encode(whole(pixels, layout=True)))
    viewer.picture[:] = 77
    viewer.show(encoder.encode(whole(pixels)))
    assert viewer.last_complete
    assert same(viewer, pixels)


def test_the_unused_byte_of_a_pixel_means_nothing() -> None:
    encoder = ExactEncoder()
    pixels = screen(64, 64)
    encoder.encode(whole(pixels, layout=True))
    pixels[..., 3] = 200
    assert encoder.encode(part(pixels, Box(0, 0, 30, 30))) == []


def test_equal_neighbours_become_one_rect() -> None:
    encoder, viewer = ExactEncoder(), Viewer()
    pixels = screen(640, 640, (255, 255, 255))
    pixels[:, 320:] = (10, 20, 30, 0)
    viewer.show(encoder.encode(whole(pixels, layout=True)))
    assert sorted((r.x, r.y, r.width, r.height) for r in viewer.last_rects) == [(0, 0, 320, 640), (320, 0, 320, 640)]
    assert same(viewer, pixels)


def text_page(width: int = 1920, height: int = 1080, seed: int = 3) -> Pixels:
    """A page that looks like text: glyphs of a few grey levels in rows, on white, in two colours."""
    random = np.random.default_rng(seed)
    glyphs = (random.random((64, 13, 7)) < 0.35) * random.integers(100, 256, (64, 13, 7))
    pixels = screen(height, width, (255, 255, 255))
    for top in range(4, height - 16, 17):
        for left in range(4, width - 10, 8):
            if random.random() < 0.8:
                ink = glyphs[random.integers(64)].astype(np.uint8)
                pixels[top : top + 13, left : left + 7, 0] -= ink
                pixels[top : top + 13, left : left + 7, 1] -= ink
                pixels[top : top + 13, left : left + 7, 2] -= ink // 2
    return pixels


def test_a_full_page_of_text_is_quick_and_exact() -> None:
    pixels = text_page()
    encoder, viewer = ExactEncoder(), Viewer()
    best = 1e9
    for _ in range(3):
        began = time.perf_counter()
        messages = encoder.encode(whole(pixels, layout=encoder.frame == 0))
        best = min(best, time.perf_counter() - began)
        viewer.show(messages)
    assert same(viewer, pixels)
    assert best < 0.4, f"{best * 1000:.0f} ms"


def test_noise_goes_raw_and_a_glyph_as_a_palette() -> None:
    random = np.random.default_rng(5)
    noise = random.integers(0, 256, (64, 64, 4), dtype=np.uint8)
    assert smallest(noise)[0] is Encoding.RAW
    glyph = screen(13, 7, (255, 255, 255))
    glyph[3:9, 3] = 0
    encoding, data = smallest(glyph)
    assert encoding is Encoding.PALETTE
    assert len(data) < 60
    gradient = screen(64, 256)
    gradient[..., 0] = np.arange(256, dtype=np.uint8)
    gradient[..., 1] = (np.arange(256, dtype=np.uint16) * 7 % 256).astype(np.uint8)
    assert smallest(gradient)[0] is Encoding.DEFLATE


@st.composite
def scenes(draw: st.DrawFn) -> tuple[Pixels, list[tuple[Box, int, int]]]:
    width, height = draw(st.integers(1, 300)), draw(st.integers(1, 300))
    steps = []
    for _ in range(draw(st.integers(0, 8))):
        x, y = draw(st.integers(0, width - 1)), draw(st.integers(0, height - 1))
        box = Box(x, y, draw(st.integers(1, width - x)), draw(st.integers(1, height - y)))
        steps.append((box, draw(st.integers(0, 3)), draw(st.integers(0, 1 << 24))))
    return screen(height, width, draw(st.sampled_from([(0, 0, 0), (255, 255, 255), (1, 128, 255)]))), steps


def test_damage_everywhere_sends_only_what_is_different() -> None:
    pixels = screen(200, 300)
    encoder, viewer = ExactEncoder(), Viewer()
    viewer.show(encoder.encode(whole(pixels, layout=True)))
    everywhere = Box(0, 0, 300, 200)
    assert encoder.encode(part(pixels, everywhere)) == []
    pixels[10:20, 10:20] = 7
    messages = encoder.encode(part(pixels, everywhere))
    viewer.show(messages)
    assert same(viewer, pixels)
    assert not viewer.last_complete
    assert sum(rect.width * rect.height for rect in messages if isinstance(rect, Rect)) == 10 * 10


@settings(deadline=None, max_examples=60)
@given(scenes())
def test_whatever_is_drawn_the_viewer_shows_it(scene: tuple[Pixels, list[tuple[Box, int, int]]]) -> None:
    pixels, steps = scene
    encoder, viewer = ExactEncoder(), Viewer()
    viewer.show(encoder.encode(whole(pixels, layout=True)))
    assert same(viewer, pixels)
    for box, manner, seed in steps:
        random = np.random.default_rng(seed)
        area = pixels[box.y : box.bottom, box.x : box.right]
        if manner == 0:
            area[...] = seed & 0xFF
        elif manner == 1:
            area[...] = random.integers(0, 256, area.shape, dtype=np.uint8)
        elif manner == 2:
            area[...] = random.integers(0, 2, area.shape, dtype=np.uint8) * 255
        else:
            area[..., 0] = np.arange(area.shape[1], dtype=np.uint32).astype(np.uint8)
        viewer.show(encoder.encode(part(pixels, box)))
        assert same(viewer, pixels)
        assert encoder.encode(part(pixels, box)) == []


@settings(deadline=None, max_examples=40)
@given(
    st.integers(1, 200),
    st.integers(1, 200),
    st.integers(1, 400),
    st.integers(0, 1 << 30),
)
def test_any_rect_decodes_to_its_pixels(width: int, height: int, colours: int, seed: int) -> None:
    random = np.random.default_rng(seed)
    palette = random.integers(0, 256, (colours, 4), dtype=np.uint8)
    pixels = palette[random.integers(0, colours, (height, width))]
    encoding, data = smallest(pixels)
    decoded = decode_rect(Rect(encoding, 0, 0, width, height, data))
    assert np.array_equal(decoded[..., :3], pixels[..., :3])
    assert len(data) <= width * height * 3


def test_a_new_size_begins_anew() -> None:
    encoder, viewer = ExactEncoder(), Viewer()
    viewer.show(encoder.encode(whole(screen(100, 100, (5, 5, 5)), layout=True)))
    larger = screen(150, 200, (5, 5, 5))
    viewer.show(encoder.encode(whole(larger, layout=True)))
    assert viewer.last_complete
    assert same(viewer, larger)
    larger[149, 199, :3] = 1
    viewer.show(encoder.encode(part(larger, Box(190, 140, 10, 10))))
    assert same(viewer, larger)
