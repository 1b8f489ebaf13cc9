"""uvicorn's connection classes with bounds on everything that a stranger can make them hold or wait for.

uvicorn 0.54 (read in its source) bounds neither headers nor the time until they are complete, answers pings whether
or not the client reads, hands all messages of one read to the application at once, keeps a socket that can't be
written to until the system gives it up, and logs a traceback for text that is not UTF-8.
"""

import asyncio
from typing import Any, Final, cast

import httptools
from uvicorn._types import ASGIReceiveEvent, ASGISendEvent
from uvicorn.config import Config
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol, RequestResponseCycle
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from uvicorn.server import ServerState
from websockets.frames import CloseCode as StandardCode
from websockets.frames import Frame
from websockets.protocol import State
from websockets.server import ServerProtocol

from protocol.envelope import CloseCode

# Request line and headers; the longest real ones (cookies, mail links) are under 4 kB.
MAX_HEAD_BYTES: Final = 16_384
MAX_HEADERS: Final = 64
# From the first byte of a connection, or of a further request, to the end of its headers.
HEAD_S: Final = 10.0
# From there to the end of the body: 1 MiB over a slow line.
BODY_S: Final = 60.0
# A request's body; tickets checks what is in it.
MAX_BODY_BYTES: Final = 1_048_576
# A message in more pieces than this is no record of ours and no event of a page.
MAX_FRAGMENTS: Final = 64
# What is parsed before the application has taken it; a read can bring 256 KiB of one-byte messages.
SLICE_BYTES: Final = 16_384
# How much may wait in a socket that is written to; little, since a record that waits here is late already.
WRITE_HIGH_BYTES: Final = 65_536
# A socket that was told to close and does not is cut off.
CLOSE_S: Final = 2.0
# After a broken frame, this long without a byte means that the client has stopped sending.
LINGER_S: Final = 0.1

# What the websocket library says by itself, in the codes of docs/protocol.
_CODES: Final = {
    StandardCode.PROTOCOL_ERROR: CloseCode.MALFORMED,
    StandardCode.INVALID_DATA: CloseCode.MALFORMED,
    StandardCode.MESSAGE_TOO_BIG: CloseCode.TOO_LARGE,
}


class BoundedServerProtocol(ServerProtocol):
    """Names broken frames by the codes of docs/protocol."""

    def fail(self, code: StandardCode | int, reason: str = "") -> None:  # noqa: ARG002 - it quotes what came in
        """Close because of what the client sent."""
        ours = _CODES.get(StandardCode(code)) if code in set(StandardCode) else None
        super().fail(code if ours is None else int(ours), "")


