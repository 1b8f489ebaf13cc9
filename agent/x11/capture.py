"""Pictures of an X screen: damage says where, mss grabs only there."""

import threading
import time
from collections.abc import Callable
from typing import Any

import numpy as np

from agent.errors import CaptureUnavailable
from agent.ports import Capture, Patch
from agent.region import Box, Region
from agent.wait import readable
from agent.x11.connection import GONE_TEXT, close_display, closing_on_failure, guarded, open_display
from agent.x11.damage import DamageWatch
from protocol.messages import MAX_MONITORS, MAX_SIDE_PX, Monitor, Monitors


class Grabber:
    """Pixels of boxes, through mss (MIT-SHM where the server has it)."""

    def __init__(self, display_name: str | None) -> None:
        import mss

        self._error: type[Exception] = mss.ScreenShotError
        try:
            self._mss: Any = mss.MSS(display=display_name)
        except mss.ScreenShotError as problem:
            raise CaptureUnavailable(
                "The screen cannot be read: this X server does not allow screenshots."
            ) from problem
        self.grabs = 0
        self.grabbed_px = 0

    def grab(self, box: Box) -> Patch:
        """Return the pixels of `box`, which must lie inside the screen. Raises CaptureUnavailable."""
        place = {"left": box.x, "top": box.y, "width": box.width, "height": box.height}
        try:
            shot = self._mss.grab(place)
        except (self._error, OSError) as problem:
            raise CaptureUnavailable("The screen could not be read.") from problem
        self.grabs += 1
        self.grabbed_px += box.area
        return Patch(box, np.frombuffer(shot.raw, np.uint8).reshape(box.height, box.width, 4))

    def close(self) -> None:
        """Free the shared memory and the connection."""
        self._mss.close()


def layout_of(width: int, height: int, boxes: tuple[tuple[Box, bool], ...]) -> Monitors:
    """Return the monitors message of a screen; without boxes the whole screen is one monitor.

    Raises CaptureUnavailable for a screen larger than the protocol carries.
    """
    if width > MAX_SIDE_PX or height > MAX_SIDE_PX:
        raise CaptureUnavailable(
            f"This screen is larger than {MAX_SIDE_PX} pixels on one side, which is not supported."
        )
    found = [(part, primary) for box, primary in boxes if (part := box.clip(width, height)) is not None]
    found = found[:MAX_MONITORS] or [(Box(0, 0, width, height), True)]
    if not any(primary for _, primary in found):
        found[0] = (found[0][0], True)
    monitors = tuple(
        Monitor(id=number, x=box.x, y=box.y, width=box.width, height=box.height, primary=primary)
        for number, (box, primary) in enumerate(found)
    )
    return Monitors(width=width, height=height, monitors=monitors)


class X11Screen:
    """A ScreenSource that sleeps on the X connection until something changes."""

    def __init__(self, display_name: str | None = None, *, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._display_name = display_name
        self._monotonic = monotonic
        self._watch = DamageWatch(display_name)
        self._region = Region()
        self._layout: Monitors | None = None
        self._closed = False
        # `close` may come while a thread is in `take`: it then waits for the end of that grab.
        self._lock = threading.Lock()
        try:
            self.grabber = Grabber(display_name)
        except CaptureUnavailable:
            self._watch.close()
            raise

    async def changed(self) -> None:
        """Return once something may have changed; nothing runs while nothing does."""
        if self._layout is None or self._region or self._watch.waiting():
            return
        await readable(self._watch.fileno())

    def take(self, *, complete: bool) -> Capture:
        """Return what changed since the last call, or everything. Blocks; one call at a time."""
        with self._lock:
            if self._closed:
                raise CaptureUnavailable("The screen is no longer shared.")
            return self._take(complete=complete)

    def _take(self, *, complete: bool) -> Capture:
        resized = self._watch.drain(self._region)
        at_ms = int(self._monotonic() * 1000)
        layout = self._new_layout() if resized or self._layout is None else None
        try:
            everything = complete or layout is not None
            return Capture(self._grab(complete=everything), at_ms, layout, everything)
        except CaptureUnavailable:
            # A screen that just shrank refuses boxes outside it before its size event was read; once more with its
            # new size.
            layout = self._new_layout()
            if layout is None:
                raise
            return Capture(self._grab(complete=True), at_ms, layout, complete=True)

    def _grab(self, *, complete: bool) -> tuple[Patch, ...]:
        if self._layout is None:
            raise CaptureUnavailable("The size of the screen is not known.")
        width, height = self._layout.width, self._layout.height
        if complete:
            self._region.clear()
            return (self.grabber.grab(Box(0, 0, width, height)),)
        return tuple(self.grabber.grab(box) for box in self._region.take(width, height))

    def _new_layout(self) -> Monitors | None:
        """Read size and monitors; when they are others than before, remember, reopen the grabber and return them."""
        layout = layout_of(*self._watch.size(), self._watch.monitor_boxes())
        if layout == self._layout:
            return None
        if self._layout is not None:
            # mss sizes its shared memory once.
            self.grabber.close()
            self.grabber = Grabber(self._display_name)
        self._layout = layout
        return layout

    def hurry(self) -> None:
        """Nothing to do: the server tells of changes by itself."""

    def close(self) -> None:
        """Close both connections."""
        with self._lock:
            if not self._closed:
                self._closed = True
                self.grabber.close()
                self._watch.close()


class X11Pictures:
    """Pictures of an X screen whose server does not tell what changes; for `agent.polling`."""

    def __init__(self, display_name: str | None = None) -> None:
        self._display_name = display_name
        self._display = open_display(display_name, CaptureUnavailable)
        self._layout: Monitors | None = None
        with closing_on_failure(self._display):
            self._grabber = Grabber(display_name)

    def layout(self) -> Monitors:
        """Return the size of the screen, as one monitor."""
        with guarded(CaptureUnavailable, GONE_TEXT):
            size: Any = self._display.screen().root.get_geometry()
        layout = layout_of(size.width, size.height, ())
        if self._layout is not None and layout != self._layout:
            self._grabber.close()
            self._grabber = Grabber(self._display_name)
        self._layout = layout
        return layout

    def grab(self, box: Box) -> Patch:
        """Return the pixels of `box`."""
        return self._grabber.grab(box)

    def close(self) -> None:
        """Close both connections."""
        self._grabber.close()
        close_display(self._display)
