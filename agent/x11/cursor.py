"""The pointer's shape and place (XFIXES 2.0 cursor image, XInput 2 raw motion as the wake-up)."""

import logging
import threading
from typing import Any

import numpy as np
from numpy.typing import NDArray
from Xlib.display import Display
from Xlib.ext import xfixes, xinput

from agent.errors import CaptureUnavailable
from agent.wait import readable
from agent.x11.connection import (
    GONE_TEXT,
    close_display,
    closing_on_failure,
    guarded,
    open_display,
    require_extension,
)
from protocol.messages import MAX_CURSOR_SIDE_PX, CursorPosition, CursorShape
from protocol.picture import encode_cursor

log = logging.getLogger("towline.agent.x11")

_COORDINATE_MAX = 0xFFFF
_NO_SHAPE = "This X server does not show the pointer's shape (no XFIXES extension)."


def straight_rgba(argb: NDArray[np.uint32]) -> NDArray[np.uint8]:
    """Return RGBA uint8 (height, width, 4), not premultiplied, of premultiplied ARGB uint32 (height, width)."""
    channels = np.stack([(argb >> shift) & 0xFF for shift in (16, 8, 0)], axis=-1).astype(np.uint32)
    alpha = (argb >> 24).astype(np.uint32)[..., None]
    divisor = np.maximum(alpha, 1)
    colours = np.minimum((channels * 255 + divisor // 2) // divisor, 255)
    return np.concatenate([np.where(alpha > 0, colours, 0), alpha], axis=-1).astype(np.uint8)


def pack_shape(argb: NDArray[np.uint32], hot_x: int, hot_y: int) -> CursorShape:
    """Return the message of a cursor image; one that shows nothing, or larger than the protocol carries, hides it."""
    height, width = argb.shape
    visible = bool(width and height) and bool((argb >> 24).any())
    if not visible or width > MAX_CURSOR_SIDE_PX or height > MAX_CURSOR_SIDE_PX:
        return CursorShape(0, 0, 0, 0, b"")
    return CursorShape(width, height, min(hot_x, width), min(hot_y, height), encode_cursor(straight_rgba(argb)))


class X11Cursor:
    """A CursorSource on an X connection of its own."""

    def __init__(self, display_name: str | None = None) -> None:
        self._display: Display = open_display(display_name, CaptureUnavailable)
        self._lock = threading.Lock()
        self._closed = False
        self._first = True
        self._shape: CursorShape | None = None
        with closing_on_failure(self._display), guarded(CaptureUnavailable, _NO_SHAPE):
            require_extension(self._display, xfixes.extname, CaptureUnavailable, _NO_SHAPE)
            display: Any = self._display
            self._root: Any = self._display.screen().root
            display.xfixes_query_version()
            display.xfixes_select_cursor_input(self._root, xfixes.XFixesDisplayCursorNotifyMask)
            self._watch_motion(display)
            self._display.sync()
        # The event code alone is enough: no other event of XFIXES is asked for.
        self._shape_event: int = self._display.extension_event.DisplayCursorNotify[0]

    def _watch_motion(self, display: Any) -> None:
        """Be woken by every motion, whoever made it; without XInput 2 the place is read with each new shape only."""
        if not self._display.has_extension(xinput.extname):
            log.info("no XInput: the pointer's place is followed through its shape only")
            return
        display.xinput_query_version()
        self._root.xinput_select_events([(xinput.AllMasterDevices, xinput.RawMotionMask)])

    async def changed(self) -> None:
        """Return once shape or place may be others than at the last `take`."""
        with guarded(CaptureUnavailable, GONE_TEXT):
            if self._first or self._display.pending_events():
                return
        await readable(self._display.fileno())

    def take(self) -> tuple[CursorShape | None, CursorPosition]:
        """Return the shape when it is another one than last time, and the place. Blocks for one round trip."""
        with self._lock:
            if self._closed:
                raise CaptureUnavailable("The screen is no longer shared.")
            with guarded(CaptureUnavailable, GONE_TEXT):
                return self._take()

    def _take(self) -> tuple[CursorShape | None, CursorPosition]:
        new_shape, self._first = self._first, False
        for _ in range(self._display.pending_events()):
            event: Any = self._display.next_event()
            new_shape = new_shape or event.type == self._shape_event
        shape = self._read_shape() if new_shape else None
        if shape == self._shape:
            shape = None
        elif shape is not None:
            self._shape = shape
        pointer = self._root.query_pointer()
        visible = self._shape is not None and self._shape.width > 0
        x, y = (min(max(value, 0), _COORDINATE_MAX) for value in (pointer.root_x, pointer.root_y))
        return shape, CursorPosition(x, y, visible)

    def _read_shape(self) -> CursorShape:
        display: Any = self._display
        image = display.xfixes_get_cursor_image(self._root)
        argb = np.array(image.cursor_image, np.uint32).reshape(image.height, image.width)
        return pack_shape(argb, image.xhot, image.yhot)

    def close(self) -> None:
        """Close the connection."""
        with self._lock:
            if not self._closed:
                self._closed = True
                close_display(self._display)
