"""The control socket: registers this computer for a ticket, stays registered, and starts a session for each viewer."""

import asyncio
import logging
import random
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final

from agent.backoff import Backoff
from agent.errors import AgentError, Refused, Superseded
from agent.link import Link, LinkClosed, LinkFailed
from agent.report import Listener, Reconnecting, SessionOver, Waiting
from agent.session import Session
from protocol import envelope
from protocol.errors import CloseCode
from protocol.tracking import TrackingNumber

log = logging.getLogger("towline.agent.control")

HELLO_S: Final = 10.0
# Heartbeats without an answer after which the socket counts as dead.
MISSED_HEARTBEATS: Final = 2
# A ticket has one technician; more sessions than this at a time are a mistake or an attack.
MAX_SESSIONS: Final = 4
FAREWELL_S: Final = 4.0
# Words of the server for the end of a session with which the request is over, and consent with it.
DONE_WITH: Final = frozenset({"closed", "resolved"})


class ServerClock:
    """The server's time, as learned from its hello, plus what the monotonic clock counted since."""

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._offset: float | None = None

    def learn(self, server_time: int) -> None:
        """The server said what time it is: seconds since 1970 UTC."""
        self._offset = server_time - self._monotonic()

    def now(self) -> int:
        """Return the server's time in whole seconds; 0 as long as it is not known, so that nothing passes as valid."""
        return 0 if self._offset is None else int(self._offset + self._monotonic())


@dataclass(frozen=True)
class Registration:
    """What this computer shows the relay."""

    tracking: TrackingNumber
    token: str
    agent_key: str


class _GoingAway(Exception):
    """The server asked to come back later."""

    def __init__(self, wait_s: float) -> None:
        super().__init__("the server stops for a moment")
        self.wait_s = wait_s


