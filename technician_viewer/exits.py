"""Exit statuses of `towline-viewer`, and which error leads to which."""

from enum import IntEnum
from typing import Final

from technician_viewer.errors import (
    ApiError,
    NotLoggedIn,
    NotPermitted,
    ServerUnreachable,
    SessionEnded,
    SessionLost,
    SessionRefused,
    ViewerError,
    WaitedTooLong,
)
from technician_viewer.script import BadScript, ScriptFailed


class Exit(IntEnum):
    """What a shell sees."""

    DONE = 0
    FAILED = 1
    USAGE = 2
    NOT_ALLOWED = 3
    UNREACHABLE = 4
    NO_SESSION = 5
    SESSION_OVER = 6
    TOO_LONG = 7
    STOPPED = 130


MEANINGS: Final = {
    Exit.DONE: "done",
    Exit.FAILED: "it failed, or the script did",
    Exit.USAGE: "wrong use, or no script",
    Exit.NOT_ALLOWED: "not logged in, or not allowed",
    Exit.UNREACHABLE: "the server can't be reached or is not trusted",
    Exit.NO_SESSION: "no session: nobody there, declined, refused",
    Exit.SESSION_OVER: "the session was ended or lost before it was done",
    Exit.TOO_LONG: "waited too long",
    Exit.STOPPED: "stopped with Ctrl+C",
}

_BY_CLASS: Final[tuple[tuple[type[ViewerError], Exit], ...]] = (
    (BadScript, Exit.USAGE),
    (NotLoggedIn, Exit.NOT_ALLOWED),
    (NotPermitted, Exit.NOT_ALLOWED),
    (ServerUnreachable, Exit.UNREACHABLE),
    (SessionRefused, Exit.NO_SESSION),
    (SessionEnded, Exit.SESSION_OVER),
    (SessionLost, Exit.SESSION_OVER),
    (WaitedTooLong, Exit.TOO_LONG),
)


def exit_of(error: ViewerError) -> Exit:
    """Return the status for an error; a script's failure has that of what it ran into."""
    if isinstance(error, ScriptFailed):
        return exit_of(error.cause) if isinstance(error.cause, ViewerError) else Exit.FAILED
    if isinstance(error, ApiError) and error.status in (401, 403):
        return Exit.NOT_ALLOWED
    return next((status for kind, status in _BY_CLASS if isinstance(error, kind)), Exit.FAILED)
