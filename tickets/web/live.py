"""`/live`: a websocket that says to open pages what changed, never what is in it.

First frame `{"type": "live-hello", "ticket"}`, answered by `{"type": "hello"}`; then events. No cookie is trusted here.
"""

import asyncio
from collections import Counter
from contextlib import suppress
from typing import Annotated, Final

import msgspec
from starlette.types import Receive, Scope, Send
from starlette.websockets import WebSocket, WebSocketDisconnect

from protocol.errors import CloseCode
from tickets.domain.access import Action, Thing, requires
from tickets.services.hub import Subscription
from tickets.services.live import LiveService
from tickets.web.asking import address_of

_FIRST_FRAME_S: Final = 5.0
_MOST_SOCKETS: Final = 2_000
# Sockets of one address that have not shown their ticket yet; one browser with many tabs is far below.
_MOST_NEWCOMERS: Final = 32


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
        self._newcomers: Counter[str] = Counter()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one socket."""
        socket = WebSocket(scope, receive, send)
        address = address_of(socket)
        crowded = self._open >= _MOST_SOCKETS or self._newcomers[address] >= _MOST_NEWCOMERS
        if socket.headers.get("origin") not in self._origins or crowded:
            # Before the upgrade: the server answers 403.
            await socket.close(CloseCode.REFUSED)
            return
        self._open += 1
        try:
            with suppress(WebSocketDisconnect, RuntimeError):
                await self._serve(socket, address)
        finally:
            self._open -= 1

    async def _serve(self, socket: WebSocket, address: str) -> None:
        self._newcomers[address] += 1
        try:
            await socket.accept()
            login = await self._login(socket)
        finally:
            self._newcomers[address] -= 1
            if not self._newcomers[address]:
                del self._newcomers[address]
        if isinstance(login, CloseCode):
            await socket.close(login)
            return
        await _send(socket, Hello())
        with self._live.hub.subscribed(login) as subscription:
            await _relay_events(socket, subscription)

    async def _login(self, socket: WebSocket) -> str | CloseCode:
        """Return the login behind the first frame, or why there is none."""
        try:
            async with asyncio.timeout(_FIRST_FRAME_S):
                hello = _parse_hello(await socket.receive())
        except TimeoutError:
            return CloseCode.FIRST_FRAME_LATE
        if hello is None:
            return CloseCode.MALFORMED
        return await self._live.enter(hello.ticket) or CloseCode.REFUSED


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
