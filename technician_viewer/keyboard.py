"""Which keys make a character: W3C UI Events `code` of a US keyboard, and what each key makes.

The agent types by `text` where it can and by `code` where it must (shortcuts), so a script needs no idea of the layout
on the other side. A character that no key of this table makes travels with the code `Unidentified`, as browsers do it.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from protocol.messages import MAX_CODE_BYTES, MAX_KEY_TEXT_BYTES, Modifier
from technician_viewer.errors import InvalidInput

UNIDENTIFIED: Final = "Unidentified"

# code: what the key makes alone, what it makes with shift
_PRINTING: Final[dict[str, tuple[str, str]]] = {
    **{f"Key{letter}": (letter.lower(), letter) for letter in "ABCDEFGHIJKLMNOPQRSTUVWXYZ"},
    **{f"Digit{digit}": (digit, shifted) for digit, shifted in zip("1234567890", "!@#$%^&*()", strict=True)},
    "Backquote": ("`", "~"),
    "Minus": ("-", "_"),
    "Equal": ("=", "+"),
    "BracketLeft": ("[", "{"),
    "BracketRight": ("]", "}"),
    "Backslash": ("\\", "|"),
    "Semicolon": (";", ":"),
    "Quote": ("'", '"'),
    "Comma": (",", "<"),
    "Period": (".", ">"),
    "Slash": ("/", "?"),
    "Space": (" ", " "),
}
_OF_CHARACTER: Final[dict[str, tuple[str, bool]]] = {
    **{shifted: (code, True) for code, (_, shifted) in _PRINTING.items()},
    **{plain: (code, False) for code, (plain, _) in _PRINTING.items()},
    "\n": ("Enter", False),
    "\r": ("Enter", False),
    "\t": ("Tab", False),
    "\b": ("Backspace", False),
    "\x1b": ("Escape", False),
}

# What people call a modifier: its bit, and the key that is pressed for it.
_MODIFIERS: Final[dict[str, tuple[int, str]]] = {
    "shift": (Modifier.SHIFT, "ShiftLeft"),
    "control": (Modifier.CONTROL, "ControlLeft"),
    "ctrl": (Modifier.CONTROL, "ControlLeft"),
    "alt": (Modifier.ALT, "AltLeft"),
    "meta": (Modifier.META, "MetaLeft"),
    "altgr": (Modifier.ALT_GRAPH, "AltRight"),
}
_BIT_OF_CODE: Final[dict[str, int]] = {
    "ShiftLeft": Modifier.SHIFT,
    "ShiftRight": Modifier.SHIFT,
    "ControlLeft": Modifier.CONTROL,
    "ControlRight": Modifier.CONTROL,
    "AltLeft": Modifier.ALT,
    "AltRight": Modifier.ALT_GRAPH,
    "MetaLeft": Modifier.META,
    "MetaRight": Modifier.META,
}


@dataclass(frozen=True)
class Stroke:
    """One key, what it makes (empty for keys that make nothing), and whether shift is held for it."""

    code: str
    text: str = ""
    shift: bool = False


def stroke_of(character: str) -> Stroke:
    """Return the key that makes `character`; Enter, Tab, Backspace and Escape make no text."""
    found = _OF_CHARACTER.get(character)
    if found is None:
        return Stroke(UNIDENTIFIED, character)
    code, shift = found
    return Stroke(code, character if code in _PRINTING else "", shift)


def strokes_of(text: str) -> list[Stroke]:
    """Return the keys for `text`, one a character; CR LF is one Enter. Raises InvalidInput for control characters."""
    characters = text.replace("\r\n", "\n")
    for character in characters:
        if not character.isprintable() and character not in _OF_CHARACTER and character.isascii():
            raise InvalidInput(f"There is no key for the control character {character!r}.")
    return [stroke_of(character) for character in characters]


def check_code(code: str) -> str:
    """Return `code` when it can be a W3C code. Raises InvalidInput."""
    if not (code.isascii() and code.isalnum() and len(code) <= MAX_CODE_BYTES):
        raise InvalidInput(f"{code!r} is no key code. Codes look like KeyA, Digit1, Enter or F5 (W3C UI Events).")
    return code


def check_text(text: str) -> str:
    """Return `text` when one key can make it. Raises InvalidInput."""
    try:
        size = len(text.encode())
    except UnicodeEncodeError:
        size = MAX_KEY_TEXT_BYTES + 1
    if size > MAX_KEY_TEXT_BYTES:
        raise InvalidInput("One key makes at most a few characters. Use type_text or send_text for more.")
    return text


def text_of(code: str, bits: int) -> str:
    """Return what the key makes on a US keyboard while the modifiers `bits` are held."""
    plain, shifted = _PRINTING.get(code, ("", ""))
    return shifted if bits & Modifier.SHIFT else plain


def modifier_keys(names: Iterable[str]) -> list[tuple[str, int]]:
    """Return (code, bit) for each modifier, by name (shift, control, alt, meta, altgr). Raises InvalidInput."""
    keys: list[tuple[str, int]] = []
    for name in names:
        found = _MODIFIERS.get(name.lower())
        if found is None:
            raise InvalidInput(f"There is no modifier {name!r}. There are shift, control, alt, meta and altgr.")
        bit, code = found
        keys.append((code, bit))
    return keys


def bit_of(code: str) -> int:
    """Return the modifier bit of a key, 0 for keys that are none."""
    return _BIT_OF_CODE.get(code, 0)
