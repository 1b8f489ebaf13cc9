"""The front process's server: one port for HTTP and websockets, its TLS, and an end that comes in bounded time."""

import asyncio
import contextlib
import ssl
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from email.utils import formatdate
from pathlib import Path
from typing import Any, Final

import structlog
import uvicorn
from uvicorn.server import ServerState

from protocol.envelope import MAX_RECORD_BYTES
from relay.connections import CLOSE_S, BoundedHttp, BoundedWebsocket

log: structlog.stdlib.BoundLogger = structlog.get_logger("relay.front")

# An idle browser connection is kept this long; new ones cost a TLS handshake.
KEEP_ALIVE_S: Final = 20
# Websockets that fall silent without a word (a closed notebook) are noticed by ping after this time, twice.
PING_S: Final = 20.0
TLS_HANDSHAKE_S: Final = 10.0
BACKLOG: Final = 2_048
# Everything in `stop` together stays under five seconds.
FAREWELL_S: Final = 2.0
DRAIN_S: Final = 1.5


@dataclass(frozen=True, slots=True)
class Listening:
    """Where the front listens. `port` 0 takes a free one; `certificate` and `key` are PEM files, or None for HTTP."""

    host: str
    port: int
    certificate: Path | None = None
    key: Path | None = None
    trusted_proxies: tuple[str, ...] = ()


def tls_context(certificate: Path, key: Path) -> ssl.SSLContext:
    """Return a context for TLS 1.2 and 1.3 with one certificate. Raises OSError, ssl.SSLError."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.options |= ssl.OP_NO_COMPRESSION | ssl.OP_NO_RENEGOTIATION
    # Forward secrecy and authenticated encryption only, in TLS 1.2 too.
    context.set_ciphers("ECDHE+AESGCM:ECDHE+CHACHA20")
    context.set_alpn_protocols(["http/1.1"])
    context.load_cert_chain(certificate, key)
    return context


class Front:
    """Serves an ASGI application; `farewell` is awaited first when it stops, while sockets still work.

    `port` is the port that is listened on, once it started.
    """

    def __init__(self, app: Any, listening: Listening, farewell: Callable[[], Awaitable[None]]) -> None:
        self._listening = listening
        self._farewell = farewell
        self._state = ServerState()
        self._server: asyncio.Server | None = None
        self._ticker: asyncio.Task[None] | None = None
        self.port = listening.port
        self._config = uvicorn.Config(
            app,
            http=BoundedHttp,
            ws=BoundedWebsocket,
            ws_max_size=MAX_RECORD_BYTES,
            ws_per_message_deflate=False,
            ws_ping_interval=PING_S,
            ws_ping_timeout=PING_S,
            lifespan="off",
            interface="asgi3",
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=bool(listening.trusted_proxies),
            forwarded_allow_ips=list(listening.trusted_proxies),
            timeout_keep_alive=KEEP_ALIVE_S,
        )

    @property
    def connections(self) -> tuple[asyncio.Protocol, ...]:
        """Return what is connected now."""
        return tuple(self._state.connections)

    async def start(self) -> None:
        """Listen. Raises OSError when the port is taken or the certificate can't be read."""
        self._config.load()
        context = None
        if self._listening.certificate is not None and self._listening.key is not None:
            context = tls_context(self._listening.certificate, self._listening.key)
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(
            self._connection,
            self._listening.host,
            self._listening.port,
            ssl=context,
            backlog=BACKLOG,
            ssl_handshake_timeout=None if context is None else TLS_HANDSHAKE_S,
            ssl_shutdown_timeout=None if context is None else CLOSE_S,
        )
        self.port = self._server.sockets[0].getsockname()[1]
        self._ticker = asyncio.create_task(self._tick(), name="front-clock")

    async def stop(self) -> None:
        """Take no new connections, say good-bye on those that are there, then cut off what is left."""
        if self._server is None:
            return
        self._server.close()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(FAREWELL_S):
                await self._farewell()
        for connection in list(self._state.connections):
            connection.shutdown()
        if not await self._drained(DRAIN_S):
            for connection in list(self._state.connections):
                connection.transport.abort()
            if not await self._drained(CLOSE_S / 2):
                log.warning("front.unfinished", requests=len(self._state.tasks))
        if self._ticker is not None:
            self._ticker.cancel()

    def _connection(self) -> asyncio.Protocol:
        return BoundedHttp(self._config, self._state, {}, asyncio.get_running_loop())

    async def _drained(self, seconds: float) -> bool:
        until = time.monotonic() + seconds
        while self._state.connections or self._state.tasks:
            if time.monotonic() > until:
                return False
            await asyncio.sleep(0.02)
        return True

    async def _tick(self) -> None:
        while True:
            self._state.default_headers = [(b"date", formatdate(usegmt=True).encode())]
            await asyncio.sleep(1.0)
