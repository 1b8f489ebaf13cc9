"""The errors of the protocol core.

`Remote…` is the peer's fault and maps to one close code; `Local…` is a bug of the caller and is raised to it.
Texts are for people; programs compare `code`.
"""

from enum import StrEnum

from protocol.envelope import CloseCode

__all__ = [
    "CloseCode",
    "ErrorCode",
    "LocalProtocolError",
    "NotPermitted",
    "ProtocolError",
    "RemoteProtocolError",
    "SecurityError",
]


class ErrorCode(StrEnum):
    """Why a session connection ended with an error; one per error class."""

    MALFORMED = "malformed"
    TOO_LARGE = "too-large"
    OUT_OF_STATE = "out-of-state"
    NOT_PERMITTED = "not-permitted"
    UNKNOWN_MESSAGE = "unknown-message"
    REFUSED = "refused"
    NO_RESUME = "no-resume"
    LOST = "lost"


class ProtocolError(Exception):
    """Root of the tree."""


class LocalProtocolError(ProtocolError):
    """The caller broke the rules: wrong state, message that is not its to send, value out of range."""


class RemoteProtocolError(ProtocolError):
    """The peer broke the rules; the connection is over."""

    code: ErrorCode = ErrorCode.MALFORMED

    def __init__(self, detail: str, code: ErrorCode | None = None) -> None:
        super().__init__(detail)
        if code is not None:
            self.code = code


class SecurityError(RemoteProtocolError):
    """A key, signature, certificate, grant or record was not accepted.

    `str()` is the same for every cause, since it may reach the peer; `cause` is for the local log.
    """

    code = ErrorCode.REFUSED

    def __init__(self, cause: str) -> None:
        super().__init__("The other side could not prove that it may take part in this session.")
        self.cause = cause


class NotPermitted(RemoteProtocolError):
    """The peer used a right it does not have."""

    code = ErrorCode.NOT_PERMITTED

    def __init__(self, right: str) -> None:
        super().__init__(f"the right {right!r} is not granted")
        self.right = right
