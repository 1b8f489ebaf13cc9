"""A websocket client that speaks ASGI to an application in process."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from starlette.types import ASGIApp, Message


@dataclass
class SocketClient:
    """The client's end; `closed` is the close code once the application closed."""

    to_app: "asyncio.Queue[Message]" = field(default_factory=asyncio.Queue)
    to_client: "asyncio.Queue[Message]" = field(default_factory=asyncio.Queue)
    closed: int | None = None

    async def send_text(self, text: str) -> None:
        """Send a text frame."""
        await self.to_app.put({"type": "websocket.receive", "text": text})

    async def send_bytes(self, data: bytes) -> None:
        """Send a binary frame."""
        await self.to_app.put({"type": "websocket.receive", "bytes": data})

    async def next(self, within_s: float = 5.0) -> Message:
        """Return what the application sends next."""
        async with asyncio.timeout(within_s):
            message = await self.to_client.get()
        if message["type"] == "websocket.close":
            self.closed = message.get("code", 1000)
        return message

    async def close_code(self, within_s: float = 5.0) -> int:
        """Skip what comes until the application closes, and return its code."""
        async with asyncio.timeout(within_s):
            while self.closed is None:
                await self.next(within_s)
        return self.closed


@asynccontextmanager
async def connected(
    app: ASGIApp, path: str, *, origin: str | None, headers: dict[str, str] | None = None
) -> AsyncIterator[SocketClient]:
    """Connect, and disconnect at the end of the block; the application must then be done within a moment."""
    client = SocketClient()
    sent = dict(headers or {})
    if origin is not None:
        sent["origin"] = origin
    scope: dict[str, Any] = {
        "type": "websocket",
        "asgi": {"version": "3.0", "spec_version": "2.4"},
        "http_version": "1.1",
        "scheme": "wss",
        "path": path,
        "raw_path": path.encode(),
        "root_path": "",
        "query_string": b"",
        "headers": [(name.encode(), value.encode()) for name, value in sent.items()],
        "client": ("127.0.0.1", 40_000),
        "server": ("help.towline.example", 443),
        "subprotocols": [],
        "state": {},
    }
    await client.to_app.put({"type": "websocket.connect"})

    async def run() -> None:
        await app(scope, client.to_app.get, client.to_client.put)

    task = asyncio.create_task(run())
    try:
        yield client
    finally:
        await client.to_app.put({"type": "websocket.disconnect", "code": 1001})
        async with asyncio.timeout(5):
            await task
