"""The InputSink of an X display."""

import contextlib
from typing import Any

from Xlib.display import Display
from Xlib.ext import xtest

from agent.errors import InputUnavailable
from agent.x11.connection import (
    GONE,
    GONE_TEXT,
    close_display,
    closing_on_failure,
    guarded,
    open_display,
    require_extension,
)
from agent.x11.keyboard import Keyboard
from agent.x11.pointer import Pointer
from protocol import messages as m
from protocol.table import Input

_NO_INPUT = "This X server does not let programs drive mouse and keyboard (XTEST is missing or forbidden)."


class X11Input:
    """Mouse and keyboard of one display, on an X connection of its own. One caller at a time."""

    def __init__(self, display_name: str | None = None) -> None:
        self._display: Display = open_display(display_name, InputUnavailable)
        self._closed = False
        with closing_on_failure(self._display), guarded(InputUnavailable, _NO_INPUT):
            require_extension(self._display, xtest.extname, InputUnavailable, _NO_INPUT)
            display: Any = self._display
            display.xtest_get_version(2, 2)
            # Another client's grab of the server must not stop what the technician does about it.
            display.xtest_grab_control(True)
            self.pointer = Pointer(self._display)
            self.keyboard = Keyboard(self._display)

    def apply(self, message: Input) -> None:
        """Do what one message says; returns once it is written to the display's socket."""
        with guarded(InputUnavailable, GONE_TEXT):
            self._apply(message)
            self._display.flush()

    def _apply(self, message: Input) -> None:
        match message:
            case m.PointerMove(x=x, y=y):
                self.pointer.move(x, y)
            case m.Button(x=x, y=y, button=button, down=down):
                self.pointer.move(x, y)
                self.pointer.button(button, down=down)
            case m.Wheel(x=x, y=y, dx=dx, dy=dy):
                self.pointer.move(x, y)
                self.pointer.wheel(dx, dy)
            case m.Key():
                self.keyboard.key(message)
            case m.Text(text=text):
                self.keyboard.text(text)
            case m.ReleaseAll():
                self._release_all()

    def _release_all(self) -> None:
        self.keyboard.release_all()
        self.pointer.release_all()

    @property
    def holds(self) -> bool:
        """Whether any key or button is down because of this."""
        return bool(self.keyboard.held or self.pointer.held)

    def settle(self) -> None:
        """Return once the display has taken everything that was applied."""
        with guarded(InputUnavailable, GONE_TEXT):
            self._display.sync()

    def release_all(self) -> None:
        """Let go of every key and button."""
        with guarded(InputUnavailable, GONE_TEXT):
            self._release_all()
            self._display.sync()

    def close(self) -> None:
        """Let go of everything, empty borrowed keys, close the connection."""
        if self._closed:
            return
        self._closed = True
        # A display that is gone holds nothing any more.
        with contextlib.suppress(*GONE):
            self._release_all()
            self.keyboard.give_back()
            self._display.sync()
        close_display(self._display)
