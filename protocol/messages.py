"""The messages inside the tunnel and their bytes (docs/protocol, section 6).

Frequent and bulky messages have a fixed binary form under a kind of their own; the others are JSON under kind 0x01.
Each class packs and parses itself; `protocol.table` says who may send it, when, and under which right.
"""

import struct
from typing import Annotated, ClassVar, Final, Literal, NoReturn

import msgspec

from protocol.errors import ErrorCode, LocalProtocolError, RemoteProtocolError

JSON_KIND: Final = 0x01

MAX_JSON_BYTES: Final = 262_144
# A raw rectangle of MAX_RECT_PIXELS would be 12 MiB; encoders split long before.
MAX_RECT_BYTES: Final = 16 * 1_048_576
MAX_SIDE_PX: Final = 16_384
# Xcursor themes go to 256 px for accessibility; 4 bytes a pixel, and deflate may grow it a little.
MAX_CURSOR_SIDE_PX: Final = 512
MAX_CURSOR_BYTES: Final = 4 * MAX_CURSOR_SIDE_PX**2 + 1_024
MAX_MONITORS: Final = 16
MAX_TEXT_CHARACTERS: Final = 4_096
MAX_CODE_BYTES: Final = 32
MAX_KEY_TEXT_BYTES: Final = 64
MAX_RIGHTS: Final = 32

U16 = Annotated[int, msgspec.Meta(ge=0, lt=1 << 16)]
U32 = Annotated[int, msgspec.Meta(ge=0, lt=1 << 32)]
Side = Annotated[int, msgspec.Meta(ge=1, le=MAX_SIDE_PX)]
Offset = Annotated[int, msgspec.Meta(ge=0, lt=MAX_SIDE_PX)]

ByeCode = Literal[
    "ended",
    "declined",
    "timeout",
    "agent-stopped",
    "viewer-closed",
    "protocol-error",
    "rights-withdrawn",
    "capture-failed",
]


# --- JSON messages ---------------------------------------------------------------------------------------------------


class RightsChanged(msgspec.Struct, frozen=True, tag="rights-changed"):
    """The rights that the viewer has from now on, by name."""

    rights: Annotated[tuple[Annotated[str, msgspec.Meta(max_length=32)], ...], msgspec.Meta(max_length=MAX_RIGHTS)]


class Bye(msgspec.Struct, frozen=True, tag="bye"):
    """The sender ends the session; the last thing it says."""

    code: ByeCode
    reason: Annotated[str, msgspec.Meta(max_length=256)] = ""


class Monitor(msgspec.Struct, frozen=True):
    """One monitor, in pixels of the shared screen."""

    id: U16
    x: Offset
    y: Offset
    width: Side
    height: Side
    primary: bool = False


class Monitors(msgspec.Struct, frozen=True, tag="monitors"):
    """Size of the shared screen in pixels and the monitors it is made of; a new size begins with an empty picture."""

    width: Side
    height: Side
    monitors: Annotated[tuple[Monitor, ...], msgspec.Meta(max_length=MAX_MONITORS)] = ()


class Refresh(msgspec.Struct, frozen=True, tag="refresh"):
    """The viewer asks for a complete picture."""


class Text(msgspec.Struct, frozen=True, tag="text"):
    """Type this text, character by character."""

    seq: U32
    text: Annotated[str, msgspec.Meta(max_length=MAX_TEXT_CHARACTERS)]


class ReleaseAll(msgspec.Struct, frozen=True, tag="release-all"):
    """Let go of every key and button."""

    seq: U32


JsonMessage = RightsChanged | Bye | Monitors | Refresh | Text | ReleaseAll

_json_encoder = msgspec.json.Encoder()
_json_decoder: msgspec.json.Decoder[JsonMessage] = msgspec.json.Decoder(JsonMessage)


# --- binary messages -------------------------------------------------------------------------------------------------


def _malformed(detail: str) -> NoReturn:
    raise RemoteProtocolError(detail)


def _fixed(layout: struct.Struct, data: bytes, name: str) -> tuple[int, ...]:
    if len(data) != layout.size:
        _malformed(f"{name} has {layout.size} bytes, not {len(data)}")
    return layout.unpack(data)


