"""Where a session is, and why it is over: each close code, `bye` and protocol error as a state, a code, and a line."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from protocol.connection import Closed
from protocol.envelope import CloseCode
from protocol.errors import ErrorCode
from protocol.handshake import RefusalReason
from technician_viewer.errors import (
    AgentOffline,
    ConsentDeclined,
    SessionEnded,
    SessionError,
    SessionLost,
    SessionRefused,
)


class SessionState(StrEnum):
    """What a person is told; the last three are final."""

    CONNECTING = "connecting"
    WAITING_FOR_AGENT = "waiting-for-agent"
    ASKING = "asking"
    LIVE = "live"
    ENDED = "ended"
    LOST = "lost"
    REFUSED = "refused"

    @property
    def final(self) -> bool:
        """Whether the session is over."""
        return self in (SessionState.ENDED, SessionState.LOST, SessionState.REFUSED)


@dataclass(frozen=True)
class End:
    """Why a session is over. `text` is one line for people, `detail` for the local log only."""

    state: SessionState
    code: str
    text: str
    detail: str = ""

    def error(self) -> SessionError:
        """Return this end as the error that whoever still waits for something gets."""
        if self.state is SessionState.ENDED:
            return SessionEnded(self.text, self.code)
        if self.state is SessionState.LOST:
            return SessionLost(self.text, self.code)
        if self.code in _DECLINED:
            return ConsentDeclined(self.text, self.code)
        if self.code == CODE_OF_CLOSE[CloseCode.AGENT_OFFLINE]:
            return AgentOffline(self.text, self.code)
        return SessionRefused(self.text, self.code)


CODE_OF_CLOSE: Final = {
    CloseCode.DONE: "done",
    CloseCode.MALFORMED: "malformed",
    CloseCode.REFUSED: "refused",
    CloseCode.FIRST_FRAME_LATE: "first-frame-late",
    CloseCode.REPLACED: "replaced",
    CloseCode.ENDED: "ended",
    CloseCode.TOO_LARGE: "too-large",
    CloseCode.TOO_MANY: "too-many",
    CloseCode.PEER_GONE: "peer-gone",
    CloseCode.AGENT_OFFLINE: "agent-offline",
    CloseCode.STALLED: "stalled",
    CloseCode.GOING_AWAY: "going-away",
}

_DECLINED: Final[dict[str, str]] = {
    "declined": "The user said no. Agree with them what you are going to do, then connect again.",
    "timeout": "The user did not answer in time. Ask them to look at their screen, then connect again.",
    "busy": "The user is in another session. Wait until it is over, then connect again.",
}

# Closes that say by themselves what became of the session, whenever they come.
_CLOSE_TEXTS: Final[dict[int, tuple[SessionState, str]]] = {
    CloseCode.REFUSED: (
        SessionState.REFUSED,
        "The server did not accept this connection. Open the session again; a ticket to connect is good once.",
    ),
    CloseCode.ENDED: (
        SessionState.ENDED,
        "The ticket no longer allows this session. Look at the ticket in the console.",
    ),
    CloseCode.REPLACED: (SessionState.ENDED, "This session was opened again elsewhere and goes on there."),
    CloseCode.TOO_MANY: (
        SessionState.REFUSED,
        "The server has as many sessions as it may. Close one, or try again in a minute.",
    ),
    CloseCode.AGENT_OFFLINE: (
        SessionState.REFUSED,
        "No agent is connected for this ticket. Ask the user to start it, with a join code if they need one.",
    ),
    CloseCode.PEER_GONE: (
        SessionState.LOST,
        "The user's computer is no longer connected. Connect again when it is back.",
    ),
    CloseCode.STALLED: (
        SessionState.LOST,
        "The connection was blocked for too long. Check the network, then connect again.",
    ),
    CloseCode.GOING_AWAY: (SessionState.LOST, "The server is stopping. Connect again in a moment."),
}

_BYE_TEXTS: Final[dict[str, str]] = {
    "ended": "The session was ended at the user's computer.",
    "declined": _DECLINED["declined"],
    "timeout": _DECLINED["timeout"],
    "agent-stopped": "The agent on the user's computer was stopped. Ask the user to start it, then connect again.",
    "viewer-closed": "The session was closed here.",
    "protocol-error": "The agent did not understand this program. Bring both to the same version, then connect again.",
    "rights-withdrawn": "The user took every right back.",
    "capture-failed": "The agent can't read the user's screen any more. Ask the user whether it is locked or off.",
}

_ERROR_TEXTS: Final[dict[ErrorCode, str]] = {
    ErrorCode.REFUSED: "The other side could not prove that it may take part in this session. Tell your administrator.",
    ErrorCode.NO_RESUME: "The agent wants to go on with a session that this program does not know. Connect again.",
    ErrorCode.LOST: "The connection to the user's computer was lost. Connect again when it is back.",
}
_NONSENSE: Final = (
    "The agent sent something that is no part of the protocol. Bring both to the same version, then connect again."
)


def end_of_close(code: int | None, *, live: bool, detail: str = "") -> End:
    """Return what a closed websocket means; `code` None is a connection that broke, `live` whether the tunnel stood.

    A close without `bye` is never shown as ended, unless the server itself said that the ticket ended the session.
    """
    if code is None or code == CloseCode.DONE or code not in set(CloseCode):
        return End(SessionState.LOST, ErrorCode.LOST.value, _ERROR_TEXTS[ErrorCode.LOST], detail)
    name = CODE_OF_CLOSE[CloseCode(code)]
    state, text = _CLOSE_TEXTS.get(
        code, (SessionState.REFUSED, f"The server closed the connection ({name}). Connect again.")
    )
    if state is SessionState.REFUSED and live:
        state = SessionState.LOST
    return End(state, name, text, detail)


def end_of_error(code: ErrorCode, *, live: bool, detail: str = "") -> End:
    """Return what a protocol error means: before the tunnel stands nothing came about, afterwards it is lost."""
    state = SessionState.LOST if live or code is ErrorCode.LOST else SessionState.REFUSED
    return End(state, code.value, _ERROR_TEXTS.get(code, _NONSENSE), detail)


def end_of_refusal(reason: RefusalReason) -> End:
    """Return what the user's no, silence or other session means."""
    return End(SessionState.REFUSED, reason, _DECLINED[reason])


def end_of_closed(closed: Closed, *, live: bool) -> End:
    """Return what the connection's own last event means."""
    if closed.error is not None:
        return end_of_error(closed.error, live=live, detail=closed.detail)
    code = closed.code or "ended"
    return End(SessionState.ENDED, code, _BYE_TEXTS[code], closed.reason)


def end_of_ended(code: str) -> End:
    """Return what the relay's `ended` means: the ticket was closed, handed over, or an admin stopped the session."""
    text = _CLOSE_TEXTS[CloseCode.ENDED][1]
    return End(SessionState.ENDED, code, text)