class Control:
    """Keeps one ticket registered and its sessions running until stopped.

    `open_link` connects to the agent's endpoint. `make_session` builds a session over a new link. `forget` drops the
    consent that was remembered, once the request is over. `farewell` runs last, after all sessions. With `once` one
    session that was granted is served.
    """

    def __init__(
        self,
        registration: Registration,
        *,
        open_link: Callable[[], Awaitable[Link]],
        make_session: Callable[[Link, str], Session],
        clock: ServerClock,
        listen: Listener,
        forget: Callable[[], None] = lambda: None,
        farewell: Callable[[], Awaitable[None]] | None = None,
        once: bool = False,
        chance: Callable[[], float] = random.random,
    ) -> None:
        self._registration = registration
        self._open_link = open_link
        self._make_session = make_session
        self._clock = clock
        self._listen = listen
        self._forget = forget
        self._farewell = farewell
        self._once = once
        self._backoff = Backoff(chance)
        self._sessions: dict[str, Session] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._stopped = asyncio.Event()
        self.last_session: SessionOver | None = None

    def stop(self) -> None:
        """Stop as soon as possible: sessions say goodbye first."""
        self._stopped.set()

    async def run(self) -> None:
        """Serve until stopped. Raises Refused, Superseded, or LinkFailed when trying again cannot help."""
        serving = asyncio.ensure_future(self._serve())
        stopping = asyncio.ensure_future(self._stopped.wait())
        try:
            await asyncio.wait({serving, stopping}, return_when=asyncio.FIRST_COMPLETED)
            if serving.done():
                serving.result()
        finally:
            for task in (serving, stopping):
                task.cancel()
            await asyncio.wait({serving, stopping})
            await self._end_sessions()
            if self._farewell is not None:
                await self._farewell()

    async def _end_sessions(self) -> None:
        for session in list(self._sessions.values()):
            session.stop("agent-stopped")
        tasks = set(self._tasks.values())
        if tasks:
            _, late = await asyncio.wait(tasks, timeout=FAREWELL_S)
            for task in late:
                task.cancel()
            if late:
                await asyncio.wait(late)

    # --- connecting

    async def _serve(self) -> None:
        while True:
            try:
                link = await self._open_link()
            except LinkFailed as error:
                if error.final:
                    raise
                await self._wait(self._backoff.next(), str(error))
                continue
            try:
                await self._hold(link)
            except LinkClosed as closed:
                await self._after_close(closed.code)
            except _GoingAway as away:
                await self._wait(away.wait_s, "The server stops for a moment.")
            except TimeoutError:
                await self._wait(self._backoff.next(), "The server does not answer.")
            finally:
                await asyncio.shield(asyncio.ensure_future(link.close()))

    async def _wait(self, wait_s: float, why: str) -> None:
        self._listen(Reconnecting(why, wait_s))
        await asyncio.sleep(wait_s)

    async def _after_close(self, code: int | None) -> None:
        match code:
            case CloseCode.REFUSED:
                raise Refused(
                    f"The server does not accept this computer for the request {self._registration.tracking}. It may "
                    "be closed, or another computer took over. Ask your technician for a new join code."
                )
            case CloseCode.ENDED:
                raise Refused(f"The request {self._registration.tracking} is closed. Nothing is shared any more.")
            case CloseCode.REPLACED:
                raise Superseded("This program was started again for the same request; the newer one goes on.")
            case CloseCode.GOING_AWAY:
                await self._wait(self._backoff.next(), "The server stops for a moment.")
            case _:
                await self._wait(self._backoff.next(), "The connection to the server was lost.")

    async def _hold(self, link: Link) -> None:
        """Register on one link and serve it. Raises LinkClosed, TimeoutError, _GoingAway, Superseded."""
        registration = self._registration
        await link.send(
            envelope.pack_control(envelope.AgentHello(token=registration.token, agent_key=registration.agent_key))
        )
        async with asyncio.timeout(HELLO_S):
            hello = self._parse(await link.receive())
        if not isinstance(hello, envelope.Hello):
            raise LinkClosed(CloseCode.MALFORMED)
        self._clock.learn(hello.server_time)
        self._backoff.reset()
        self._listen(Waiting(registration.tracking))
        await self._listen_to(link, hello.heartbeat_s)

    async def _listen_to(self, link: Link, heartbeat_s: float) -> None:
        missed = 0
        while True:
            try:
                async with asyncio.timeout(heartbeat_s):
                    frame = await link.receive()
            except TimeoutError:
                if missed >= MISSED_HEARTBEATS:
                    raise
                missed += 1
                await link.send(envelope.pack_control(envelope.Ping()))
                continue
            missed = 0
            await self._obey(link, self._parse(frame))

    @staticmethod
    def _parse(frame: str | bytes) -> envelope.FromRelay:
        """Read a control frame; what is none closes the connection."""
        if isinstance(frame, bytes):
            raise LinkClosed(CloseCode.MALFORMED)
        try:
            return envelope.parse_from_relay(frame)
        except envelope.MalformedFrame as error:
            raise LinkClosed(CloseCode.MALFORMED) from error

    async def _obey(self, link: Link, frame: envelope.FromRelay) -> None:
        match frame:
            case envelope.Ping():
                await link.send(envelope.pack_control(envelope.Pong()))
            case envelope.ViewerWaiting(session=session):
                self._invite(session)
            case envelope.RightsNarrowed(session=session, rights=rights):
                if session in self._sessions:
                    self._sessions[session].narrow(rights)
            case envelope.Ended(session=session, code=code):
                if code in DONE_WITH:
                    self._forget()
                if session in self._sessions:
                    self._sessions[session].end_by_server(code)
            case envelope.Replaced():
                raise Superseded("This program was started again for the same request; the newer one goes on.")
            case envelope.GoingAway(retry_in_ms=retry_in_ms):
                raise _GoingAway(retry_in_ms / 1000)
            case _:
                log.debug("nothing to do for %s", type(frame).__name__)

    # --- sessions

    def _invite(self, session: str) -> None:
        if session in self._tasks:
            return
        if len(self._tasks) >= MAX_SESSIONS:
            log.warning("a viewer was left waiting: there are %d sessions already", len(self._tasks))
            return
        task = asyncio.ensure_future(self._hold_session(session))
        self._tasks[session] = task
        task.add_done_callback(lambda _: self._tasks.pop(session, None))

    async def _hold_session(self, session_id: str) -> None:
        try:
            link = await self._open_link()
        except LinkFailed as error:
            log.warning("no connection for a session: %s", error)
            return
        session = self._make_session(link, session_id)
        self._sessions[session_id] = session
        try:
            over = await session.run()
        except AgentError as error:
            log.warning("a session failed: %s", error)
            return
        except Exception as error:
            log.error("a session failed inside this program (%s)", type(error).__name__)  # noqa: TRY400
            log.debug("details", exc_info=error)
            return
        finally:
            del self._sessions[session_id]
        if over.granted:
            self.last_session = over
            if self._once:
                self.stop()
