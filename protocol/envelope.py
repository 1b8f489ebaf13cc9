"""What the relay and its clients say to each other in text frames, and the bounds of binary ones.

The relay's switch may import this module and no other of ours: here is nothing that could open a record.
docs/protocol, section 2.
"""

import re
from enum import IntEnum
from typing import Annotated, Final, NewType

import msgspec

SUBPROTOCOL: Final = "towline.1"

# A control frame is one small JSON object; the largest real one is under 400 bytes.
MAX_CONTROL_BYTES: Final = 4_096
# Noise (section 3) bounds every message to 65,535 bytes.
MAX_RECORD_BYTES: Final = 65_535
# Upgrade to first frame: a client has it ready, so this only has to cover a slow line.
FIRST_FRAME_S: Final = 5.0
# A write that has not moved for this long closes the pair; resume takes over.
STALLED_WRITE_S: Final = 10.0
# How often control sockets say ping; two missed ones mean gone.
HEARTBEAT_S: Final = 15.0


class CloseCode(IntEnum):
    """Websocket close codes of the relay (docs/protocol, section 2)."""

    DONE = 1000
    MALFORMED = 4400
    REFUSED = 4401
    FIRST_FRAME_LATE = 4408
    REPLACED = 4409
    ENDED = 4410
    TOO_LARGE = 4413
    TOO_MANY = 4429
    PEER_GONE = 4440
    AGENT_OFFLINE = 4441
    STALLED = 4442
    GOING_AWAY = 4503


SessionId = NewType("SessionId", str)
"""Sixteen random bytes in base64url without padding: 22 characters."""

_KEY_FORM = r"^[A-Za-z0-9_-]{43}$"
_SESSION_FORM = r"^[A-Za-z0-9_-]{22}$"

Token = msgspec.Meta(min_length=16, max_length=512)
KeyText = msgspec.Meta(pattern=_KEY_FORM)
SessionText = msgspec.Meta(pattern=_SESSION_FORM)

_TRACKING_PATH = re.compile(r"[A-Z]{1,5}-[0-9A-HJKMNP-TV-Z]{4}-[0-9A-HJKMNP-TV-Z]{4}\Z")


def is_tracking_path(text: str) -> bool:
    """Whether `text` could be a canonical tracking number; its check character is the gate's business."""
    return bool(_TRACKING_PATH.match(text))


class AgentHello(msgspec.Struct, frozen=True, tag="agent-hello"):
    """First frame of an agent's control socket."""

    token: Annotated[str, Token]
    agent_key: Annotated[str, KeyText]


class AgentSession(msgspec.Struct, frozen=True, tag="agent-session"):
    """First frame of an agent's session socket."""

    token: Annotated[str, Token]
    agent_key: Annotated[str, KeyText]
    session: Annotated[str, SessionText]


class ViewerHello(msgspec.Struct, frozen=True, tag="viewer-hello"):
    """First frame of a viewer."""

    ticket: Annotated[str, Token]


class Hello(msgspec.Struct, frozen=True, tag="hello"):
    """The relay accepted the first frame; `server_time` is seconds since 1970 UTC."""

    server_time: int
    heartbeat_s: float = HEARTBEAT_S


class ViewerWaiting(msgspec.Struct, frozen=True, tag="viewer-waiting"):
    """To the agent's control socket: a viewer is there for this session."""

    session: Annotated[str, SessionText]


class Replaced(msgspec.Struct, frozen=True, tag="replaced"):
    """To an agent's control socket: the same agent registered again, this socket is the older one."""


class GoingAway(msgspec.Struct, frozen=True, tag="going-away"):
    """The server stops; come back after `retry_in_ms`."""

    retry_in_ms: Annotated[int, msgspec.Meta(ge=0, le=600_000)]


class RightsNarrowed(msgspec.Struct, frozen=True, tag="rights"):
    """The ticket now allows only these rights in this session; never more than before."""

    session: Annotated[str, SessionText]
    rights: tuple[Annotated[str, msgspec.Meta(max_length=32)], ...]


class Ended(msgspec.Struct, frozen=True, tag="ended"):
    """The session is over for a reason outside the tunnel."""

    session: Annotated[str, SessionText]
    code: Annotated[str, msgspec.Meta(max_length=64)]


class Waiting(msgspec.Struct, frozen=True, tag="waiting"):
    """To a viewer: no agent is registered under this number yet."""


class Joined(msgspec.Struct, frozen=True, tag="joined"):
    """To both ends of a pair: records flow from here on."""


class Asking(msgspec.Struct, frozen=True, tag="asking"):
    """The agent's user is being asked for consent."""


class Ping(msgspec.Struct, frozen=True, tag="ping"):
    """Heartbeat of a control socket."""


class Pong(msgspec.Struct, frozen=True, tag="pong"):
    """Answer to `Ping`."""


FirstFrame = AgentHello | AgentSession | ViewerHello
FromAgent = Asking | Ping | Pong
"""What an agent may say after its first frame: Ping and Pong on the control socket, Asking on a session socket."""
FromRelay = (
    Hello | ViewerWaiting | Replaced | GoingAway | RightsNarrowed | Ended | Waiting | Joined | Asking | Ping | Pong
)
Control = FirstFrame | FromAgent | FromRelay

_encoder = msgspec.json.Encoder()
_first_frame: msgspec.json.Decoder[FirstFrame] = msgspec.json.Decoder(FirstFrame)
_from_agent: msgspec.json.Decoder[FromAgent] = msgspec.json.Decoder(FromAgent)
_from_relay: msgspec.json.Decoder[FromRelay] = msgspec.json.Decoder(FromRelay)


class MalformedFrame(Exception):
    """A frame is not of the form that docs/protocol gives; the socket closes with 4400 or 4413."""

    def __init__(self, detail: str, *, too_large: bool = False) -> None:
        super().__init__(detail)
        self.too_large = too_large


def pack_control(frame: Control) -> str:
    """Return the text frame of one control message."""
    return _encoder.encode(frame).decode()


def _bounded(text: str) -> bytes:
    # The length in characters is checked first, so that a huge frame is not encoded only to be refused.
    if len(text) > MAX_CONTROL_BYTES:
        raise MalformedFrame("control frame too large", too_large=True)
    try:
        data = text.encode()
    except UnicodeEncodeError as error:
        raise MalformedFrame("control frame is not valid Unicode") from error
    if len(data) > MAX_CONTROL_BYTES:
        raise MalformedFrame("control frame too large", too_large=True)
    return data


def parse_first_frame(text: str) -> FirstFrame:
    """Read the first frame of any socket. Raises MalformedFrame."""
    try:
        return _first_frame.decode(_bounded(text))
    except msgspec.MsgspecError as error:
        raise MalformedFrame(str(error)) from error


def parse_from_agent(text: str) -> FromAgent:
    """Read a later frame of an agent. Raises MalformedFrame."""
    try:
        return _from_agent.decode(_bounded(text))
    except msgspec.MsgspecError as error:
        raise MalformedFrame(str(error)) from error


def parse_from_relay(text: str) -> FromRelay:
    """Read a frame of the relay (agents and viewers do). Raises MalformedFrame."""
    try:
        return _from_relay.decode(_bounded(text))
    except msgspec.MsgspecError as error:
        raise MalformedFrame(str(error)) from error


def check_record(data: bytes) -> None:
    """Refuse a binary frame that no record can be. Raises MalformedFrame."""
    if not 0 < len(data) <= MAX_RECORD_BYTES:
        raise MalformedFrame("record of a size that does not exist", too_large=len(data) > MAX_RECORD_BYTES)
