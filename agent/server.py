"""The server's address: how people write it, what programs need of it, and how its certificate is checked."""

import ipaddress
import ssl
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from agent.errors import AgentError
from protocol.tracking import TrackingNumber

_PORTS = {"https": 443, "http": 80}


class BadServer(AgentError):
    """The text is no address of a server that may be talked to."""


def is_loopback(host: str) -> bool:
    """Whether `host` is this computer by its very name."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


@dataclass(frozen=True)
class Server:
    """One server; `netloc` is host and, when it is not the usual one, port."""

    scheme: str
    host: str
    netloc: str

    @property
    def origin(self) -> str:
        """What browsers and we call it in the Origin header (RFC 6454)."""
        return f"{self.scheme}://{self.netloc}"

    @property
    def secure(self) -> bool:
        """Whether TLS is spoken; always, but on this computer."""
        return self.scheme == "https"

    def api(self, path: str) -> str:
        """Return the URL of an API route; `path` begins with a slash."""
        return f"{self.origin}/api/v1{path}"

    def agent_socket(self, tracking: TrackingNumber) -> str:
        """Return the websocket URL of an agent's sockets."""
        return f"{'wss' if self.secure else 'ws'}://{self.netloc}/relay/{tracking}/agent"


def parse_server(text: str) -> Server:
    """Read an address such as `https://help.example.org`; without a scheme it is https. Raises BadServer."""
    text = text.strip()
    try:
        parts = urlsplit(text if "://" in text else f"https://{text}")
        port = parts.port
    except ValueError as error:
        raise BadServer(f"{text!r} is not the address of a server. It looks like https://help.example.org.") from error
    host = parts.hostname or ""
    if parts.scheme not in _PORTS or not host or parts.username is not None or parts.path.strip("/") or parts.query:
        raise BadServer(f"{text!r} is not the address of a server. It looks like https://help.example.org.")
    if parts.scheme == "http" and not is_loopback(host):
        raise BadServer(
            f"The server must be reached by https; plain http is for this computer only. Try https://{host}."
        )
    shown = f"[{host}]" if ":" in host else host
    usual = port is None or port == _PORTS[parts.scheme]
    return Server(parts.scheme, host, shown if usual else f"{shown}:{port}")


def tls_context(ca: Path | None) -> ssl.SSLContext:
    """Return how certificates are checked: by the system's authorities, or by the one in `ca` alone.

    Raises BadServer when the file cannot be used.
    """
    if ca is None:
        return ssl.create_default_context()
    try:
        return ssl.create_default_context(cafile=str(ca))
    except (OSError, ssl.SSLError) as error:
        raise BadServer(
            f"The certificate file {ca} cannot be used. Ask your administrator for the server's root certificate (PEM)."
        ) from error
