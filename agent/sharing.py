"""What runs while a session is live: picture out, pointer out, input in; nothing here knows sockets or keys."""

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Final, TypeVar

from agent.errors import InputUnavailable
from agent.ports import Desktop, FrameEncoder
from agent.window import FrameWindow
from protocol import messages as m
from protocol.rights import Right
from protocol.table import Input

log = logging.getLogger("towline.agent.sharing")

_T = TypeVar("_T")

# Between two frames: a program that draws in steps is not sent step by step.
FRAME_GAP_S: Final = 0.008
# Between two looks at the pointer.
CURSOR_GAP_S: Final = 1 / 60
# A viewer says something every second. While it says nothing, keys it holds would repeat on and on.
SILENCE_S: Final = 2.5
# How many of the places where the viewer put the pointer are remembered: seen there, it is no news to the viewer.
OWN_PLACES: Final = 64
# Inputs that may wait for the desktop; with more, the socket is not read, and the viewer has to wait.
MAX_WAITING_INPUTS: Final = 1_024
_OWN: Final = (m.PointerMove, m.Button, m.Wheel)


class Sharing:
    """Runs picture, pointer and input of one live session over one desktop, for as long as rights allow.

    `send` queues a message for the viewer and says whether it could; it is called in the event loop.
    """

    def __init__(
        self,
        desktop: Desktop,
        encoder: FrameEncoder,
        rights: frozenset[Right],
        send: Callable[[m.Message], bool],
        monotonic: Callable[[], float],
    ) -> None:
        self._desktop = desktop
        self._encoder = encoder
        self._rights = rights
        self._send = send
        self._monotonic = monotonic
        self.window = FrameWindow()
        self._refresh = asyncio.Event()
        self._inputs: list[Input] = []
        self._input_waits = asyncio.Event()
        self._input_room = asyncio.Event()
        self._input_room.set()
        self._last_seq = 0
        self._viewer_put: deque[tuple[int, int]] = deque(maxlen=OWN_PLACES)
        self._heard_at = monotonic()
        self._releasing = False
        self._tasks: list[asyncio.Task[None]] = []
        self._cancelled = False
        # One thread each: a slow grab must not hold up a key press.
        self._picture_thread = ThreadPoolExecutor(1, "towline-picture")
        self._input_thread = ThreadPoolExecutor(1, "towline-input")
        self._cursor_thread = ThreadPoolExecutor(1, "towline-cursor")

    # --- from the session

    async def run(self) -> None:
        """Share until cancelled. Raises a group of AgentError when the desktop fails."""
        if self._cancelled:
            return
        works = [self._pictures(), self._apply_inputs()]
        if self._desktop.cursor is not None:
            works.append(self._cursor())
        async with asyncio.TaskGroup() as group:
            self._tasks = [group.create_task(work) for work in works]

    def cancel(self) -> None:
        """Stop sharing; `close` gives the desktop back."""
        self._cancelled = True
        for task in self._tasks:
            task.cancel()

    def receive(self, message: m.Message) -> None:
        """Take a message that the table let pass."""
        match message:
            case m.Refresh():
                self._refresh.set()
            case m.FrameAck(frame=frame):
                self.window.acknowledged(frame)
            case m.PointerMove() | m.Button() | m.Wheel() | m.Key() | m.Text() | m.ReleaseAll():
                self._inputs.append(message)
                self._input_waits.set()
                if len(self._inputs) >= MAX_WAITING_INPUTS:
                    self._input_room.clear()
            case _:
                log.debug("nothing to do for %s", type(message).__name__)

    async def room(self) -> None:
        """Return once more input may come: a viewer faster than the desktop fills no memory here."""
        await self._input_room.wait()

    def heard(self) -> None:
        """The viewer said something."""
        self._heard_at = self._monotonic()

    def drained(self) -> None:
        """Everything queued has been given to the socket."""
        self.window.drained()

    def look(self) -> None:
        """Let go of held keys when the viewer has been silent for too long; called about twice a second."""
        silent = self._monotonic() - self._heard_at > SILENCE_S
        if silent and self._desktop.input.holds and not self._releasing:
            self._let_go()

    def narrow(self, rights: frozenset[Right]) -> None:
        """Only these rights hold from now on."""
        lost_control = Right.CONTROL in self._rights and Right.CONTROL not in rights
        self._rights = rights
        if lost_control:
            self._inputs.clear()
            self._input_room.set()
            self._let_go()

    async def close(self) -> None:
        """Stop everything, let go of held keys, give the desktop back."""
        self.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks)
        for thread in (self._picture_thread, self._cursor_thread, self._input_thread):
            # Whatever runs there is short; the desktop must not be closed under it.
            await asyncio.to_thread(thread.shutdown, wait=True, cancel_futures=True)
        await asyncio.to_thread(self._desktop.close)

    # --- picture

    async def _in(self, thread: ThreadPoolExecutor, work: Callable[[], _T]) -> _T:
        return await asyncio.get_running_loop().run_in_executor(thread, work)

    def _shoot(self, *, complete: bool) -> Sequence[m.Message]:
        return self._encoder.encode(self._desktop.screen.take(complete=complete))

    async def _pictures(self) -> None:
        last = -FRAME_GAP_S
        refresh = asyncio.ensure_future(self._refresh.wait())
        try:
            while True:
                changed = asyncio.ensure_future(self._desktop.screen.changed())
                try:
                    await asyncio.wait({changed, refresh}, return_when=asyncio.FIRST_COMPLETED)
                    if changed.done():
                        changed.result()
                finally:
                    changed.cancel()
                await self.window.wait()
                gap_s = last + FRAME_GAP_S - self._monotonic()
                if gap_s > 0:
                    await asyncio.sleep(gap_s)
                if Right.VIEW not in self._rights:
                    return
                complete = self._refresh.is_set()
                if complete:
                    self._refresh.clear()
                    refresh = asyncio.ensure_future(self._refresh.wait())
                last = self._monotonic()
                messages = await self._in(self._picture_thread, partial(self._shoot, complete=complete))
                self._send_frame(messages)
        finally:
            refresh.cancel()

    def _send_frame(self, messages: Sequence[m.Message]) -> None:
        if Right.VIEW not in self._rights:
            return
        frame = None
        for message in messages:
            if not self._send(message):
                return
            if isinstance(message, m.FrameEnd):
                frame = message.frame
        if frame is not None:
            self.window.sent(frame)

    # --- pointer

    async def _cursor(self) -> None:
        cursor = self._desktop.cursor
        if cursor is None:
            return
        shown: m.CursorPosition | None = None
        while True:
            await cursor.changed()
            shape, place = await self._in(self._cursor_thread, cursor.take)
            if Right.VIEW not in self._rights:
                return
            if shape is not None:
                self._send(shape)
            own = (place.x, place.y) in self._viewer_put and shown is not None and shown.visible == place.visible
            if place != shown and not own:
                self._send(place)
            shown = place
            await asyncio.sleep(CURSOR_GAP_S)

    # --- input

    async def _apply_inputs(self) -> None:
        while True:
            await self._input_waits.wait()
            self._input_waits.clear()
            batch, self._inputs = self._inputs, []
            self._input_room.set()
            batch = [message for message in batch if message.seq > self._last_seq]
            if not batch or Right.CONTROL not in self._rights:
                continue
            self._last_seq = batch[-1].seq
            for message in batch:
                if isinstance(message, _OWN):
                    self._viewer_put.append((message.x, message.y))
            await self._in(self._input_thread, partial(self._apply, newest_moves(batch)))
            self._desktop.screen.hurry()
            if Right.CONTROL in self._rights:
                self._send(m.InputAck(self._last_seq))

    def _apply(self, batch: Sequence[Input]) -> None:
        for message in batch:
            self._desktop.input.apply(message)
        self._desktop.input.settle()

    def _let_go(self) -> None:
        self._releasing = True

        def done(_: object) -> None:
            self._releasing = False

        future = asyncio.get_running_loop().run_in_executor(self._input_thread, self._release)
        future.add_done_callback(done)

    def _release(self) -> None:
        try:
            self._desktop.input.release_all()
        except InputUnavailable as error:
            log.warning("held keys could not be let go: %s", error)


def newest_moves(batch: Sequence[Input]) -> list[Input]:
    """Return `batch` without moves that another move follows at once."""
    return [
        message
        for n, message in enumerate(batch)
        if not (isinstance(message, m.PointerMove) and n + 1 < len(batch) and isinstance(batch[n + 1], m.PointerMove))
    ]
