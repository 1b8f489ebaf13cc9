"""What can go wrong for a technician's program; `str()` is one line for people and says what to do next.

Programs compare the class or `code`, never the text.
"""

from typing import Final


class ViewerError(Exception):
    """Root of the tree. `code` is stable: a problem slug, a `bye` code, a close code's name, or a word of ours."""

    def __init__(self, text: str, code: str = "error") -> None:
        super().__init__(text)
        self.code: Final = code


# --- the server ------------------------------------------------------------------------------------------------------


class ServerUnreachable(ViewerError):
    """No connection to the server came about: name, network, proxy, or its certificate."""


class ApiError(ViewerError):
    """The server answered a request with a problem (RFC 9457); `status` is the HTTP status."""

    def __init__(self, text: str, code: str, status: int) -> None:
        super().__init__(text, code)
        self.status: Final = status


class NotLoggedIn(ViewerError):
    """There is no login for this server here, or the server no longer takes it."""


class UnusableState(ViewerError):
    """A file in the state folder can't be read, written, or trusted."""


# --- the session -----------------------------------------------------------------------------------------------------


class SessionError(ViewerError):
    """The session did not come about, or is over."""


class SessionRefused(SessionError):
    """The session did not come about; `code` says why."""


class ConsentDeclined(SessionRefused):
    """The user said no, did not answer, or is in another session."""


class AgentOffline(SessionRefused):
    """No agent came for this ticket in time."""


class SessionEnded(SessionError):
    """Somebody ended the session properly."""


class SessionLost(SessionError):
    """The connection went away without a word, or the other side stopped making sense."""


# --- what a script asks for ------------------------------------------------------------------------------------------


class NotPermitted(ViewerError):
    """The session lacks the right that this needs."""

    def __init__(self, right: str) -> None:
        super().__init__(
            f"This session lacks the right to {right}. Ask the user to allow it, then connect again.", "not-permitted"
        )
        self.right: Final = right


class InvalidInput(ViewerError):
    """No such key, button, position, or amount."""

    def __init__(self, text: str) -> None:
        super().__init__(text, "invalid-input")


class WaitedTooLong(ViewerError):
    """What was waited for did not happen in time."""

    def __init__(self, text: str) -> None:
        super().__init__(text, "waited-too-long")
