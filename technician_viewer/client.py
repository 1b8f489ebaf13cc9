"""A session without a window: the remote screen as an array, and hands to act on it.

    async with await open_session(api, "TL-4K7Q-2M9X", device) as session:
        await session.wait_live()
        await session.type_text("hello\\n")
        await session.wait_still()
        picture = session.picture.copy()

Tests, benchmarks and `towline-viewer run` use this same class.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Final, Self

import numpy as np
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from protocol import messages as m
from protocol.connection import ViewerConnection
from protocol.envelope import ViewerHello
from protocol.handshake import Facts, Feature
from protocol.picture import Pixels
from protocol.rights import Right
from protocol.table import Input
from technician_viewer.api import Api
from technician_viewer.canvas import Cursor, Region
from technician_viewer.controls import Controls
from technician_viewer.errors import (
    ApiError,
    NotPermitted,
    SessionError,
    SessionRefused,
    ViewerError,
    WaitedTooLong,
)
from technician_viewer.link import Link
from technician_viewer.offer import SessionOffer
from technician_viewer.state import End, SessionState
from technician_viewer.transport import Server, open_transport

# Inputs that may be under way without an acknowledgement; more would only queue up somewhere.
MAX_UNACKED: Final = 256
# How long leaving waits for the last input to be applied.
SETTLE_S: Final = 5.0

RegionLike = Region | tuple[int, int, int, int]


def _region(region: RegionLike | None) -> Region | None:
    return Region(*region) if isinstance(region, tuple) else region


class SessionClient(Controls):
    """One session with one agent, an async context manager; it connects on entering and says bye on leaving.

    Times are seconds on the monotonic clock. Waiting methods raise WaitedTooLong when `timeout_s` is over, and the
    session's own end as SessionError when it is over first.
    """

    def __init__(
        self,
        offer: SessionOffer,
        device: X25519PrivateKey,
        *,
        server: Server,
        ca: Path | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        super().__init__()
        self.offer: Final = offer
        self._device = device
        self._server = server
        self._ca = ca
        self._clock = clock
        self._opened: Link | None = None
        self._pump: asyncio.Task[None] | None = None

    # --- life

    async def __aenter__(self) -> Self:
        """Connect. Raises ServerUnreachable; what happens later is told by `state`."""
        if self._opened is not None:
            raise ViewerError("A session client connects once. Open a new session.", "used-twice")
        transport = await open_transport(self._server, self.offer.tracking, ca=self._ca)
        self._opened = Link(transport, self._tunnel, clock=self._clock)
        self._pump = asyncio.create_task(self._opened.run(ViewerHello(self.offer.socket_ticket)))
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is None and self.state is SessionState.LIVE and Right.CONTROL in self.rights:
            # What was typed last is wanted on the other side; the bye would overtake it there.
            with suppress(SessionError, NotPermitted, WaitedTooLong):
                await self.settled(timeout_s=SETTLE_S)
        await self.close()

    async def close(self) -> None:
        """End the session and wait until its last words have left; again and again does no harm."""
        if self._opened is None or self._pump is None:
            return
        self._opened.close()
        await asyncio.shield(self._pump)

    def _tunnel(self, now: float) -> ViewerConnection:
        return ViewerConnection(
            session=self.offer.session,
            tracking=self.offer.tracking,
            organisation=self.offer.organisation,
            static=self._device,
            ephemeral=X25519PrivateKey.generate(),
            credentials=self.offer.credentials,
            now=now,
            expected_agent_key=self.offer.agent_key,
            features=(Feature.COPY,),
        )

    @property
    def _link(self) -> Link:
        if self._opened is None:
            raise ViewerError("The session is not open yet: use it inside `async with`.", "not-open")
        return self._opened

    # --- what there is to see

    @property
    def picture(self) -> Pixels:
        """The last whole frame, BGRX uint8 (height, width, 4), read-only; later frames show through: copy to keep."""
        return self._link.canvas.picture

    @property
    def size(self) -> tuple[int, int]:
        """Width and height of the shared screen in pixels; (0, 0) before the agent told."""
        return self._link.canvas.size

    @property
    def monitors(self) -> tuple[m.Monitor, ...]:
        """The monitors that the shared screen is made of."""
        return self._link.canvas.monitors

    @property
    def cursor(self) -> Cursor:
        """The remote pointer: shape (RGBA) and position."""
        return self._link.canvas.cursor

    @property
    def rights(self) -> frozenset[Right]:
        """What this session may do now; empty before it is live and after its end."""
        return self._link.rights

    @property
    def facts(self) -> Facts:
        """What the agent told of its computer."""
        return self._link.facts

    @property
    def state(self) -> SessionState:
        """Where the session is."""
        return SessionState.CONNECTING if self._opened is None else self._opened.state

    @property
    def end(self) -> End | None:
        """Why the session is over, None while it is not."""
        return None if self._opened is None else self._opened.end

    @property
    def frames(self) -> int:
        """Frames shown since the start."""
        return self._link.canvas.frames

    @property
    def shown_at(self) -> float:
        """When the last frame was shown, on the monotonic clock."""
        return self._link.shown_at

    @property
    def complete(self) -> bool:
        """Whether every pixel of the picture was sent since the screen got its size."""
        return self._link.canvas.complete

    @property
    def exact(self) -> bool:
        """Whether nothing in the last frame is lossy."""
        return self._link.canvas.exact

    @property
    def traffic(self) -> tuple[int, int]:
        """Bytes of websocket messages received and sent."""
        return self._link.traffic

    # --- waiting

    async def states(self) -> AsyncIterator[SessionState]:
        """Give the state now, and every other one from then on, up to the final one."""
        told: SessionState | None = None
        while told is None or not told.final:
            if self.state is told:
                await self._link.changed.wait()
            else:
                told = self.state
                yield told

    async def wait_for(self, state: SessionState, *, timeout_s: float | None = None) -> None:
        """Wait until the session is in `state`."""
        await self._until(lambda: self.state is state, timeout_s, f"the session to be {state}", final=state.final)

    async def wait_live(self, *, timeout_s: float | None = None) -> None:
        """Wait until the session is live and a complete picture is there."""
        await self._until(
            lambda: self.state is SessionState.LIVE and (self.complete or Right.VIEW not in self.rights),
            timeout_s,
            "the session to be live",
        )

    async def wait_until(
        self, predicate: Callable[[Pixels], bool], *, timeout_s: float | None = 10.0, what: str = "the picture"
    ) -> None:
        """Wait until `predicate` is true of the picture; it is asked now and after every frame."""
        seen = -1

        def good() -> bool:
            nonlocal seen
            if self.frames == seen:
                return False
            seen = self.frames
            return predicate(self.picture)

        await self._until(good, timeout_s, what)

    async def wait_for_change(self, region: RegionLike | None = None, *, timeout_s: float | None = 10.0) -> None:
        """Wait until a frame makes the picture, or the (x, y, width, height) of it, differ from what it is now."""
        differs = self._difference(_region(region))
        await self.wait_until(lambda _: differs(), timeout_s=timeout_s, what="the picture to change")

    async def wait_still(
        self, region: RegionLike | None = None, *, quiet_s: float = 0.5, timeout_s: float | None = 10.0
    ) -> None:
        """Wait until the picture is complete, exact, and has not changed for `quiet_s`."""
        part = _region(region)
        differs = self._difference(part)
        since = self._clock()

        def still() -> bool:
            nonlocal differs, since
            if not (self.complete and self.exact) or differs():
                differs, since = self._difference(part), self._clock()
            return self._clock() - since >= quiet_s

        await self._until(still, timeout_s, "the picture to be still", again_s=quiet_s / 4)

    async def settled(self, *, timeout_s: float | None = 10.0) -> None:
        """Wait until the agent has applied every input sent so far."""
        seq = self._link.seq
        await self._until(lambda: self._link.acked >= seq, timeout_s, "the agent to apply the input", control=True)

    async def refresh(self) -> None:
        """Ask for a complete picture."""
        self._check(Right.VIEW)
        self._link.send(m.Refresh())

    # --- inside

    def _difference(self, region: Region | None) -> Callable[[], bool]:
        """Return what tells whether the picture, or part of it, is another than now."""
        canvas = self._link.canvas
        part = region or Region(0, 0, *canvas.size)
        before, frames = part.of(canvas.picture).copy(), canvas.frames

        def differs() -> bool:
            nonlocal frames
            if canvas.frames == frames and canvas.size == size:
                return False
            frames = canvas.frames
            return canvas.size != size or not np.array_equal(part.of(canvas.picture), before)

        size = canvas.size
        return differs

    def _check(self, right: Right) -> None:
        if (end := self._link.end) is not None:
            raise end.error()
        if self.state is not SessionState.LIVE:
            raise SessionError("The session is not live yet. Wait for it with wait_live().", "not-live")
        if right not in self.rights:
            raise NotPermitted(right)

    async def _send_input(self, make: Callable[[int], Input]) -> None:
        self._check(Right.CONTROL)
        link = self._link
        if link.seq - link.acked >= MAX_UNACKED:
            await self._until(lambda: link.seq - link.acked < MAX_UNACKED, None, "acknowledgements", control=True)
        link.seq += 1
        link.send(make(link.seq))
        # Lets the writer run, so that a long script is felt on the other side while it goes on.
        await asyncio.sleep(0)

    async def _until(
        self,
        good: Callable[[], bool],
        timeout_s: float | None,
        what: str,
        *,
        final: bool = False,
        control: bool = False,
        again_s: float | None = None,
    ) -> None:
        """Wait for `good`, asked after every change and every `again_s`."""
        link = self._link
        give_up = None if timeout_s is None else self._clock() + timeout_s
        while not good():
            if link.end is not None:
                raise link.end.error()
            if control and self.state is SessionState.LIVE and Right.CONTROL not in self.rights:
                raise NotPermitted(Right.CONTROL)
            left = None if give_up is None else give_up - self._clock()
            if left is not None and left <= 0:
                raise WaitedTooLong(f"Waited {timeout_s:g} s for {what}, in vain. Look at the screen with `shot`.")
            waits = [wait for wait in (left, again_s) if wait is not None]
            await link.changed.wait(min(waits) if waits else None)
        if link.end is not None and not final:
            raise link.end.error()


async def open_session(
    api: Api,
    tracking: str,
    device: X25519PrivateKey,
    *,
    ca: Path | None = None,
    organisation: bytes | None = None,
) -> SessionClient:
    """Ask the server for a session on a ticket and return the client for it, to be entered at once.

    `device` is certified anew when its certificate ran out. `organisation` is the id pinned at login: another one is
    refused. Raises what `Api` raises, and SessionRefused.
    """
    public_key = device.public_key().public_bytes_raw()
    try:
        offer = await api.session(tracking, public_key)
    except ApiError as error:
        if error.code != "device-unknown":
            raise
        await api.register_device(public_key)
        offer = await api.session(tracking, public_key)
    if organisation is not None and offer.organisation != organisation:
        raise SessionRefused(
            "The server speaks for another organisation than at your login. Ask your administrator whether that "
            "is right, then run `towline-viewer login`.",
            "other-organisation",
        )
    return SessionClient(offer, device, server=api.server, ca=ca)
