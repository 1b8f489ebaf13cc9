"""Keysyms of characters, against the table of libxkbcommon."""

import ctypes

import pytest

from agent.x11.keysyms import (
    PHYSICAL_KEYCODES,
    SPECIAL_CODES,
    UNICODE,
    case_pair,
    character_of,
    keysyms_of,
)


def xkb_table() -> dict[int, str]:
    """Return every historical keysym and its character as libxkbcommon, which Chromium brings, knows them."""
    library = ctypes.CDLL("libxkbcommon.so.0")
    library.xkb_keysym_to_utf32.argtypes = [ctypes.c_uint32]
    library.xkb_keysym_to_utf32.restype = ctypes.c_uint32
    found = {keysym: library.xkb_keysym_to_utf32(keysym) for keysym in range(0x100, 0x2100)}
    return {keysym: chr(code) for keysym, code in found.items() if code}


# Blocks in which layouts use the historical numbers: Latin 2 to 4, 8, 9, Arabic, Cyrillic, Greek, Hebrew, Thai.
USED_BLOCKS = (0x01, 0x02, 0x03, 0x05, 0x06, 0x07, 0x0C, 0x0D, 0x12, 0x13)


def test_every_letter_that_layouts_carry_has_its_historical_keysym() -> None:
    table = xkb_table()
    assert table[0x6D6] == "ж"
    wrong = {
        hex(keysym): (character, [hex(k) for k in keysyms_of(character)])
        for keysym, character in table.items()
        if keysym >> 8 in USED_BLOCKS
        and character.isalpha()
        and ord(character) > 0xFF
        and keysym not in keysyms_of(character)
    }
    assert wrong == {}


def test_no_historical_keysym_is_wrong() -> None:
    wrong = {
        hex(keysym): (character_of(keysym), character)
        for keysym, character in xkb_table().items()
        if character_of(keysym) and character_of(keysym) != character
    }
    assert wrong == {}


@pytest.mark.parametrize(
    ("character", "expected"),
    [
        ("a", (0x61, UNICODE | 0x61)),
        ("ä", (0xE4, UNICODE | 0xE4)),
        ("€", (0x20AC, UNICODE | 0x20AC)),
        ("ж", (0x6D6, UNICODE | 0x436)),
        ("😀", (UNICODE | 0x1F600,)),
        ("\x1b", ()),
        ("\ud800", ()),
    ],
)
def test_examples(character: str, expected: tuple[int, ...]) -> None:
    assert keysyms_of(character) == expected


def test_case_pairs() -> None:
    assert case_pair(0x61) == (0x61, 0x41)
    assert case_pair(0x41) == (0x61, 0x41)
    assert case_pair(0x6D6) == (0x6D6, 0x6F6)
    assert case_pair(ord("1")) is None
    assert case_pair(ord("ß")) is None  # its capital is two letters
    assert case_pair(0xFF0D) is None


def test_tables_name_each_key_once() -> None:
    assert not set(SPECIAL_CODES) & set(PHYSICAL_KEYCODES)
    assert len(set(PHYSICAL_KEYCODES.values())) == len(PHYSICAL_KEYCODES)
    assert PHYSICAL_KEYCODES["KeyQ"] == 24
    assert PHYSICAL_KEYCODES["KeyM"] == 58
    assert PHYSICAL_KEYCODES["Digit1"] == 10
    assert PHYSICAL_KEYCODES["Slash"] == 61
