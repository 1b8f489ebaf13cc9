"""The switch itself: lets sockets in, joins viewers with agents, and ends what has to end.

It never looks into a record. What it knows of a session is its id, two sockets and how long they may take.
"""

import asyncio
import contextlib
import random
from collections import Counter
from collections.abc import Callable, Coroutine
from typing import Any

import structlog

from protocol.envelope import (
    CloseCode,
    Control,
    Ended,
    GoingAway,
    Joined,
    Replaced,
    RightsNarrowed,
    SessionId,
    ViewerWaiting,
    Waiting,
)
from relay.switch.limits import SwitchLimits
from relay.switch.ports import Clock, SwitchObserver
from relay.switch.registry import Agent, Registry
from relay.switch.session import Session
from relay.switch.socket import Socket

log: structlog.stdlib.BoundLogger = structlog.get_logger("relay.switch")

CODE_NAMES = {code: code.name.lower().replace("_", "-") for code in CloseCode}


class Switchboard:
    """What the rest of the server asks of the switch, and what its endpoints do to it."""

    def __init__(self, clock: Clock, limits: SwitchLimits, chance: Callable[[], float] = random.random) -> None:
        """`chance()` gives numbers from 0 up to 1; it spreads the clients that come back after a stop."""
        self.limits = limits
        self.clock = clock
        self.closing = False
        self.counts: Counter[str] = Counter()
        self._observer: SwitchObserver
        self._registry = Registry()
        self._chance = chance
        self._tasks: set[asyncio.Task[None]] = set()
        self._sweeper: asyncio.Task[None] | None = None

    # What the rest of the server uses

    def is_online(self, tracking: str) -> bool:
        """Whether an agent is registered under this number."""
        return self._registry.agent(tracking) is not None

    def sessions(self, tracking: str) -> tuple[SessionId, ...]:
        """Return the ids of sessions under this number, waiting ones too."""
        return tuple(session.id for session in self._registry.sessions_of(tracking))

    async def end(self, tracking: str, code: str) -> None:
        """Hang up on everybody under a tracking number, the agent too; `code` says why.

        All sockets close with 4410; both ends of a session, and the control socket for each session, get `ended`
        first. An agent that may come back (another technician has the ticket now) is none of this: see `end_session`.
        """
        await asyncio.gather(*(self._end_one(session, code) for session in self._registry.sessions_of(tracking)))
        agent = self._registry.agent(tracking)
        if agent is not None:
            await agent.control.close(CloseCode.ENDED)
            await self.unregister(agent)

    async def end_session(self, session: str, code: str) -> None:
        """End one session: both ends and the control socket get `ended`, and both ends close code 4410."""
        found = self._registry.session(session)
        if found is not None:
            await self._end_one(found, code)

    async def narrow(self, session: str, rights: tuple[str, ...]) -> bool:
        """Tell the agent that the ticket allows only these rights now; False when there is no such session."""
        found = self._registry.session(session)
        if found is None:
            return False
        frame = RightsNarrowed(session=found.id, rights=rights)
        agent = self._registry.agent(found.tracking)
        sockets = [socket for socket in (agent.control if agent else None, found.agent) if socket is not None]
        await asyncio.gather(*(socket.tell(frame) for socket in sockets))
        return True

    async def go_away(self, retry_in_ms: int) -> None:
        """Tell everybody to come back after `retry_in_ms` to twice that, close every socket and let nobody in."""
        self.closing = True

        async def send_off(socket: Socket) -> None:
            await socket.tell(GoingAway(retry_in_ms=min(600_000, int(retry_in_ms * (1 + self._chance())))))
            await socket.close(CloseCode.GOING_AWAY)

        await asyncio.gather(*(send_off(socket) for socket in self._registry.sockets()))

    @property
    def stats(self) -> dict[str, int]:
        """Return what is there now, and what was counted since the start."""
        sessions = self._registry.sessions()
        joined = sum(session.joined for session in sessions)
        return {
            **self.counts,
            "agents": len(self._registry.agents()),
            "viewers_waiting": len(sessions) - joined,
            "pairs": joined,
        }

    def start(self, observer: SwitchObserver) -> None:
        """Begin to look after sessions, and report to `observer`; needs a running loop, and no socket before it.

        The observer comes late because it is made by those who need the switchboard.
        """
        self._observer = observer
        self._sweeper = asyncio.create_task(self._sweep_for_ever(), name="switch-sweeper")

    async def stop(self) -> None:
        """Undo `start` and wait for what is still under way."""
        if self._sweeper is not None:
            self._sweeper.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._sweeper
            self._sweeper = None
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=self.limits.close_s)

    # What the endpoints use

    async def register(self, agent: Agent) -> None:
        """An agent's first frame was accepted: take it in, and tell it of viewers that wait already."""
        older = self._registry.put_agent(agent)
        waiting = [session for session in self._registry.sessions_of(agent.tracking) if not session.joined]
        self.counts["agents_registered"] += 1
        if older is not None:
            log.info("relay.agent-replaced", tracking=agent.tracking)
            self._spawn(self._replace(older))
        for session in waiting:
            await agent.control.send(ViewerWaiting(session=session.id))
        await self._observer.agent_came(agent.tracking)

    async def unregister(self, agent: Agent) -> None:
        """An agent's control socket is gone. Its running sessions have sockets of their own and go on."""
        if not self._registry.drop_agent(agent):
            return
        for session in self._registry.sessions_of(agent.tracking):
            if not session.joined:
                self._spawn(session.viewer.tell(Waiting()))
        await self._observer.agent_left(agent.tracking)

    async def wait_for_agent(self, session: Session) -> None:
        """A viewer's first frame was accepted: take it in, and tell the agent. Raises SocketGone."""
        older = self._registry.put_session(session)
        if older is not None:
            self._spawn(self.finish(older, CloseCode.REPLACED, CloseCode.PEER_GONE))
        agent = self._registry.agent(session.tracking)
        if agent is None:
            await session.viewer.send(Waiting())
        else:
            self._spawn(agent.control.tell(ViewerWaiting(session=session.id)))

    def expecting(self, tracking: str, session: str) -> Session | None:
        """Return the session that waits for its agent under this number and id."""
        found = self._registry.session(session)
        if found is None or found.tracking != tracking or found.joined or found.over:
            return None
        return found

    async def announce(self, session: Session) -> None:
        """A pair is complete: say so to both ends."""
        self.counts["pairs_joined"] += 1
        await self._observer.session_event(session.tracking, session.id, "joined", None)
        sockets = (session.viewer, session.agent)
        await asyncio.gather(*(socket.tell(Joined()) for socket in sockets if socket is not None))

    async def asking(self, session: Session, frame: Control) -> None:
        """The agent's user is being asked: pass that on. Raises SocketGone when the viewer is gone."""
        await session.viewer.send(frame)
        await self._observer.session_event(session.tracking, session.id, "asking", None)

    async def finish(self, session: Session, to_viewer: CloseCode, to_agent: CloseCode) -> None:
        """Take a session apart; the first caller's codes count, later calls do nothing."""
        if session.over:
            return
        session.over = True
        self._registry.drop_session(session)
        self.counts["records"] += session.to_viewer.records
        self.counts["record_bytes"] += session.to_viewer.octets
        if session.to_agent is not None:
            self.counts["records"] += session.to_agent.records
            self.counts["record_bytes"] += session.to_agent.octets
        await asyncio.gather(
            session.viewer.close(to_viewer),
            *(() if session.agent is None else (session.agent.close(to_agent),)),
        )
        # What went wrong on one side says more than "the other end is gone" does.
        why = to_agent if to_viewer is CloseCode.PEER_GONE else to_viewer
        log.info("relay.session-over", tracking=session.tracking, why=CODE_NAMES[why], joined=session.joined)
        # The session itself goes on when a newer viewer took this one's place.
        if to_viewer is not CloseCode.REPLACED:
            await self._observer.session_event(session.tracking, session.id, "ended", CODE_NAMES[why])

    # The inside

    async def _end_one(self, session: Session, code: str) -> None:
        frame = Ended(session=session.id, code=code)
        agent = self._registry.agent(session.tracking)
        sockets = (session.viewer, session.agent, agent.control if agent else None)
        await asyncio.gather(*(socket.tell(frame) for socket in sockets if socket is not None))
        await self.finish(session, CloseCode.ENDED, CloseCode.ENDED)

    async def _replace(self, older: Agent) -> None:
        await older.control.tell(Replaced())
        await older.control.close(CloseCode.REPLACED)

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _sweep_for_ever(self) -> None:
        while True:
            await asyncio.sleep(self.limits.sweep_s)
            self.sweep()

    def sweep(self) -> None:
        """End sessions whose agent did not come, whose time is up or in which nothing moves any more."""
        now, at = self.clock.now(), self.clock.at()
        for session in self._registry.sessions():
            stuck = session.stalled(now, self.limits.stalled_write_s)
            if at > session.not_after:
                self._spawn(self._end_one(session, "expired"))
            elif not session.joined and now > session.waits_until:
                self._spawn(self.finish(session, CloseCode.AGENT_OFFLINE, CloseCode.AGENT_OFFLINE))
            elif stuck is session.viewer:
                self._spawn(self.finish(session, CloseCode.STALLED, CloseCode.PEER_GONE))
            elif stuck is not None:
                self._spawn(self.finish(session, CloseCode.PEER_GONE, CloseCode.STALLED))
