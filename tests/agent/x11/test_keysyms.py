"""Keysyms of characters, against pynput's table, which was made from the X headers."""

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

from agent.x11.keysyms import (
    PHYSICAL_KEYCODES,
    SPECIAL_CODES,
    UNICODE,
    case_pair,
    character_of,
    keysyms_of,
)


def pynput_table() -> dict[str, tuple[int, str]]:
    """Load pynput's table by its file: importing pynput would open a display."""
    package = importlib.util.find_spec("pynput")
    assert package is not None
    assert package.submodule_search_locations
    path = Path(next(iter(package.submodule_search_locations))) / "_util" / "xorg_keysyms.py"
    spec = importlib.util.spec_from_file_location("pynput_keysyms", path)
    assert spec is not None
    assert spec.loader is not None
    module: ModuleType = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    table: dict[str, tuple[int, str]] = module.SYMBOLS
    return table


# Blocks in which layouts use the historical numbers: Latin 2 to 4, 8, 9, Arabic, Cyrillic, Greek, Hebrew, Thai.
USED_BLOCKS = (0x01, 0x02, 0x03, 0x05, 0x06, 0x07, 0x0C, 0x0D, 0x12, 0x13)


def test_every_letter_that_layouts_carry_has_its_historical_keysym() -> None:
    wrong = {
        name: (hex(keysym), character, [hex(k) for k in keysyms_of(character)])
        for name, (keysym, character) in pynput_table().items()
        if character
        and keysym >> 8 in USED_BLOCKS
        and character.isalpha()
        and ord(character) > 0xFF
        and keysym not in keysyms_of(character)
    }
    assert wrong == {}


def test_no_historical_keysym_is_wrong() -> None:
    table = {keysym: character for keysym, character in pynput_table().values() if character}
    wrong = {
        hex(keysym): (character_of(keysym), table[keysym])
        for keysym in table
        if keysym < UNICODE and character_of(keysym) and character_of(keysym) != table[keysym]
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