def _flag(value: int, name: str) -> bool:
    if value > 1:
        _malformed(f"{name} is 0 or 1")
    return value == 1


class PointerMove(msgspec.Struct, frozen=True):
    """The pointer is at (x, y)."""

    KIND: ClassVar[int] = 0x10
    LAYOUT: ClassVar[struct.Struct] = struct.Struct(">IHH")

    seq: int
    x: int
    y: int

    def pack(self) -> bytes:
        return self.LAYOUT.pack(self.seq, self.x, self.y)

    @classmethod
    def parse(cls, data: bytes) -> "PointerMove":
        return cls(*_fixed(cls.LAYOUT, data, "pointer-move"))


class Button(msgspec.Struct, frozen=True):
    """A button went down or up at (x, y): 1 left, 2 middle, 3 right, 8 back, 9 forward (X11 numbering)."""

    KIND: ClassVar[int] = 0x11
    LAYOUT: ClassVar[struct.Struct] = struct.Struct(">IHHBB")
    BUTTONS: ClassVar[frozenset[int]] = frozenset((1, 2, 3, 8, 9))

    seq: int
    x: int
    y: int
    button: int
    down: bool

    def pack(self) -> bytes:
        return self.LAYOUT.pack(self.seq, self.x, self.y, self.button, self.down)

    @classmethod
    def parse(cls, data: bytes) -> "Button":
        seq, x, y, button, down = _fixed(cls.LAYOUT, data, "button")
        if button not in cls.BUTTONS:
            _malformed(f"no button {button}")
        return cls(seq, x, y, button, _flag(down, "down"))


class Wheel(msgspec.Struct, frozen=True):
    """The wheel turned at (x, y): dx, dy in 1/120 of a notch, positive is right and down."""

    KIND: ClassVar[int] = 0x12
    LAYOUT: ClassVar[struct.Struct] = struct.Struct(">IHHhh")

    seq: int
    x: int
    y: int
    dx: int
    dy: int

    def pack(self) -> bytes:
        return self.LAYOUT.pack(self.seq, self.x, self.y, self.dx, self.dy)

    @classmethod
    def parse(cls, data: bytes) -> "Wheel":
        return cls(*_fixed(cls.LAYOUT, data, "wheel"))


class Modifier:
    """Bits of `Key.modifiers`."""

    SHIFT = 1
    CONTROL = 2
    ALT = 4
    META = 8
    ALT_GRAPH = 16
    CAPS_LOCK = 32
    NUM_LOCK = 64
    ALL = 127


class Key(msgspec.Struct, frozen=True):
    """A key went down or up.

    `code` is the physical key (W3C UI Events `code`, such as KeyA), `text` what it produced on the technician's layout
    or empty, `modifiers` the bits of `Modifier` that were held.
    """

    KIND: ClassVar[int] = 0x13
    LAYOUT: ClassVar[struct.Struct] = struct.Struct(">IBB")

    seq: int
    down: bool
    modifiers: int
    code: str
    text: str = ""

    def pack(self) -> bytes:
        code, text = self.code.encode("ascii"), self.text.encode()
        if len(code) > MAX_CODE_BYTES or len(text) > MAX_KEY_TEXT_BYTES:
            raise LocalProtocolError("key code or text too long")
        head = self.LAYOUT.pack(self.seq, self.down, self.modifiers)
        return b"".join((head, bytes([len(code)]), code, bytes([len(text)]), text))

    @classmethod
    def parse(cls, data: bytes) -> "Key":
        if len(data) < cls.LAYOUT.size:
            _malformed("key cut short")
        seq, down, modifiers = cls.LAYOUT.unpack_from(data)
        if modifiers & ~Modifier.ALL:
            _malformed("key with unknown modifiers")
        code, rest = _short(data[cls.LAYOUT.size :], MAX_CODE_BYTES, "key code")
        text, rest = _short(rest, MAX_KEY_TEXT_BYTES, "key text")
        if rest:
            _malformed("key with bytes left over")
        if not (code.isascii() and code.isalnum()):
            _malformed("key code is not a W3C code")
        try:
            return cls(seq, _flag(down, "down"), modifiers, code.decode("ascii"), text.decode())
        except UnicodeDecodeError:
            _malformed("key text is not UTF-8")


