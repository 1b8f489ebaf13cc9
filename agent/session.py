"""One session: a socket of its own to the relay, the connection's state machine, the user's consent, picture and input.

The shell only pumps: who may say what is decided in `protocol.table` and `protocol.connection`.
"""

import asyncio
import contextlib
import logging
import time
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Final

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from agent.errors import AgentError
from agent.link import Link, LinkClosed
from agent.ports import Answer, Consent, Decision, Desktop, DesktopOpener, FrameEncoder, Question
from agent.report import Answered, Asked, Listener, RightsNarrowed, SessionOn, SessionOver
from agent.sharing import Sharing
from protocol import envelope
from protocol import messages as m
from protocol.authority import Authority, Trust
from protocol.connection import AgentConnection, Closed, ConsentNeeded, Established, Received, RightsNow
from protocol.encoding import pack_b64
from protocol.errors import CloseCode, ErrorCode
from protocol.handshake import Facts, RefusalReason
from protocol.rights import Right, parse_rights
from protocol.table import Phase

log = logging.getLogger("towline.agent.session")

# Hello and joined: the relay answers at once, then waits for the viewer.
JOIN_S: Final = 20.0
# How long the last words may take to leave.
FAREWELL_S: Final = 2.0
# The clock looks at least this often, so that a deadline that came nearer is not slept through.
LOOK_S: Final = 0.5
RECORDS_AT_A_TIME: Final = 8
_REASONS: Final[dict[Answer, RefusalReason]] = {
    Answer.DECLINED: "declined",
    Answer.TIMEOUT: "timeout",
    Answer.BUSY: "busy",
}
_ENDED: Final[dict[m.ByeCode, str]] = {
    "ended": "The technician ended the session.",
    "declined": "The request was declined.",
    "timeout": "Nobody answered in time, so the request was declined.",
    "agent-stopped": "The session ended because this program stops.",
    "viewer-closed": "The technician closed the session.",
    "protocol-error": "The session ended because of an error at the technician's side.",
    "rights-withdrawn": "The request no longer allows this session.",
    "capture-failed": "The screen can no longer be shared.",
}

# `ended` of the relay gives the server's word for why.
ENDED_BY_SERVER: Final[dict[str, str]] = {
    "closed": "The request is closed.",
    "resolved": "The request is resolved.",
    "reassigned": "The request went to another technician.",
    "other-computer": "Another computer joined the request.",
    "opened-again": "The technician connected anew.",
}


@dataclass(frozen=True)
class Invitation:
    """What a session needs to know before it begins; `trust` says what is pinned."""

    session: str
    tracking: str
    title: str
    organisation: str
    token: str
    static: X25519PrivateKey

    @property
    def agent_key(self) -> bytes:
        return self.static.public_key().public_bytes_raw()


@dataclass(frozen=True)
class Tools:
    """What a session works with."""

    consent: Consent
    open_desktop: DesktopOpener
    make_encoder: Callable[[frozenset[str]], FrameEncoder]
    trust: Callable[[], Trust]
    remember: Callable[[Authority], None]
    facts: Callable[[], Facts]
    listen: Listener
    monotonic: Callable[[], float] = time.monotonic
    make_ephemeral: Callable[[], X25519PrivateKey] = X25519PrivateKey.generate


