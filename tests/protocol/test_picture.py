import tracemalloc
import zlib
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from protocol import picture
from protocol.errors import ErrorCode, RemoteProtocolError
from protocol.messages import Rect
from protocol.picture import Encoding, Pixels, decode_rect, draw_rect
from tests.protocol.support import vectors

FILE = vectors("picture.json")
SHAPES = st.tuples(st.integers(1, 40), st.integers(1, 40), st.just(4))
PICTURES = hnp.arrays(np.uint8, SHAPES, elements=st.integers(0, 255)) | hnp.arrays(
    np.uint8, SHAPES, elements=st.integers(0, 1)
)


def rect(encoding: int, pixels: Pixels, data: bytes) -> Rect:
    return Rect(encoding, 0, 0, pixels.shape[1], pixels.shape[0], data)


@settings(deadline=None)
@given(PICTURES)
def test_what_is_encoded_comes_back_exactly(pixels: Pixels) -> None:
    for encoding, data in (
        (Encoding.SOLID, picture.encode_solid(pixels)),
        (Encoding.RAW, picture.encode_raw(pixels)),
        (Encoding.PALETTE, picture.encode_palette(pixels)),
        (Encoding.DEFLATE, picture.encode_deflate(pixels)),
    ):
        if data is not None:
            decoded = decode_rect(rect(encoding, pixels, data))
            assert np.array_equal(decoded[..., :3], pixels[..., :3])
            assert (decoded[..., 3] == 255).all()


@pytest.mark.parametrize(("width", "height"), [(255, 3), (256, 1), (256, 3), (700, 300), (2, 900)])
def test_wide_rows_come_back_exactly(width: int, height: int) -> None:
    pixels = np.random.default_rng(1).integers(0, 256, (height, width, 4), dtype=np.uint8)
    decoded = decode_rect(rect(Encoding.DEFLATE, pixels, picture.encode_deflate(pixels)))
    assert np.array_equal(decoded[..., :3], pixels[..., :3])


def test_vectors() -> None:
    for case in FILE["rects"]:
        decoded = decode_rect(Rect(case["encoding"], 0, 0, case["width"], case["height"], bytes.fromhex(case["hex"])))
        if case["rgb"] is not None:
            assert picture.encode_raw(decoded).hex() == case["rgb"]
        else:
            assert not decoded[..., :3].any()


@pytest.mark.parametrize("case", FILE["rejects"], ids=lambda case: case["why"])
def test_broken_rects_are_refused(case: dict[str, str]) -> None:
    with pytest.raises(RemoteProtocolError):
        decode_rect(
            Rect(int(case["encoding"]), 0, 0, int(case["width"]), int(case["height"]), bytes.fromhex(case["hex"]))
        )


@settings(deadline=None)
@given(st.integers(0, 6), st.integers(1, 20), st.integers(1, 20), st.binary(max_size=200))
def test_garbage_is_pixels_or_an_error(encoding: int, width: int, height: int, data: bytes) -> None:
    try:
        pixels = decode_rect(Rect(encoding, 0, 0, width, height, data))
    except RemoteProtocolError:
        return
    assert pixels.shape == (height, width, 4)


def test_a_deflate_bomb_is_not_inflated() -> None:
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    bomb = packer.compress(bytes(100_000_000)) + packer.flush()
    tracemalloc.start()
    try:
        with pytest.raises(RemoteProtocolError):
            decode_rect(Rect(Encoding.DEFLATE, 0, 0, 10, 10, bomb))
        assert tracemalloc.get_traced_memory()[1] < 1_000_000
    finally:
        tracemalloc.stop()


def test_one_colour_and_many_colours() -> None:
    pixels = np.zeros((16, 17, 4), np.uint8)
    assert picture.encode_solid(pixels) == bytes(3)
    pixels[..., 0] = np.arange(16)[:, None]
    pixels[..., 1] = np.arange(17)[None, :]
    assert picture.encode_solid(pixels) is None
    assert picture.encode_palette(pixels) is None
    assert picture.encode_palette(pixels[:15, :17]) is not None
    assert picture.encode_palette(pixels[:15, :17], most_runs=10) is None


def test_the_x_byte_does_not_matter() -> None:
    pixels = np.zeros((4, 4, 4), np.uint8)
    pixels[..., 3] = np.arange(16).reshape(4, 4)
    assert picture.encode_solid(pixels) == bytes(3)
    data = picture.encode_palette(pixels)
    assert data is not None
    assert data[0] == 0


@given(hnp.arrays(np.uint8, st.tuples(st.integers(1, 20), st.integers(1, 20), st.just(4))))
def test_cursor_round_trip(rgba: Pixels) -> None:
    height, width = rgba.shape[:2]
    data = picture.encode_cursor(rgba)
    assert np.array_equal(picture.decode_cursor(width, height, data), rgba)
    for wrong in ((width + 1, height, data), (width, height, data + b"\0"), (0, 0, b"\0")):
        with pytest.raises(RemoteProtocolError):
            picture.decode_cursor(*wrong)
    assert picture.decode_cursor(0, 0, b"").shape == (0, 0, 4)


