"""`/live`: a websocket that says to open pages what changed, never what is in it.

First frame `{"type": "live-hello", "ticket"}`, answered by `{"type": "hello"}`; then events. No cookie is trusted here.
"""

import asyncio
from contextlib import suppress
from typing import Annotated, Final

import msgspec
from starlette.types import Receive, Scope, Send
from starlette.websockets import WebSocket, WebSocketDisconnect

from protocol.errors import CloseCode
from tickets.domain.access import Action, Thing, requires
from tickets.services.hub import Subscription
from tickets.services.live import LiveService

_FIRST_FRAME_S: Final = 5.0
_MOST_SOCKETS: Final = 2_000


class LiveHello(msgspec.Struct, frozen=True, tag="live-hello"):
    """The first frame."""

    ticket: Annotated[str, msgspec.Meta(min_length=16, max_length=512)]


class Hello(msgspec.Struct, frozen=True, tag="hello"):
    """The socket ticket was good."""


@requires(Action.SEE, Thing.PORTAL)
class LiveSocket:
    """The ASGI endpoint. Everybody may knock; the socket ticket in the first frame is what a login stands behind."""

    def __init__(self, live: LiveService, origins: frozenset[str]) -> None:
        """`origins` is the exact allow-list."""
        self._live: Final = live
        self._origins: Final = origins
        self._open = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one socket."""
        socket = WebSocket(scope, receive, send)
        if socket.headers.get("origin") not in self._origins or self._open >= _MOST_SOCKETS:
            # Before the upgrade: the server answers 403.
            await socket.close(CloseCode.REFUSED)
            return
        await socket.accept()
        self._open += 1
        try:
            with suppress(WebSocketDisconnect, RuntimeError):
                await self._serve(socket)
        finally:
            self._open -= 1

    async def _serve(self, socket: WebSocket) -> None:
        try:
            async with asyncio.timeout(_FIRST_FRAME_S):
                hello = _parse_hello(await socket.receive())
        except TimeoutError:
            await socket.close(CloseCode.FIRST_FRAME_LATE)
            return
        if hello is None:
            await socket.close(CloseCode.MALFORMED)
            return
        login = await self._live.enter(hello.ticket)
        if login is None:
            await socket.close(CloseCode.REFUSED)
            return
        await _send(socket, Hello())
        with self._live.hub.subscribed(login) as subscription:
            await _relay_events(socket, subscription)


async def _relay_events(socket: WebSocket, subscription: Subscription) -> None:
    """Send events until the page goes, says something it must not, or its login ends."""

    async def tell() -> CloseCode:
        async for event in subscription.events():
            await _send(socket, event)
        return CloseCode.REFUSED

    async def hear() -> CloseCode | None:
        message = await socket.receive()
        return None if message["type"] == "websocket.disconnect" else CloseCode.MALFORMED

    tasks: set[asyncio.Task[CloseCode | None]] = {asyncio.create_task(tell()), asyncio.create_task(hear())}
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    code = done.pop().result()
    if code is not None:
        await socket.close(code)


def _parse_hello(message: object) -> LiveHello | None:
    text = message.get("text") if isinstance(message, dict) else None
    if not isinstance(text, str):
        return None
    try:
        return msgspec.json.decode(text, type=LiveHello)
    except (msgspec.MsgspecError, UnicodeEncodeError):
        return None


async def _send(socket: WebSocket, value: msgspec.Struct) -> None:
    await socket.send_text(msgspec.json.encode(value).decode())
