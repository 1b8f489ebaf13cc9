"""Keysyms: numbers that X gives to what a key means (X11 protocol, appendix A), and W3C codes of physical keys.

Characters have either a historical keysym, numbered like an 8-bit character set of its time, or 0x01000000 + code
point. Layouts use the historical ones, so both are needed to find a character on a keyboard.
"""

from functools import cache
from types import MappingProxyType
from typing import Final

UNICODE: Final = 0x0100_0000

# High byte of the historical keysym -> character set whose upper half gives the low byte's meaning.
_SETS: Final = {
    0x01: "iso8859-2",
    0x02: "iso8859-3",
    0x03: "iso8859-4",
    0x05: "iso8859-6",
    0x0C: "iso8859-8",
    0x0D: "iso8859-11",
    0x12: "iso8859-14",
}
# Greek letters follow ISO 8859-7 from 0x7c1; accented ones and Cyrillic beyond KOI8-R have an order of their own.
_GREEK_ACCENTED: Final = "ΆΈΉΊΪ\0ΌΎΫ\0Ώ\0\0\0\0\0άέήίϊΐόύϋΰώ"
_CYRILLIC_FIRST: Final = "ђѓёєѕіїјљњћќґўџ№ЂЃЁЄЅІЇЈЉЊЋЌҐЎЏ"
_SINGLE: Final = {
    "Œ": 0x13BC,
    "œ": 0x13BD,
    "Ÿ": 0x13BE,
    "€": 0x20AC,
    "…": 0xAAE,
    "–": 0xAAA,
    "—": 0xAA9,
    "‘": 0xAD0,
    "’": 0xAD1,
    "“": 0xAD2,
    "”": 0xAD3,
    "‚": 0xAFD,
    "„": 0xAFE,
    "†": 0xAF1,
    "‡": 0xAF2,
    "™": 0xAC9,
    "←": 0x8FB,
    "↑": 0x8FC,
    "→": 0x8FD,
    "↓": 0x8FE,
}


@cache
def _historical() -> MappingProxyType[str, int]:
    table = dict(_SINGLE)
    for high, name in _SETS.items():
        for low in range(0xA1, 0x100):
            try:
                character = bytes([low]).decode(name)
            except UnicodeDecodeError:
                continue
            if ord(character) > 0xFF:
                table.setdefault(character, high << 8 | low)
    for low in range(0xC0, 0x100):
        table[bytes([low]).decode("koi8-r")] = 0x600 | low
    table.update({character: 0x6A1 + n for n, character in enumerate(_CYRILLIC_FIRST)})
    table.update({character: 0x7A1 + n for n, character in enumerate(_GREEK_ACCENTED) if character != "\0"})
    for n, (capital, small) in enumerate(zip("ΑΒΓΔΕΖΗΘΙΚΛΜΝΞΟΠΡΣ", "αβγδεζηθικλμνξοπρσ", strict=True)):
        table[capital], table[small] = 0x7C1 + n, 0x7E1 + n
    for n, (capital, small) in enumerate(zip("ΤΥΦΧΨΩ", "τυφχψω", strict=True)):
        table[capital], table[small] = 0x7D4 + n, 0x7F4 + n
    table["ς"] = 0x7F3
    return MappingProxyType(table)


def keysyms_of(character: str) -> tuple[int, ...]:
    """Return the keysyms that stand for one printable character, the one to put on a key first; none for controls."""
    point = ord(character)
    if 0x20 <= point <= 0x7E or 0xA0 <= point <= 0xFF:
        return (point, UNICODE | point)
    if point < 0xA0 or 0xD800 <= point <= 0xDFFF:
        return ()
    historical = _historical().get(character)
    return (UNICODE | point,) if historical is None else (historical, UNICODE | point)


@cache
def _characters() -> MappingProxyType[int, str]:
    return MappingProxyType({keysym: character for character, keysym in _historical().items()})


def character_of(keysym: int) -> str:
    """Return the character that a keysym stands for, or an empty text."""
    if 0x20 <= keysym <= 0x7E or 0xA0 <= keysym <= 0xFF:
        return chr(keysym)
    if UNICODE < keysym <= UNICODE + 0x10FFFF:
        return chr(keysym - UNICODE)
    return _characters().get(keysym, "")


def case_pair(keysym: int) -> tuple[int, int] | None:
    """Return the keysyms (lower, upper) of a letter with two cases, one character each; else None."""
    character = character_of(keysym)
    if not character:
        return None
    lower, upper = character.lower(), character.upper()
    if lower == upper or len(lower) != 1 or len(upper) != 1 or upper.lower() != lower:
        return None
    return keysyms_of(lower)[0], keysyms_of(upper)[0]