def test_screens_have_a_size() -> None:
    assert picture.blank(3, 2).shape == (2, 3, 4)
    for width, height in ((0, 1), (1, 0), (16_385, 1), (16_384, 16_384)):
        with pytest.raises(RemoteProtocolError):
            picture.blank(width, height)


def painted(rgb: str, width: int, height: int) -> Pixels:
    """Return the picture that a raw rect of these bytes shows."""
    return decode_rect(Rect(Encoding.RAW, 0, 0, width, height, bytes.fromhex(rgb)))


@pytest.mark.parametrize("case", FILE["copies"], ids=lambda case: case["why"])
def test_vectors_of_copies(case: dict[str, Any]) -> None:
    pixels = painted(case["before"], case["width"], case["height"])
    for step in case["rects"]:
        place = (step["x"], step["y"], step["width"], step["height"])
        draw_rect(pixels, Rect(Encoding.COPY, *place, bytes.fromhex(step["hex"])))
    assert picture.encode_raw(pixels).hex() == case["after"]


@pytest.mark.parametrize("case", FILE["copy_rejects"], ids=lambda case: case["why"])
def test_copies_from_nowhere_are_refused(case: dict[str, Any]) -> None:
    """The twin is the vectors of copies: the same picture and sources inside it."""
    before = painted(FILE["copies"][0]["before"], 12, 9)
    pixels = before.copy()
    with pytest.raises(RemoteProtocolError):
        draw_rect(pixels, Rect(Encoding.COPY, 0, 0, case["width"], case["height"], bytes.fromhex(case["hex"])))
    assert np.array_equal(pixels, before)


@pytest.mark.parametrize("way", [(0, 9), (0, -9), (3, 11), (-3, -11), (5, 0), (-5, 0), (2, 1), (0, 90)])
def test_a_copy_that_overlaps_itself(way: tuple[int, int]) -> None:
    pixels = np.random.default_rng(5).integers(0, 256, (200, 60, 4), dtype=np.uint8)
    dx, dy = way
    x, y, from_x, from_y = max(dx, 0), max(dy, 0), max(-dx, 0), max(-dy, 0)
    width, height = 60 - abs(dx), 200 - abs(dy)
    expected = pixels.copy()
    expected[y : y + height, x : x + width] = pixels[from_y : from_y + height, from_x : from_x + width]
    draw_rect(pixels, Rect(Encoding.COPY, x, y, width, height, picture.encode_copy(from_x, from_y)))
    assert np.array_equal(pixels, expected)


def test_a_copy_has_a_bounded_number_of_pixels() -> None:
    most = Rect(Encoding.COPY, 0, 0, 16_384, 256, picture.encode_copy(0, 1))
    assert picture.copy_source(most, 16_384, 4_096) == (0, 1)
    with pytest.raises(RemoteProtocolError) as refused:
        picture.copy_source(Rect(Encoding.COPY, 0, 0, 16_384, 257, most.data), 16_384, 4_096)
    assert refused.value.code is ErrorCode.TOO_LARGE


@settings(deadline=None)
@given(st.data(), st.integers(1, 60), st.integers(1, 60))
def test_a_copy_is_what_stood_there_before(data: st.DataObject, width: int, height: int) -> None:
    pixels = np.random.default_rng(5).integers(0, 256, (height, width, 4), dtype=np.uint8)
    across, down = data.draw(st.integers(1, width)), data.draw(st.integers(1, height))
    x, from_x = (data.draw(st.integers(0, width - across)) for _ in range(2))
    y, from_y = (data.draw(st.integers(0, height - down)) for _ in range(2))
    expected = pixels.copy()
    expected[y : y + down, x : x + across] = pixels[from_y : from_y + down, from_x : from_x + across]
    draw_rect(pixels, Rect(Encoding.COPY, x, y, across, down, picture.encode_copy(from_x, from_y)))
    assert np.array_equal(pixels, expected)


@settings(deadline=None)
@given(st.integers(0, 40), st.integers(0, 40), st.integers(1, 40), st.integers(1, 40), st.binary(max_size=8))
def test_a_copy_of_anything_draws_inside_its_rect_or_not_at_all(
    x: int, y: int, width: int, height: int, data: bytes
) -> None:
    pixels = np.random.default_rng(5).integers(0, 256, (80, 80, 4), dtype=np.uint8)
    before = pixels.copy()
    try:
        draw_rect(pixels, Rect(Encoding.COPY, x, y, width, height, data))
    except RemoteProtocolError:
        assert np.array_equal(pixels, before)
        return
    pixels[y : y + height, x : x + width] = before[y : y + height, x : x + width]
    assert np.array_equal(pixels, before)
