"""What `[mail]` says, taken apart and checked; no text about what is wrong repeats the password."""

from dataclasses import dataclass, field
from email.headerregistry import Address, AddressHeader
from email.policy import SMTP
from typing import Final, Literal
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

from relay.addresses import is_loopback

Security = Literal["tls", "starttls", "none"]

_PORTS: Final = {"tls": 465, "starttls": 587, "none": 25}
_HINT: Final = 'write "smtps://user:password@host" or "smtp://user:password@host"'


@dataclass(frozen=True)
class SmtpUrl:
    """Where mail is handed over, and how that is secured."""

    host: str
    port: int
    security: Security
    user: str = ""
    password: str = field(default="", repr=False)


def parse_smtp_url(url: str) -> SmtpUrl:
    """Return what a URL says. Raises ValueError, whose text holds nothing of the URL."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise ValueError(f"it is no URL: {_HINT}, special characters percent-encoded") from None
    if parts.scheme not in ("smtp", "smtps") or not parts.hostname:
        raise ValueError(f"it has to begin with smtps:// or smtp:// and a host name: {_HINT}")
    if parts.path not in ("", "/") or parts.fragment:
        raise ValueError("it has to end after the host name or port; percent-encode special characters before that")
    if (parts.username is None) != (parts.password is None):
        raise ValueError("give both user name and password, or neither")
    security = security_of(parts, secure_scheme="smtps")
    return SmtpUrl(
        host=parts.hostname,
        port=port or _PORTS[security],
        security=security,
        user=unquote(parts.username or ""),
        password=unquote(parts.password or ""),
    )


def security_of(parts: SplitResult, *, secure_scheme: str) -> Security:
    """Return how a mail server's URL, which has a host, says that it is secured. Raises ValueError.

    `secure_scheme` speaks TLS from the first byte; any other scheme turns to it, on this machine alone not even that.
    """
    asked = dict(parse_qsl(parts.query, keep_blank_values=True))
    if parts.scheme == secure_scheme:
        if asked:
            raise ValueError(f"{secure_scheme}:// takes nothing behind a question mark")
        return "tls"
    starttls = asked.pop("starttls", "always")
    if asked or starttls not in ("always", "never"):
        raise ValueError("behind the question mark only starttls=always or starttls=never may stand")
    if starttls == "always":
        return "starttls"
    if not is_loopback(parts.hostname or ""):
        raise ValueError("starttls=never is for a mail server on this machine (localhost) only")
    return "none"


def parse_sender(text: str) -> tuple[str, str]:
    """Return name and address of `Name <name@example.org>` or of an address alone. Raises ValueError."""
    if not text.isprintable():
        raise ValueError("it holds control characters")
    header = SMTP.header_factory("from", text)
    addresses: tuple[Address, ...] = header.addresses if isinstance(header, AddressHeader) else ()
    if header.defects or len(addresses) != 1 or not addresses[0].username or not addresses[0].domain:
        raise ValueError('it has to be one address, like "Help desk <help@example.org>"')
    found = addresses[0]
    if not found.addr_spec.isascii():
        raise ValueError("the address has to be in ASCII, its domain as xn--…")
    return found.display_name, found.addr_spec
