"""The stages of the story: one line and one numbered screenshot each, with the time it took."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

Shot = Callable[[Path], None]


class Stages:
    """Prints a line a stage and keeps its screenshots in `folder`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.number = 0
        self._began = time.monotonic()

    @contextmanager
    def stage(self, name: str, shot: Shot | None = None) -> Iterator[None]:
        """Run one stage; when it ends well, `shot` draws its picture into the file it is given."""
        self.number += 1
        began = time.monotonic()
        try:
            yield
        except BaseException:
            self._say("FAILED", name, time.monotonic() - began)
            raise
        took = time.monotonic() - began
        if shot is not None:
            shot(self.folder / f"{self.number:02}-{_slug(name)}.png")
        self._say("ok", name, took)

    @property
    def took_s(self) -> float:
        """Seconds since the first stage could have begun."""
        return time.monotonic() - self._began

    def _say(self, verdict: str, name: str, took_s: float) -> None:
        sys.stdout.write(f"{self.number:2}  {verdict:<6} {took_s:6.2f} s  {name}\n")
        sys.stdout.flush()


def _slug(name: str) -> str:
    words = "".join(character if character.isalnum() else " " for character in name.lower()).split()
    return "-".join(words[:6])
