"""Screens that do not tell when they change: looked at often while something moves, rarely while nothing does."""

import asyncio
import threading
import time
from collections.abc import Callable
from typing import Final, Protocol

import numpy as np

from agent.encode import TILE_PX
from agent.errors import CaptureUnavailable
from agent.ports import Capture, Patch, Pixels
from agent.region import Box, Region
from protocol.messages import Monitors

FASTEST_S: Final = 1 / 30
SLOWEST_S: Final = 1.0
SLOWER: Final = 1.5
HURRY_S: Final = 0.3
# How often size and monitors are read again.
LAYOUT_S: Final = 2.0


class Pictures(Protocol):
    """A screen that can be grabbed. Blocks. Raises CaptureUnavailable."""

    def layout(self) -> Monitors:
        """Return size and monitors as they are now."""

    def grab(self, box: Box) -> Patch:
        """Return the pixels of `box`."""

    def close(self) -> None:
        """Give everything back."""


class Pace:
    """When to look next: at once after a change or input, then less and less often."""

    def __init__(self, monotonic: Callable[[], float]) -> None:
        self._monotonic = monotonic
        self._interval_s = FASTEST_S
        self._hurry_until = float("-inf")

    def looked(self, *, changed: bool) -> float:
        """Return how long to wait after a look."""
        if changed or self._monotonic() < self._hurry_until:
            self._interval_s = FASTEST_S
        else:
            self._interval_s = min(SLOWEST_S, self._interval_s * SLOWER)
        return self._interval_s

    def hurry(self) -> None:
        """Input was applied: look often for a while."""
        self._hurry_until = self._monotonic() + HURRY_S
        self._interval_s = FASTEST_S


class PollingScreen:
    """A ScreenSource over Pictures: compares each look with the last one, tile by tile."""

    def __init__(self, pictures: Pictures, *, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._pictures = pictures
        self._monotonic = monotonic
        self._pace = Pace(monotonic)
        self._hurried = asyncio.Event()
        self._lock = threading.Lock()
        self._closed = False
        self._layout: Monitors | None = None
        self._layout_at = float("-inf")
        self._new_layout = False
        self._seen: Pixels | None = None
        self._region = Region()

    async def changed(self) -> None:
        """Return once a look differs from the last one."""
        while True:
            found = await asyncio.to_thread(self._look)
            wait_s = self._pace.looked(changed=found)
            if found:
                return
            try:
                async with asyncio.timeout(wait_s):
                    await self._hurried.wait()
            except TimeoutError:
                continue
            self._hurried.clear()

    def _look(self) -> bool:
        with self._lock:
            if self._closed:
                raise CaptureUnavailable("The screen is no longer shared.")
            now = self._monotonic()
            if now - self._layout_at >= LAYOUT_S:
                layout = self._pictures.layout()
                self._layout_at = now
                if layout != self._layout:
                    self._layout, self._new_layout, self._seen = layout, True, None
            if self._layout is None:
                return False
            pixels = self._pictures.grab(Box(0, 0, self._layout.width, self._layout.height)).pixels
            for box in different(self._seen, pixels):
                self._region.add(box)
            self._seen = pixels
            return bool(self._region) or self._new_layout

    def take(self, *, complete: bool) -> Capture:
        """Return what was different since the last call, as it was at the last look."""
        if self._seen is None:
            self._look()
        with self._lock:
            if self._layout is None or self._seen is None:
                raise CaptureUnavailable("The screen cannot be read.")
            layout = self._layout if self._new_layout else None
            self._new_layout = False
            width, height = self._layout.width, self._layout.height
            everything = complete or layout is not None
            if everything:
                self._region.clear()
                self._region.add(Box(0, 0, width, height))
            patches = tuple(
                Patch(box, self._seen[box.y : box.bottom, box.x : box.right])
                for box in self._region.take(width, height)
            )
            return Capture(patches, int(self._monotonic() * 1000), layout, everything)

    def hurry(self) -> None:
        """Input was just applied: look at once, and often for a while."""
        self._pace.hurry()
        self._hurried.set()

    def close(self) -> None:
        """Stop looking."""
        with self._lock:
            if not self._closed:
                self._closed = True
                self._pictures.close()


def different(old: Pixels | None, new: Pixels) -> list[Box]:
    """Return boxes of whole tiles in which the pixels are not the same, the unused byte aside; rows of tiles join."""
    height, width = new.shape[:2]
    if old is None or old.shape != new.shape:
        return [Box(0, 0, width, height)]
    mask = ((old.view(np.uint32)[..., 0] ^ new.view(np.uint32)[..., 0]) & np.uint32(0xFFFFFF)) != 0
    rows = np.logical_or.reduceat(mask, np.arange(0, height, TILE_PX), axis=0)
    tiles = np.logical_or.reduceat(rows, np.arange(0, width, TILE_PX), axis=1)
    boxes = []
    for row, line in enumerate(tiles):
        columns = np.flatnonzero(line)
        if len(columns):
            x, y = int(columns[0]) * TILE_PX, row * TILE_PX
            right = min((int(columns[-1]) + 1) * TILE_PX, width)
            boxes.append(Box(x, y, right - x, min(y + TILE_PX, height) - y))
    return boxes
