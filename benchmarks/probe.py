"""A small X program to measure with: it draws a number for every key press, or scrolls coloured text and numbers that.

    python -m benchmarks.probe echo :N
    python -m benchmarks.probe scroll :N SECONDS

It says `ready` when its window is there. `scroll` waits for a key press, and at the end prints when it drew each
number, in seconds on the monotonic clock, which all programs of one machine share.
"""

import argparse
import random
import string
import sys
import time
from typing import Any, Final

from Xlib import X
from Xlib.display import Display

from benchmarks.marks import CELL_PX, cells_of

ECHO_AT: Final = (200, 200)
ECHO_SIZE: Final = (400, 120)
SCROLL_AT: Final = (300, 60)
SCROLL_SIZE: Final = (1_200, 900)
SCROLL_HZ: Final = 15
SCROLL_LINES: Final = 3
_LINE_PX: Final = 15
_BACKGROUND: Final = 0x1E1E24
_COLOURS: Final = (0xD4D4D4, 0x569CD6, 0xCE9178, 0x6A9955, 0xDCDCAA, 0xC586C0)


class Probe:
    """One window, never moved and never decorated, with the number in its top left corner."""

    def __init__(self, display: str, at: tuple[int, int], size: tuple[int, int]) -> None:
        self.display: Any = Display(display)
        screen = self.display.screen()
        self.window: Any = screen.root.create_window(
            *at,
            *size,
            0,
            screen.root_depth,
            background_pixel=_BACKGROUND,
            override_redirect=True,
            event_mask=X.KeyPressMask | X.StructureNotifyMask | X.ExposureMask,
        )
        self.window.map()
        while self.display.next_event().type != X.MapNotify:
            pass
        self.window.set_input_focus(X.RevertToParent, X.CurrentTime)
        self._white = self.window.create_gc(foreground=0xFFFFFF)
        self._black = self.window.create_gc(foreground=0x000000)
        self.draw_number(0)
        self.display.sync()

    def draw_number(self, number: int) -> None:
        """Draw a number; the caller flushes."""
        for x, white in cells_of(number):
            self.window.fill_rectangle(self._white if white else self._black, x, 0, CELL_PX, CELL_PX)

    def wait_for_key(self) -> None:
        """Return at the next key press."""
        while self.display.next_event().type != X.KeyPress:
            pass


def echo(display: str) -> None:
    """Draw the count of key presses, for ever."""
    probe = Probe(display, ECHO_AT, ECHO_SIZE)
    say("ready")
    number = 0
    while True:
        probe.wait_for_key()
        number += 1
        probe.draw_number(number)
        probe.display.flush()


class Text:
    """Lines that look like a coloured program listing, the same in every run."""

    def __init__(self, probe: Probe) -> None:
        self._random = random.Random(1)  # noqa: S311 a picture, not a secret
        self._window = probe.window
        font = probe.display.open_font("fixed")
        self._pens = [
            probe.window.create_gc(foreground=colour, background=_BACKGROUND, font=font) for colour in _COLOURS
        ]

    def draw_line(self, y: int) -> None:
        """Draw a line of words whose feet stand at `y`."""
        x = 10 + 24 * self._random.randrange(4)
        while x < SCROLL_SIZE[0] - 120:
            word = "".join(self._random.choices(string.ascii_letters + string.digits, k=self._random.randint(2, 12)))
            self._window.draw_text(self._random.choice(self._pens), x, y, word)
            x += 6 * (len(word) + 1)


def scroll(display: str, seconds: float) -> None:
    """Scroll by three lines, fifteen times a second."""
    probe = Probe(display, SCROLL_AT, SCROLL_SIZE)
    text = Text(probe)
    width, height = SCROLL_SIZE
    copy = probe.window.create_gc(foreground=0, background=_BACKGROUND, graphics_exposures=False)
    clear = probe.window.create_gc(foreground=_BACKGROUND)
    top = 2 * CELL_PX
    shift = SCROLL_LINES * _LINE_PX
    for y in range(top + _LINE_PX, height, _LINE_PX):
        text.draw_line(y)
    probe.display.sync()
    say("ready")
    probe.wait_for_key()
    drawn: list[float] = []
    begun = time.monotonic()
    while (now := time.monotonic()) < begun + seconds:
        drawn.append(now)
        probe.window.copy_area(copy, probe.window, 0, top + shift, width, height - top - shift, 0, top)
        probe.window.fill_rectangle(clear, 0, height - shift, width, shift)
        for line in range(SCROLL_LINES):
            text.draw_line(height - 4 - line * _LINE_PX)
        probe.draw_number(len(drawn))
        probe.display.sync()
        time.sleep(max(0.0, begun + len(drawn) / SCROLL_HZ - time.monotonic()))
    say("drawn " + " ".join(f"{at:.6f}" for at in drawn))
    # The window stays, so that what is on the screen can be compared at leisure.
    probe.wait_for_key()


def say(text: str) -> None:
    """Print a line at once."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def main() -> None:
    """Run as a program."""
    parser = argparse.ArgumentParser()
    parser.add_argument("scene", choices=("echo", "scroll"))
    parser.add_argument("display")
    parser.add_argument("seconds", type=float, nargs="?", default=10.0)
    given = parser.parse_args()
    if given.scene == "echo":
        echo(given.display)
    else:
        scroll(given.display, given.seconds)


if __name__ == "__main__":
    main()
