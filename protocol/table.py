"""The gate in front of every dispatch: message -> who sends it, and under which right. No row, no entry."""

from enum import StrEnum
from typing import Final

from protocol import messages as m
from protocol.errors import ErrorCode, LocalProtocolError, NotPermitted, RemoteProtocolError
from protocol.rights import Right


class Role(StrEnum):
    """The two ends of a session."""

    AGENT = "agent"
    VIEWER = "viewer"

    @property
    def peer(self) -> "Role":
        return Role.VIEWER if self is Role.AGENT else Role.AGENT


class Phase(StrEnum):
    """Where a connection is; messages pass only while it is live."""

    HANDSHAKE = "handshake"
    ASKING = "asking"
    LIVE = "live"
    CLOSED = "closed"


class Row:
    """One message's line: who sends it, the right that the viewer must hold, the largest body, its urgency."""

    __slots__ = ("max_bytes", "phases", "right", "senders", "urgent")

    def __init__(self, senders: tuple[Role, ...], right: Right | None, max_bytes: int, *, urgent: bool = True) -> None:
        self.senders = senders
        self.right = right
        self.max_bytes = max_bytes
        self.urgent = urgent
        self.phases = (Phase.LIVE,)


_AGENT, _VIEWER, _BOTH = (Role.AGENT,), (Role.VIEWER,), (Role.AGENT, Role.VIEWER)
_SMALL: Final = 128

TABLE: Final[dict[type[m.Message], Row]] = {
    # session
    m.RightsChanged: Row(_AGENT, None, m.MAX_JSON_BYTES),
    m.Bye: Row(_BOTH, None, m.MAX_JSON_BYTES),
    m.Ping: Row(_BOTH, None, _SMALL),
    m.Pong: Row(_BOTH, None, _SMALL),
    # screen
    m.Monitors: Row(_AGENT, Right.VIEW, m.MAX_JSON_BYTES, urgent=False),
    m.Refresh: Row(_VIEWER, Right.VIEW, m.MAX_JSON_BYTES),
    m.FrameBegin: Row(_AGENT, Right.VIEW, _SMALL, urgent=False),
    m.Rect: Row(_AGENT, Right.VIEW, m.MAX_RECT_BYTES, urgent=False),
    m.FrameEnd: Row(_AGENT, Right.VIEW, _SMALL, urgent=False),
    m.FrameAck: Row(_VIEWER, Right.VIEW, _SMALL),
    m.CursorShape: Row(_AGENT, Right.VIEW, m.MAX_CURSOR_BYTES),
    m.CursorPosition: Row(_AGENT, Right.VIEW, _SMALL),
    # input
    m.PointerMove: Row(_VIEWER, Right.CONTROL, _SMALL),
    m.Button: Row(_VIEWER, Right.CONTROL, _SMALL),
    m.Wheel: Row(_VIEWER, Right.CONTROL, _SMALL),
    m.Key: Row(_VIEWER, Right.CONTROL, _SMALL),
    m.Text: Row(_VIEWER, Right.CONTROL, m.MAX_JSON_BYTES),
    m.ReleaseAll: Row(_VIEWER, Right.CONTROL, m.MAX_JSON_BYTES),
    m.InputAck: Row(_AGENT, Right.CONTROL, _SMALL),
}

Input = m.PointerMove | m.Button | m.Wheel | m.Key | m.Text | m.ReleaseAll
"""Messages that carry a `seq` and are acknowledged by `InputAck`."""


def limits_for(receiver: Role) -> dict[int, int]:
    """Return the largest body of each kind that `receiver` may be sent; kinds that never come its way are missing."""
    limits: dict[int, int] = {}
    for cls, row in TABLE.items():
        if receiver.peer in row.senders:
            kind = m.JSON_KIND if issubclass(cls, m.JsonMessage) else cls.KIND
            limits[kind] = max(row.max_bytes, limits.get(kind, 0))
    return limits


def check_incoming(message: m.Message, receiver: Role, phase: Phase, rights: frozenset[Right]) -> None:
    """Let `message` pass or raise RemoteProtocolError; NotPermitted when the viewer's `rights` do not cover it."""
    row = TABLE.get(type(message))
    name = type(message).__name__
    if row is None:
        raise RemoteProtocolError(f"{name} has no row", ErrorCode.UNKNOWN_MESSAGE)
    if receiver.peer not in row.senders:
        raise RemoteProtocolError(f"{name} does not come from the {receiver.peer}", ErrorCode.OUT_OF_STATE)
    if phase not in row.phases:
        raise RemoteProtocolError(f"{name} came while {phase}", ErrorCode.OUT_OF_STATE)
    if row.right is not None and row.right not in rights:
        raise NotPermitted(row.right)


def check_outgoing(message: m.Message, sender: Role, phase: Phase, rights: frozenset[Right]) -> Row:
    """Return the row of `message` or raise LocalProtocolError when this side may not send it now."""
    row = TABLE.get(type(message))
    name = type(message).__name__
    if row is None or sender not in row.senders:
        raise LocalProtocolError(f"{name} is not the {sender}'s to send")
    if phase not in row.phases:
        raise LocalProtocolError(f"the {sender} cannot send {name} while {phase}")
    if row.right is not None and row.right not in rights:
        raise LocalProtocolError(f"{name} needs the right {row.right!r}, which is not granted")
    return row