def _short(data: bytes, most: int, name: str) -> tuple[bytes, bytes]:
    """Cut a field with a one-byte length off `data`."""
    if not data or data[0] > most or len(data) < 1 + data[0]:
        _malformed(f"{name} cut short or longer than {most} bytes")
    return data[1 : 1 + data[0]], data[1 + data[0] :]


class InputAck(msgspec.Struct, frozen=True):
    """Every input up to `seq` has been applied."""

    KIND: ClassVar[int] = 0x14
    LAYOUT: ClassVar[struct.Struct] = struct.Struct(">I")

    seq: int

    def pack(self) -> bytes:
        return self.LAYOUT.pack(self.seq)

    @classmethod
    def parse(cls, data: bytes) -> "InputAck":
        return cls(*_fixed(cls.LAYOUT, data, "input-ack"))


class FrameBegin(msgspec.Struct, frozen=True):
    """The rects until the frame-end belong together; `complete`: they cover the whole screen."""

    KIND: ClassVar[int] = 0x20
    LAYOUT: ClassVar[struct.Struct] = struct.Struct(">IB")

    frame: int
    complete: bool

    def pack(self) -> bytes:
        return self.LAYOUT.pack(self.frame, self.complete)

    @classmethod
    def parse(cls, data: bytes) -> "FrameBegin":
        frame, complete = _fixed(cls.LAYOUT, data, "frame-begin")
        return cls(frame, _flag(complete, "complete"))


class Rect(msgspec.Struct, frozen=True):
    """Pixels of one rectangle in the given encoding (section 7); `protocol.picture` reads `data`."""

    KIND: ClassVar[int] = 0x21
    LAYOUT: ClassVar[struct.Struct] = struct.Struct(">BHHHH")

    encoding: int
    x: int
    y: int
    width: int
    height: int
    data: bytes

    def pack(self) -> bytes:
        return self.LAYOUT.pack(self.encoding, self.x, self.y, self.width, self.height) + self.data

    @classmethod
    def parse(cls, data: bytes) -> "Rect":
        if len(data) < cls.LAYOUT.size:
            _malformed("rect cut short")
        encoding, x, y, width, height = cls.LAYOUT.unpack_from(data)
        if not (width and height and x + width <= MAX_SIDE_PX and y + height <= MAX_SIDE_PX):
            _malformed("rect is empty or outside every screen")
        return cls(encoding, x, y, width, height, data[cls.LAYOUT.size :])


class FrameEnd(msgspec.Struct, frozen=True):
    """The frame is whole: show it. `captured_at_ms` is the agent's monotonic clock; `exact`: nothing in it is lossy."""

    KIND: ClassVar[int] = 0x22
    LAYOUT: ClassVar[struct.Struct] = struct.Struct(">IQB")

    frame: int
    captured_at_ms: int
    exact: bool

    def pack(self) -> bytes:
        return self.LAYOUT.pack(self.frame, self.captured_at_ms, self.exact)

    @classmethod
    def parse(cls, data: bytes) -> "FrameEnd":
        frame, captured_at_ms, exact = _fixed(cls.LAYOUT, data, "frame-end")
        return cls(frame, captured_at_ms, _flag(exact, "exact"))


class FrameAck(msgspec.Struct, frozen=True):
    """The viewer shows this frame; decoding and drawing took `decoded_in_ms`."""

    KIND: ClassVar[int] = 0x23
    LAYOUT: ClassVar[struct.Struct] = struct.Struct(">IH")

    frame: int
    decoded_in_ms: int

    def pack(self) -> bytes:
        return self.LAYOUT.pack(self.frame, self.decoded_in_ms)

    @classmethod
    def parse(cls, data: bytes) -> "FrameAck":
        return cls(*_fixed(cls.LAYOUT, data, "frame-ack"))


