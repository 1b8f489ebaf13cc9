"""One websocket to the relay (RFC 6455), with its ends as errors that people can read."""

import asyncio
import ssl
from typing import Any, Protocol

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidStatus, WebSocketException
from websockets.typing import Origin, Subprotocol

from agent.errors import AgentError
from agent.server import Server, is_loopback
from protocol.envelope import MAX_RECORD_BYTES, SUBPROTOCOL, CloseCode
from protocol.tracking import TrackingNumber

OPEN_S = 15.0
CLOSE_S = 2.0
# A small buffer in front of the socket: what waits there can no longer be overtaken by what is urgent.
WRITE_BUFFER_BYTES = 16_384


class LinkFailed(AgentError):
    """No connection came about; trying again later may help unless `final`."""

    def __init__(self, text: str, *, final: bool = False) -> None:
        super().__init__(text)
        self.final = final


class LinkClosed(AgentError):
    """The connection is over; `code` is the close code the other side gave, or None when it just went."""

    def __init__(self, code: int | None) -> None:
        super().__init__("The connection to the server is closed.")
        self.code = code


class Link(Protocol):
    """Text frames and binary frames, both ways."""

    async def send(self, frame: str | bytes) -> None:
        """Send one frame; returns once the socket has taken most of it. Raises LinkClosed."""

    async def receive(self) -> str | bytes:
        """Return the next frame. Raises LinkClosed."""

    async def close(self, code: int = CloseCode.DONE) -> None:
        """Close; never raises."""


class WebsocketLink:
    """A Link over the `websockets` client."""

    def __init__(self, socket: ClientConnection) -> None:
        self._socket = socket

    async def send(self, frame: str | bytes) -> None:
        """Send one frame. Raises LinkClosed."""
        try:
            await self._socket.send(frame)
        except ConnectionClosed as error:
            raise LinkClosed(_code(error)) from error

    async def receive(self) -> str | bytes:
        """Return the next frame. Raises LinkClosed."""
        try:
            return await self._socket.recv()
        except ConnectionClosed as error:
            raise LinkClosed(_code(error)) from error

    async def close(self, code: int = CloseCode.DONE) -> None:
        """Close; waits at most CLOSE_S for the other side."""
        await self._socket.close(code)


def _code(error: ConnectionClosed) -> int | None:
    return error.rcvd.code if error.rcvd is not None else None


class _Connect(connect):
    """Follows no redirect: the first frame carries a token that is for this server alone."""

    def process_redirect(self, exc: Exception) -> Exception | str:
        return exc


class Dialer:
    """Opens links to one server. `tls` is None for plain connections to this computer."""

    def __init__(self, server: Server, tls: ssl.SSLContext | None) -> None:
        self.server = server
        self._tls = tls

    async def open(self, tracking: TrackingNumber) -> Link:
        """Return a new connection to the agent's endpoint of a ticket. Raises LinkFailed."""
        options: dict[str, Any] = {"ssl": self._tls} if self.server.secure else {}
        try:
            socket = await _Connect(
                self.server.agent_socket(tracking),
                origin=Origin(self.server.origin),
                subprotocols=[Subprotocol(SUBPROTOCOL)],
                compression=None,
                # Nobody proxies to the computer itself.
                proxy=None if is_loopback(self.server.host) else True,
                open_timeout=OPEN_S,
                close_timeout=CLOSE_S,
                # The protocol has its own heartbeat, in the tunnel and on the control socket.
                ping_interval=None,
                max_size=MAX_RECORD_BYTES,
                write_limit=WRITE_BUFFER_BYTES,
                user_agent_header="towline-agent",
                **options,
            )
        except (OSError, WebSocketException, TimeoutError, EOFError, ValueError) as error:
            raise self._failure(error) from error
        if socket.subprotocol != SUBPROTOCOL:
            await asyncio.shield(socket.close())
            raise LinkFailed(f"{self.server.origin} is not a Towline server, or of another version.", final=True)
        return WebsocketLink(socket)

    def _failure(self, error: BaseException) -> LinkFailed:
        where = self.server.origin
        cause: BaseException | None = error
        while cause is not None:
            if isinstance(cause, ssl.SSLCertVerificationError):
                return LinkFailed(
                    f"The certificate of {where} is not trusted ({cause.verify_message}). If your organisation has its "
                    "own root certificate, name its file with --ca or TOWLINE_CA.",
                    final=True,
                )
            cause = cause.__cause__ or cause.__context__
        if isinstance(error, InvalidStatus):
            return LinkFailed(f"{where} did not open a connection (HTTP {error.response.status_code}).")
        if isinstance(error, InvalidHandshake):
            return LinkFailed(
                f"{where} did not open a connection; something in between may not let websockets through."
            )
        return LinkFailed(f"{where} cannot be reached. Check the network and the address.")
