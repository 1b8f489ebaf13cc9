"""`/live`: a websocket that says to open pages what changed, never what is in it, and who else has a ticket open.

First frame `{"type": "live-hello", "ticket"}`, answered by `{"type": "hello"}`; then events. No cookie is trusted here.
A page may say `{"type": "here", "tracking", "doing"}` now and then, and nothing else.
"""

import asyncio
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass
from typing import Annotated, Final, TypeVar

import msgspec
from starlette.types import Message, Receive, Scope, Send
from starlette.websockets import WebSocket, WebSocketDisconnect

from protocol.errors import CloseCode
from tickets.domain.access import Action, Thing, requires
from tickets.services.company import CompanyKeeper, Doing
from tickets.services.hub import Subscription
from tickets.services.live import Listener, LiveService
from tickets.web.asking import address_of

_FIRST_FRAME_S: Final = 5.0
_MOST_SOCKETS: Final = 2_000
# Sockets of one address that have not shown their ticket yet; one browser with many tabs is far below.
_MOST_NEWCOMERS: Final = 32
_LONGEST_FRAME: Final = 1_000
# A person who types and looks up again says two words in some seconds.
_MOST_WORDS: Final = 30
_WORDS_S: Final = 10.0

_Frame = TypeVar("_Frame")


class LiveHello(msgspec.Struct, frozen=True, tag="live-hello"):
    """The first frame."""

    ticket: Annotated[str, msgspec.Meta(min_length=16, max_length=512)]


class Hello(msgspec.Struct, frozen=True, tag="hello"):
    """The socket ticket was good."""


class Here(msgspec.Struct, frozen=True, tag="here"):
    """Which ticket the page shows, and what its technician does there."""

    tracking: Annotated[str, msgspec.Meta(pattern=r"^[A-Z]{1,5}-[0-9A-Z]{4}-[0-9A-Z]{4}$")]
    doing: Doing


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
            listener = await self._login(socket)
        finally:
            self._newcomers[address] -= 1
            if not self._newcomers[address]:
                del self._newcomers[address]
        if isinstance(listener, CloseCode):
            await socket.close(listener)
            return
        await _send(socket, Hello())
        with self._live.hub.subscribed(listener.login) as subscription:
            try:
                await _relay_events(socket, subscription, _Ears(self._live.company, subscription, listener))
            finally:
                self._live.company.gone(subscription)

    async def _login(self, socket: WebSocket) -> Listener | CloseCode:
        """Return who is behind the first frame, or why there is nobody."""
        try:
            async with asyncio.timeout(_FIRST_FRAME_S):
                hello = _parse_hello(await socket.receive())
        except TimeoutError:
            return CloseCode.FIRST_FRAME_LATE
        if hello is None:
            return CloseCode.MALFORMED
        return await self._live.enter(hello.ticket) or CloseCode.REFUSED


@dataclass
class _Ears:
    """Takes what a page says, at most `_MOST_WORDS` in `_WORDS_S` seconds."""

    company: CompanyKeeper
    page: Subscription
    listener: Listener
    words: int = 0
    since_s: float = 0.0

    def take(self, message: Message, now_s: float) -> CloseCode | None:
        """Take one message; returns why the page must go."""
        here = _parse_here(message)
        if here is None:
            return CloseCode.MALFORMED
        if now_s - self.since_s >= _WORDS_S:
            self.words, self.since_s = 0, now_s
        self.words += 1
        if self.words > _MOST_WORDS:
            return CloseCode.TOO_MANY
        who = self.listener
        self.company.here(self.page, who.technician, who.name, tracking=here.tracking, doing=here.doing)
        return None


async def _relay_events(socket: WebSocket, subscription: Subscription, ears: _Ears) -> None:
    """Send events until the page goes, says something it must not, or its login ends."""

    async def tell() -> CloseCode:
        async for event in subscription.events():
            await _send(socket, event)
        return CloseCode.REFUSED

    async def hear() -> CloseCode | None:
        clock = asyncio.get_running_loop().time
        while (message := await socket.receive())["type"] != "websocket.disconnect":
            code = ears.take(message, clock())
            if code is not None:
                return code
        return None

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


def _parse_hello(message: Message) -> LiveHello | None:
    return _parse(message, LiveHello)


def _parse_here(message: Message) -> Here | None:
    return _parse(message, Here)


def _parse(message: Message, kind: type[_Frame]) -> _Frame | None:
    text = message.get("text")
    if not isinstance(text, str) or len(text) > _LONGEST_FRAME:
        return None
    try:
        return msgspec.json.decode(text, type=kind)
    except (msgspec.MsgspecError, UnicodeEncodeError):
        return None


async def _send(socket: WebSocket, value: msgspec.Struct) -> None:
    await socket.send_text(msgspec.json.encode(value).decode())
