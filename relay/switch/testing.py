"""A gate and an observer without a database, for tests and trials of the switch alone."""

from dataclasses import dataclass, field

from protocol.envelope import SessionId
from relay.switch.ports import SessionEvent


@dataclass(frozen=True)
class FakeAdmission:
    """What a socket ticket is good for."""

    session: SessionId
    not_after: int
    tracking: str


@dataclass
class FakeGate:
    """Admits what was put into it. Tickets are used up; `agents` maps tracking numbers to (token, key)."""

    agents: dict[str, tuple[str, str]] = field(default_factory=dict)
    tickets: dict[tuple[str, str], FakeAdmission] = field(default_factory=dict)
    happened: list[tuple[str, ...]] = field(default_factory=list)

    async def admit_agent(self, tracking: str, token: str, agent_key: str, session: str | None) -> bool:  # noqa: ARG002
        """Whether token and key are those of the ticket."""
        return self.agents.get(tracking) == (token, agent_key)

    async def admit_viewer(self, tracking: str, socket_ticket: str) -> FakeAdmission | None:
        """Use a socket ticket up."""
        return self.tickets.pop((tracking, socket_ticket), None)

    async def agent_came(self, tracking: str) -> None:
        """Note it."""
        self.happened.append(("came", tracking))

    async def agent_left(self, tracking: str) -> None:
        """Note it."""
        self.happened.append(("left", tracking))

    async def session_event(self, tracking: str, session: SessionId, what: SessionEvent, code: str | None) -> None:
        """Note it."""
        self.happened.append((what, tracking, session, code or ""))
