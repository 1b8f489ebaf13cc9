"""Typing through XTEST: characters arrive as they were typed, shortcuts stay shortcuts.

pynput writes ordinary characters with XSendEvent, which xterm and others ignore for good reason, and opens the
display named in the environment when it is imported; so this drives XTEST itself, as pynput does for special keys.
"""

from collections.abc import Callable
from typing import Any, Final

from Xlib import X
from Xlib.display import Display
from Xlib.ext import xtest

from agent.x11 import keysyms
from agent.x11.keymap import Keymap, Stroke
from protocol.messages import Key, Modifier

_SHORTCUT: Final = Modifier.CONTROL | Modifier.ALT | Modifier.META
_GROUP_SHIFT: Final = 13
_BIT_OF: Final = {
    **dict.fromkeys(keysyms.SHIFT, Modifier.SHIFT),
    **dict.fromkeys(keysyms.CONTROL, Modifier.CONTROL),
    **dict.fromkeys(keysyms.ALT, Modifier.ALT),
    **dict.fromkeys(keysyms.META, Modifier.META),
    keysyms.LEVEL3: Modifier.ALT_GRAPH,
}
_KEYSYMS_OF_BIT: Final = (
    (Modifier.SHIFT, keysyms.SHIFT),
    (Modifier.CONTROL, keysyms.CONTROL),
    (Modifier.ALT, keysyms.ALT),
    (Modifier.META, keysyms.META),
)
_CONTROLS: Final = {"\n": keysyms.SPECIAL_CODES["Enter"], "\t": keysyms.SPECIAL_CODES["Tab"]}


