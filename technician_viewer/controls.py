"""Pointer and keyboard of a session: what a script says, turned into messages in order."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable
from functools import partial
from typing import Final

from protocol import messages as m
from protocol.table import Input
from technician_viewer.canvas import Cursor
from technician_viewer.errors import InvalidInput
from technician_viewer.keyboard import bit_of, check_code, check_text, modifier_keys, strokes_of, text_of

WHEEL_UNITS: Final = 120
_I16: Final = 32_767
BUTTONS: Final = {"left": 1, "middle": 2, "right": 3, "back": 8, "forward": 9}


class Controls(ABC):
    """The hands of a session. Every method returns when the message is on its way; `settled` waits for its effect.

    Positions are pixels of the shared screen. Everything raises NotPermitted without the right to control, InvalidInput
    for what does not exist, and SessionError when the session is over.
    """

    def __init__(self) -> None:
        # Where this side has put the pointer, and which modifier bits it holds down.
        self._at: tuple[int, int] | None = None
        self._held = 0

    @property
    @abstractmethod
    def cursor(self) -> Cursor:
        """The remote pointer."""

    @property
    @abstractmethod
    def size(self) -> tuple[int, int]:
        """Width and height of the shared screen in pixels."""

    @abstractmethod
    async def _send_input(self, make: Callable[[int], Input]) -> None:
        """Send the message that `make` builds from the next sequence number."""

    # --- pointer

    async def move(self, x: int, y: int) -> None:
        """Put the pointer at (x, y)."""
        self._place(x, y)
        await self._send_input(lambda seq: m.PointerMove(seq, x, y))

    async def press(self, button: str | int = "left") -> None:
        """Press a button where the pointer is: left, middle, right, back, forward."""
        await self._button(button, down=True)

    async def release(self, button: str | int = "left") -> None:
        """Let go of a button."""
        await self._button(button, down=False)

    async def click(
        self, x: int | None = None, y: int | None = None, *, button: str | int = "left", count: int = 1
    ) -> None:
        """Press and let go at (x, y), or where the pointer is; `count` 2 is a double click."""
        if x is not None and y is not None:
            await self.move(x, y)
        elif x is not None or y is not None:
            raise InvalidInput("A position has two numbers: click(x, y).")
        for _ in range(count):
            await self.press(button)
            await self.release(button)

    async def drag(
        self, start: tuple[int, int], end: tuple[int, int], *, button: str | int = "left", steps: int = 16
    ) -> None:
        """Press at `start`, move in `steps` straight steps, let go at `end`."""
        await self.move(*start)
        await self.press(button)
        for step in range(1, max(1, steps) + 1):
            part = step / max(1, steps)
            await self.move(*(round(a + (b - a) * part) for a, b in zip(start, end, strict=True)))
        await self.release(button)

    async def wheel(self, dx: float = 0, dy: float = 0) -> None:
        """Turn the wheel by notches where the pointer is; positive is right and down."""
        units = (round(dx * WHEEL_UNITS), round(dy * WHEEL_UNITS))
        if any(abs(unit) > _I16 for unit in units):
            raise InvalidInput(f"The wheel turns at most {_I16 // WHEEL_UNITS} notches at once.")
        x, y = self._at or (self.cursor.x, self.cursor.y)
        await self._send_input(lambda seq: m.Wheel(seq, x, y, *units))

    # --- keyboard

    async def key_down(self, code: str, *, text: str | None = None) -> None:
        """Press a key and hold it; `text` is what it makes, by default what a US keyboard makes."""
        await self._key(code, text, down=True)

    async def key_up(self, code: str, *, text: str | None = None) -> None:
        """Let go of a key."""
        await self._key(code, text, down=False)

    async def key(self, code: str, *, text: str | None = None, modifiers: Iterable[str] = ()) -> None:
        """Press and let go of a key, such as "Enter" or "KeyC", while `modifiers` ("control", "shift", …) are held."""
        held = [code for code, _ in modifier_keys([modifiers] if isinstance(modifiers, str) else modifiers)]
        check_code(code)
        for modifier in held:
            await self._key(modifier, "", down=True)
        await self._key(code, text, down=True)
        await self._key(code, text, down=False)
        for modifier in reversed(held):
            await self._key(modifier, "", down=False)

    async def type_text(self, text: str) -> None:
        """Type `text` key by key, each with its code and what it makes, shift held where a US keyboard needs it."""
        for stroke in strokes_of(text):
            if stroke.shift:
                await self._key("ShiftLeft", "", down=True)
            await self._key(stroke.code, stroke.text, down=True)
            await self._key(stroke.code, stroke.text, down=False)
            if stroke.shift:
                await self._key("ShiftLeft", "", down=False)

    async def send_text(self, text: str) -> None:
        """Let the agent type `text` as it likes; long ones are cut into several messages."""
        for begin in range(0, len(text), m.MAX_TEXT_CHARACTERS):
            await self._send_input(partial(m.Text, text=text[begin : begin + m.MAX_TEXT_CHARACTERS]))

    async def release_all(self) -> None:
        """Let go of every key and button."""
        self._held = 0
        await self._send_input(m.ReleaseAll)

    # --- inside

    def _place(self, x: int, y: int) -> None:
        width, height = self.size
        if not (0 <= x < width and 0 <= y < height):
            raise InvalidInput(f"({x}, {y}) is outside the screen, which has {width} by {height} pixels.")
        self._at = (x, y)

    async def _button(self, button: str | int, *, down: bool) -> None:
        number = BUTTONS.get(button, 0) if isinstance(button, str) else button
        if number not in m.Button.BUTTONS:
            raise InvalidInput(f"There is no button {button!r}. There are {', '.join(BUTTONS)}.")
        x, y = self._at or (self.cursor.x, self.cursor.y)
        await self._send_input(lambda seq: m.Button(seq, x, y, number, down))

    async def _key(self, code: str, text: str | None, *, down: bool) -> None:
        check_code(code)
        bit = bit_of(code)
        # As in browsers, the event of a modifier key itself carries its bit while it is down.
        self._held = self._held | bit if down else self._held & ~bit
        bits = self._held
        made = check_text(text_of(code, bits) if text is None else text)
        await self._send_input(lambda seq: m.Key(seq, down, bits, code, made))