class Session:
    """One viewer's session, from its invitation to its end; `run` once."""

    def __init__(self, link: Link, invitation: Invitation, tools: Tools) -> None:
        self._link = link
        self._invitation = invitation
        self._tools = tools
        self._connection: AgentConnection | None = None
        self._work = asyncio.Event()
        self._finished = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []
        self._sharing: Sharing | None = None
        self._technician = ""
        self._granted = False
        self._over: tuple[str, bool] | None = None
        self._close_code: int = CloseCode.DONE

    @property
    def tracking(self) -> str:
        """The ticket this session belongs to."""
        return self._invitation.tracking

    # --- from outside

    async def run(self) -> SessionOver:
        """Go through the whole session and return how it ended; never raises but for cancellation."""
        try:
            await self._run()
        finally:
            await self._clean_up()
        why, lost = self._over or ("The connection was lost.", True)
        over = SessionOver(self._invitation.session, self._technician, self._granted, why, lost)
        self._tools.listen(over)
        return over

    def stop(self, code: m.ByeCode = "agent-stopped") -> None:
        """End the session from this side."""
        if self._connection is None:
            self._finish(_ENDED[code], lost=False)
        else:
            self._connection.close(code, self._tools.monotonic())
            self._pump()

    def end_by_server(self, code: str) -> None:
        """The server ended the session for a reason outside the tunnel."""
        self._over = self._over or (ENDED_BY_SERVER.get(code, _ENDED["rights-withdrawn"]), False)
        self.stop("rights-withdrawn")

    def narrow(self, names: tuple[str, ...]) -> None:
        """The ticket now allows only these rights."""
        if self._connection is not None:
            self._connection.narrow(parse_rights(names), self._tools.monotonic())
            self._pump()

    # --- the pump

    async def _run(self) -> None:
        try:
            async with asyncio.TaskGroup() as group:
                self._group = group
                for work in (self._read(), self._write(), self._keep_time()):
                    self._spawn(work)
                await self._finished.wait()
                for task in self._tasks:
                    task.cancel()
        except* LinkClosed as closed:
            code = next((error.code for error in _leaves(closed) if isinstance(error, LinkClosed)), None)
            why, lost = _link_end(code)
            self._finish(why, lost=lost)
        except* AgentError as failed:
            self._finish(str(_leaves(failed)[0]), lost=True)

    def _spawn(self, work: Coroutine[object, object, None]) -> None:
        self._tasks.append(self._group.create_task(work))

    def _finish(self, why: str, *, lost: bool) -> None:
        if self._over is None:
            self._over = (why, lost)
        self._finished.set()

    async def _read(self) -> None:
        await self._link.send(
            envelope.pack_control(
                envelope.AgentSession(
                    token=self._invitation.token,
                    agent_key=pack_b64(self._invitation.agent_key),
                    session=self._invitation.session,
                )
            )
        )
        try:
            async with asyncio.timeout(JOIN_S):
                while self._connection is None:
                    self._receive(await self._link.receive())
        except TimeoutError:
            self._finish("The technician did not come.", lost=True)
            return
        while True:
            self._receive(await self._link.receive())
            if self._sharing is not None:
                await self._sharing.room()

    def _receive(self, frame: str | bytes) -> None:
        if isinstance(frame, str):
            self._receive_control(frame)
        elif self._connection is not None:
            self._connection.receive_data(frame, self._tools.monotonic())
            if self._sharing is not None:
                self._sharing.heard()
            self._pump()

    def _receive_control(self, text: str) -> None:
        try:
            frame = envelope.parse_from_relay(text)
        except envelope.MalformedFrame as error:
            log.warning("the relay said something that is no control frame: %s", error)
            return
        match frame:
            case envelope.Joined() if self._connection is None:
                self._connection = AgentConnection(
                    session=self._invitation.session,
                    tracking=self._invitation.tracking,
                    static=self._invitation.static,
                    ephemeral=self._tools.make_ephemeral(),
                    trust=self._tools.trust(),
                    now=self._tools.monotonic(),
                )
                self._pump()
            case envelope.RightsNarrowed(session=session, rights=names) if session == self._invitation.session:
                self.narrow(names)
            case envelope.Ended(session=session, code=code) if session == self._invitation.session:
                self.end_by_server(code)
            case _:
                log.debug("the relay said %s", type(frame).__name__)

    def _pump(self) -> None:
        """Act on what happened, and let the writer and the clock look again."""
        if self._connection is None:
            return
        for event in self._connection.events():
            match event:
                case ConsentNeeded(authority=authority):
                    self._spawn(self._ask(authority))
                case Established(rights=rights):
                    self._begin(rights)
                case Received(message=message):
                    if self._sharing is not None:
                        self._sharing.receive(message)
                case RightsNow(rights=rights):
                    self._tools.listen(RightsNarrowed(self._invitation.session, self._technician, rights))
                    if self._sharing is not None:
                        self._sharing.narrow(rights)
                case Closed() as closed:
                    self._on_closed(closed)
        self._work.set()

    def _on_closed(self, closed: Closed) -> None:
        if closed.ended and closed.code is not None:
            self._over = self._over or (_ENDED[closed.code], False)
        elif closed.error is ErrorCode.REFUSED:
            # Nobody here was asked, and nobody needs to do anything: docs/protocol, section 3.
            log.info("a viewer was refused: %s", closed.detail)
            self._over = self._over or ("Someone could not prove that they may help here, and was turned away.", False)
            self._close_code = CloseCode.MALFORMED
        elif closed.error is ErrorCode.LOST:
            self._over = self._over or ("The connection to the technician was lost.", True)
        else:
            log.warning("the viewer broke a rule: %s (%s)", closed.error, closed.detail)
            self._over = self._over or (_ENDED["protocol-error"], False)
        if self._sharing is not None:
            self._sharing.cancel()

    async def _write(self) -> None:
        while True:
            await self._work.wait()
            self._work.clear()
            connection = self._connection
            if connection is None:
                continue
            sent = 0
            while (record := connection.next_record()) is not None:
                await self._link.send(record)
                sent += 1
                if sent % RECORDS_AT_A_TIME == 0:
                    # A socket that takes everything at once never waits, and input would.
                    await asyncio.sleep(0)
            if connection.phase is Phase.CLOSED:
                self._finished.set()
                return
            if self._sharing is not None:
                self._sharing.drained()

    async def _keep_time(self) -> None:
        while True:
            now = self._tools.monotonic()
            connection = self._connection
            deadline = connection.next_deadline() if connection is not None else None
            if connection is not None and deadline is not None and now >= deadline:
                connection.on_deadline(now)
                self._pump()
                continue
            if self._sharing is not None:
                self._sharing.look()
            await asyncio.sleep(LOOK_S if deadline is None else min(LOOK_S, deadline - now))

    # --- consent

    async def _ask(self, authority: Authority) -> None:
        await asyncio.to_thread(self._tools.remember, authority)
        self._technician = authority.name
        question = Question(
            technician=authority.name,
            technician_id=authority.technician,
            organisation=self._invitation.organisation,
            tracking=self._invitation.tracking,
            title=self._invitation.title,
            rights=authority.rights,
        )
        decision = self._tools.consent.recall(question)
        beforehand = decision is not None and decision.answer is not Answer.BUSY
        if decision is None:
            await self._link.send(envelope.pack_control(envelope.Asking()))
            self._tools.listen(Asked(question))
            decision = await self._tools.consent.ask(question)
        self._tools.listen(Answered(self._invitation.session, question, decision, beforehand))
        self._answer(decision, authority)

    def _answer(self, decision: Decision, authority: Authority) -> None:
        connection, now = self._connection, self._tools.monotonic()
        # While the user thought, time may have run out or the viewer may have left.
        if connection is None or connection.phase is not Phase.ASKING:
            return
        rights = decision.rights & authority.rights
        if decision.answer is Answer.ALLOWED and rights:
            connection.grant(rights, self._tools.facts(), now)
        else:
            connection.refuse(_REASONS.get(decision.answer, "declined"), now)
        self._pump()

    # --- sharing

    def _begin(self, rights: frozenset[Right]) -> None:
        self._granted = True
        self._tools.listen(SessionOn(self._invitation.session, self._technician, rights))
        self._spawn(self._share(rights))

    async def _share(self, rights: frozenset[Right]) -> None:
        try:
            desktop = await self._open_desktop()
        except AgentError as error:
            self._fail(error)
            return
        # Sharing begins in a live session, and there is none without a connection.
        features = self._connection.features if self._connection is not None else frozenset()
        encoder = self._tools.make_encoder(features)
        self._sharing = Sharing(desktop, encoder, rights, self._send, self._tools.monotonic)
        # While the desktop was being opened, the session may have ended or lost rights.
        if self._connection is not None:
            self._sharing.narrow(self._connection.rights)
        try:
            await self._sharing.run()
        except* AgentError as failed:
            self._fail(_leaves(failed)[0])

    async def _open_desktop(self) -> Desktop:
        opening = asyncio.ensure_future(asyncio.to_thread(self._tools.open_desktop))
        try:
            return await asyncio.shield(opening)
        except asyncio.CancelledError:
            # The thread goes on; what it opens must be closed all the same.
            with contextlib.suppress(AgentError):
                await asyncio.to_thread((await opening).close)
            raise

    def _send(self, message: m.Message) -> bool:
        """Queue one message unless the session is over or the right for it went; returns whether it was queued."""
        connection = self._connection
        if connection is None or connection.phase is not Phase.LIVE:
            return False
        connection.send(message, self._tools.monotonic())
        self._work.set()
        return True

    def _fail(self, error: BaseException) -> None:
        log.warning("sharing failed: %s", error)
        self._over = self._over or (str(error), False)
        self.stop("capture-failed")

    async def _clean_up(self) -> None:
        if self._sharing is not None:
            await asyncio.shield(asyncio.create_task(self._sharing.close()))
        connection = self._connection
        if connection is not None:
            connection.close("agent-stopped", self._tools.monotonic())
            try:
                async with asyncio.timeout(FAREWELL_S):
                    while (record := connection.next_record()) is not None:
                        await self._link.send(record)
            except (LinkClosed, TimeoutError):
                log.debug("the last words did not leave")
        await self._link.close(self._close_code)


def _leaves(group: BaseExceptionGroup[BaseException]) -> list[BaseException]:
    found: list[BaseException] = []
    for error in group.exceptions:
        found.extend(_leaves(error) if isinstance(error, BaseExceptionGroup) else [error])
    return found


def _link_end(code: int | None) -> tuple[str, bool]:
    """Return what a close of the session socket means to the user, and whether the session counts as lost."""
    match code:
        case CloseCode.ENDED:
            return "The request no longer allows this session.", False
        case CloseCode.AGENT_OFFLINE | CloseCode.PEER_GONE | CloseCode.DONE:
            return "The technician went away.", code != CloseCode.DONE
        case CloseCode.GOING_AWAY:
            return "The server stops for a moment; the technician may come back.", True
        case _:
            return "The connection to the technician was lost.", True