class BoundedWebsocket(WebSocketsSansIOProtocol):
    """One websocket; bytes that the application is not ready for wait unparsed, and reading stops meanwhile."""

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self.conn = BoundedServerProtocol(max_size=config.ws_max_size, logger=self.logger)
        self.close_timeout = CLOSE_S
        self._held: bytes | memoryview = b""
        self._broken = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Start with a small write buffer."""
        super().connection_made(transport)
        self.transport.set_write_buffer_limits(high=WRITE_HIGH_BYTES)

    def data_received(self, data: bytes) -> None:
        """Parse as far as the application has kept up."""
        if self._broken:
            self._linger()
            return
        # More can come while some is held only if it was under way when reading stopped.
        self._held = data if not self._held else b"".join((self._held, data))
        self._parse_held()

    def _parse_held(self) -> None:
        while self._held and (self.queue.empty() or self.close_sent) and not self.transport.is_closing():
            if len(self._held) <= SLICE_BYTES:
                piece, self._held = self._held, b""
            else:
                view = memoryview(self._held)
                piece, self._held = view[:SLICE_BYTES], view[SLICE_BYTES:]
            super().data_received(bytes(piece))
        if self._held and not self.read_paused:
            self.read_paused = True
            self.transport.pause_reading()

    async def receive(self) -> ASGIReceiveEvent:
        """Return the next event, and read on when there is nothing left to hand out."""
        message = await self.queue.get()
        if self.queue.empty():
            self._parse_held()
            if self.read_paused and self.queue.empty() and not self._held:
                self.read_paused = False
                self.transport.resume_reading()
        return message

    async def send(self, message: ASGISendEvent) -> None:
        """Send; a close does not wait until the client reads, and is final after `close_timeout`."""
        if message["type"] != "websocket.close":
            await super().send(message)
            return
        # Whoever waits to write is woken too and finds the socket closed.
        could_write = self.writable.is_set()
        self.writable.set()
        try:
            await super().send(message)
        finally:
            if not could_write and not self.disconnected:
                self.writable.clear()
        if self.close_timer is not None:
            self.close_timer.cancel()
            self.close_timer = self.loop.call_later(self.close_timeout, self.transport.abort)
            self._parse_held()

    def send_receive_event_to_app(self) -> None:
        """Refuse text that is not UTF-8 without a word in the log."""
        if self.curr_msg_data_type == "text" and not self.close_sent:
            try:
                b"".join(self.frames).decode()
            except UnicodeDecodeError:
                self._refuse()
                return
        super().send_receive_event_to_app()

    def handle_cont(self, event: Frame) -> None:
        """Refuse messages in ever more pieces; empty ones would never reach a limit of size."""
        if len(self.frames) >= MAX_FRAGMENTS:
            self._refuse()
            return
        super().handle_cont(event)

    def _refuse(self) -> None:
        self.frames = []
        self._held = b""
        if self.conn.state is State.OPEN:
            self.conn.fail(int(CloseCode.MALFORMED))
            self.handle_parser_exception()

    def handle_parser_exception(self) -> None:
        """Close after a broken frame; nothing that came behind it counts.

        What the client is still sending is taken off the line for a moment: closing over unread bytes resets the
        connection, and the client would not learn the code.
        """
        self._held = b""
        self._broken = True
        code, reason = (0, "") if self.conn.close_sent is None else (self.conn.close_sent.code, "")
        self.queue.put_nowait({"type": "websocket.disconnect", "code": code, "reason": reason})
        self.transport.write(b"".join(self.conn.data_to_send()))
        self.close_sent = True
        if self.read_paused:
            self.read_paused = False
            self.transport.resume_reading()
        self._cut_off_later()
        self._linger()

    def _linger(self) -> None:
        # A close timer tells uvicorn that the socket is looked after when the application returns.
        if self.close_timer is not None:
            self.close_timer.cancel()
        self.close_timer = self.loop.call_later(LINGER_S, self.transport.close)

    def handle_ping(self) -> None:
        """Answer, unless the client does not read its answers."""
        output = self.conn.data_to_send()
        if self.writable.is_set():
            self.transport.write(b"".join(output))

    def keepalive_timeout(self) -> None:
        """Give a silent client up for good."""
        super().keepalive_timeout()
        self._cut_off_later()

    def shutdown(self) -> None:
        """Close because the server stops."""
        self.stop_keepalive()
        if self.handshake_complete and not self.close_sent and self.conn.state is State.OPEN:
            self.queue.put_nowait({"type": "websocket.disconnect", "code": int(CloseCode.GOING_AWAY), "reason": None})
            self.conn.send_close(int(CloseCode.GOING_AWAY), "the server is stopping, come back later")
            self.transport.write(b"".join(self.conn.data_to_send()))
            self.close_sent = True
        elif not self.handshake_complete:
            self.send_500_response()
        self.transport.close()
        self._cut_off_later()

    def on_task_complete(self, task: asyncio.Task[None]) -> None:
        """The application is done with this socket, so it has to go soon."""
        super().on_task_complete(task)
        self._cut_off_later()

    def _cut_off_later(self) -> None:
        if not self.disconnected:
            self.loop.call_later(self.close_timeout, self.transport.abort)


class BoundedHttp(HttpToolsProtocol):
    """One HTTP connection."""

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self._deadline: asyncio.TimerHandle | None = None
        self._reading = False
        self._begun = 0
        self._fed_bytes = 0
        self._head_bytes = 0
        self._body_bytes = 0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Give the client a bounded time for its first request."""
        super().connection_made(transport)
        self._set_deadline(HEAD_S)

    def connection_lost(self, exc: Exception | None) -> None:
        """Let the timer go."""
        self._set_deadline(None)
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Parse, and look at how much of it was not body."""
        if not self._reading and self._deadline is None:
            self._set_deadline(HEAD_S)
        was_reading, self._begun = self._reading, 0
        self._fed_bytes += len(data)
        super().data_received(data)
        if self._begun == 1 and not was_reading:
            # Counting started anew inside of these bytes, which are the request's first.
            self._fed_bytes = len(data)
        # Half a header line of any length reaches no callback, in the head as in trailers.
        if self._reading and self._fed_bytes - self._body_bytes > MAX_HEAD_BYTES + self._body_bytes:
            self._refuse(431, "Request head too large.")

    def on_message_begin(self) -> None:
        """Start counting for a request."""
        self._reading = True
        self._begun += 1
        self._fed_bytes = self._head_bytes = self._body_bytes = 0
        super().on_message_begin()

    def on_url(self, url: bytes) -> None:
        """Take a part of the request target."""
        self._count_head(len(url))
        super().on_url(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        """Take a header or a trailer."""
        self._count_head(len(name) + len(value))
        if len(self.headers) >= MAX_HEADERS:
            raise httptools.HttpParserError("too many headers")
        super().on_header(name, value)

    def on_headers_complete(self) -> None:
        """Hand the request to the application; the body has its own time."""
        upgrading = self.parser.should_upgrade() and self._should_upgrade()
        self._set_deadline(None if upgrading else BODY_S)
        if upgrading:
            self._reading = False
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """Take a part of the body."""
        self._body_bytes += len(body)
        if self._body_bytes > MAX_BODY_BYTES:
            self._refuse(413, "Request body too large.")
            return
        super().on_body(body)

    def on_message_complete(self) -> None:
        """The request is here as a whole."""
        self._reading = False
        self._set_deadline(None)
        super().on_message_complete()

    def _count_head(self, size: int) -> None:
        self._head_bytes += size
        if self._head_bytes > MAX_HEAD_BYTES:
            # The parser turns this into its own error, which is answered with 400.
            raise httptools.HttpParserError("request head too large")

    def _set_deadline(self, seconds: float | None) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
        self._deadline = None if seconds is None else self.loop.call_later(seconds, self._late)

    def _late(self) -> None:
        self._deadline = None
        self._refuse(408, "The request did not come in time.")

    def _refuse(self, status: int, text: str) -> None:
        if self.transport.is_closing():
            return
        # There is no cycle before the first request, which its declared type does not say.
        cycle = cast("RequestResponseCycle | None", self.cycle)
        if cycle is None or not cycle.response_started:
            body = text.encode()
            head = STATUS_LINE[status] + (
                b"content-type: text/plain; charset=utf-8\r\nx-content-type-options: nosniff\r\n"
                b"content-length: %d\r\nconnection: close\r\n\r\n" % len(body)
            )
            self.transport.write(head + body)
        self.transport.close()
        self.loop.call_later(CLOSE_S, self.transport.abort)
