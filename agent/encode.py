"""Exact pictures: what changed, cut into rects, each in the smallest lossless encoding (docs/protocol, section 7).

All of it is numpy and zlib on whole arrays, which let go of the GIL; it runs in a thread.
"""

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Final

import numpy as np
from numpy.typing import NDArray

from agent.motion import Area, Copy, Motion, bounds
from agent.ports import Capture
from agent.region import Box
from agent.tiles import fold
from protocol.handshake import Feature
from protocol.messages import FrameBegin, FrameEnd, Message, Rect
from protocol.picture import (
    MAX_RECT_PIXELS,
    Encoding,
    encode_copy,
    encode_deflate,
    encode_palette,
    encode_raw,
    pack_colours,
)

# Side of the squares in which changes are looked for. Smaller finds less that did not change, larger costs fewer rects.
TILE_PX: Final = 64
# Rects end here: a viewer decodes several at once, and the relay passes the first on before the last is encoded.
MAX_RECT_WIDTH: Final = 1_024
MAX_RECT_HEIGHT: Final = 256
# Viewers decode a palette at once and wait for inflate, so a palette this small is not worth comparing.
SMALL_BYTES: Final = 768
# Below one run for this many pixels it is no drawing but a picture of nature, and a palette is not tried.
RUN_PX: Final = 3
# Deflate in place of raw must save at least this share.
_RAW_GAIN: Final = 0.97

Colours = NDArray[np.uint32]
"""0xRRGGBB, shape (height, width)."""
Mask = NDArray[np.bool_]


class ExactEncoder:
    """A FrameEncoder without loss, for one viewer that can take `features`.

    It remembers what that viewer shows and sends only what is different: first copies of what only moved, then the rest
    as pixels. A complete capture is sent whole.
    """

    def __init__(self, features: frozenset[str] = frozenset()) -> None:
        self._frame = 0
        self._shadow: Colours | None = None
        self._motion = Motion() if Feature.COPY in features else None

    def encode(self, capture: Capture) -> Sequence[Message]:
        """Return layout (when it is new), frame-begin, rects, frame-end; nothing when the viewer has it all already."""
        messages: list[Message] = []
        if capture.layout is not None:
            self._shadow = np.zeros((capture.layout.height, capture.layout.width), np.uint32)
            messages.append(capture.layout)
        shadow = self._shadow
        if shadow is None:
            raise ValueError("the first capture names the size of the screen")
        areas = [Area(patch.box, pack_colours(patch.pixels)) for patch in capture.patches]
        rects: list[Message] = []
        if self._motion is not None and not capture.complete:
            moved = self._motion.find(shadow, areas)
            if moved is not None:
                rects += map(_copy_rect, moved.copies)
                areas = [moved.area]
        for area in areas:
            rects += _encode_area(shadow, area, everything=capture.complete)
        if not rects:
            return messages
        self._frame = (self._frame + 1) & 0xFFFF_FFFF
        messages.append(FrameBegin(self._frame, capture.complete))
        messages += rects
        messages.append(FrameEnd(self._frame, capture.at_ms, exact=True))
        return messages

    @property
    def frame(self) -> int:
        """Number of the last frame."""
        return self._frame


def _copy_rect(copy: Copy) -> Rect:
    box = copy.target
    return Rect(Encoding.COPY, box.x, box.y, box.width, box.height, encode_copy(copy.x, copy.y))


def _encode_area(shadow: Colours, area: Area, *, everything: bool) -> list[Rect]:
    """Return what brings `shadow`, the viewer's picture, to `area`, and bring it there."""
    box, colours = area.box, area.colours
    before = shadow[box.y : box.bottom, box.x : box.right]
    differs = np.ones(colours.shape, bool) if everything else colours != before
    changed = _any_by_tile(differs)
    rows: Mask = np.any(changed, axis=1)
    rects: list[Rect] = []
    # Rows of tiles without a change are not looked at again.
    for top, bottom in _runs(rows):
        slab = _tile_box(0, changed.shape[1], top, bottom, box)
        here = slice(slab.y, slab.bottom)
        rects += _encode_slab(box, slab, colours[here], differs[here], changed[top:bottom])
        before[here] = colours[here]
    return rects


