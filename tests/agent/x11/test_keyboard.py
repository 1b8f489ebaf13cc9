"""Typing into real programs on a real X server: what arrives is what was typed."""

from collections.abc import Iterator
from itertools import count
from pathlib import Path
from random import Random
from typing import Any

import pytest
from Xlib import X

from agent.errors import InputUnavailable
from agent.x11.input import X11Input
from agent.x11.keysyms import MODIFIER_CODES, PHYSICAL_KEYCODES, SPECIAL_CODES
from protocol.messages import Key, Modifier, ReleaseAll, Text
from tests.support.display import VirtualDisplay, wait_until

pytestmark = pytest.mark.display

GERMAN = "de"


@pytest.fixture
def sink(display: VirtualDisplay) -> Iterator[X11Input]:
    source = X11Input(display.name)
    yield source
    source.close()


@pytest.fixture
def typed(display: VirtualDisplay, tmp_path: Path) -> Path:
    """A file that gets what is typed into a terminal, a line at a time."""
    path = tmp_path / "typed.txt"
    display.text_file(path)
    return path


class Hands:
    """A technician's hands: numbers messages and keeps track of modifiers."""

    def __init__(self, sink: X11Input) -> None:
        self.sink = sink
        self.numbers = count(1)

    def down(self, code: str, text: str = "", modifiers: int = 0) -> None:
        self.sink.apply(Key(next(self.numbers), True, modifiers, code, text))

    def up(self, code: str, text: str = "", modifiers: int = 0) -> None:
        self.sink.apply(Key(next(self.numbers), False, modifiers, code, text))

    def tap(self, code: str, text: str = "", modifiers: int = 0) -> None:
        self.down(code, text, modifiers)
        self.up(code, text, modifiers)

    def enter(self) -> None:
        self.tap("Enter")

    def text(self, text: str) -> None:
        self.sink.apply(Text(next(self.numbers), text))


@pytest.fixture
def hands(sink: X11Input) -> Hands:
    return Hands(sink)


def layout(display: VirtualDisplay, *names: str) -> None:
    """Give the display another keyboard layout, as a user does."""
    program = display.run("setxkbmap", *names)
    assert program.wait(10) == 0


def expect(path: Path, text: str) -> None:
    wait_until(lambda: path.read_text() == text, f"{text!r} in the file, which has {path.read_text()!r}", 10)


def pressed_keys(display: VirtualDisplay) -> list[int]:
    """Keycodes that the X server counts as down."""
    with display.connect() as connection:
        bits = connection.query_keymap()
        return [byte * 8 + bit for byte in range(32) for bit in range(8) if bits[byte] >> bit & 1]


def test_letters_digits_and_signs(hands: Hands, typed: Path) -> None:
    hands.tap("KeyA", "a")
    hands.tap("Digit7", "7")
    hands.tap("Space", " ")
    hands.tap("Slash", "/")
    hands.enter()
    expect(typed, "a7 /\n")


def test_capitals_with_the_shift_key_held(hands: Hands, typed: Path) -> None:
    hands.down("ShiftLeft", modifiers=Modifier.SHIFT)
    hands.tap("KeyQ", "Q", Modifier.SHIFT)
    hands.up("ShiftLeft")
    hands.tap("KeyQ", "q")
    hands.enter()
    expect(typed, "Qq\n")


def test_a_sign_that_needs_shift_here_but_not_there(hands: Hands, typed: Path) -> None:
    # German Shift+7 is a slash; on the US keyboard of the display it is a key without shift, which must be lifted.
    hands.down("ShiftLeft", modifiers=Modifier.SHIFT)
    hands.tap("Digit7", "/", Modifier.SHIFT)
    hands.tap("KeyW", "W", Modifier.SHIFT)
    hands.up("ShiftLeft")
    hands.tap("Digit7", "&")
    hands.enter()
    expect(typed, "/W&\n")


def test_the_same_place_with_another_meaning(hands: Hands, typed: Path) -> None:
    # On a German keyboard KeyY writes z and KeyZ writes y.
    hands.tap("KeyY", "z")
    hands.tap("KeyZ", "y")
    hands.enter()
    expect(typed, "zy\n")


