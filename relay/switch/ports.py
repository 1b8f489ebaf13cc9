"""What the switch needs from the rest of the server: somebody who knows tickets, somebody who listens, a clock.

The switch understands none of it: it asks, and does as it is told.
"""

from typing import Literal, Protocol

from protocol.envelope import SessionId

SessionEvent = Literal["joined", "asking", "ended"]


class ViewerAdmission(Protocol):
    """A socket ticket was accepted: which session it is for, and until when that may last (seconds since 1970 UTC)."""

    @property
    def session(self) -> str:
        """The session's id."""
        ...

    @property
    def not_after(self) -> int:
        """When the session has to end, whatever happens."""
        ...

    @property
    def tracking(self) -> str:
        """The ticket's tracking number, canonical."""
        ...


class TicketGate(Protocol):
    """Decides who may come in. Every refusal looks the same to the switch, as it does to the client."""

    async def admit_agent(self, tracking: str, token: str, agent_key: str, session: str | None) -> bool:
        """Whether this agent token and key belong to the ticket; `session` is None for the control socket."""
        ...

    async def admit_viewer(self, tracking: str, socket_ticket: str) -> ViewerAdmission | None:
        """Use up a socket ticket; None when it is not good for this ticket now."""
        ...


class SwitchObserver(Protocol):
    """Is told what happened, after it did."""

    async def agent_came(self, tracking: str) -> None:
        """An agent registered under this number (also when it took the place of an older socket)."""
        ...

    async def agent_left(self, tracking: str) -> None:
        """The agent of this number is gone."""
        ...

    async def session_event(self, tracking: str, session: SessionId, what: SessionEvent, code: str | None) -> None:
        """A pair was joined, its user is being asked, or it ended; `code` says why it ended."""
        ...


class Clock(Protocol):
    """Time as the switch sees it."""

    def now(self) -> float:
        """Seconds of a monotonic clock."""
        ...

    def at(self) -> float:
        """Seconds since 1970 UTC."""
        ...
