"""The same echo without the product, on the same display: XTest presses a key, XGetImage is asked until it shows."""

import random
import time
from typing import Any, Final

import numpy as np
from Xlib import XK, X
from Xlib.display import Display
from Xlib.ext import xtest

from benchmarks.marks import CELL_PX, WIDTH, read_number
from benchmarks.probe import ECHO_AT

GIVE_UP_S: Final = 5.0


def measure_floor(display_name: str, keys: int, pause_s: tuple[float, float]) -> list[float]:
    """Return the delay of each key, in seconds; blocks, and keeps one processor busy while it waits."""
    display: Any = Display(display_name)
    try:
        keycode = display.keysym_to_keycode(XK.string_to_keysym("a"))
        pauses = random.Random(2)  # noqa: S311 a pause, not a secret
        delays: list[float] = []
        for _ in range(keys):
            before = _number(display)
            pressed = time.monotonic()
            xtest.fake_input(display, X.KeyPress, keycode)
            display.flush()
            while _number(display) == before:
                if time.monotonic() > pressed + GIVE_UP_S:
                    raise RuntimeError("The measuring window does not answer to keys: is something on top of it?")
            delays.append(time.monotonic() - pressed)
            xtest.fake_input(display, X.KeyRelease, keycode)
            display.sync()
            time.sleep(pauses.uniform(*pause_s))
        return delays
    finally:
        display.close()


def _number(display: Any) -> int:
    image = display.screen().root.get_image(*ECHO_AT, WIDTH, CELL_PX, X.ZPixmap, 0xFFFFFFFF)
    return read_number(np.frombuffer(image.data, np.uint8).reshape(CELL_PX, WIDTH, 4), 0, 0)