class Keyboard:
    """The keyboard of one display; remembers which keys it holds. One caller at a time."""

    def __init__(self, display: Display, keymap: Keymap | None = None) -> None:
        self._display: Any = display
        self._root: Any = display.screen().root
        self._keymap = keymap or Keymap(display)
        # W3C code -> keycode that is down for it, oldest first.
        self._held: dict[str, int] = {}
        # W3C code of a held modifier key -> its bit.
        self._modifiers: dict[str, int] = {}

    @property
    def held(self) -> tuple[str, ...]:
        """Codes of the keys that are down, oldest first."""
        return tuple(self._held)

    def key(self, message: Key) -> None:
        """Do what one key message says."""
        if not message.down:
            self._release(message.code)
            return
        self._keymap.refresh()
        if message.code in keysyms.MODIFIER_CODES:
            self._press_modifier(message)
            return
        held = 0
        for bit in self._modifiers.values():
            held |= bit
        wanted = message.modifiers | held
        special = keysyms.SPECIAL_CODES.get(message.code)
        if special is None and not message.text:
            special = keysyms.NUMPAD_WITHOUT_NUM_LOCK.get(message.code)
        printable = bool(message.text) and message.text.isprintable()
        # Windows says AltGr as Control and Alt; what it wrote is text all the same.
        shortcut = bool(wanted & _SHORTCUT) and not wanted & Modifier.ALT_GRAPH
        if special is not None:
            self._press_special(message.code, special, wanted)
        elif printable and not shortcut:
            self._press_text(message)
        else:
            self._press_shortcut(message, wanted if shortcut else held, printable=printable)

    def text(self, text: str) -> None:
        """Type `text`, character by character; line ends are Enter. Characters that no key can carry are left out."""
        self._keymap.refresh()
        for character in text.replace("\r\n", "\n").replace("\r", "\n"):
            self._type(character)

    def release_all(self) -> None:
        """Let go of every key this holds, newest first, modifiers included."""
        for code in reversed(tuple(self._held)):
            self._release(code)

    def give_back(self) -> None:
        """Empty the spare keys that were borrowed."""
        self._keymap.give_back()

    # --- one key

    def _fake(self, keycode: int, *, down: bool) -> None:
        xtest.fake_input(self._display, X.KeyPress if down else X.KeyRelease, keycode)

    def _tap(self, keycode: int) -> None:
        self._fake(keycode, down=True)
        self._fake(keycode, down=False)

    def _hold(self, code: str, keycode: int) -> None:
        """Press until `code` goes up; pressing again what is down does nothing, since X repeats by itself."""
        if self._held.get(code) == keycode:
            return
        self._release(code)
        self._fake(keycode, down=True)
        self._held[code] = keycode

    def _release(self, code: str) -> None:
        keycode = self._held.pop(code, None)
        self._modifiers.pop(code, None)
        # Two codes may share a keycode (a keypad digit and the digit row); the last one lets go.
        if keycode is not None and keycode not in self._held.values():
            self._fake(keycode, down=False)

    # --- kinds of key

    def _press_modifier(self, message: Key) -> None:
        keysym = keysyms.MODIFIER_CODES[message.code]
        keycode = self._keymap.keycode_of((keysym,))
        if message.code == "AltRight" and (message.modifiers & Modifier.ALT_GRAPH or keycode is None):
            keysym = keysyms.LEVEL3
            keycode = self._keymap.keycode_of((keysym,))
        if keycode is None:
            return
        self._hold(message.code, keycode)
        self._modifiers[message.code] = _BIT_OF[keysym]

    def _press_special(self, code: str, keysym: int, wanted: int) -> None:
        group, _ = self._state()
        stroke = self._keymap.find_anywhere((keysym,), group) or self._keymap.borrow(keysym, group)
        if stroke is not None:
            self._with_missing(wanted, lambda: self._hold(code, stroke.keycode))

    def _press_shortcut(self, message: Key, wanted: int, *, printable: bool) -> None:
        """Press the key that bears this character, else the one in the same place, with the modifiers."""
        stroke = None
        if printable and len(message.text) == 1:
            group, _ = self._state()
            lower = message.text.lower()
            candidates = keysyms.keysyms_of(lower if len(lower) == 1 else message.text)
            stroke = self._keymap.find_anywhere(candidates, group)
        keycode = stroke.keycode if stroke is not None else keysyms.PHYSICAL_KEYCODES.get(message.code)
        if keycode is None:
            return
        if stroke is not None and stroke.level & 1:
            wanted |= Modifier.SHIFT
        self._with_missing(wanted, lambda: self._hold(message.code, keycode))

    def _with_missing(self, wanted: int, press: Callable[[], None]) -> None:
        """Press with the modifiers in `wanted` down: those whose own key was not sent are held for the moment."""
        held = 0
        for bit in self._modifiers.values():
            held |= bit
        extra = [
            keycode
            for bit, symbols in _KEYSYMS_OF_BIT
            if wanted & bit and not held & bit and (keycode := self._keymap.keycode_of(symbols)) is not None
        ]
        for keycode in extra:
            self._fake(keycode, down=True)
        press()
        for keycode in reversed(extra):
            self._fake(keycode, down=False)

    def _press_text(self, message: Key) -> None:
        if len(message.text) > 1:
            for character in message.text:
                self._type(character)
            return
        stroke, state = self._stroke_for(message.text)
        if stroke is None:
            return
        lift, press = self._level_changes(stroke, state)
        if lift or press:
            # Held on, X would repeat it with the wrong modifiers.
            self._release(message.code)
            self._wrapped(lift, press, lambda: self._tap(stroke.keycode))
        else:
            self._hold(message.code, stroke.keycode)

    def _type(self, character: str) -> None:
        control = _CONTROLS.get(character)
        if control is not None:
            keycode = self._keymap.keycode_of((control,))
            if keycode is not None:
                self._wrapped(tuple(self._held[code] for code in self._modifiers), (), lambda: self._tap(keycode))
            return
        if not character.isprintable():
            return
        stroke, state = self._stroke_for(character)
        if stroke is not None:
            lift, press = self._level_changes(stroke, state)
            self._wrapped(lift, press, lambda: self._tap(stroke.keycode))

    # --- levels

    def _state(self) -> tuple[int, int]:
        """Return the active group and the effective modifier mask, whoever holds them."""
        mask = int(self._root.query_pointer().mask)
        return min(mask >> _GROUP_SHIFT & 3, 1), mask

    def _stroke_for(self, character: str) -> tuple[Stroke | None, int]:
        candidates = keysyms.keysyms_of(character)
        group, state = self._state()
        if not candidates:
            return None, state
        return self._keymap.find(candidates, group) or self._keymap.borrow(candidates[0], group), state

    def _level_changes(self, stroke: Stroke, state: int) -> tuple[tuple[int, ...], tuple[int, ...]]:
        """Return the keycodes of held modifiers to lift and of others to press so that `stroke` gives its character."""
        shift = bool(stroke.level & 1) != (stroke.letter and bool(state & X.LockMask))
        level3 = stroke.level >= 2
        keep = (Modifier.SHIFT if shift else 0) | (Modifier.ALT_GRAPH if level3 else 0)
        lift = tuple(self._held[code] for code, bit in self._modifiers.items() if not bit & keep)
        press = []
        if shift and not state & X.ShiftMask:
            press.append(self._keymap.keycode_of(keysyms.SHIFT))
        if level3 and not state & self._keymap.level3_mask:
            press.append(self._keymap.keycode_of((keysyms.LEVEL3,)))
        return lift, tuple(keycode for keycode in press if keycode is not None)

    def _wrapped(self, lift: tuple[int, ...], press: tuple[int, ...], act: Callable[[], None]) -> None:
        for keycode in lift:
            self._fake(keycode, down=False)
        for keycode in press:
            self._fake(keycode, down=True)
        act()
        for keycode in reversed(press):
            self._fake(keycode, down=False)
        for keycode in lift:
            self._fake(keycode, down=True)
