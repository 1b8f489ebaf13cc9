"""A real SMTP server (aiosmtpd) on loopback that keeps what it is given, and can be told to refuse."""

import asyncio
import email
import ssl
import warnings
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.policy import SMTP as MAIL_POLICY
from typing import Literal

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session


def parse_mail(content: bytes) -> EmailMessage:
    """Return a mail as programs read it."""
    mail = email.message_from_bytes(content, policy=MAIL_POLICY)
    assert isinstance(mail, EmailMessage)
    return mail


def part(mail: EmailMessage, kind: Literal["plain", "html"]) -> str:
    """Return the text of one of the alternatives, with plain line ends."""
    body = mail.get_body((kind,))
    assert body is not None
    text: str = body.get_content()
    return text.replace("\r\n", "\n")


@dataclass
class MailPeer:
    """What came in: for each mail its envelope's sender and recipients, and itself."""

    port: int = 0
    mails: list[EmailMessage] = field(default_factory=list)
    raw: list[bytes] = field(default_factory=list)
    envelopes: list[tuple[str, tuple[str, ...]]] = field(default_factory=list)
    logins: list[tuple[str, str]] = field(default_factory=list)
    encrypted: list[bool] = field(default_factory=list)
    options: list[list[str]] = field(default_factory=list)
    # What to answer to a recipient, or after the mail, instead of taking it.
    refuse_recipient: Callable[[str], str | None] = lambda _address: None
    refuse_data: Callable[[], str | None] = lambda: None

    def to(self, recipient: str) -> list[EmailMessage]:
        """Return the mails to one recipient."""
        found = zip(self.envelopes, self.mails, strict=True)
        return [mail for (_, recipients), mail in found if recipient in recipients]

    async def handle_RCPT(
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        """Take or refuse a recipient."""
        if (answer := self.refuse_recipient(address)) is not None:
            return answer
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, _session: Session, envelope: Envelope) -> str:
        """Keep or refuse a mail."""
        if (answer := self.refuse_data()) is not None:
            return answer
        content = envelope.content
        assert isinstance(content, bytes)
        self.raw.append(content)
        self.mails.append(parse_mail(content))
        self.envelopes.append((envelope.mail_from or "", tuple(envelope.rcpt_tos)))
        transport = server.transport
        self.options.append([each for each in envelope.mail_options if not each.upper().startswith("SIZE=")])
        self.encrypted.append(transport is not None and transport.get_extra_info("sslcontext") is not None)
        return "250 taken"


@asynccontextmanager
async def mail_peer(
    peer: MailPeer | None = None,
    *,
    security: Literal["none", "starttls", "tls"] = "none",
    context: ssl.SSLContext | None = None,
    login: tuple[str, str] | None = None,
    smtputf8: bool = True,
) -> AsyncIterator[MailPeer]:
    """Run a server in this loop, on the peer's port or a free one."""
    kept = peer or MailPeer()

    def authenticate(
        _server: SMTP, _session: Session, _envelope: Envelope, _mechanism: str, data: object
    ) -> AuthResult:
        assert isinstance(data, LoginPassword)
        given = (data.login.decode(), data.password.decode())
        kept.logins.append(given)
        return AuthResult(success=given == login, handled=False)

    connected: list[SMTP] = []

    def protocol() -> SMTP:
        with warnings.catch_warnings():
            # It warns of passwords without TLS of its own, also where TLS is around it.
            warnings.simplefilter("ignore")
            made = make()
        connected.append(made)
        return made

    def make() -> SMTP:
        return SMTP(
            kept,
            hostname="mail.test",
            enable_SMTPUTF8=smtputf8,
            tls_context=context if security == "starttls" else None,
            require_starttls=security == "starttls",
            auth_required=login is not None,
            auth_require_tls=security == "starttls",
            authenticator=authenticate,
            loop=asyncio.get_running_loop(),
        )

    server = await asyncio.get_running_loop().create_server(
        protocol, "127.0.0.1", kept.port, ssl=context if security == "tls" else None
    )
    kept.port = server.sockets[0].getsockname()[1]
    try:
        yield kept
    finally:
        server.close()
        await server.wait_closed()
        for each in connected:
            if each.transport is not None:
                each.transport.close()
