"""What an admin decides about the help desk, in one frozen object; the server's settings file fills it."""

from dataclasses import dataclass, field
from datetime import timedelta
from ipaddress import IPv4Network, IPv6Network
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
    # New requests after one that is closed.
    follow_up_ticket: Limit = Limit(5, timedelta(days=1))
    # Anybody can type anybody's address into the form.
    confirmation_recipient: Limit = Limit(20, timedelta(hours=1))
    # Mail that goes out: to people outside about one ticket, to one address, and in all. What is over is held.
    sent_ticket: Limit = Limit(60, timedelta(hours=1))
    sent_recipient: Limit = Limit(120, timedelta(hours=1))
    sent_all: Limit = Limit(3_000, timedelta(hours=1))
    # Anybody can ask for anybody's link; it goes to the address that has the request, and nowhere else.
    link_address: Limit = Limit(20, timedelta(minutes=10))
    link_recipient: Limit = Limit(5, timedelta(hours=1))
    rating_ticket: Limit = Limit(20, timedelta(minutes=10))
    rating_address: Limit = Limit(60, timedelta(minutes=10))
    my_address: Limit = Limit(60, timedelta(minutes=10))
    # Mail that comes in. What is over a limit is kept and waits for a technician; machines get less than people.
    mail_sender: Limit = Limit(60, timedelta(hours=1))
    mail_sender_automatic: Limit = Limit(20, timedelta(hours=1))
    mail_ticket: Limit = Limit(120, timedelta(hours=1))
    mail_ticket_automatic: Limit = Limit(10, timedelta(days=1))
    mail_all: Limit = Limit(3_000, timedelta(hours=1))


@dataclass(frozen=True)
class AttachmentLimits:
    """How much people may send; `file_bytes` is at most `tickets.web.uploads.MAX_UPLOAD_BYTES`."""

    file_bytes: int = 25 * 1024 * 1024
    ticket_bytes: int = 250 * 1024 * 1024
    ticket_count: int = 500
    message_count: int = 20
    # Files that one ticket's requester sends.
    requester: Limit = Limit(100, timedelta(hours=1))


@dataclass(frozen=True)
class Lives:
    """How long proofs are good."""

    socket_ticket: timedelta = timedelta(seconds=30)
    join_code: timedelta = timedelta(minutes=10)
    cookie: timedelta = timedelta(hours=12)
    api_token: timedelta = timedelta(days=30)
    # How long the mailed link to all of one person's requests opens them.
    request_list: timedelta = timedelta(hours=1)
    # How long somebody may think better of what they said about the help.
    rating: timedelta = timedelta(days=14)
    # docs/protocol section 3: readers refuse certificates over 30 days and grants over 12 hours.
    certificate: timedelta = timedelta(days=30)
    grant: timedelta = timedelta(hours=12)
    # After a solution: an answer within this time opens the request again, a later one becomes a request of its own.
    reopening: timedelta = timedelta(days=14)
    # A merge can be taken back so long.
    unmerging: timedelta = timedelta(hours=24)


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
    # Whether answers to `local+key@domain` arrive here: then each mail has a reply address of its own.
    plus_addressing: bool = False
    # Files of an answer that go along with its mail, in bytes; larger ones are named, and wait on the request's page.
    attached_bytes: int = 5 * 1024 * 1024


@dataclass(frozen=True)
class TokenSource:
    """Where an OAuth 2.0 access token comes from: a program that prints it, or a file that another program renews."""

    command: tuple[str, ...] = ()
    file: str = ""


@dataclass(frozen=True)
class ImapServer:
    """A mailbox to fetch from; `ca` as in SmtpServer, `processed` is the folder for mail that was taken.

    `security` as in SmtpServer. Without `processed` mail stays where it is and is marked as seen. With `token` there
    is no password: XOAUTH2 or OAUTHBEARER, whatever the server offers.
    """

    host: str
    port: int
    security: Literal["tls", "starttls", "none"]
    user: str
    password: str = field(default="", repr=False)
    token: TokenSource | None = None
    folder: str = "INBOX"
    processed: str = ""
    ca: str = ""

    @property
    def name(self) -> str:
        """What the mailbox is called, for people and for remembering how far it was read."""
        return f"{self.user}@{self.host}/{self.folder}"


@dataclass(frozen=True)
class MailListener:
    """Where mail may be delivered to us: an address and a port, or a local socket.

    `lmtp` says which protocol is spoken (RFC 2033 instead of RFC 5321). With a certificate STARTTLS is offered.
    """

    host: str = ""
    port: int = 0
    socket: str = ""
    lmtp: bool = False
    certificate: str = ""
    key: str = ""


@dataclass(frozen=True)
class IntakeSettings:
    """How mail comes in, and which addresses are ours.

    `authserv_id` is our own server's name in Authentication-Results (RFC 8601); without it From proves nothing.
    """

    addresses: tuple[str, ...]
    authserv_id: str = ""
    category: str = "Something else"
    imap: ImapServer | None = None
    listener: MailListener | None = None


@dataclass(frozen=True)
class WebhookSettings:
    """Where webhooks may lead besides public addresses; `ca` is a PEM file with the authorities to trust."""

    networks: tuple[IPv4Network | IPv6Network, ...] = ()
    ca: str = ""


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
    language: str = "en"
    session_rights: tuple[Right, ...] = (Right.VIEW, Right.CONTROL)
    mail: MailSettings | None = None
    intake: IntakeSettings | None = None
    limits: Limits = field(default_factory=Limits)
    lives: Lives = field(default_factory=Lives)
    webhooks: WebhookSettings = field(default_factory=WebhookSettings)
    attachments: AttachmentLimits = field(default_factory=AttachmentLimits)

    @property
    def database(self) -> str:
        """The SQLAlchemy URL of the database; an SQLite file in the data folder unless set."""
        return self.database_url or f"sqlite+aiosqlite:///{self.data_dir / 'towline.db'}"

    @property
    def origins(self) -> frozenset[str]:
        """The exact origins that are ours."""
        return frozenset(self.allowed_origins or (self.public_url,))

    @property
    def files_dir(self) -> Path:
        """Where the files of tickets are; nothing serves this folder."""
        return self.data_dir / "files"

    @property
    def keys_dir(self) -> Path:
        """Where the server's secret keys are."""
        return self.data_dir / "keys"
