"""Characters and the keys that make them."""

import string

import pytest

from protocol.messages import Key, Modifier
from technician_viewer.errors import InvalidInput
from technician_viewer.keyboard import (
    UNIDENTIFIED,
    Stroke,
    check_code,
    check_text,
    modifier_keys,
    stroke_of,
    strokes_of,
    text_of,
)


@pytest.mark.parametrize("character", sorted(set(string.printable) - set("\x0b\x0c")))
def test_every_us_character_has_a_key_that_makes_it(character: str) -> None:
    stroke = stroke_of(character)
    assert stroke.code != UNIDENTIFIED
    if stroke.text:
        assert stroke.text == character
        assert text_of(stroke.code, Modifier.SHIFT if stroke.shift else 0) == character
    assert Key.parse(Key(1, True, 0, stroke.code, stroke.text).pack()).code == stroke.code


@pytest.mark.parametrize("character", ["ä", "€", "ж", "字", "🙂"])
def test_other_characters_travel_as_text(character: str) -> None:
    assert stroke_of(character) == Stroke(UNIDENTIFIED, character)
    assert Key.parse(Key(1, True, 0, UNIDENTIFIED, character).pack()).text == character


def test_keys_that_make_nothing() -> None:
    assert [stroke.code for stroke in strokes_of("\t\r\n\n\b")] == ["Tab", "Enter", "Enter", "Backspace"]
    assert all(not stroke.text for stroke in strokes_of("\t\n"))


def test_control_characters_have_no_key() -> None:
    with pytest.raises(InvalidInput, match="control character"):
        strokes_of("a\x07")
    assert strokes_of("a") == [Stroke("KeyA", "a")]


def test_codes() -> None:
    assert check_code("F12") == "F12"
    for bad in ("", "Key A", "KeyÄ", "K" * 33):
        with pytest.raises(InvalidInput):
            check_code(bad)


def test_texts() -> None:
    assert check_text("ä" * 32) == "ä" * 32
    for bad in ("ä" * 33, "\ud800"):
        with pytest.raises(InvalidInput):
            check_text(bad)


def test_modifiers() -> None:
    assert modifier_keys(["Control", "shift"]) == [("ControlLeft", 2), ("ShiftLeft", 1)]
    with pytest.raises(InvalidInput, match="altgr"):
        modifier_keys(["hyper"])