def test_characters_that_the_keyboard_does_not_have(hands: Hands, typed: Path) -> None:
    for character in "äöüßÄÖÜé€ñ":
        hands.tap("Quote", character)
    hands.enter()
    expect(typed, "äöüßÄÖÜé€ñ\n")


def test_alphabets_that_the_keyboard_does_not_have(hands: Hands, typed: Path) -> None:
    text = "Съешь ещё этих мягких французских булок. Ξεσκεπάζω τὴν ψυχοφθόρα. 漢字かな שלום"
    hands.text(text + "\n")
    expect(typed, text + "\n")


def test_emoji_arrive_where_the_program_takes_them(hands: Hands, typed: Path) -> None:
    hands.tap("KeyE", "😀")
    hands.text("👍🚀\n")
    expect(typed, "😀👍🚀\n")


def test_more_strange_characters_than_spare_keys_all_arrive_in_order(hands: Hands, typed: Path) -> None:
    text = "".join(chr(point) for point in range(0x3041, 0x3041 + 60))
    hands.text(text + "\n")
    expect(typed, text + "\n")


def test_alt_gr_text_from_windows_is_text_not_a_shortcut(hands: Hands, typed: Path) -> None:
    # Windows says AltGr as ControlLeft and AltRight; the browser adds the AltGraph modifier.
    fake = Modifier.CONTROL | Modifier.ALT | Modifier.ALT_GRAPH
    hands.down("ControlLeft", modifiers=Modifier.CONTROL)
    hands.down("AltRight", modifiers=fake)
    hands.tap("KeyQ", "@", fake)
    hands.tap("KeyE", "€", fake)
    hands.up("AltRight")
    hands.up("ControlLeft")
    hands.tap("KeyX", "x")
    hands.enter()
    expect(typed, "@€x\n")


def test_alt_gr_text_on_a_german_keyboard(display: VirtualDisplay, hands: Hands, typed: Path) -> None:
    layout(display, GERMAN)
    hands.down("AltRight", modifiers=Modifier.ALT_GRAPH)
    hands.tap("KeyQ", "@", Modifier.ALT_GRAPH)
    hands.tap("KeyE", "€", Modifier.ALT_GRAPH)
    hands.tap("Digit7", "{", Modifier.ALT_GRAPH)
    hands.up("AltRight")
    hands.tap("KeyZ", "z")
    hands.tap("Semicolon", "ö")
    hands.text("@ äÖ \\ ~ y\n")
    expect(typed, "@€{zö@ äÖ \\ ~ y\n")


def test_a_keyboard_whose_active_layout_is_the_second(display: VirtualDisplay, hands: Hands, typed: Path) -> None:
    layout(display, "us,ru", "-option", "grp:shifts_toggle")
    hands.down("ShiftLeft", modifiers=Modifier.SHIFT)
    hands.down("ShiftRight", modifiers=Modifier.SHIFT)
    hands.up("ShiftRight")
    hands.up("ShiftLeft")
    with display.connect() as connection:
        assert connection.screen().root.query_pointer().mask >> 13 & 3 == 1
    hands.text("да hello Ё?\n")
    hands.tap("KeyA", "a")
    hands.tap("KeyA", "ф")
    hands.enter()
    expect(typed, "да hello Ё?\naф\n")


def test_the_layout_may_change_during_a_session(display: VirtualDisplay, hands: Hands, typed: Path) -> None:
    # Programs look a key up when they get round to it, so each layout stays until they have.
    hands.text("zy ü\n")
    expect(typed, "zy ü\n")
    layout(display, GERMAN)
    hands.text("zy ü\n")
    expect(typed, "zy ü\nzy ü\n")
    layout(display, "fr")
    hands.text("zy ü aq\n")
    expect(typed, "zy ü\nzy ü\nzy ü aq\n")


def test_caps_lock_does_not_change_what_was_typed(hands: Hands, typed: Path) -> None:
    hands.tap("CapsLock")
    hands.tap("KeyA", "A", Modifier.CAPS_LOCK)
    hands.tap("KeyB", "b")
    hands.tap("Quote", "ä")
    hands.tap("Quote", "Ä")
    hands.tap("Digit1", "1")
    hands.tap("CapsLock")
    hands.tap("KeyA", "a")
    hands.enter()
    expect(typed, "AbäÄ1a\n")


