"""What a live session shares, by itself: rights that go away count here too, whatever was let pass before."""

import asyncio
import time
from collections.abc import AsyncIterator

import pytest

from agent.encode import ExactEncoder
from agent.ports import Desktop
from agent.sharing import Sharing
from protocol import messages as m
from protocol.rights import Right
from tests.agent.world import BOTH, VIEW, RecordingInput, SyntheticScreen, eventually


class Shared:
    """Sharing over a desktop of fakes; `sent` is what left."""

    def __init__(self) -> None:
        self.screen, self.input = SyntheticScreen(), RecordingInput()
        self.sent: list[m.Message] = []
        desktop = Desktop(self.screen, None, self.input)
        self.sharing = Sharing(desktop, ExactEncoder(), BOTH, self._send, time.monotonic)
        self.task = asyncio.ensure_future(self.sharing.run())

    def _send(self, message: m.Message) -> bool:
        self.sent.append(message)
        return True

    def acknowledged(self) -> int:
        return max((message.seq for message in self.sent if isinstance(message, m.InputAck)), default=0)


@pytest.fixture
async def shared() -> AsyncIterator[Shared]:
    made = Shared()
    yield made
    await made.sharing.close()
    await asyncio.wait({made.task})


def press(seq: int, code: str) -> m.Key:
    return m.Key(seq, True, 0, code, "")


async def test_input_that_waits_is_not_applied_after_control_was_lost(shared: Shared) -> None:
    shared.sharing.receive(press(1, "KeyA"))
    await eventually(lambda: shared.acknowledged() == 1, "the key")
    shared.sharing.narrow(VIEW)
    shared.sharing.receive(press(2, "KeyB"))
    await eventually(lambda: not shared.sharing._inputs, "the key to be looked at")
    shared.sharing.narrow(BOTH)
    shared.sharing.receive(press(3, "KeyC"))
    await eventually(lambda: shared.acknowledged() == 3, "the last key")
    assert [message.code for message in shared.input.applied if isinstance(message, m.Key)] == ["KeyA", "KeyC"]


async def test_input_is_applied_once(shared: Shared) -> None:
    for seq in (1, 1, 2, 1):
        shared.sharing.receive(press(seq, f"Digit{seq}"))
        await eventually(lambda: not shared.sharing._inputs, "the key to be looked at")
    await eventually(lambda: shared.acknowledged() == 2, "the last key")
    assert [message.seq for message in shared.input.applied] == [1, 2]


async def test_a_picture_that_was_being_made_is_not_sent_after_the_view_was_lost(shared: Shared) -> None:
    frame: list[m.Message] = [m.FrameBegin(9, False), m.FrameEnd(9, 0, True)]
    shared.sharing._send_frame(frame)
    assert shared.sent[-2:] == frame
    shared.sent.clear()
    shared.sharing.narrow(frozenset({Right.CONTROL}))
    shared.sharing._send_frame(frame)
    assert frame[0] not in shared.sent
