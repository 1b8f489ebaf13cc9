"""Pointer, buttons and wheel on a real X server."""

from collections.abc import Iterator
from itertools import count
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from Xlib import X

from agent.x11.input import X11Input
from agent.x11.pointer import MAX_CLICKS, NOTCH, Wheel
from protocol.messages import Button, PointerMove, ReleaseAll
from protocol.messages import Wheel as WheelMessage
from tests.support.display import VirtualDisplay, wait_until


class Target:
    """A window that writes down which buttons it saw, and where."""

    def __init__(self, connection: Any) -> None:
        self.connection = connection
        screen = connection.screen()
        mask = X.ButtonPressMask | X.ButtonReleaseMask
        window = screen.root.create_window(0, 0, 500, 500, 0, screen.root_depth, override_redirect=1, event_mask=mask)
        window.map()
        connection.sync()
        self.seen: list[tuple[bool, int, int, int]] = []

    def read(self) -> list[tuple[bool, int, int, int]]:
        for _ in range(self.connection.pending_events()):
            event = self.connection.next_event()
            if event.type in {X.ButtonPress, X.ButtonRelease}:
                self.seen.append((event.type == X.ButtonPress, event.detail, event.root_x, event.root_y))
        return self.seen


@pytest.fixture
def sink(display: VirtualDisplay) -> Iterator[X11Input]:
    source = X11Input(display.name)
    yield source
    source.close()


@pytest.fixture
def target(display: VirtualDisplay) -> Iterator[Target]:
    with display.connect() as connection:
        yield Target(connection)


@pytest.mark.display
def test_the_pointer_goes_where_it_is_told(display: VirtualDisplay, sink: X11Input) -> None:
    with display.connect() as connection:
        for x, y in ((0, 0), (17, 300), (1023, 767)):
            sink.apply(PointerMove(1, x, y))
            sink.settle()
            at = connection.screen().root.query_pointer()
            assert (at.root_x, at.root_y) == (x, y)
        sink.apply(PointerMove(1, 65535, 65535))
        sink.settle()
        at = connection.screen().root.query_pointer()
        assert (at.root_x, at.root_y) == (1023, 767)


@pytest.mark.display
def test_each_button_goes_down_and_up_where_it_was_pressed(sink: X11Input, target: Target) -> None:
    numbers = count(1)
    for button in (1, 2, 3, 8, 9):
        sink.apply(Button(next(numbers), 100 + button, 50, button, True))
        sink.apply(Button(next(numbers), 110 + button, 60, button, False))
    expected = [
        entry
        for button in (1, 2, 3, 8, 9)
        for entry in ((True, button, 100 + button, 50), (False, button, 110 + button, 60))
    ]
    wait_until(lambda: target.read() == expected, f"{expected}, seen {target.seen}")


@pytest.mark.display
def test_a_repeated_press_is_one_press(sink: X11Input, target: Target) -> None:
    sink.apply(Button(1, 5, 5, 1, True))
    sink.apply(Button(2, 5, 5, 1, True))
    sink.apply(Button(3, 5, 5, 1, False))
    sink.apply(Button(4, 5, 5, 1, False))
    sink.apply(Button(5, 5, 5, 3, True))
    wait_until(lambda: len(target.read()) >= 3, "three events")
    assert [entry[:2] for entry in target.seen] == [(True, 1), (False, 1), (True, 3)]


@pytest.mark.display
def test_the_wheel_turns_in_both_axes(sink: X11Input, target: Target) -> None:
    sink.apply(WheelMessage(1, 9, 9, 0, NOTCH))
    sink.apply(WheelMessage(2, 9, 9, 0, -2 * NOTCH))
    sink.apply(WheelMessage(3, 9, 9, NOTCH, 0))
    sink.apply(WheelMessage(4, 9, 9, -NOTCH, 0))
    sink.apply(WheelMessage(5, 9, 9, 0, 70))
    sink.apply(WheelMessage(6, 9, 9, 0, 50))
    expected = [5, 4, 4, 7, 6, 5]
    wait_until(lambda: len(target.read()) == 2 * len(expected), f"{expected}, seen {target.seen}")
    assert [number for down, number, _, _ in target.seen if down] == expected


@pytest.mark.display
def test_release_all_lets_go_of_buttons(display: VirtualDisplay, sink: X11Input) -> None:
    sink.apply(Button(1, 5, 5, 1, True))
    sink.apply(Button(2, 5, 5, 3, True))
    sink.settle()
    with display.connect() as connection:
        buttons = X.Button1Mask | X.Button3Mask
        assert connection.screen().root.query_pointer().mask & buttons == buttons
        sink.apply(ReleaseAll(3))
        sink.settle()
        assert connection.screen().root.query_pointer().mask & buttons == 0


@given(st.lists(st.integers(-32768, 32767), max_size=30))
def test_small_turns_add_up_and_none_is_kept_over_a_turn_back(deltas: list[int]) -> None:
    wheel = Wheel()
    run = 0
    clicks = 0
    for delta in deltas:
        if run and delta and (run < 0) != (delta < 0):
            run = clicks = 0
        got = wheel.turn(delta)
        assert abs(got) <= MAX_CLICKS
        run += delta
        if abs(delta) < NOTCH * MAX_CLICKS:
            clicks += got
    if deltas and all(0 <= delta < NOTCH * MAX_CLICKS for delta in deltas):
        assert clicks == sum(deltas) // NOTCH
