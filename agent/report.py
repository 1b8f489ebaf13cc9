"""What an agent tells whoever watches it: a terminal today, a window later."""

from collections.abc import Callable
from dataclasses import dataclass

from agent.ports import Decision, Question
from protocol.rights import Right


@dataclass(frozen=True)
class Waiting:
    """Registered at the server; a technician may come."""

    tracking: str


@dataclass(frozen=True)
class Reconnecting:
    """The connection to the server is missing; the next try comes in `in_s` seconds."""

    why: str
    in_s: float


@dataclass(frozen=True)
class Asked:
    """A technician asks; the user is being asked."""

    question: Question


@dataclass(frozen=True)
class Answered:
    """The question has an answer. `beforehand`: nobody was asked, the answer was given before this session."""

    session: str
    question: Question
    decision: Decision
    beforehand: bool = False


@dataclass(frozen=True)
class SessionOn:
    """The technician sees, and may do, what `rights` say."""

    session: str
    technician: str
    rights: frozenset[Right]


@dataclass(frozen=True)
class RightsNarrowed:
    """The technician may do less than before."""

    session: str
    technician: str
    rights: frozenset[Right]


@dataclass(frozen=True)
class SessionOver:
    """A session is over. `granted`: it had begun; `why` is one sentence; `lost`: nobody ended it."""

    session: str
    technician: str
    granted: bool
    why: str
    lost: bool = False


Report = Waiting | Reconnecting | Asked | Answered | SessionOn | RightsNarrowed | SessionOver
Listener = Callable[[Report], None]