SHIFT: Final = (0xFFE1, 0xFFE2)
CONTROL: Final = (0xFFE3, 0xFFE4)
ALT: Final = (0xFFE9, 0xFFEA)
META: Final = (0xFFEB, 0xFFEC)
LEVEL3: Final = 0xFE03

MODIFIER_CODES: Final[dict[str, int]] = {
    "ShiftLeft": SHIFT[0],
    "ShiftRight": SHIFT[1],
    "ControlLeft": CONTROL[0],
    "ControlRight": CONTROL[1],
    "AltLeft": ALT[0],
    "AltRight": ALT[1],
    "MetaLeft": META[0],
    "MetaRight": META[1],
}
"""W3C code of a modifier key -> keysym; AltRight is LEVEL3 instead when it acts as AltGr."""

SPECIAL_CODES: Final[dict[str, int]] = {
    "Backspace": 0xFF08,
    "Tab": 0xFF09,
    "Enter": 0xFF0D,
    "NumpadEnter": 0xFF8D,
    "Pause": 0xFF13,
    "ScrollLock": 0xFF14,
    "Escape": 0xFF1B,
    "Home": 0xFF50,
    "ArrowLeft": 0xFF51,
    "ArrowUp": 0xFF52,
    "ArrowRight": 0xFF53,
    "ArrowDown": 0xFF54,
    "PageUp": 0xFF55,
    "PageDown": 0xFF56,
    "End": 0xFF57,
    "PrintScreen": 0xFF61,
    "Insert": 0xFF63,
    "Undo": 0xFF65,
    "ContextMenu": 0xFF67,
    "Find": 0xFF68,
    "Help": 0xFF6A,
    "NumLock": 0xFF7F,
    "CapsLock": 0xFFE5,
    "Delete": 0xFFFF,
    **{f"F{number}": 0xFFBD + number for number in range(1, 25)},
    "AudioVolumeDown": 0x1008FF11,
    "AudioVolumeMute": 0x1008FF12,
    "AudioVolumeUp": 0x1008FF13,
    "MediaPlayPause": 0x1008FF14,
    "MediaStop": 0x1008FF15,
    "MediaTrackPrevious": 0x1008FF16,
    "MediaTrackNext": 0x1008FF17,
    "BrowserBack": 0x1008FF26,
    "BrowserForward": 0x1008FF27,
    "Copy": 0x1008FF57,
    "Cut": 0x1008FF58,
    "Paste": 0x1008FF6D,
    "KanaMode": 0xFF2D,
    "Convert": 0xFF23,
    "NonConvert": 0xFF22,
    "Lang1": 0xFF31,
    "Lang2": 0xFF34,
}
"""W3C code of a key that writes nothing -> keysym."""

NUMPAD_WITHOUT_NUM_LOCK: Final[dict[str, int]] = {
    "Numpad0": 0xFF63,
    "Numpad1": 0xFF57,
    "Numpad2": 0xFF54,
    "Numpad3": 0xFF56,
    "Numpad4": 0xFF51,
    "Numpad5": 0xFF9D,
    "Numpad6": 0xFF53,
    "Numpad7": 0xFF50,
    "Numpad8": 0xFF52,
    "Numpad9": 0xFF55,
    "NumpadDecimal": 0xFFFF,
}
"""What the keypad does when it wrote nothing; the keys beside it do the same whatever Num Lock is on this side."""

_EVDEV_OFFSET: Final = 8
_ROWS: Final = (
    (2, "Digit1 Digit2 Digit3 Digit4 Digit5 Digit6 Digit7 Digit8 Digit9 Digit0 Minus Equal"),
    (16, "KeyQ KeyW KeyE KeyR KeyT KeyY KeyU KeyI KeyO KeyP BracketLeft BracketRight"),
    (30, "KeyA KeyS KeyD KeyF KeyG KeyH KeyJ KeyK KeyL Semicolon Quote Backquote"),
    (43, "Backslash KeyZ KeyX KeyC KeyV KeyB KeyN KeyM Comma Period Slash"),
    (55, "NumpadMultiply"),
    (57, "Space"),
    (74, "NumpadSubtract"),
    (78, "NumpadAdd"),
    (86, "IntlBackslash"),
    (89, "IntlRo"),
    (98, "NumpadDivide"),
    (117, "NumpadEqual"),
    (121, "NumpadComma"),
    (124, "IntlYen"),
)

PHYSICAL_KEYCODES: Final[dict[str, int]] = {
    code: first + n + _EVDEV_OFFSET for first, row in _ROWS for n, code in enumerate(row.split())
}
"""W3C code of a writing key -> X keycode (evdev numbering; the same in the older XFree86 one for these keys)."""
