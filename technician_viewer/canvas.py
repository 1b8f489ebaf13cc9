"""The picture of the remote screen, put together frame by frame (docs/protocol, section 7)."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from protocol import messages as m
from protocol.errors import RemoteProtocolError
from protocol.picture import Encoding, Pixels, blank, decode_cursor, draw_rect

# A frame of more rects than this is shown by copying the whole screen; it bounds what one frame can pile up.
MAX_RECTS_REMEMBERED: Final = 1_024


@dataclass(frozen=True)
class Region:
    """A rectangle in pixels of the shared screen."""

    x: int
    y: int
    width: int
    height: int

    def meets(self, other: "Region") -> bool:
        """Whether the two share a pixel."""
        return (
            self.x < other.x + other.width
            and other.x < self.x + self.width
            and self.y < other.y + other.height
            and other.y < self.y + self.height
        )

    def of(self, picture: Pixels) -> Pixels:
        """Return the view of `picture` inside this region; parts outside the picture are left out."""
        return picture[max(0, self.y) : max(0, self.y + self.height), max(0, self.x) : max(0, self.x + self.width)]


@dataclass(frozen=True)
class Cursor:
    """The remote pointer: `shape` RGBA (height, width, 4), not premultiplied, or None while unknown or hidden.

    (x, y) is where its hot spot is; (hot_x, hot_y) is the hot spot inside the shape.
    """

    shape: Pixels | None = None
    hot_x: int = 0
    hot_y: int = 0
    x: int = 0
    y: int = 0
    visible: bool = True


class Canvas:
    """Two pictures: rects go into the hidden one, and a frame's end copies them all to the shown one at once.

    Not thread-safe by itself; `put` alone may run in another thread, as long as nothing else is called meanwhile.
    Raises RemoteProtocolError for what no honest agent sends.
    """

    def __init__(self) -> None:
        self._hidden: Pixels = np.zeros((0, 0, 4), np.uint8)
        self._shown: Pixels = self._hidden
        self._view: Pixels = self._shown
        self._open: m.FrameBegin | None = None
        self._changed: list[Region] = []
        # Frames shown since the start.
        self.frames = 0
        # Whether a complete frame was shown since the screen got its size, and whether nothing shown is lossy.
        self.complete = False
        self.exact = False
        self.cursor = Cursor()
        self.monitors: tuple[m.Monitor, ...] = ()

    @property
    def picture(self) -> Pixels:
        """The last whole frame, BGRX (height, width, 4), read-only; later frames show through: copy to keep."""
        return self._view

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in pixels; (0, 0) before the agent told."""
        height, width = self._shown.shape[:2]
        return width, height

    def resize(self, monitors: m.Monitors) -> None:
        """The screen has this size; another one than before begins with an empty picture."""
        if self._open is not None:
            raise RemoteProtocolError("monitors in the middle of a frame")
        self.monitors = monitors.monitors
        if (monitors.width, monitors.height) == self.size:
            return
        self._hidden = blank(monitors.width, monitors.height)
        self._shown = self._hidden.copy()
        self._view = self._shown.view()
        self._view.flags.writeable = False
        self.complete = self.exact = False

    def begin(self, frame: m.FrameBegin) -> None:
        """A frame begins."""
        if self._open is not None or not self._shown.size:
            raise RemoteProtocolError("frame-begin inside a frame or before the screen has a size")
        self._open = frame
        self._changed = []

    def put(self, rect: m.Rect) -> None:
        """Decode a rect into the hidden picture."""
        width, height = self.size
        if self._open is None or rect.x + rect.width > width or rect.y + rect.height > height:
            raise RemoteProtocolError("rect outside a frame or outside the screen")
        if rect.encoding == Encoding.COPY and self._open.complete:
            raise RemoteProtocolError("copy in a complete picture")
        draw_rect(self._hidden, rect)
        if len(self._changed) >= MAX_RECTS_REMEMBERED:
            self._changed = [Region(0, 0, width, height)]
        self._changed.append(Region(rect.x, rect.y, rect.width, rect.height))

    def end(self, frame: m.FrameEnd) -> list[Region]:
        """Show the frame; return what it changed."""
        if self._open is None or self._open.frame != frame.frame:
            raise RemoteProtocolError("frame-end without its frame-begin")
        changed = self._changed
        for region in changed:
            region.of(self._shown)[...] = region.of(self._hidden)
        self.complete = self.complete or self._open.complete
        self.exact = frame.exact
        self.frames += 1
        self._open, self._changed = None, []
        return changed

    def give_up_frame(self) -> None:
        """The rest of the frame under way will not come: the right to look was taken away."""
        self._open, self._changed = None, []

    def set_cursor_shape(self, shape: m.CursorShape) -> None:
        """The pointer looks like this from now on."""
        pixels = decode_cursor(shape.width, shape.height, shape.data) if shape.width else None
        if pixels is not None:
            pixels.flags.writeable = False
        old = self.cursor
        self.cursor = Cursor(pixels, shape.hot_x, shape.hot_y, old.x, old.y, old.visible)

    def move_cursor(self, position: m.CursorPosition) -> None:
        """The pointer is there."""
        old = self.cursor
        self.cursor = Cursor(old.shape, old.hot_x, old.hot_y, position.x, position.y, position.visible)
