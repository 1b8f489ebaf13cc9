"""One session's pump: websocket, connection and canvas wired together, until the session is over.

Three tasks: one reads (and does not read on while a picture is decoded or while answers pile up), one writes, one keeps
time. Whatever the other side does ends in `end`, never in an exception.
"""

import asyncio
import logging
import time
from collections.abc import Callable
from typing import Final

from protocol import messages as m
from protocol.connection import Closed, Declined, Established, Received, RightsNow, ViewerConnection
from protocol.envelope import (
    Asking,
    Control,
    Ended,
    Hello,
    Joined,
    MalformedFrame,
    Waiting,
    pack_control,
    parse_from_relay,
)
from protocol.errors import ErrorCode, RemoteProtocolError
from protocol.handshake import Facts
from protocol.rights import Right
from protocol.table import Phase
from technician_viewer.canvas import Canvas
from technician_viewer.state import (
    End,
    SessionState,
    end_of_close,
    end_of_closed,
    end_of_ended,
    end_of_error,
    end_of_refusal,
)
from technician_viewer.transport import SocketClosed, Transport

# Decoding this many pixels takes about as long as handing them to a thread and back.
THREAD_PIXELS: Final = 32_768
# Messages read while the writer is stuck, before reading stops too.
MAX_UNANSWERED: Final = 256
# How long the last words may take to leave.
FLUSH_S: Final = 2.0

_log = logging.getLogger(__name__)


class Signal:
    """Wakes everybody who waits; take `wait()` before checking what is waited for."""

    def __init__(self) -> None:
        self._event = asyncio.Event()

    def notify(self) -> None:
        """Wake those who wait now."""
        self._event.set()
        self._event = asyncio.Event()

    async def wait(self, timeout_s: float | None = None) -> None:
        """Return at the next notification, or after `timeout_s`."""
        event = self._event
        try:
            async with asyncio.timeout(timeout_s):
                await event.wait()
        except TimeoutError:
            return


