"""Where characters are on the remote keyboard, and putting those on spare keys that are not.

The core protocol's keyboard mapping lists keysyms of a keycode as: group 1 level 1, group 1 level 2, group 2 level 1,
group 2 level 2, then levels 3 and 4 of group 1 and of group 2 (X Keyboard Extension, library, section 17.1.3).
"""

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Final

from Xlib import X
from Xlib.display import Display

from agent.x11 import keysyms

FIRST_KEYCODE: Final = 8
_KEYCODES: Final = 248
# Position in the list of keysyms, by group and level.
_COLUMNS: Final = ((0, 1, 4, 5), (2, 3, 6, 7))
# A client looks a key press up in the mapping as it is when it gets round to it. A borrowed key that was just pressed
# must therefore keep its meaning for a while.
SETTLE_S: Final = 0.25


@dataclass(frozen=True, slots=True)
class Stroke:
    """How a keysym is typed: keycode and level (bit 0: shift, bit 1: level 3 shift).

    `letter`: Caps Lock swaps the meaning of shift.
    """

    keycode: int
    level: int
    letter: bool


class Keymap:
    """The mapping of one display, kept current; one caller at a time."""

    def __init__(
        self,
        display: Display,
        *,
        monotonic: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._display = display
        self._monotonic = monotonic
        self._sleep = sleep
        # Keycode -> the two keysyms this put there, and when it was last pressed; oldest use first.
        self._borrowed: dict[int, tuple[int, int]] = {}
        self._used_at: dict[int, float] = {}
        self._rows: list[tuple[int, ...]] = []
        self._strokes: dict[tuple[int, int], Stroke] = {}
        self.level3_mask = 0
        self.reload()

    def refresh(self) -> None:
        """Read the mapping again when somebody changed it since the last call."""
        stale = False
        for _ in range(self._display.pending_events()):
            event: Any = self._display.next_event()
            if event.type == X.MappingNotify:
                self._display.refresh_keyboard_mapping(event)
                stale = stale or event.request != X.MappingPointer
        if stale:
            self.reload()

    def reload(self) -> None:
        """Read the mapping."""
        rows = self._display.get_keyboard_mapping(FIRST_KEYCODE, _KEYCODES)
        self._rows = [tuple(int(keysym) for keysym in row) for row in rows]
        self._borrowed = {keycode: pair for keycode, pair in self._borrowed.items() if self._row(keycode)[:2] == pair}
        self._index()
        self.level3_mask = self._mask_of(self.keycode_of((keysyms.LEVEL3,)))

    def _row(self, keycode: int) -> tuple[int, ...]:
        index = keycode - FIRST_KEYCODE
        return self._rows[index] if 0 <= index < len(self._rows) else ()

    def _index(self) -> None:
        strokes: dict[tuple[int, int], Stroke] = {}
        for group, columns in enumerate(_COLUMNS):
            for level, column in enumerate(columns):
                for offset, row in enumerate(self._rows):
                    keysym = row[column] if column < len(row) else 0
                    if keysym:
                        pair = tuple(row[columns[level & 2] : columns[level & 2] + 2])
                        letter = keysyms.case_pair(keysym) == pair
                        stroke = Stroke(offset + FIRST_KEYCODE, level, letter)
                        strokes.setdefault((group, keysym), stroke)
        self._strokes = strokes

    def _mask_of(self, keycode: int | None) -> int:
        if keycode is None:
            return 0
        for bit, keycodes in enumerate(self._display.get_modifier_mapping()):
            if keycode in keycodes:
                return 1 << bit
        return 0

    def keycode_of(self, wanted: Iterable[int]) -> int | None:
        """Return the keycode of the first of these keysyms that some key has by itself, in any group."""
        for keysym in wanted:
            for group in range(len(_COLUMNS)):
                stroke = self._strokes.get((group, keysym))
                if stroke is not None and stroke.level == 0:
                    return stroke.keycode
        return None

    def find(self, wanted: Iterable[int], group: int) -> Stroke | None:
        """Return how to type the first of these keysyms that the layout in `group` has."""
        for keysym in wanted:
            stroke = self._strokes.get((group, keysym))
            if stroke is not None and (stroke.level < 2 or self.level3_mask):
                if stroke.keycode in self._borrowed:
                    self._touch(stroke.keycode)
                return stroke
        return None

    def find_anywhere(self, wanted: Iterable[int], group: int) -> Stroke | None:
        """Like `find`, then also in the other groups: shortcuts work on the keys of a second layout too."""
        wanted = tuple(wanted)
        return self.find(wanted, group) or self.find(wanted, 1 - group)

    def borrow(self, keysym: int, group: int) -> Stroke | None:
        """Put `keysym` on a spare key and return how to type it; None when this keyboard has no spare key at all.

        Letters are put there with both cases, so that Caps Lock means the same as on other keys.
        """
        keycode = self._spare()
        if keycode is None:
            return None
        pair = keysyms.case_pair(keysym) or (keysym, keysym)
        self._write(keycode, pair)
        self._borrowed[keycode] = pair
        self._touch(keycode)
        self._index()
        return self.find((keysym,), group)

    def _touch(self, keycode: int) -> None:
        self._used_at[keycode] = self._monotonic()

    def _spare(self) -> int | None:
        free = [
            offset + FIRST_KEYCODE
            for offset, row in enumerate(self._rows)
            # Keycode 8 is the lowest there is; some clients take it for "no key".
            if offset > 0 and not any(row)
        ]
        if free:
            return free[-1]
        if not self._borrowed:
            return None
        oldest = min(self._borrowed, key=lambda keycode: self._used_at[keycode])
        rest_s = self._used_at[oldest] + SETTLE_S - self._monotonic()
        if rest_s > 0:
            self._sleep(rest_s)
        del self._borrowed[oldest]
        return oldest

    def _write(self, keycode: int, pair: tuple[int, int]) -> None:
        # The same in both groups, whichever is active.
        row = (*pair, *pair)
        self._display.change_keyboard_mapping(keycode, [row])
        self._rows[keycode - FIRST_KEYCODE] = row

    def give_back(self) -> None:
        """Empty every borrowed key, once what was typed with it has been read."""
        if not self._borrowed:
            return
        rest_s = max(self._used_at[keycode] for keycode in self._borrowed) + SETTLE_S - self._monotonic()
        if rest_s > 0:
            self._sleep(rest_s)
        for keycode in self._borrowed:
            self._write(keycode, (0, 0))
        self._borrowed.clear()
        self._index()