def _encode_slab(box: Box, slab: Box, colours: Colours, differs: Mask, changed: Mask) -> Iterator[Rect]:
    """Yield the changed tiles of some rows of tiles of `box`: those of one colour, then the rest, edges trimmed."""
    x, y = box.x + slab.x, box.y + slab.y
    solid, first = _solid_tiles(colours)
    for part, colour in _equal_areas(changed & solid, first, slab):
        yield Rect(Encoding.SOLID, x + part.x, y + part.y, part.width, part.height, _rgb(colour))
    for part in _areas(changed & ~solid, slab):
        inside = bounds(differs[part.y : part.bottom, part.x : part.right])
        if inside is None:
            continue
        left, top = part.x + inside.x, part.y + inside.y
        # 0xRRGGBB stands in memory as B, G, R and an unused byte.
        pixels = colours[top : top + inside.height, left : left + inside.width].astype("<u4", copy=False).view(np.uint8)
        encoding, data = smallest(pixels.reshape(inside.height, inside.width, 4))
        yield Rect(encoding, x + left, y + top, inside.width, inside.height, data)


def smallest(pixels: NDArray[np.uint8]) -> tuple[Encoding, bytes]:
    """Return the encoding of BGRX pixels that takes the fewest bytes, with a lean to what viewers decode at once."""
    count = pixels.shape[0] * pixels.shape[1]
    palette = encode_palette(pixels, most_runs=max(1, count // RUN_PX))
    if palette is not None and len(palette) <= SMALL_BYTES:
        return (Encoding.PALETTE, palette) if len(palette) < count * 3 else (Encoding.RAW, encode_raw(pixels))
    deflated = encode_deflate(pixels)
    if palette is not None and len(palette) <= len(deflated):
        return Encoding.PALETTE, palette
    if len(deflated) < count * 3 * _RAW_GAIN:
        return Encoding.DEFLATE, deflated
    return Encoding.RAW, encode_raw(pixels)


def _rgb(colour: int) -> bytes:
    return colour.to_bytes(3, "big")


def _any_by_tile(mask: Mask) -> Mask:
    """Return, for each tile, whether any of its pixels is set."""
    return fold(np.logical_or, mask, TILE_PX)


def _solid_tiles(colours: Colours) -> tuple[Mask, Colours]:
    """Return, for each tile, whether it has one colour only, and its first colour."""
    low = fold(np.minimum, colours, TILE_PX)
    return low == fold(np.maximum, colours, TILE_PX), low


def _runs(row: NDArray[np.bool_]) -> Iterator[tuple[int, int]]:
    """Yield (begin, end) of each run of True."""
    edges = np.flatnonzero(np.diff(np.concatenate(([0], row.view(np.int8), [0]))))
    for begin, end in zip(edges[::2], edges[1::2], strict=True):
        yield int(begin), int(end)


def _tile_box(left: int, right: int, top: int, bottom: int, box: Box) -> Box:
    """Return the pixels, relative to `box`, of the tiles from (left, top) up to but without (right, bottom)."""
    x, y = left * TILE_PX, top * TILE_PX
    return Box(x, y, min(right * TILE_PX, box.width) - x, min(bottom * TILE_PX, box.height) - y)


def _areas(tiles: NDArray[np.bool_], box: Box) -> Iterator[Box]:
    """Yield boxes, relative to `box`, that together cover exactly the tiles that are set; runs that are alike join."""
    most_across, most_down = MAX_RECT_WIDTH // TILE_PX, MAX_RECT_HEIGHT // TILE_PX
    open_runs: dict[tuple[int, int], int] = {}
    for row in range(len(tiles) + 1):
        runs = set()
        if row < len(tiles):
            for begin, end in _runs(tiles[row]):
                runs |= {(left, min(left + most_across, end)) for left in range(begin, end, most_across)}
        for run, top in list(open_runs.items()):
            if run not in runs or row - top == most_down:
                yield _tile_box(*run, top, row, box)
                del open_runs[run]
        for run in runs:
            open_runs.setdefault(run, row)


def _equal_areas(tiles: NDArray[np.bool_], colours: Colours, box: Box) -> Iterator[tuple[Box, int]]:
    """Yield boxes of tiles that are set and of one colour, relative to `box`, with that colour."""
    open_runs: dict[tuple[int, int, int], int] = {}
    for row in range(len(tiles) + 1):
        runs: set[tuple[int, int, int]] = set()
        if row < len(tiles):
            for begin, end in _runs(tiles[row]):
                line = colours[row, begin:end]
                cuts = [0, *(np.flatnonzero(line[1:] != line[:-1]) + 1).tolist(), end - begin]
                runs |= {(begin + a, begin + b, int(line[a])) for a, b in pairwise(cuts)}
        for run, top in list(open_runs.items()):
            part = _tile_box(run[0], run[1], top, row, box)
            # Rows that would make the rect too large begin a new one.
            full = part.area + part.width * TILE_PX > MAX_RECT_PIXELS
            if run not in runs or full:
                yield part, run[2]
                del open_runs[run]
        for run in runs:
            open_runs.setdefault(run, row)
