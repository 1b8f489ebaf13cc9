"""Charts as numbers of an SVG: no script, no inline style, and the same figures in a table beside them.

Coordinates are whole units of the drawing's own view box.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

HEIGHT: Final = 120
_GAP: Final = 2


@dataclass(frozen=True)
class Bar:
    """One bar of a chart of columns, and the words for who points at it."""

    x: int
    y: int
    width: int
    height: int
    series: int
    words: str


@dataclass(frozen=True)
class Columns:
    """A chart of columns: one or more series side by side over the same places."""

    width: int
    height: int
    highest: int
    bars: tuple[Bar, ...]


def columns(places: Sequence[str], *series: tuple[str, Sequence[int]], width: int = 600) -> Columns:
    """Return the chart of `series` (name and one number for each place) over `places`."""
    highest = max((value for _, values in series for value in values), default=0)
    step = max(len(series) + _GAP, width // max(1, len(places)))
    thick = max(1, (step - _GAP) // max(1, len(series)))
    bars = []
    for place, name in enumerate(places):
        for index, (words, values) in enumerate(series):
            value = values[place]
            height = 0 if highest == 0 else round(value * HEIGHT / highest)
            x = place * step + index * thick
            bars.append(Bar(x, HEIGHT - height, thick, height, index, f"{name}: {value} {words}"))
    return Columns(max(width, step * len(places)), HEIGHT, highest, tuple(bars))


def share(value: int, highest: int, width: int = 100) -> int:
    """Return how long the bar of `value` is beside that of `highest`; something is always seen of something."""
    return 0 if value <= 0 or highest <= 0 else max(1, round(value * width / highest))
