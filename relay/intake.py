"""What `[mail]` says about mail that comes in, taken apart and checked; no error text repeats a secret."""

from dataclasses import dataclass, field
from email.headerregistry import Address, AddressHeader
from email.policy import SMTP
from typing import Final
from urllib.parse import unquote, urlsplit

from relay.addresses import is_loopback
from relay.mail import Security, security_of

_PORTS: Final = {"tls": 993, "starttls": 143, "none": 143}
_HINT: Final = 'write "imaps://user:password@host", special characters percent-encoded'
_LISTEN_HINT: Final = 'write "127.0.0.1:2525", "lmtp:127.0.0.1:2424" or "lmtp:/run/towline/lmtp.sock"'


@dataclass(frozen=True)
class ImapUrl:
    """From where mail is fetched, and how that is secured."""

    host: str
    port: int
    security: Security
    user: str
    password: str = field(default="", repr=False)


@dataclass(frozen=True)
class ListenAt:
    """Where mail is taken in: an address and a port, or a local socket."""

    host: str = ""
    port: int = 0
    socket: str = ""
    lmtp: bool = False


def parse_imap_url(url: str, *, with_token: bool) -> ImapUrl:
    """Return what a URL says; `with_token` there is no password in it. Raises ValueError, with nothing of the URL."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise ValueError(f"it is no URL: {_HINT}") from None
    if parts.scheme not in ("imap", "imaps") or not parts.hostname:
        raise ValueError(f"it has to begin with imaps:// or imap:// and a host name: {_HINT}")
    if parts.path not in ("", "/") or parts.fragment:
        raise ValueError("it has to end after the host name or port; the folder is [mail] imap_folder")
    if not parts.username:
        raise ValueError(f"it names no user: {_HINT}")
    if (parts.password is None) != with_token:
        raise ValueError("give a password in it, or imap_token_command or imap_token_file, and not both")
    security = security_of(parts, secure_scheme="imaps")
    return ImapUrl(
        host=parts.hostname,
        port=port or _PORTS[security],
        security=security,
        user=unquote(parts.username),
        password=unquote(parts.password or ""),
    )


def parse_listen(text: str) -> ListenAt:
    """Return where to listen: `[lmtp:]host:port` or `[lmtp:]/path`. Raises ValueError."""
    lmtp = text.startswith("lmtp:")
    where = text.removeprefix("lmtp:").removeprefix("smtp:")
    if where.startswith("/"):
        return ListenAt(socket=where, lmtp=lmtp)
    host, colon, port = where.rpartition(":")
    host = host.removeprefix("[").removesuffix("]")
    if not colon or not host or not (port.isascii() and port.isdigit() and 0 < int(port) <= 65_535):
        raise ValueError(f"it has to be an address with a port, or a path: {_LISTEN_HINT}")
    if lmtp and not is_loopback(host):
        raise ValueError("LMTP is for a mail server on this machine only (RFC 2033 section 5): 127.0.0.1, or a path")
    return ListenAt(host=host, port=int(port), lmtp=lmtp)


def check_address(text: str) -> str:
    """Return an address of ours. Raises ValueError."""
    header = SMTP.header_factory("to", text) if text.isprintable() else None
    addresses: tuple[Address, ...] = header.addresses if isinstance(header, AddressHeader) else ()
    if header is None or header.defects or len(addresses) != 1 or addresses[0].addr_spec != text or not text.isascii():
        raise ValueError(f"{text!r} is no address like help@example.org")
    if "+" in text.partition("@")[0]:
        raise ValueError(f"{text!r}: give it without the part from + on, which is kept for answers")
    return text.casefold()
