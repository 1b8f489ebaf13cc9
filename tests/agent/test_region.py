"""Dirty regions cover what was added, in few boxes."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from agent.region import GRAB_COST_PX, MAX_BOXES, Box, Region

boxes = st.builds(Box, st.integers(-20, 400), st.integers(-20, 400), st.integers(1, 200), st.integers(1, 200))


def covered(found: tuple[Box, ...], size: int = 400) -> "np.ndarray[tuple[int, int], np.dtype[np.bool_]]":
    mask = np.zeros((size, size), bool)
    for box in found:
        mask[box.y : box.bottom, box.x : box.right] = True
    return mask


@given(st.lists(boxes, max_size=60))
def test_everything_added_is_covered_and_clipped(added: list[Box]) -> None:
    region = Region(added)
    assert len(region.boxes) <= MAX_BOXES
    taken = region.take(400, 400)
    for box in taken:
        assert 0 <= box.x < box.right <= 400
        assert 0 <= box.y < box.bottom <= 400
    clipped = tuple(part for box in added if (part := box.clip(400, 400)) is not None)
    assert not (covered(clipped) & ~covered(taken)).any()
    assert not region


def test_neighbours_join_and_far_ones_do_not() -> None:
    assert Region([Box(0, 0, 10, 10), Box(10, 0, 10, 10)]).boxes == (Box(0, 0, 20, 10),)
    far = Region([Box(0, 0, 10, 10), Box(1000, 1000, 10, 10)])
    assert set(far.boxes) == {Box(0, 0, 10, 10), Box(1000, 1000, 10, 10)}


def test_a_box_within_another_adds_nothing() -> None:
    region = Region([Box(0, 0, 500, 500), Box(100, 100, 5, 5)])
    assert region.boxes == (Box(0, 0, 500, 500),)


def test_a_join_that_wastes_more_than_a_grab_is_not_made() -> None:
    side = int(GRAB_COST_PX**0.5)
    region = Region([Box(0, 0, 1, 1), Box(side + 2, side + 2, 1, 1)])
    assert len(region.boxes) == 2


def test_parts_outside_the_screen_are_dropped() -> None:
    assert Region([Box(500, 500, 10, 10)]).take(400, 400) == ()
    assert Box(-5, -5, 10, 10).clip(400, 400) == Box(0, 0, 5, 5)


def test_intersects() -> None:
    assert Box(0, 0, 10, 10).intersects(Box(9, 9, 5, 5))
    assert not Box(0, 0, 10, 10).intersects(Box(10, 0, 5, 5))