def test_keys_that_write_nothing(hands: Hands, typed: Path) -> None:
    hands.text("abcd")
    hands.tap("Backspace")
    hands.tap("Tab")
    hands.tap("NumpadEnter")
    expect(typed, "abc\t\n")


def test_keypad_with_and_without_num_lock(display: VirtualDisplay, hands: Hands, tmp_path: Path) -> None:
    path = tmp_path / "keys.txt"
    raw_terminal(display, path)
    hands.tap("Numpad5", "5", Modifier.NUM_LOCK)
    hands.tap("NumpadAdd", "+", Modifier.NUM_LOCK)
    hands.tap("Numpad8")  # no text: it was an arrow
    expect_bytes(path, b"5+\x1b[A")


def test_arrows_function_and_navigation_keys(display: VirtualDisplay, hands: Hands, tmp_path: Path) -> None:
    path = tmp_path / "keys.txt"
    raw_terminal(display, path)
    for code in ("ArrowUp", "ArrowLeft", "Home", "End", "PageUp", "Delete", "F1", "F5", "F12", "Escape"):
        hands.tap(code)
    expect_bytes(path, b"\x1b[A\x1b[D\x1b[H\x1b[F\x1b[5~\x1b[3~\x1bOP\x1b[15~\x1b[24~\x1b")


def raw_terminal(display: VirtualDisplay, path: Path) -> None:
    """A terminal whose key bytes go to `path` as they come."""
    ready = path.with_suffix(".ready")
    path.touch()
    script = 'stty raw -echo; touch "$1"; exec cat -u > "$2"'
    display.terminal("sh", "-c", script, "sh", str(ready), str(path))
    wait_until(ready.exists, "the shell")


def expect_bytes(path: Path, expected: bytes) -> None:
    wait_until(lambda: path.read_bytes() == expected, f"{expected!r}, there is {path.read_bytes()!r}")


def test_shortcuts_with_modifier_keys(display: VirtualDisplay, hands: Hands, tmp_path: Path) -> None:
    path = tmp_path / "keys.txt"
    raw_terminal(display, path)
    hands.down("ControlLeft", modifiers=Modifier.CONTROL)
    hands.tap("KeyC", "c", Modifier.CONTROL)
    hands.tap("KeyY", "z", Modifier.CONTROL)  # German: the key that writes z
    hands.tap("KeyA", "", Modifier.CONTROL)  # no text: the key in that place
    hands.up("ControlLeft")
    hands.down("AltLeft", modifiers=Modifier.ALT)
    hands.tap("KeyF", "f", Modifier.ALT)
    hands.up("AltLeft")
    hands.tap("KeyC", "c")
    # xterm's own way of showing Alt: the eighth bit, in UTF-8.
    expect_bytes(path, b"\x03\x1a\x01" + chr(ord("f") | 0x80).encode() + b"c")


def test_shortcuts_whose_modifier_keys_were_never_sent(display: VirtualDisplay, hands: Hands, tmp_path: Path) -> None:
    path = tmp_path / "keys.txt"
    raw_terminal(display, path)
    hands.tap("KeyC", "c", Modifier.CONTROL)
    hands.tap("Tab", "", Modifier.SHIFT)
    hands.tap("KeyC", "c")
    expect_bytes(path, b"\x03\x1b[Zc")
    assert pressed_keys(display) == []


def test_a_shortcut_in_another_alphabet_uses_the_key_in_that_place(
    display: VirtualDisplay, hands: Hands, tmp_path: Path
) -> None:
    path = tmp_path / "keys.txt"
    raw_terminal(display, path)
    hands.tap("KeyC", "с", Modifier.CONTROL)
    expect_bytes(path, b"\x03")


def test_a_key_held_stays_down_until_it_is_let_go(display: VirtualDisplay, hands: Hands, typed: Path) -> None:
    hands.down("KeyA", "a")
    hands.down("KeyA", "a")
    wait_until(lambda: pressed_keys(display) == [38], "the key to be down")
    hands.up("KeyA")
    wait_until(lambda: pressed_keys(display) == [], "the key to be up")
    assert typed.exists()


