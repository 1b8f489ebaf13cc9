"""What an admin decides about the help desk, in one frozen object; the server's settings file fills it."""

from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Literal

from protocol.rights import Right
from protocol.tracking import DEFAULT_PREFIX


@dataclass(frozen=True)
class Limit:
    """At most `count` of something within `window`; the window starts with the first one."""

    count: int
    window: timedelta


@dataclass(frozen=True)
class Limits:
    """Brakes against guessing and flooding; addresses count by block (IPv4 /24, IPv6 /48)."""

    submit_address: Limit = Limit(120, timedelta(minutes=10))
    login_account: Limit = Limit(10, timedelta(minutes=15))
    login_address: Limit = Limit(60, timedelta(minutes=15))
    join_address: Limit = Limit(20, timedelta(minutes=10))
    join_all: Limit = Limit(1_000, timedelta(minutes=10))
    join_code_misses: int = 5
    # Two tells a session are usual; the rest is for retries.
    consent_ticket: Limit = Limit(60, timedelta(minutes=10))
    # Anybody can type anybody's address into the form.
    confirmation_recipient: Limit = Limit(20, timedelta(hours=1))


@dataclass(frozen=True)
class Lives:
    """How long proofs are good."""

    socket_ticket: timedelta = timedelta(seconds=30)
    join_code: timedelta = timedelta(minutes=10)
    cookie: timedelta = timedelta(hours=12)
    api_token: timedelta = timedelta(days=30)
    # docs/protocol section 3: readers refuse certificates over 30 days and grants over 12 hours.
    certificate: timedelta = timedelta(days=30)
    grant: timedelta = timedelta(hours=12)


@dataclass(frozen=True)
class SmtpServer:
    """The server that takes our mail; `ca` is a PEM file with the authorities to trust, the system's when empty.

    `security`: "tls" from the first byte, "starttls" without fail, or "none", which is for loopback.
    """

    host: str
    port: int
    security: Literal["tls", "starttls", "none"]
    user: str = ""
    password: str = field(default="", repr=False)
    ca: str = ""


@dataclass(frozen=True)
class MailSettings:
    """As whom mail goes out, and through which server."""

    name: str
    address: str
    smtp: SmtpServer


@dataclass(frozen=True)
class HelpDeskSettings:
    """Where the desk keeps its data and how it calls itself.

    `public_url` has no slash at its end; `allowed_origins` are the only origins from which browsers may change
    anything, `public_url` when the list is empty. Without `mail` nobody is sent any.
    """

    data_dir: Path
    public_url: str
    database_url: str = ""
    allowed_origins: tuple[str, ...] = ()
    organisation_name: str = "Help desk"
    tracking_prefix: str = DEFAULT_PREFIX
    session_rights: tuple[Right, ...] = (Right.VIEW, Right.CONTROL)
    mail: MailSettings | None = None
    limits: Limits = field(default_factory=Limits)
    lives: Lives = field(default_factory=Lives)

    @property
    def database(self) -> str:
        """The SQLAlchemy URL of the database; an SQLite file in the data folder unless set."""
        return self.database_url or f"sqlite+aiosqlite:///{self.data_dir / 'towline.db'}"

    @property
    def origins(self) -> frozenset[str]:
        """The exact origins that are ours."""
        return frozenset(self.allowed_origins or (self.public_url,))

    @property
    def keys_dir(self) -> Path:
        """Where the server's secret keys are."""
        return self.data_dir / "keys"
