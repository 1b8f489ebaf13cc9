"""What the help desk needs from outside: the relay's switchboard, a bell for mail, a clock, entropy."""

import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Protocol

from protocol.tracking import TrackingNumber

Entropy = Callable[[int], bytes]
"""`entropy(n)` gives n random bytes."""


class Switchboard(Protocol):
    """The relay as the help desk sees it: who is connected, and a way to hang up."""

    def is_online(self, tracking: TrackingNumber) -> bool:
        """Whether an agent is registered for this ticket right now."""

    async def end(self, tracking: TrackingNumber, code: str) -> None:
        """Hang up on everybody under this tracking number; `code` says why (docs/protocol section 2, `ended`)."""

    async def end_session(self, session: str, code: str) -> None:
        """Hang up on both ends of one session."""


class MailBell(Protocol):
    """Wakes whoever sends mail. It says only that there may be some; the mail itself stands in the database."""

    def ring(self) -> bool:
        """Wake it, without waiting; False when nobody listens, who then finds the mail later."""


class SilentBell:
    """A bell that nobody hears: mail goes out when it is next looked for."""

    def ring(self) -> bool:
        """Nobody listens."""
        return False


class Clock(Protocol):
    """Wall time."""

    def at(self) -> float:
        """Seconds since 1970 UTC."""


class SystemClock:
    """The computer's own clock."""

    def at(self) -> float:
        """Seconds since 1970 UTC."""
        return time.time()


class SilentSwitchboard:
    """A switchboard with nobody on it: for commands that run beside the server."""

    def is_online(self, tracking: TrackingNumber) -> bool:  # noqa: ARG002 - the port's name
        """Nobody is."""
        return False

    async def end(self, tracking: TrackingNumber, code: str) -> None:
        """Nobody to hang up on."""

    async def end_session(self, session: str, code: str) -> None:
        """Nobody to hang up on."""


def moment(clock: Clock) -> datetime:
    """Return the time of `clock`, cut to the milliseconds that the database keeps."""
    at_ms = int(clock.at() * 1000)
    return datetime.fromtimestamp(at_ms / 1000, UTC)