def test_release_all_lets_go_of_keys_and_modifiers(display: VirtualDisplay, hands: Hands, sink: X11Input) -> None:
    hands.down("ControlLeft", modifiers=Modifier.CONTROL)
    hands.down("ShiftRight", modifiers=Modifier.CONTROL | Modifier.SHIFT)
    hands.down("F9")
    sink.settle()
    assert len(pressed_keys(display)) == 3
    assert sink.holds
    sink.apply(ReleaseAll(9))
    sink.settle()
    assert pressed_keys(display) == []
    assert not sink.holds


def test_closing_lets_go_and_gives_spare_keys_back(display: VirtualDisplay) -> None:
    with display.connect() as connection:
        before = mapping(connection)
        sink = X11Input(display.name)
        hands = Hands(sink)
        hands.down("MetaLeft", modifiers=Modifier.META)
        hands.tap("Quote", "ä")
        hands.text("漢😀")
        sink.settle()
        assert mapping(connection) != before
        sink.close()
        assert pressed_keys(display) == []
        assert mapping(connection) == before
    sink.close()


def mapping(connection: Any) -> list[tuple[int, ...]]:
    """Keysyms by keycode, without the zeros at the end of each, whose number the server chooses."""
    rows = connection.get_keyboard_mapping(8, 248)
    return [tuple(row[: max((n + 1 for n, keysym in enumerate(row) if keysym), default=0)]) for row in rows]


def test_control_characters_in_text_are_left_out(hands: Hands, typed: Path) -> None:
    hands.text("a\x1b\x03\x7fb\u0085c\r\nd\te\n")
    expect(typed, "abc\nd\te\n")


def test_text_is_typed_past_a_held_modifier(hands: Hands, typed: Path) -> None:
    hands.down("ControlLeft", modifiers=Modifier.CONTROL)
    hands.text("cd\n")
    hands.up("ControlLeft")
    hands.tap("KeyE", "e")
    hands.enter()
    expect(typed, "cd\ne\n")


def test_keys_nobody_knows_do_nothing(display: VirtualDisplay, hands: Hands, typed: Path) -> None:
    hands.tap("Unidentified")
    hands.tap("BrightnessUp", "")
    hands.up("KeyZ")
    hands.tap("KeyA", "a")
    hands.enter()
    expect(typed, "a\n")


# python-xlib leaves the sockets of a failed attempt to the garbage collector.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_a_display_that_does_not_exist_is_named() -> None:
    with pytest.raises(InputUnavailable, match=":917"):
        X11Input(":917")


def test_without_xtest_input_is_unavailable() -> None:
    display = VirtualDisplay.start(320, 240, extensions_off=("XTEST",))
    try:
        with pytest.raises(InputUnavailable, match="XTEST"):
            X11Input(display.name)
    finally:
        display.stop()


def test_a_display_that_goes_away_is_an_error(display: VirtualDisplay, hands: Hands, sink: X11Input) -> None:
    hands.tap("KeyA", "a")
    display.stop()
    with pytest.raises(InputUnavailable, match="went away"):
        for _ in range(100):
            hands.tap("KeyA", "a")
            sink.settle()


def test_state_is_that_of_x(display: VirtualDisplay, hands: Hands, sink: X11Input) -> None:
    hands.down("ShiftLeft", modifiers=Modifier.SHIFT)
    sink.settle()
    with display.connect() as connection:
        assert connection.screen().root.query_pointer().mask & X.ShiftMask


def test_whatever_was_typed_release_all_leaves_nothing_down(display: VirtualDisplay, sink: X11Input) -> None:
    random = Random(11)  # noqa: S311 a sequence that is the same every time
    codes = (*SPECIAL_CODES, *MODIFIER_CODES, *PHYSICAL_KEYCODES, "Numpad1", "Unidentified", "IntlHash")
    texts = ("", "a", "A", "1", "ä", "€", "漢", "ё", "ab", "\u0301", "\x1b", "\n")
    for seq in range(1, 400):
        code = random.choice([code for code in codes if code not in {"CapsLock", "NumLock"}])
        key = Key(seq, random.random() < 0.7, random.randrange(128), code, random.choice(texts))
        sink.apply(key)
    sink.apply(ReleaseAll(400))
    sink.settle()
    assert pressed_keys(display) == []
    assert not sink.holds
    with display.connect() as connection:
        assert connection.screen().root.query_pointer().mask & 0xFF == 0