class Link:
    """The state of one session as the world makes it; `changed` tells of every change.

    `connect` makes the viewer's end of the tunnel at the given time: when the relay has an agent, not before, since
    its patience begins then. `clock` is monotonic, in seconds, and must be the event loop's pace.
    """

    def __init__(
        self,
        transport: Transport,
        connect: Callable[[float], ViewerConnection],
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.changed = Signal()
        self.canvas = Canvas()
        self.state = SessionState.CONNECTING
        self.end: End | None = None
        self.rights: frozenset[Right] = frozenset()
        self.facts = Facts()
        # Seconds since 1970 as the relay told when it accepted us; 0 before.
        self.server_time = 0
        # The newest input sent and the newest acknowledged.
        self.seq = 0
        self.acked = 0
        # When the last frame was shown, on `clock`; 0.0 before.
        self.shown_at = 0.0
        self._transport = transport
        self._connect = connect
        self._connection: ViewerConnection | None = None
        self._clock = clock
        self._live = False
        self._unanswered = 0
        self._decoding_s = 0.0
        # The writer and the time keeper sleep on these.
        self._to_write = asyncio.Event()
        self._new_deadline = asyncio.Event()
        self._over = asyncio.Event()

    # --- what the client calls

    async def run(self, first_frame: Control) -> None:
        """Pump until the session is over, then close the socket."""
        try:
            async with asyncio.TaskGroup() as group:
                writer = group.create_task(self._write(pack_control(first_frame)))
                others = (group.create_task(self._read()), group.create_task(self._keep_time()))
                await self._over.wait()
                self._to_write.set()
                await asyncio.wait((writer,), timeout=FLUSH_S)
                for task in (writer, *others):
                    task.cancel()
        except* Exception:  # noqa: BLE001
            # The edge of this task: a fault of ours ends the session, not the program around it.
            _log.exception("the session's pump broke")
            self._finish(End(SessionState.LOST, "internal", "This program broke. Connect again, and report it."))
        finally:
            self._finish(end_of_close(None, live=self._live))
            await self._transport.close()

    def send(self, message: m.Message) -> None:
        """Queue a message. The caller has checked that the session is live and the right is there."""
        if self._connection is not None:
            self._connection.send(message, self._clock())
            self._to_write.set()

    def close(self) -> None:
        """End the session from this side."""
        if self._connection is not None:
            self._connection.close("viewer-closed", self._clock())
            self._on_events()
        self._finish(end_of_closed(Closed(ended=True, code="viewer-closed"), live=self._live))

    @property
    def traffic(self) -> tuple[int, int]:
        """Bytes of websocket messages received and sent."""
        return self._transport.received_bytes, self._transport.sent_bytes

    # --- tasks

    async def _read(self) -> None:
        try:
            while self.end is None:
                data = await self._transport.receive()
                if isinstance(data, str):
                    self._on_control(data)
                elif self._connection is None:
                    self._finish(end_of_error(ErrorCode.OUT_OF_STATE, live=False, detail="a record before `joined`"))
                else:
                    self._connection.receive_data(data, self._clock())
                    await self._take(self._on_events())
                    self._to_write.set()
                    await self._hold_back(self._connection)
        except SocketClosed as closed:
            self._on_socket_closed(closed)

    async def _write(self, first_frame: str) -> None:
        try:
            await self._transport.send(first_frame)
            while True:
                while self._connection and (record := self._connection.next_record()) is not None:
                    await self._transport.send(record)
                self._unanswered = 0
                self.changed.notify()
                if self.end is not None:
                    return
                self._to_write.clear()
                await self._to_write.wait()
        except SocketClosed as closed:
            self._on_socket_closed(closed)

    async def _keep_time(self) -> None:
        while self._connection is None:
            await self._new_deadline.wait()
        while (deadline := self._connection.next_deadline()) is not None:
            self._new_deadline.clear()
            try:
                async with asyncio.timeout(max(0.0, deadline - self._clock())):
                    await self._new_deadline.wait()
            except TimeoutError:
                self._connection.on_deadline(self._clock())
                self._on_events()
                self._to_write.set()

    async def _hold_back(self, connection: ViewerConnection) -> None:
        """Stop reading while answers can't leave, so that they never pile up."""
        if connection.pending:
            self._unanswered += 1
        while self._unanswered > MAX_UNANSWERED and self.end is None:
            await self.changed.wait()

    # --- what happened

    def _on_control(self, text: str) -> None:
        try:
            frame = parse_from_relay(text)
        except MalformedFrame as error:
            self._finish(end_of_error(ErrorCode.MALFORMED, live=self._live, detail=str(error)))
            return
        match frame:
            case Hello(server_time=server_time):
                self.server_time = server_time
            case Waiting():
                self._go_to(SessionState.WAITING_FOR_AGENT)
            case Joined():
                if self._connection is None:
                    self._connection = self._connect(self._clock())
                    self._new_deadline.set()
                self._go_to(SessionState.CONNECTING)
            case Asking():
                self._go_to(SessionState.ASKING)
            case Ended(code=code):
                self._finish(end_of_ended(code))
            case _:
                # going-away comes with a close code of its own; the others are not for viewers.
                pass

    def _go_to(self, state: SessionState) -> None:
        # What the relay says of the time before the tunnel changes nothing once it stands.
        if self.end is None and not self._live:
            self.state = state
            self.changed.notify()

    def _on_events(self) -> list[m.Message]:
        """Take what the connection has to tell; return the messages, in order."""
        messages: list[m.Message] = []
        for event in self._connection.events() if self._connection else ():
            match event:
                case Received(message=message):
                    messages.append(message)
                case Established(rights=rights, facts=facts):
                    self.rights, self.facts = rights, facts
                    self._live = True
                    self.state = SessionState.LIVE
                    # From patience with a person to a heartbeat: the one deadline that comes nearer.
                    self._new_deadline.set()
                    self.changed.notify()
                case RightsNow(rights=rights):
                    self.rights = rights
                    if Right.VIEW not in rights:
                        self.canvas.give_up_frame()
                    self.changed.notify()
                case Declined(reason=reason):
                    self._finish(end_of_refusal(reason))
                case Closed():
                    self._finish(end_of_closed(event, live=self._live))
                case _:
                    pass
        return messages

    async def _take(self, messages: list[m.Message]) -> None:
        try:
            for message in messages:
                if isinstance(message, m.Rect):
                    await self._on_rect(message)
                else:
                    self._apply(message)
        except RemoteProtocolError as error:
            self._finish(end_of_error(error.code, live=True, detail=str(error)))
            if self._connection is not None:
                self._connection.close("protocol-error", self._clock(), str(error)[:256])
                self._on_events()

    async def _on_rect(self, rect: m.Rect) -> None:
        begun = self._clock()
        if rect.width * rect.height >= THREAD_PIXELS:
            await asyncio.to_thread(self.canvas.put, rect)
        else:
            self.canvas.put(rect)
        self._decoding_s += self._clock() - begun

    def _apply(self, message: m.Message) -> None:
        canvas = self.canvas
        match message:
            case m.InputAck(seq=seq):
                if seq > self.seq:
                    raise RemoteProtocolError("input-ack for what was never sent")
                self.acked = max(self.acked, seq)
            case m.FrameBegin():
                canvas.begin(message)
                self._decoding_s = 0.0
                return
            case m.FrameEnd():
                self._on_frame_end(message)
            case m.Monitors():
                canvas.resize(message)
            case m.CursorShape():
                canvas.set_cursor_shape(message)
            case m.CursorPosition():
                canvas.move_cursor(message)
            case _:
                return
        self.changed.notify()

    def _on_frame_end(self, frame: m.FrameEnd) -> None:
        begun = self._clock()
        self.canvas.end(frame)
        self.shown_at = self._clock()
        took_ms = round((self._decoding_s + self.shown_at - begun) * 1_000)
        connection = self._connection
        if connection is not None and connection.phase is Phase.LIVE and Right.VIEW in connection.rights:
            connection.send(m.FrameAck(frame.frame, min(took_ms, 65_535)), self.shown_at)

    def _on_socket_closed(self, closed: SocketClosed) -> None:
        self._finish(end_of_close(closed.code, live=self._live, detail=str(closed)))
        if self._connection is not None:
            self._connection.connection_lost()
            self._on_events()

    def _finish(self, end: End) -> None:
        """The first reason stays."""
        if self.end is None:
            self.end = end
            self.state = end.state
            self.rights = frozenset()
            self.changed.notify()
            self._over.set()
            self._to_write.set()
