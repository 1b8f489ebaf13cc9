"""Taking mail in as a server of its own: SMTP (RFC 5321) from other servers, or LMTP (RFC 2033) from our own.

A mail is answered with 250 when it is on disk, and with 4xx while that can't be: then the other server keeps it. Only
our own addresses are recipients, so nothing is ever relayed.
"""

import asyncio
import ipaddress
import socket
import ssl
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import structlog
from aiosmtpd.lmtp import LMTP
from aiosmtpd.smtp import SMTP, Envelope, Session
from sqlalchemy.exc import SQLAlchemyError

from tickets.mail.intake.receiving import Arrival, Receiver
from tickets.settings import MailListener

_log: structlog.stdlib.BoundLogger = structlog.get_logger("tickets.mail")

MAX_BYTES: Final = 50_000_000
MAX_CONNECTIONS: Final = 50
MAX_RECIPIENTS: Final = 100
_IDLE_S: Final = 120.0
_AGAIN_S: Final = 10.0
# Mail programs break the 998 characters of RFC 5322; that is no reason to lose what they sent.
_LINE_BYTES: Final = 262_144
_TOO_MANY: Final = b"421 4.7.0 Too many connections, try again later\r\n"
_TRY_LATER: Final = "451 4.3.0 The help desk can't keep the mail right now, try again later"


class _Counted(SMTP):
    """A session that its listener knows of from its beginning to its end."""

    line_length_limit = _LINE_BYTES
    open_sessions: set[SMTP]

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin, unless there are too many already; called once more when STARTTLS is through."""
        if self not in self.open_sessions and len(self.open_sessions) >= MAX_CONNECTIONS:
            if isinstance(transport, asyncio.WriteTransport):
                transport.write(_TOO_MANY)
            transport.close()
        self.open_sessions.add(self)
        super().connection_made(transport)

    def connection_lost(self, error: Exception | None) -> None:
        """End."""
        self.open_sessions.discard(self)
        super().connection_lost(error)


class _CountedLocal(_Counted, LMTP):
    """The same in LMTP."""


class Listener:
    """The server; `run` listens until it is cancelled."""

    def __init__(self, settings: MailListener, addresses: Sequence[str], receiver: Receiver) -> None:
        """Nothing listens yet."""
        self._settings: Final = settings
        self._addresses: Final = frozenset(address.casefold() for address in addresses)
        self._receiver: Final = receiver
        self._open: Final = set[SMTP]()
        self.port = 0

    async def run(self) -> None:
        """Listen until cancelled; where that can't be done it is tried again, as mail goes out in the meantime."""
        while True:
            try:
                server = await self.start()
            except OSError as error:
                _log.error("mail.not-listening", says=error.strerror or type(error).__name__, again_in_s=_AGAIN_S)
                await asyncio.sleep(_AGAIN_S)
            else:
                break
        try:
            await asyncio.Event().wait()
        finally:
            await self.stop(server)

    async def start(self) -> asyncio.Server:
        """Begin to listen. Raises OSError."""
        loop, settings = asyncio.get_running_loop(), self._settings
        if settings.socket:
            server = await loop.create_unix_server(self._session, sock=bound(Path(settings.socket)))
        else:
            server = await loop.create_server(self._session, settings.host, settings.port)
            self.port = server.sockets[0].getsockname()[1]
        _log.info("mail.listening", lmtp=settings.lmtp, port=self.port)
        return server

    async def stop(self, server: asyncio.Server) -> None:
        """Listen no more and end what is connected."""
        server.close()
        for session in list(self._open):
            if session.transport is not None:
                session.transport.close()
        await server.wait_closed()

    def _session(self) -> SMTP:
        settings = self._settings
        kind = _CountedLocal if settings.lmtp else _Counted
        context = None
        if settings.certificate:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.minimum_version = ssl.TLSVersion.TLSv1_2
            context.load_cert_chain(settings.certificate, settings.key)
        session = kind(
            self,
            data_size_limit=MAX_BYTES,
            enable_SMTPUTF8=True,
            hostname="towline",
            ident="Towline",
            tls_context=context,
            timeout=_IDLE_S,
            loop=asyncio.get_running_loop(),
        )
        session.open_sessions = self._open
        return session

    # The names below are aiosmtpd's: it calls them for what comes in.

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's name
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        """Take our own addresses, and reply addresses under them."""
        if len(envelope.rcpt_tos) >= MAX_RECIPIENTS:
            return "452 4.5.3 Too many recipients"
        if not self.is_ours(address):
            return "550 5.1.1 There is no such mailbox here, and mail for others is not passed on"
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 OK"

    async def handle_DATA(  # noqa: N802 - aiosmtpd's name
        self, _server: SMTP, session: Session, envelope: Envelope
    ) -> str:
        """Keep a mail; one answer for each recipient in LMTP (RFC 2033 section 4.2)."""
        content = envelope.original_content or b""
        arrival = Arrival(
            "lmtp" if self._settings.lmtp else "smtp",
            trusted=self._is_local(session),
            recipients=tuple(envelope.rcpt_tos),
        )
        try:
            await self._receiver.receive(stamped(content, envelope.mail_from or ""), arrival)
        except (SQLAlchemyError, OSError):
            _log.exception("mail.not-kept")
            answer = _TRY_LATER
        else:
            answer = "250 2.0.0 Kept"
        return "\r\n".join([answer] * len(envelope.rcpt_tos)) if self._settings.lmtp else answer

    async def handle_exception(self, error: Exception) -> str:
        """Answer what nobody foresaw: the other server shall keep its mail."""
        _log.error("mail.listener-failed", error=type(error).__name__)
        return _TRY_LATER

    def is_ours(self, address: str) -> bool:
        """Whether an address is one of ours, or under one."""
        local, _, domain = address.casefold().rpartition("@")
        return f"{local.partition('+')[0]}@{domain}" in self._addresses or address.casefold() in self._addresses

    def _is_local(self, session: Session) -> bool:
        """Whether the peer is on this machine: our own mail server, which took out forged verdicts."""
        if self._settings.socket:
            return True
        # For TCP it is address and port, whatever its annotation says.
        peer: object = session.peer
        try:
            return isinstance(peer, tuple) and ipaddress.ip_address(peer[0]).is_loopback
        except ValueError:
            return False


def bound(path: Path) -> socket.socket:
    """Return a local socket; one that a dead process left is replaced. Raises OSError."""
    if path.is_socket():
        path.unlink()
    made = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        made.bind(str(path))
        # Who may deliver is decided by the folder's permissions and the group.
        path.chmod(0o660)
    except OSError:
        made.close()
        raise
    return made


def stamped(content: bytes, sender: str) -> bytes:
    """Return a mail with its envelope's sender on top, as the last server writes it (RFC 5321 section 4.4).

    Nothing else is added: sent again after a crash, the same mail is the same bytes.
    """
    safe = "".join(c for c in sender if c.isprintable() and c not in "<>").encode("utf-8", "replace")
    return b"Return-Path: <" + safe + b">\r\n" + content
