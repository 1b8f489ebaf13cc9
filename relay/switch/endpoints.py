"""`/relay/{tracking}/agent` and `/relay/{tracking}/viewer` as bare ASGI callables (docs/protocol, section 2)."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import TypeVar

import structlog

from protocol.envelope import (
    AgentHello,
    AgentSession,
    Asking,
    CloseCode,
    FirstFrame,
    Hello,
    MalformedFrame,
    Ping,
    Pong,
    SessionId,
    ViewerHello,
    parse_first_frame,
    parse_from_agent,
)
from relay.switch.doorman import Doorman, Unwelcome
from relay.switch.ports import TicketGate, ViewerAdmission
from relay.switch.registry import Agent
from relay.switch.session import Session
from relay.switch.socket import Goodbye, Receive, Scope, Send, Socket, SocketGone
from relay.switch.switchboard import CODE_NAMES, Switchboard

log: structlog.stdlib.BoundLogger = structlog.get_logger("relay.switch")

Frame = TypeVar("Frame")

# Two pings without an answer: the agent is gone.
MISSED_HEARTBEATS = 2


class Endpoints:
    """The websockets of the relay, as one ASGI application for everything under `/relay/`."""

    def __init__(self, switchboard: Switchboard, gate: TicketGate, doorman: Doorman) -> None:
        self._switchboard = switchboard
        self._gate = gate
        self._doorman = doorman
        self._limits = switchboard.limits

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one websocket from its upgrade to its end."""
        await receive()  # websocket.connect
        try:
            tracking, role = self._doorman.check(scope)
        except Unwelcome as refusal:
            await answer(send, refusal.status, str(refusal))
            return
        client = scope.get("client")
        socket = Socket(receive, send, client[0] if client else "", self._limits.close_s)
        try:
            await self._serve(socket, tracking, role)
        except SocketGone:
            pass
        except Goodbye as goodbye:
            log.info("relay.goodbye", tracking=tracking, role=role, why=CODE_NAMES[goodbye.code])
            self._switchboard.counts[f"closed_{CODE_NAMES[goodbye.code]}"] += 1
            await socket.close(goodbye.code)
        except Exception:
            log.exception("relay.socket-failed", tracking=tracking, role=role)
            await socket.close(CloseCode.GOING_AWAY)

    async def _serve(self, socket: Socket, tracking: str, role: str) -> None:
        await socket.accept()
        if self._switchboard.closing:
            raise Goodbye(CloseCode.GOING_AWAY)
        with self._doorman.newcomer(socket.address):
            first = await self._first_frame(socket, role)
            admission = await self._admit(tracking, first)
        if self._switchboard.closing:
            raise Goodbye(CloseCode.GOING_AWAY)
        match first:
            case AgentHello():
                await self._control(socket, Agent(tracking, first.agent_key, socket))
            case AgentSession():
                await self._agent_session(socket, tracking, first.session)
            case ViewerHello() if admission is not None:
                await self._viewer(socket, admission)

    async def _first_frame(self, socket: Socket, role: str) -> FirstFrame:
        try:
            async with asyncio.timeout(self._limits.first_frame_s):
                frame = await socket.receive()
        except TimeoutError:
            raise Goodbye(CloseCode.FIRST_FRAME_LATE) from None
        first = parse(frame, parse_first_frame)
        if isinstance(first, ViewerHello) != (role == "viewer"):
            raise Goodbye(CloseCode.MALFORMED)
        return first

    async def _admit(self, tracking: str, first: FirstFrame) -> ViewerAdmission | None:
        """Ask the gate; None for an agent that may come in. Raises Goodbye, the same for every reason."""
        admission = None
        try:
            async with asyncio.timeout(self._limits.admission_s):
                match first:
                    case ViewerHello(ticket=ticket):
                        admission = await self._gate.admit_viewer(tracking, ticket)
                        welcome = admission is not None and admission.tracking == tracking
                    case AgentHello(token=token, agent_key=key):
                        welcome = await self._gate.admit_agent(tracking, token, key, None)
                    case AgentSession(token=token, agent_key=key, session=session):
                        welcome = await self._gate.admit_agent(tracking, token, key, session)
        except TimeoutError:
            log.warning("relay.gate-slow", tracking=tracking)
            raise Goodbye(CloseCode.GOING_AWAY) from None
        if not welcome:
            raise Goodbye(CloseCode.REFUSED)
        return admission

    def _hello(self) -> Hello:
        return Hello(server_time=int(self._switchboard.clock.at()), heartbeat_s=self._limits.heartbeat_s)

    async def _control(self, socket: Socket, agent: Agent) -> None:
        await socket.send(self._hello())
        try:
            await self._switchboard.register(agent)
            await self._heartbeat(socket)
        finally:
            await self._switchboard.unregister(agent)

    async def _heartbeat(self, socket: Socket) -> None:
        missed = 0
        while True:
            try:
                async with asyncio.timeout(self._limits.heartbeat_s):
                    frame = await socket.receive()
            except TimeoutError:
                if missed == MISSED_HEARTBEATS:
                    raise Goodbye(CloseCode.STALLED) from None
                missed += 1
                await socket.tell(Ping())
                continue
            missed = 0
            match parse(frame, parse_from_agent):
                case Ping():
                    await socket.tell(Pong())
                case Pong():
                    pass
                case Asking():
                    raise Goodbye(CloseCode.MALFORMED)

    async def _agent_session(self, socket: Socket, tracking: str, session_id: str) -> None:
        session = self._switchboard.expecting(tracking, session_id)
        if session is None:
            raise Goodbye(CloseCode.REFUSED)

        async def handle(frame: str | bytes) -> None:
            if isinstance(frame, bytes):
                await session.from_agent(frame, self._switchboard.clock)
                return
            said = parse(frame, parse_from_agent)
            if not isinstance(said, Asking):
                raise Goodbye(CloseCode.MALFORMED)
            await self._switchboard.asking(session, said)

        session.join(socket)
        async with self._taking_apart(session, socket):
            await socket.send(self._hello())
            await self._switchboard.announce(session)
            await pump(socket, handle)

    async def _viewer(self, socket: Socket, admission: ViewerAdmission) -> None:
        waits_until = self._switchboard.clock.now() + self._limits.agent_offline_s
        session = Session(SessionId(admission.session), admission.tracking, socket, waits_until, admission.not_after)

        async def handle(frame: str | bytes) -> None:
            if isinstance(frame, str):
                raise Goodbye(CloseCode.MALFORMED)
            await session.from_viewer(frame, self._switchboard.clock)

        await socket.send(self._hello())
        async with self._taking_apart(session, socket):
            await self._switchboard.wait_for_agent(session)
            await pump(socket, handle)

    @asynccontextmanager
    async def _taking_apart(self, session: Session, socket: Socket) -> AsyncIterator[None]:
        """However this end goes, the other one is told; it learns no more than that this one is gone, or was done."""
        mine = theirs = CloseCode.PEER_GONE
        try:
            yield
        except SocketGone as gone:
            if gone.code == CloseCode.DONE:
                theirs = CloseCode.DONE
        except MalformedFrame as bad:
            mine = CloseCode.TOO_LARGE if bad.too_large else CloseCode.MALFORMED
        except Goodbye as goodbye:
            mine = goodbye.code
        finally:
            if socket is session.viewer:
                await self._switchboard.finish(session, to_viewer=mine, to_agent=theirs)
            else:
                await self._switchboard.finish(session, to_viewer=theirs, to_agent=mine)


async def pump(socket: Socket, handle: Callable[[str | bytes], Awaitable[None]]) -> None:
    """Take one frame after the other; the next one is asked for when the last is dealt with.

    Returns when the other end is gone. Raises SocketGone when this one is.
    """
    while True:
        frame = await socket.receive()
        try:
            await handle(frame)
        except SocketGone:
            return


def parse(frame: str | bytes, reader: Callable[[str], Frame]) -> Frame:
    """Read a text frame. Raises Goodbye."""
    if isinstance(frame, bytes):
        raise Goodbye(CloseCode.MALFORMED)
    try:
        return reader(frame)
    except MalformedFrame as bad:
        raise Goodbye(CloseCode.TOO_LARGE if bad.too_large else CloseCode.MALFORMED) from bad


async def answer(send: Send, status: int, text: str) -> None:
    """Answer an upgrade with a plain status."""
    body = text.encode()
    headers = [(b"content-type", b"text/plain; charset=utf-8"), (b"x-content-type-options", b"nosniff")]
    await send({"type": "websocket.http.response.start", "status": status, "headers": headers})
    await send({"type": "websocket.http.response.body", "body": body})
