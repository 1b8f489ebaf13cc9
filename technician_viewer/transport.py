"""The websocket to the relay: where it goes, how it is trusted, and what its end means (docs/protocol, section 2)."""

import asyncio
import ipaddress
import ssl
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import SplitResult, urlsplit

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus, WebSocketException
from websockets.typing import Origin, Subprotocol

from protocol.envelope import MAX_RECORD_BYTES, SUBPROTOCOL
from technician_viewer.errors import ServerUnreachable, UnusableState

CONNECT_S: Final = 15.0
# A peer that does not answer the closing handshake is left behind after this long.
CLOSE_S: Final = 2.0
_SCHEMES: Final = {"https": "wss", "http": "ws"}


@dataclass(frozen=True)
class Server:
    """A server's address as given by a person: scheme, host and port, nothing behind them."""

    secure: bool
    host: str
    port: int | None

    @property
    def netloc(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port is None else f"{host}:{self.port}"

    @property
    def origin(self) -> str:
        """The web origin (RFC 6454)."""
        return f"{'https' if self.secure else 'http'}://{self.netloc}"

    def socket_url(self, tracking: str) -> str:
        """Return where a viewer of this ticket connects."""
        return f"{'wss' if self.secure else 'ws'}://{self.netloc}/relay/{tracking}/viewer"


def is_loopback(host: str) -> bool:
    """Whether `host` is this machine for sure."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def parse_server(text: str) -> Server:
    """Read a server's address; `https://` is meant when no scheme is given. Raises ServerUnreachable.

    Plain HTTP is for this machine only: everywhere else it would show the login to the network.
    """
    text = text.strip()
    try:
        parts: SplitResult = urlsplit(text if "://" in text else f"https://{text}")
        host, port = parts.hostname, parts.port
    except ValueError:
        host, port, parts = None, None, urlsplit("")
    if (
        parts.scheme not in _SCHEMES
        or not host
        or parts.username is not None
        or parts.path.strip("/")
        or parts.query
        or parts.fragment
    ):
        raise ServerUnreachable(
            "That is not a server's address. Give it as https://help.example.org, with a port if it needs one.",
            "bad-address",
        )
    if parts.scheme == "http" and not is_loopback(host):
        raise ServerUnreachable(
            f"Plain http is for this machine only. Use https://{host} instead.",
            "plain-http",
        )
    if port == (443 if parts.scheme == "https" else 80):
        port = None
    return Server(secure=parts.scheme == "https", host=host, port=port)


def tls_context(ca: Path | None) -> ssl.SSLContext:
    """Return what certificates are verified with: the system's roots, or only `ca` when given. Raises UnusableState."""
    try:
        return ssl.create_default_context(cafile=None if ca is None else str(ca))
    except (OSError, ssl.SSLError) as error:
        raise UnusableState(
            f"The certificate file {ca} can't be used: {error.strerror or 'it holds no certificate'}. "
            "Ask your administrator for the server's root certificate.",
            "bad-ca",
        ) from error


def unreachable(server: Server, error: BaseException) -> ServerUnreachable:
    """Return why no connection came about, in one line."""
    if isinstance(cause := _certificate_error(error), ssl.SSLCertVerificationError):
        return ServerUnreachable(
            f"The certificate of {server.origin} is not trusted ({cause.verify_message or 'not verified'}). "
            "If the server has its own root certificate, give it with --ca or TOWLINE_CA.",
            "tls",
        )
    if isinstance(cause, ssl.SSLError):
        return ServerUnreachable(
            f"{server.origin} does not speak TLS as it should. Check the address and the port.", "tls"
        )
    if isinstance(error, TimeoutError):
        return ServerUnreachable(f"{server.origin} did not answer in time. Check the network.", "unreachable")
    return ServerUnreachable(
        f"{server.origin} can't be reached. Check the address, the network, and whether the server runs.",
        "unreachable",
    )


def _certificate_error(error: BaseException | None) -> BaseException | None:
    """Return the TLS error among `error` and its causes, if there is one."""
    while error is not None:
        if isinstance(error, ssl.SSLError):
            return error
        error = error.__cause__ or error.__context__
    return None


class _Connect(connect):
    """Follows no redirect: the first frame holds a ticket that is for one server alone."""

    def process_redirect(self, exc: Exception) -> Exception | str:
        return exc


class SocketClosed(Exception):
    """The websocket is closed; `code` is the server's close code, None when it broke."""

    def __init__(self, code: int | None, detail: str) -> None:
        super().__init__(detail)
        self.code: Final = code


class Transport:
    """An open websocket; what it raises is SocketClosed and nothing else."""

    def __init__(self, socket: ClientConnection) -> None:
        self._socket = socket
        self.received_bytes = 0
        self.sent_bytes = 0

    async def receive(self) -> str | bytes:
        """Return the next message. Raises SocketClosed."""
        try:
            data = await self._socket.recv()
        except ConnectionClosed as error:
            raise _closed(error) from error
        self.received_bytes += len(data)
        return data

    async def send(self, data: str | bytes) -> None:
        """Hand over one message; waits while the socket's buffer is full. Raises SocketClosed."""
        self.sent_bytes += len(data)
        try:
            await self._socket.send(data)
        except ConnectionClosed as error:
            raise _closed(error) from error

    async def close(self) -> None:
        """Close with code 1000; never raises, waits CLOSE_S at most for the other side."""
        await self._socket.close()


def _closed(error: ConnectionClosed) -> SocketClosed:
    return SocketClosed(None if error.rcvd is None else error.rcvd.code, str(error))


async def open_transport(server: Server, tracking: str, *, ca: Path | None = None) -> Transport:
    """Connect to the relay. Raises ServerUnreachable; `code` is `http-…` when the server answered no websocket."""
    try:
        socket = await _Connect(
            server.socket_url(tracking),
            origin=Origin(server.origin),
            subprotocols=[Subprotocol(SUBPROTOCOL)],
            compression=None,
            # Nobody proxies to the own machine.
            proxy=None if is_loopback(server.host) else True,
            ssl=await asyncio.to_thread(tls_context, ca) if server.secure else None,
            open_timeout=CONNECT_S,
            close_timeout=CLOSE_S,
            max_size=MAX_RECORD_BYTES,
            user_agent_header="towline-viewer",
        )
    except InvalidStatus as error:
        status = error.response.status_code
        raise ServerUnreachable(
            f"{server.origin} did not open a session socket (HTTP {status}). Check the address and any proxy between.",
            f"http-{status}",
        ) from error
    except (OSError, WebSocketException, ValueError, EOFError) as error:
        raise unreachable(server, error) from error
    if socket.subprotocol != SUBPROTOCOL:
        await socket.close()
        raise ServerUnreachable(
            f"{server.origin} speaks another version of the protocol. Bring this program to the server's version.",
            "wrong-version",
        )
    return Transport(socket)
