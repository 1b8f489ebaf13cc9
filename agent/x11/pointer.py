"""Moving the pointer, buttons and the wheel through XTEST."""

from typing import Any

from Xlib import X
from Xlib.display import Display
from Xlib.ext import xtest

NOTCH = 120
# More notches than this in one message are no turn of a wheel; they would keep the desktop busy for seconds.
MAX_CLICKS = 32
# X11 turns the wheel with buttons: (negative, positive) for each axis.
_VERTICAL = (4, 5)
_HORIZONTAL = (6, 7)


class Wheel:
    """Collects 1/120 notches of one axis until they make whole clicks."""

    def __init__(self) -> None:
        self._rest = 0

    def turn(self, delta: int) -> int:
        """Return the clicks that `delta` completes, with its sign."""
        if self._rest and (self._rest < 0) != (delta < 0):
            self._rest = 0  # a turn back begins anew, else it would first have to undo what was never seen
        total = self._rest + delta
        clicks = int(total / NOTCH)
        self._rest = total - clicks * NOTCH
        return max(-MAX_CLICKS, min(MAX_CLICKS, clicks))


class Pointer:
    """The pointer of one display; remembers which buttons it holds."""

    def __init__(self, display: Display) -> None:
        self._display: Any = display
        self._root = display.screen().root
        self._held: list[int] = []
        self._vertical, self._horizontal = Wheel(), Wheel()

    @property
    def held(self) -> tuple[int, ...]:
        """Buttons that are down, oldest first."""
        return tuple(self._held)

    def move(self, x: int, y: int) -> None:
        """Put the pointer at (x, y); the server keeps it on the screen."""
        xtest.fake_input(self._display, X.MotionNotify, root=self._root.id, x=min(x, 32767), y=min(y, 32767))

    def button(self, number: int, *, down: bool) -> None:
        """Press or release a button; repeating what is so already does nothing."""
        if down == (number in self._held):
            return
        xtest.fake_input(self._display, X.ButtonPress if down else X.ButtonRelease, number)
        if down:
            self._held.append(number)
        else:
            self._held.remove(number)

    def wheel(self, dx: int, dy: int) -> None:
        """Turn the wheel by dx, dy in 1/120 of a notch; positive is right and down."""
        for clicks, buttons in ((self._vertical.turn(dy), _VERTICAL), (self._horizontal.turn(dx), _HORIZONTAL)):
            number = buttons[clicks > 0]
            for _ in range(abs(clicks)):
                xtest.fake_input(self._display, X.ButtonPress, number)
                xtest.fake_input(self._display, X.ButtonRelease, number)

    def release_all(self) -> None:
        """Let go of every button this holds, newest first."""
        while self._held:
            xtest.fake_input(self._display, X.ButtonRelease, self._held.pop())
