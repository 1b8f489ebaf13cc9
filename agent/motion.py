"""Scrolled and moved areas: which parts of a new picture already stand elsewhere in the viewer's.

How: short windows of pixels are hashed in every n-th row of the old picture and in bands of n rows of the new one, so
that whatever moved, by any number of pixels in both directions, shares windows with its old place. Equal windows vote
for the way between them. The ways with the most votes are then looked at pixel by pixel: a copy is kept only for what
it puts right, and the encoder compares everything once more with the picture after the copies. So a wrong guess costs
time, never a wrong pixel.

The time is bounded by counts, not by a clock, so that a picture gives the same messages on every computer.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from agent.region import Box
from protocol.picture import MAX_RECT_PIXELS, move_area

Colours = NDArray[np.uint32]
"""0xRRGGBB, shape (height, width)."""
Mask = NDArray[np.bool_]

# Below this many changed pixels a frame is small anyway, and what follows a key press must not wait for a search.
FEWEST_CHANGED_PX: Final = 3_072
# A copy must put right at least this many pixels: less is about as cheap as tiles.
FEWEST_GAINED_PX: Final = 1_024
# Windows are this wide: some five characters of text, so that few are equal by chance.
WINDOW_PX: Final = 32
# Every n-th row of the old picture is hashed, and bands of n rows, 8 n apart, of the new one; n grows with the area so
# that at most about this many windows are hashed in each.
ROW_STEP: Final = 8
BAND_STEPS: Final = 8
MOST_WINDOWS: Final = 300_000
# Every n-th window of a row of the new picture votes.
VOTE_STEP_PX: Final = 4
MOST_VOTES: Final = 8_192
FEWEST_VOTES: Final = 6
# Ways that are looked at pixel by pixel, copies that a frame may hold, and pixels that may be compared for all of it:
# a 4K screen twice, some 20 ms of one processor in the worst case, and encoding as much text takes ten times that.
MOST_WAYS: Final = 4
MOST_COPIES: Final = 8
MOST_COMPARED_PX: Final = 16_777_216
_TABLE_BITS: Final = 18
_CELL_PX: Final = 16
_LARGEST_CELL_PX: Final = 64
_MOST_CELL_ROWS: Final = 72
# Odd numbers without pattern; each doubling of the window's width has one of its own.
_FACTORS: Final = tuple(np.uint32(f) for f in (0x9E3779B1, 0x85EBCA77, 0xC2B2AE3D, 0x27D4EB2F, 0x165667B1))


@dataclass(frozen=True, slots=True)
class Copy:
    """Pixels of the picture before, from (x, y) into `target`; copies are applied in their order."""

    target: Box
    x: int
    y: int


@dataclass(frozen=True, slots=True)
class Area:
    """A box of the screen and its new `colours`."""

    box: Box
    colours: Colours


@dataclass(frozen=True, slots=True)
class Moved:
    """Copies, in the order in which they are applied, and the `area` in which pixels may differ after them."""

    copies: tuple[Copy, ...]
    area: Area


class Motion:
    """Finds copies for one viewer; holds what can be used again from frame to frame."""

    def __init__(self) -> None:
        self._table = np.empty(1 << _TABLE_BITS, np.int32)

    def find(self, shadow: Colours, areas: Sequence[Area]) -> "Moved | None":
        """Return copies that bring `shadow`, the viewer's picture, nearer to `areas`, and apply them to it.

        None, and nothing applied, when there are none worth it.
        """
        area = _worth_searching(shadow, areas)
        if area is None:
            return None
        votes = self._votes(shadow, area)
        copies: list[Copy] = []
        compared = 0
        for _ in range(MOST_WAYS):
            way = votes.elected()
            compared += area.box.area
            if way is None or compared > MOST_COMPARED_PX:
                break
            votes = votes.without_way(way)
            for target in _targets(shadow, area, way, MOST_COPIES - len(copies)):
                votes = votes.without_box(target)
                for piece in _pieces(target, way):
                    to = piece.target
                    move_area(shadow, (to.x, to.y), (to.width, to.height), (piece.x, piece.y))
                    copies.append(piece)
        return Moved(tuple(copies), area) if copies else None

    def _votes(self, shadow: Colours, area: Area) -> "_Votes":
        """Return which windows of `area` stand elsewhere in it in `shadow`."""
        box = area.box
        if box.width < WINDOW_PX:
            return _Votes(_NOTHING, _NOTHING, _NOTHING)
        step = max(ROW_STEP, box.area // MOST_WINDOWS)
        hashes, telling = _hashes(shadow[box.y : box.bottom : step, box.x : box.right], 1)
        known = np.flatnonzero(telling).astype(np.int32)
        hashes = hashes.ravel()
        self._table.fill(-1)
        self._table[hashes[known] >> np.uint32(32 - _TABLE_BITS)] = known
        rows = _band_rows(box.height, step)
        looked, telling = _hashes(area.colours[rows], VOTE_STEP_PX)
        row, column = np.nonzero(telling)
        looked = looked[row, column]
        found = self._table[looked >> np.uint32(32 - _TABLE_BITS)]
        hit = np.flatnonzero((found >= 0) & (hashes[found] == looked))
        hit = hit[:: len(hit) // MOST_VOTES + 1]
        y, x = rows[row[hit]], column[hit] * VOTE_STEP_PX
        from_y, from_x = np.divmod(found[hit].astype(np.int64), box.width - WINDOW_PX + 1)
        votes = _Votes(((from_y * step - y) << 16) + (from_x - x), x + box.x, y + box.y)
        return votes.without_way((0, 0))


@dataclass(frozen=True, slots=True)
class _Votes:
    """Windows found elsewhere: how far away, dy * 65,536 + dx, and where they are now."""

    ways: NDArray[np.int64]
    x: NDArray[np.int64]
    y: NDArray[np.int64]

    def elected(self) -> tuple[int, int] | None:
        """Return the (dx, dy) with the most votes, None when none has enough."""
        if len(self.ways) < FEWEST_VOTES:
            return None
        ways, counts = np.unique(self.ways, return_counts=True)
        best = int(counts.argmax())
        if counts[best] < FEWEST_VOTES:
            return None
        way = int(ways[best])
        dx = ((way + 0x8000) & 0xFFFF) - 0x8000
        return dx, (way - dx) >> 16

    def without_way(self, way: tuple[int, int]) -> "_Votes":
        return self._only(self.ways != (way[1] << 16) + way[0])

    def without_box(self, box: Box) -> "_Votes":
        """Leave out what stands in `box` now."""
        inside = (self.x >= box.x) & (self.x < box.right) & (self.y >= box.y) & (self.y < box.bottom)
        return self._only(~inside)

    def _only(self, mask: Mask) -> "_Votes":
        return _Votes(self.ways[mask], self.x[mask], self.y[mask])


_NOTHING: Final = np.empty(0, np.int64)


def _worth_searching(shadow: Colours, areas: Sequence[Area]) -> Area | None:
    """Return the new picture in the one box around all that is different, None when that is little.

    One box, since what moved may have left one damaged area and come into another, or lie across several.
    """
    changed_px = 0
    where: Box | None = None
    for area in areas:
        box = area.box
        differs = area.colours != shadow[box.y : box.bottom, box.x : box.right]
        inside = bounds(differs)
        if inside is not None:
            changed_px += int(np.count_nonzero(differs))
            part = Box(box.x + inside.x, box.y + inside.y, inside.width, inside.height)
            where = part if where is None else where.union(part)
    if where is None or changed_px < FEWEST_CHANGED_PX:
        return None
    # Between the areas nothing changed: the viewer's picture is the new one.
    colours = shadow[where.y : where.bottom, where.x : where.right].copy()
    for area in areas:
        box = area.box
        x, y, right, bottom = _overlap(box, where)
        if right > x and bottom > y:
            new = area.colours[y - box.y : bottom - box.y, x - box.x : right - box.x]
            colours[y - where.y : bottom - where.y, x - where.x : right - where.x] = new
    return Area(where, colours)


def _overlap(one: Box, other: Box) -> tuple[int, int, int, int]:
    return max(one.x, other.x), max(one.y, other.y), min(one.right, other.right), min(one.bottom, other.bottom)


def bounds(mask: Mask) -> Box | None:
    """Return the smallest box around all that is set, None when nothing is."""
    rows = np.flatnonzero(mask.any(axis=1))
    if not len(rows):
        return None
    top, bottom = int(rows[0]), int(rows[-1]) + 1
    columns = np.flatnonzero(mask[top:bottom].any(axis=0))
    left, right = int(columns[0]), int(columns[-1]) + 1
    return Box(left, top, right - left, bottom - top)


def _band_rows(height: int, step: int) -> NDArray[np.intp]:
    """Return the rows of a new area that are hashed: `step` of them together meet one hashed row of any old place."""
    rows = np.arange(height)
    return rows if height < 2 * BAND_STEPS * step else rows[rows // step % BAND_STEPS == 0]


def _hashes(colours: Colours, every: int) -> tuple[NDArray[np.uint32], Mask]:
    """Return a number for each window that begins at a multiple of `every`, and whether it has more than one colour."""
    numbers, plain = colours, np.uint32(1)
    width = 1
    with np.errstate(over="ignore"):
        for factor in _FACTORS:
            numbers = numbers[:, :-width] * factor + numbers[:, width:]
            plain = plain * factor + plain
            width *= 2
        numbers = numbers[:, ::every]
        return numbers, numbers != colours[:, : colours.shape[1] - WINDOW_PX + 1 : every] * plain


def _targets(shadow: Colours, area: Area, way: tuple[int, int], most: int) -> list[Box]:
    """Return the boxes inside `area` that copying by `way` improves most; only those worth it, at most `most`."""
    dx, dy = way
    height, width = shadow.shape
    box = area.box
    x, y = max(box.x, -dx), max(box.y, -dy)
    right, bottom = min(box.right, width - dx), min(box.bottom, height - dy)
    if right <= x or bottom <= y:
        return []
    new = area.colours[y - box.y : bottom - box.y, x - box.x : right - box.x]
    # 1 where the copy puts a pixel right, -1 where it spoils one.
    good = (new == shadow[y + dy : bottom + dy, x + dx : right + dx]).view(np.int8)
    good -= (new == shadow[y:bottom, x:right]).view(np.int8)
    return [Box(x + part.x, y + part.y, part.width, part.height) for part in _best_boxes(good, most)]


def _best_boxes(good: NDArray[np.int8], most: int) -> Iterator[Box]:
    """Yield about the boxes with the greatest sums of `good`, the best first."""
    height, width = good.shape
    cell = _CELL_PX
    while height > cell * _MOST_CELL_ROWS and cell < _LARGEST_CELL_PX:
        cell *= 2
    cells = _sums(good, cell)
    for _ in range(most):
        if int(cells[cells > 0].sum()) < FEWEST_GAINED_PX:
            return
        top, bottom, left, right, gain = _best_cells(cells)
        if gain < FEWEST_GAINED_PX:
            return
        cells[top:bottom, left:right] = 0
        # From cells to pixels: each edge moves to where the sum is greatest, at most a cell outwards or inwards.
        left_px, right_px = left * cell, min(right * cell, width)
        by_row = good[:, left_px:right_px].sum(axis=1, dtype=np.int16)
        top_px, bottom_px = _edges(by_row, top * cell, min(bottom * cell, height), cell)
        by_column = good[top_px:bottom_px].sum(axis=0, dtype=np.int16)
        left_px, right_px = _edges(by_column, left_px, right_px, cell)
        yield Box(left_px, top_px, right_px - left_px, bottom_px - top_px)


def _sums(good: NDArray[np.int8], cell: int) -> NDArray[np.int32]:
    """Return the sum over each square of `cell` pixels."""
    height, width = good.shape
    full = height // cell
    # A byte holds the sum of up to 127 rows, and adding bytes takes a tenth of the time.
    down = good[: full * cell].reshape(full, cell, width).sum(axis=1, dtype=np.int8)
    if full * cell < height:
        down = np.concatenate((down, good[full * cell :].sum(axis=0, dtype=np.int8, keepdims=True)))
    return np.add.reduceat(down, np.arange(0, width, cell), axis=1, dtype=np.int32)


def _best_cells(cells: NDArray[np.int32]) -> tuple[int, int, int, int, int]:
    """Return top, bottom, left and right of the block with the greatest sum, and the sum."""
    rows, columns = cells.shape
    # For every pair of rows, the sums of what lies left of each edge; then the best two edges.
    corner = np.zeros((rows + 1, columns + 1), np.int32)
    np.cumsum(np.cumsum(cells, axis=0), axis=1, out=corner[1:, 1:])
    tops, bottoms = np.triu_indices(rows + 1, 1)
    sums = corner[bottoms] - corner[tops]
    gains = sums[:, 1:] - np.minimum.accumulate(sums[:, :-1], axis=1)
    pair, last = divmod(int(gains.argmax()), columns)
    left = int(sums[pair, : last + 1].argmin())
    return int(tops[pair]), int(bottoms[pair]), left, last + 1, int(gains[pair, last])


def _edges(line: NDArray[np.int16], begin: int, end: int, cell: int) -> tuple[int, int]:
    """Return `begin` and `end`, each moved by up to `cell` to where the sum of `line` between them is greatest."""
    middle = (begin + end) // 2
    low = max(0, begin - cell)
    before = np.cumsum(line[low : min(begin + cell, middle + 1)][::-1])
    high = max(end - cell, middle + 1)
    after = np.cumsum(line[high : min(end + cell, len(line))])
    new_begin = low + len(before) - 1 - int(before.argmax()) if len(before) else begin
    new_end = high + int(after.argmax()) + 1 if len(after) else end
    return new_begin, new_end


def _pieces(target: Box, way: tuple[int, int]) -> Iterator[Copy]:
    """Cut a copy into rects of a permitted size, ordered so that none overwrites what a later one reads."""
    dx, dy = way
    rows = max(1, MAX_RECT_PIXELS // target.width)
    tops = range(target.y, target.bottom, rows)
    for top in tops if dy >= 0 else reversed(tops):
        piece = Box(target.x, top, target.width, min(rows, target.bottom - top))
        yield Copy(piece, piece.x + dx, piece.y + dy)
