"""Two versions of a text side by side, as lines that were added, taken away or stayed: pure."""

import difflib
from collections.abc import Iterator
from typing import Final, NamedTuple

ADDED: Final = "+"
REMOVED: Final = "-"
SAME: Final = " "
LEFT_OUT: Final = "…"
"""The sign of a line that stands for lines which stayed the same."""

_AROUND: Final = 2
# difflib takes the square of it.
_MOST_LINES: Final = 2_000


class Line(NamedTuple):
    """A line and what became of it."""

    sign: str
    text: str


def compare(before: str, after: str) -> tuple[Line, ...]:
    """Return what changed, with a few lines around; nothing when nothing changed."""
    old, new = before.splitlines(), after.splitlines()
    if len(old) + len(new) > _MOST_LINES:
        return (Line(LEFT_OUT, ""),) if old != new else ()
    return tuple(_lines(old, new))


def _lines(old: list[str], new: list[str]) -> Iterator[Line]:
    matcher = difflib.SequenceMatcher(None, old, new)
    for number, group in enumerate(matcher.get_grouped_opcodes(_AROUND)):
        if number or group[0][1] > 0:
            yield Line(LEFT_OUT, "")
        for tag, old_from, old_to, new_from, new_to in group:
            if tag == "equal":
                yield from (Line(SAME, text) for text in old[old_from:old_to])
                continue
            yield from (Line(REMOVED, text) for text in old[old_from:old_to])
            yield from (Line(ADDED, text) for text in new[new_from:new_to])
