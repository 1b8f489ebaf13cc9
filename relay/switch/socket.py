"""One websocket as the switch sees it, over the bare ASGI callables of the server.

A client can stop reading at any moment, so nothing here waits for it without a bound of its own or of the caller's.
"""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from protocol.envelope import SUBPROTOCOL, CloseCode, Control, pack_control

Message = MutableMapping[str, Any]
Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

# For people who look at a client's log; programs read the number.
CLOSE_TEXTS: dict[CloseCode, str] = {
    CloseCode.DONE: "done",
    CloseCode.MALFORMED: "not a frame that is allowed here",
    CloseCode.REFUSED: "refused",
    CloseCode.FIRST_FRAME_LATE: "the first frame came too late",
    CloseCode.REPLACED: "a newer connection took the place of this one",
    CloseCode.ENDED: "the session was ended",
    CloseCode.TOO_LARGE: "frame too large",
    CloseCode.TOO_MANY: "too many connections, try again later",
    CloseCode.PEER_GONE: "the other end is gone",
    CloseCode.AGENT_OFFLINE: "no agent came in time",
    CloseCode.STALLED: "nothing could be sent for too long",
    CloseCode.GOING_AWAY: "the server is stopping, come back later",
}


class SocketGone(Exception):
    """The client closed its socket or the line broke; `code` is what it said (1005 and 1006: nothing)."""

    def __init__(self, code: int) -> None:
        super().__init__(f"socket closed by the client with {code}")
        self.code = code


class Goodbye(Exception):
    """This socket is to be closed with `code`."""

    def __init__(self, code: CloseCode) -> None:
        super().__init__(CLOSE_TEXTS[code])
        self.code = code


class Socket:
    """An accepted websocket. `close` may be called by any task, any number of times."""

    __slots__ = ("_close_s", "_closed", "_receive", "_send", "address")

    def __init__(self, receive: Receive, send: Send, address: str, close_s: float) -> None:
        self._receive = receive
        self._send = send
        self._close_s = close_s
        self._closed = False
        self.address = address

    @property
    def closed(self) -> bool:
        """Whether a close frame was sent or the client is gone."""
        return self._closed

    async def accept(self) -> None:
        """Complete the upgrade. Raises SocketGone."""
        await self._deliver({"type": "websocket.accept", "subprotocol": SUBPROTOCOL})

    async def receive(self) -> str | bytes:
        """Return the next text or binary frame. Raises SocketGone, also after `close`."""
        if self._closed:
            raise SocketGone(1006)
        message = await self._receive()
        if message["type"] == "websocket.receive":
            text: str | None = message.get("text")
            if text is not None:
                return text
            data: bytes = message["bytes"]
            return data
        self._closed = True
        raise SocketGone(message.get("code") or 1006)

    async def send(self, frame: Control) -> None:
        """Send a control frame. Raises SocketGone."""
        await self._deliver({"type": "websocket.send", "text": pack_control(frame)})

    async def send_record(self, record: bytes) -> None:
        """Send a sealed record as it is; waits while the client does not read. Raises SocketGone."""
        await self._deliver({"type": "websocket.send", "bytes": record})

    async def tell(self, frame: Control) -> None:
        """Send a control frame if that is possible within the time that closing may take."""
        if not self._closed:
            with contextlib.suppress(SocketGone, TimeoutError):
                async with asyncio.timeout(self._close_s):
                    await self.send(frame)

    async def close(self, code: CloseCode) -> None:
        """Close with a code; returns at once when the socket is closed already, and never raises."""
        if self._closed:
            return
        self._closed = True
        with contextlib.suppress(OSError, TimeoutError):
            async with asyncio.timeout(self._close_s):
                await self._send({"type": "websocket.close", "code": int(code), "reason": CLOSE_TEXTS[code]})

    async def _deliver(self, message: Message) -> None:
        if self._closed:
            raise SocketGone(1006)
        try:
            await self._send(message)
        except OSError as error:
            # ASGI 2.4: sending to a client that is gone raises an OSError.
            self._closed = True
            raise SocketGone(1006) from error
        except RuntimeError as error:
            # Another task closed the socket while this one waited for room: the server calls that out of order.
            if not self._closed:
                raise
            raise SocketGone(1006) from error
