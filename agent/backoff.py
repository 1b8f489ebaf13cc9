"""How long to wait before the next try."""

from collections.abc import Callable
from typing import Final

FIRST_S: Final = 0.5
FACTOR: Final = 1.5
CAP_S: Final = 15.0
JITTER: Final = 0.3


class Backoff:
    """0.5 s, then half as much again each time up to 15 s, each with up to 30 % more or less by chance."""

    def __init__(self, chance: Callable[[], float]) -> None:
        self._chance = chance
        self._next_s = FIRST_S

    def next(self) -> float:
        """Return how long to wait now, in seconds; `chance` gives 0 to 1."""
        wait_s = self._next_s
        self._next_s = min(CAP_S, wait_s * FACTOR)
        return min(CAP_S, wait_s * (1 + JITTER * (2 * self._chance() - 1)))

    def reset(self) -> None:
        """A try succeeded."""
        self._next_s = FIRST_S
