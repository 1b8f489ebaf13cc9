"""Sealed records: pieces of messages packed, numbered, encrypted, and put together again (docs/protocol, section 5)."""

from collections import deque
from dataclasses import dataclass
from typing import Final

from protocol.errors import ErrorCode, LocalProtocolError, RemoteProtocolError
from protocol.noise import TAG_BYTES, CipherState

MAX_RECORD_BYTES: Final = 65_535
MAX_PLAIN_BYTES: Final = MAX_RECORD_BYTES - TAG_BYTES
# Small records let the relay pass the first on before the frame is whole (measured: 165 against 197 ms at 2 Mbit/s).
TARGET_PLAIN_BYTES: Final = 4_096
# Far below the 2^32 blocks at which AES-GCM under one key gets weak (SP 800-38D).
REKEY_RECORDS: Final = 1 << 16
PIECE_HEADER_BYTES: Final = 4
_MORE: Final = 0x01


class RecordSealer:
    """The sending direction of a tunnel."""

    def __init__(self, cipher: CipherState, *, rekey_records: int = REKEY_RECORDS) -> None:
        self._cipher = cipher
        self._rekey_records = rekey_records

    def seal(self, plain: bytes) -> bytes:
        """Return the record of `plain`, at most MAX_PLAIN_BYTES of it."""
        if not 0 < len(plain) <= MAX_PLAIN_BYTES:
            raise LocalProtocolError(f"a record holds 1 to {MAX_PLAIN_BYTES} bytes, not {len(plain)}")
        record = self._cipher.encrypt(plain)
        if self._cipher.counter % self._rekey_records == 0:
            self._cipher.rekey()
        return record

    def wipe(self) -> None:
        """Forget the key."""
        self._cipher.wipe()


class RecordOpener:
    """The receiving direction of a tunnel."""

    def __init__(self, cipher: CipherState, *, rekey_records: int = REKEY_RECORDS) -> None:
        self._cipher = cipher
        self._rekey_records = rekey_records

    def open(self, record: bytes) -> bytes:
        """Return the plain text of the next record. Raises RemoteProtocolError; the tunnel is over then."""
        if len(record) > MAX_RECORD_BYTES:
            raise RemoteProtocolError("record too large", ErrorCode.TOO_LARGE)
        plain = self._cipher.decrypt(record)
        if self._cipher.counter % self._rekey_records == 0:
            self._cipher.rekey()
        if not plain:
            raise RemoteProtocolError("empty record")
        return plain

    def wipe(self) -> None:
        """Forget the key."""
        self._cipher.wipe()


@dataclass(frozen=True, slots=True)
class Body:
    """One whole message as bytes: its kind and what stands behind it."""

    kind: int
    data: bytes


class _Queue:
    """Messages in order, and how far the first has been written."""

    def __init__(self) -> None:
        self.bodies: deque[Body] = deque()
        self.offset = 0

    def write_piece(self, out: bytearray, room: int) -> None:
        """Append the next piece, at most `room` bytes of message."""
        body = self.bodies[0]
        part = body.data[self.offset : self.offset + room]
        more = self.offset + len(part) < len(body.data)
        out += bytes((body.kind, _MORE if more else 0)) + len(part).to_bytes(2, "big") + part
        if more:
            self.offset += len(part)
        else:
            self.bodies.popleft()
            self.offset = 0


class PieceWriter:
    """Cuts messages into pieces and packs pieces into the plain texts of records, urgent ones first.

    Two queues: what people feel (input, control, heartbeat) overtakes what is bulky (picture), also in the middle of a
    message. Messages of one queue keep their order.
    """

    def __init__(self, *, target_bytes: int = TARGET_PLAIN_BYTES) -> None:
        if not PIECE_HEADER_BYTES < target_bytes <= MAX_PLAIN_BYTES:
            raise LocalProtocolError("a record has room for at least one byte and at most what Noise allows")
        self._target_bytes = target_bytes
        self._urgent = _Queue()
        self._bulky = _Queue()

    def add(self, body: Body, *, urgent: bool) -> None:
        """Put a message behind those of its queue."""
        (self._urgent if urgent else self._bulky).bodies.append(body)

    @property
    def pending(self) -> bool:
        """Whether there is anything to write."""
        return bool(self._urgent.bodies or self._bulky.bodies)

    @property
    def urgent(self) -> bool:
        """Whether an urgent message waits."""
        return bool(self._urgent.bodies)

    def next_plain(self) -> bytes | None:
        """Return the plain text of the next record, or None when nothing is left."""
        out = bytearray()
        while (room := self._target_bytes - len(out) - PIECE_HEADER_BYTES) > 0 and self.pending:
            self._next_queue().write_piece(out, room)
        return bytes(out) or None

    def _next_queue(self) -> _Queue:
        urgent, bulky = self._urgent, self._bulky
        if not urgent.bodies:
            return bulky
        # Reassembly is by kind, so a message under way is finished before another of its kind begins.
        return bulky if bulky.offset and bulky.bodies[0].kind == urgent.bodies[0].kind else urgent


class PieceReader:
    """Puts messages together again; `limits` gives the largest message of each kind, and with it which kinds exist."""

    def __init__(self, limits: dict[int, int]) -> None:
        self._limits = limits
        self._unfinished: dict[int, bytearray] = {}

    def read(self, plain: bytes) -> list[Body]:
        """Return the messages that this record completes. Raises RemoteProtocolError."""
        bodies: list[Body] = []
        view = memoryview(plain)
        while view:
            if len(view) < PIECE_HEADER_BYTES:
                raise RemoteProtocolError("piece without a whole header")
            kind, flags = view[0], view[1]
            end = PIECE_HEADER_BYTES + int.from_bytes(view[2:4], "big")
            limit = self._limits.get(kind)
            if limit is None:
                raise RemoteProtocolError(f"unknown kind {kind:#04x}", ErrorCode.UNKNOWN_MESSAGE)
            if flags & ~_MORE or end > len(view):
                raise RemoteProtocolError("piece with unknown flags or cut short")
            message = self._unfinished.setdefault(kind, bytearray())
            message += view[PIECE_HEADER_BYTES:end]
            if len(message) > limit:
                raise RemoteProtocolError(f"message of kind {kind:#04x} too large", ErrorCode.TOO_LARGE)
            if not flags & _MORE:
                del self._unfinished[kind]
                bodies.append(Body(kind, bytes(message)))
            view = view[end:]
        return bodies
