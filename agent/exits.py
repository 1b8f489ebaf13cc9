"""Exit statuses of `towline-agent`, and which error leads to which."""

from enum import IntEnum
from typing import Final

from agent.errors import AgentError, ApiError, CaptureUnavailable, InputUnavailable, Refused, Superseded, Unreachable
from agent.link import LinkFailed
from agent.server import BadServer
from agent.target import BadTarget


class Exit(IntEnum):
    """What a shell sees."""

    DONE = 0
    FAILED = 1
    USAGE = 2
    NOT_ALLOWED = 3
    UNREACHABLE = 4
    NO_SCREEN = 5
    REPLACED = 6
    STOPPED = 130


MEANINGS: Final = {
    Exit.DONE: "done, also when `join` is stopped with Ctrl+C",
    Exit.FAILED: "it failed",
    Exit.USAGE: "wrong use",
    Exit.NOT_ALLOWED: "the server does not know the request, or does not accept this computer",
    Exit.UNREACHABLE: "the server can't be reached or is not trusted",
    Exit.NO_SCREEN: "the screen can't be shared",
    Exit.REPLACED: "started again elsewhere for the same request",
    Exit.STOPPED: "stopped with Ctrl+C",
}

_BY_CLASS: Final[tuple[tuple[type[AgentError], Exit], ...]] = (
    (BadTarget, Exit.USAGE),
    (BadServer, Exit.USAGE),
    (Unreachable, Exit.UNREACHABLE),
    (LinkFailed, Exit.UNREACHABLE),
    (Refused, Exit.NOT_ALLOWED),
    (Superseded, Exit.REPLACED),
    (CaptureUnavailable, Exit.NO_SCREEN),
    (InputUnavailable, Exit.NO_SCREEN),
)
_NOT_ALLOWED: Final = frozenset({401, 403, 404, 409})


def exit_of(error: AgentError) -> Exit:
    """Return the status for an error."""
    for kind, status in _BY_CLASS:
        if isinstance(error, kind):
            return status
    if isinstance(error, ApiError) and error.status in _NOT_ALLOWED:
        return Exit.NOT_ALLOWED
    return Exit.FAILED
