"""Who is there: agents by tracking number, sessions by id. Plain dictionaries, changed only between awaits."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from protocol.envelope import SessionId
from relay.switch.session import Session
from relay.switch.socket import Socket


@dataclass(slots=True, eq=False)
class Agent:
    """A registered agent: the control socket of one tracking number."""

    tracking: str
    key: str
    control: Socket


class Registry:
    """At most one agent for a tracking number, at most one viewer for a session."""

    def __init__(self) -> None:
        self._agents: dict[str, Agent] = {}
        self._sessions: dict[SessionId, Session] = {}
        self._by_tracking: dict[str, set[Session]] = defaultdict(set)

    def agent(self, tracking: str) -> Agent | None:
        """Return the agent of a number."""
        return self._agents.get(tracking)

    def session(self, session: str) -> Session | None:
        """Return a session by its id."""
        return self._sessions.get(SessionId(session))

    def sessions_of(self, tracking: str) -> tuple[Session, ...]:
        """Return waiting and joined sessions of a number."""
        return tuple(self._by_tracking.get(tracking, ()))

    def agents(self) -> tuple[Agent, ...]:
        """Return every registered agent."""
        return tuple(self._agents.values())

    def sessions(self) -> tuple[Session, ...]:
        """Return every session."""
        return tuple(self._sessions.values())

    def put_agent(self, agent: Agent) -> Agent | None:
        """Register an agent and return the one whose place it takes."""
        older = self._agents.get(agent.tracking)
        self._agents[agent.tracking] = agent
        return older

    def drop_agent(self, agent: Agent) -> bool:
        """Forget an agent; False when another one has its place already."""
        if self._agents.get(agent.tracking) is not agent:
            return False
        del self._agents[agent.tracking]
        return True

    def put_session(self, session: Session) -> Session | None:
        """Add a session and return the one whose place it takes."""
        older = self._sessions.get(session.id)
        if older is not None:
            self.drop_session(older)
        self._sessions[session.id] = session
        self._by_tracking[session.tracking].add(session)
        return older

    def drop_session(self, session: Session) -> None:
        """Forget a session, if it is still there."""
        if self._sessions.get(session.id) is session:
            del self._sessions[session.id]
        there = self._by_tracking.get(session.tracking)
        if there is not None:
            there.discard(session)
            if not there:
                del self._by_tracking[session.tracking]

    def sockets(self) -> Iterable[Socket]:
        """Return every socket of every agent and session."""
        for agent in self.agents():
            yield agent.control
        for session in self.sessions():
            yield session.viewer
            if session.agent is not None:
                yield session.agent
