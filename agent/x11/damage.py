"""What changed on the screen, as the X server tells it (DAMAGE 1.1, RANDR 1.2).

Delta level: the server names each newly damaged rectangle once, until it is told that everything seen so far is
taken. So the number of events is bounded by what is on the screen, also while nobody reads them because a viewer is
slow.
"""

from typing import Any

from Xlib.display import Display
from Xlib.ext import damage, randr

from agent.errors import CaptureUnavailable
from agent.region import Box, Region
from agent.x11.connection import (
    GONE,
    GONE_TEXT,
    close_display,
    closing_on_failure,
    guarded,
    open_display,
    require_extension,
)

_NO_DAMAGE = "This X server does not tell what changes on the screen (no DAMAGE extension)."


class DamageWatch:
    """Dirty boxes of the root window and changes of its size, from an X connection of its own.

    Not safe for threads: one caller at a time. Raises CaptureUnavailable when the display goes away.
    """

    def __init__(self, display_name: str | None) -> None:
        self._display: Display = open_display(display_name, CaptureUnavailable)
        with closing_on_failure(self._display), guarded(CaptureUnavailable, _NO_DAMAGE):
            self._root: Any = self._display.screen().root
            require_extension(self._display, damage.extname, CaptureUnavailable, _NO_DAMAGE)
            display: Any = self._display
            display.damage_query_version()
            self._damage: int = self._root.damage_create(damage.DamageReportDeltaRectangles)
            self._has_randr = bool(self._display.has_extension(randr.extname))
            if self._has_randr:
                self._root.xrandr_select_input(randr.RRScreenChangeNotifyMask)
            self._display.sync()
        self._damage_event = self._display.extension_event.DamageNotify
        self._size_event = self._display.extension_event.ScreenChangeNotify if self._has_randr else None

    def fileno(self) -> int:
        """The socket; readable means that there is something to drain."""
        return self._display.fileno()

    def waiting(self) -> bool:
        """Whether events have been read from the socket and not been drained; the socket need not be readable then."""
        with guarded(CaptureUnavailable, GONE_TEXT):
            return self._display.pending_events() > 0

    def drain(self, region: Region) -> bool:
        """Add what has been damaged to `region` and tell the server that it is taken.

        Everything in `region` was drawn before this returns, so a grab that follows sees it; what is drawn later is
        told again. Returns whether the size of the screen has changed.
        """
        resized = False
        with guarded(CaptureUnavailable, GONE_TEXT):
            for _ in range(self._display.pending_events()):
                event: Any = self._display.next_event()
                if event.type == self._damage_event:
                    area = event.area
                    region.add(Box(area.x, area.y, area.width, area.height))
                elif event.type == self._size_event:
                    resized = True
            # The server must have taken this before the grab, which goes over another connection: hence the round trip.
            # Events that come meanwhile stay queued for the next time, since their damage may be newer than the
            # subtraction.
            display: Any = self._display
            display.damage_subtract(self._damage)
            self._display.sync()
        return resized

    def size(self) -> tuple[int, int]:
        """Return width and height of the screen in pixels."""
        with guarded(CaptureUnavailable, GONE_TEXT):
            geometry = self._root.get_geometry()
            return int(geometry.width), int(geometry.height)

    def monitor_boxes(self) -> tuple[tuple[Box, bool], ...]:
        """Return the box of each monitor and whether it is the primary one; empty when the server cannot tell."""
        if not self._has_randr:
            return ()
        try:
            reply = self._root.xrandr_get_monitors()
            return tuple(
                (Box(m.x, m.y, m.width_in_pixels, m.height_in_pixels), bool(m.primary)) for m in reply.monitors
            )
        except GONE:
            # RANDR before 1.5 has no monitors request; the whole screen then counts as one.
            return ()

    def close(self) -> None:
        """Close the connection; the server forgets the rest."""
        close_display(self._display)
