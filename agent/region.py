"""Boxes of pixels and dirty regions made of few of them."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

# A grab costs about as much as copying this many pixels (one request to the X server and back), so two boxes whose
# common bounding box wastes less are better grabbed together.
GRAB_COST_PX: Final = 16_384
# Merging looks at every pair; past this many boxes the region falls back to its bounding box.
MAX_BOXES: Final = 24


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle of at least one pixel, in pixels of the shared screen."""

    x: int
    y: int
    width: int
    height: int

    @property
    def right(self) -> int:
        return self.x + self.width

    @property
    def bottom(self) -> int:
        return self.y + self.height

    @property
    def area(self) -> int:
        return self.width * self.height

    def union(self, other: "Box") -> "Box":
        """Return the bounding box of both."""
        x, y = min(self.x, other.x), min(self.y, other.y)
        return Box(x, y, max(self.right, other.right) - x, max(self.bottom, other.bottom) - y)

    def clip(self, width: int, height: int) -> "Box | None":
        """Return the part inside a screen of this size, or None when there is none."""
        x, y = max(self.x, 0), max(self.y, 0)
        right, bottom = min(self.right, width), min(self.bottom, height)
        return Box(x, y, right - x, bottom - y) if right > x and bottom > y else None

    def intersects(self, other: "Box") -> bool:
        """Whether the two share a pixel."""
        return self.x < other.right and other.x < self.right and self.y < other.bottom and other.y < self.bottom


class Region:
    """Dirty pixels as few disjoint-or-nearly boxes; it may cover more than was added, never less."""

    def __init__(self, boxes: Iterable[Box] = ()) -> None:
        self._boxes: list[Box] = []
        for box in boxes:
            self.add(box)

    def __bool__(self) -> bool:
        return bool(self._boxes)

    @property
    def boxes(self) -> tuple[Box, ...]:
        """The boxes, in no order that means anything."""
        return tuple(self._boxes)

    def add(self, box: Box) -> None:
        """Mark `box` dirty; merges with boxes as long as that wastes less than a separate grab would cost."""
        merged = True
        while merged:
            merged = False
            for index, other in enumerate(self._boxes):
                both = box.union(other)
                if both.area - box.area - other.area <= GRAB_COST_PX:
                    box = both
                    del self._boxes[index]
                    merged = True
                    break
        self._boxes.append(box)
        if len(self._boxes) > MAX_BOXES:
            whole = self._boxes[0]
            for other in self._boxes[1:]:
                whole = whole.union(other)
            self._boxes = [whole]

    def clear(self) -> None:
        """Forget everything."""
        self._boxes.clear()

    def take(self, width: int, height: int) -> tuple[Box, ...]:
        """Return the boxes clipped to a screen of this size and forget them."""
        clipped = tuple(part for box in self._boxes if (part := box.clip(width, height)) is not None)
        self._boxes.clear()
        return clipped