class CursorShape(msgspec.Struct, frozen=True):
    """The pointer's picture: `data` is raw deflate of RGBA bytes, not premultiplied; width 0 hides it."""

    KIND: ClassVar[int] = 0x24
    LAYOUT: ClassVar[struct.Struct] = struct.Struct(">HHHH")

    width: int
    height: int
    hot_x: int
    hot_y: int
    data: bytes

    def pack(self) -> bytes:
        return self.LAYOUT.pack(self.width, self.height, self.hot_x, self.hot_y) + self.data

    @classmethod
    def parse(cls, data: bytes) -> "CursorShape":
        if len(data) < cls.LAYOUT.size:
            _malformed("cursor-shape cut short")
        width, height, hot_x, hot_y = cls.LAYOUT.unpack_from(data)
        if width > MAX_CURSOR_SIDE_PX or height > MAX_CURSOR_SIDE_PX or (width == 0) != (height == 0):
            _malformed("cursor of a size that does not exist")
        if hot_x > width or hot_y > height:
            _malformed("the cursor's hot spot is outside it")
        return cls(width, height, hot_x, hot_y, data[cls.LAYOUT.size :])


class CursorPosition(msgspec.Struct, frozen=True):
    """Where the remote pointer is, when it was not the viewer that moved it."""

    KIND: ClassVar[int] = 0x25
    LAYOUT: ClassVar[struct.Struct] = struct.Struct(">HHB")

    x: int
    y: int
    visible: bool

    def pack(self) -> bytes:
        return self.LAYOUT.pack(self.x, self.y, self.visible)

    @classmethod
    def parse(cls, data: bytes) -> "CursorPosition":
        x, y, visible = _fixed(cls.LAYOUT, data, "cursor-position")
        return cls(x, y, _flag(visible, "visible"))


class Ping(msgspec.Struct, frozen=True):
    """Heartbeat of the tunnel."""

    KIND: ClassVar[int] = 0x30
    LAYOUT: ClassVar[struct.Struct] = struct.Struct(">I")

    id: int

    def pack(self) -> bytes:
        return self.LAYOUT.pack(self.id)

    @classmethod
    def parse(cls, data: bytes) -> "Ping":
        return cls(*_fixed(cls.LAYOUT, data, "ping"))


class Pong(msgspec.Struct, frozen=True):
    """Answer to `Ping` with its id."""

    KIND: ClassVar[int] = 0x31
    LAYOUT: ClassVar[struct.Struct] = struct.Struct(">I")

    id: int

    def pack(self) -> bytes:
        return self.LAYOUT.pack(self.id)

    @classmethod
    def parse(cls, data: bytes) -> "Pong":
        return cls(*_fixed(cls.LAYOUT, data, "pong"))


BinaryMessage = (
    PointerMove
    | Button
    | Wheel
    | Key
    | InputAck
    | FrameBegin
    | Rect
    | FrameEnd
    | FrameAck
    | CursorShape
    | CursorPosition
    | Ping
    | Pong
)
Message = JsonMessage | BinaryMessage

_BINARY: Final[dict[int, type[BinaryMessage]]] = {
    cls.KIND: cls
    for cls in (
        PointerMove,
        Button,
        Wheel,
        Key,
        InputAck,
        FrameBegin,
        Rect,
        FrameEnd,
        FrameAck,
        CursorShape,
        CursorPosition,
        Ping,
        Pong,
    )
}


def kind_of(message: Message) -> int:
    """Return the kind byte under which `message` travels."""
    return JSON_KIND if isinstance(message, JsonMessage) else message.KIND


def pack_message(message: Message) -> tuple[int, bytes]:
    """Return the kind and the bytes of `message`. Raises LocalProtocolError when a value is out of range."""
    if isinstance(message, JsonMessage):
        return JSON_KIND, _json_encoder.encode(message)
    try:
        return message.KIND, message.pack()
    except (struct.error, UnicodeEncodeError) as error:
        raise LocalProtocolError(f"{type(message).__name__}: {error}") from error


def parse_message(kind: int, data: bytes) -> Message:
    """Return the message in `data`. Raises RemoteProtocolError."""
    if kind == JSON_KIND:
        try:
            return _json_decoder.decode(data)
        except (msgspec.MsgspecError, UnicodeDecodeError) as error:
            raise RemoteProtocolError(str(error)) from error
    binary = _BINARY.get(kind)
    if binary is None:
        raise RemoteProtocolError(f"unknown kind {kind:#04x}", ErrorCode.UNKNOWN_MESSAGE)
    return binary.parse(data)
