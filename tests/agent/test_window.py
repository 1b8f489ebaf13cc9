"""Flow control: when the next frame may be made."""

import asyncio

import pytest

from agent.window import MAX_UNACKNOWLEDGED, FrameWindow


async def is_open(window: FrameWindow) -> bool:
    try:
        async with asyncio.timeout(0.01):
            await window.wait()
    except TimeoutError:
        return False
    return True


async def test_open_at_first_and_closed_until_the_socket_took_it() -> None:
    window = FrameWindow()
    assert await is_open(window)
    window.sent(1)
    assert not await is_open(window)
    window.drained()
    assert await is_open(window)


async def test_closed_with_too_many_unacknowledged_and_open_again_with_an_acknowledgement() -> None:
    window = FrameWindow()
    for frame in range(1, MAX_UNACKNOWLEDGED + 2):
        assert await is_open(window)
        window.sent(frame)
        window.drained()
    assert not await is_open(window)
    window.acknowledged(1)
    assert await is_open(window)


async def test_an_acknowledgement_counts_for_earlier_frames_too() -> None:
    window = FrameWindow()
    for frame in (1, 2, 3):
        window.sent(frame)
    window.drained()
    window.acknowledged(3)
    assert window.unacknowledged == 0
    assert await is_open(window)


@pytest.mark.parametrize("frame", [0, 4, 1 << 31])
async def test_an_acknowledgement_of_a_frame_never_sent_opens_nothing(frame: int) -> None:
    window = FrameWindow()
    for number in (1, 2, 3):
        window.sent(number)
    window.drained()
    window.acknowledged(frame)
    assert not await is_open(window)
