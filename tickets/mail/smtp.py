"""Handing a mail to the server that takes it from here (RFC 5321, RFC 3207, RFC 8314)."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final, Protocol

import aiosmtplib
from aiosmtplib import (
    SMTP,
    SMTPAuthenticationError,
    SMTPConnectError,
    SMTPConnectTimeoutError,
    SMTPDataError,
    SMTPException,
    SMTPNotSupported,
    SMTPRecipientsRefused,
    SMTPResponseException,
)

from tickets.mail.message import header_line
from tickets.settings import SmtpServer

_COMMAND_S: Final = 20.0
# All of one mail, connecting included; a lease is longer than this.
WHOLE_S: Final = 60.0
# Refused for a reason that lies with our account, not with the mail (RFC 4954): worth another try once it is put right.
_OURS: Final = frozenset({530, 534, 535, 538})


class NotSent(Exception):
    """The mail was not taken; `str()` is for the admin.

    `permanent`: trying this mail again is of no use. `whole_server`: no other mail would fare better now.
    """

    def __init__(self, text: str, *, permanent: bool = False, whole_server: bool = False) -> None:
        super().__init__(header_line(text))
        self.permanent: Final = permanent
        self.whole_server: Final = whole_server


class Mailer(Protocol):
    """Something that takes mail."""

    async def send(self, sender: str, recipient: str, mail: bytes) -> None:
        """Hand one mail over. Raises NotSent; returns only when the other side took it on itself to deliver."""


class SmtpMailer:
    """A mailer that opens a connection for every mail; the server's certificate is always verified."""

    def __init__(self, server: SmtpServer) -> None:
        """Nothing is connected yet."""
        self._server: Final = server

    async def send(self, sender: str, recipient: str, mail: bytes) -> None:
        """Hand one mail over. Raises NotSent."""
        options = [] if recipient.isascii() and sender.isascii() else ["SMTPUTF8", "BODY=8BITMIME"]
        async with self._connected() as client:
            try:
                await client.sendmail(sender, [recipient], mail, mail_options=options)
            except SMTPNotSupported as error:
                raise NotSent(
                    f"The SMTP server does not deliver to addresses like {recipient} (SMTPUTF8).", permanent=True
                ) from error
            except SMTPRecipientsRefused as error:
                refused = error.recipients[0]
                raise NotSent(
                    f"The SMTP server refused {recipient}: {refused.code} {refused.message}",
                    permanent=_is_permanent(refused.code),
                ) from error
            except SMTPDataError as error:
                raise NotSent(
                    f"The SMTP server refused the mail: {error.code} {error.message}",
                    permanent=_is_permanent(error.code),
                ) from error
            except SMTPResponseException as error:
                raise NotSent(
                    f"The SMTP server refused the sender {sender}: {error.code} {error.message} (check [mail] from).",
                    whole_server=True,
                ) from error

    async def check(self) -> None:
        """Connect, secure the connection, log in, and send nothing. Raises NotSent."""
        async with self._connected() as client:
            await client.noop()

    @asynccontextmanager
    async def _connected(self) -> AsyncIterator[SMTP]:
        """Give a connection; what goes wrong on it unexpectedly is worth another try."""
        client = self._client()
        try:
            async with asyncio.timeout(WHOLE_S):
                await client.connect()
                yield client
                try:
                    await client.quit()
                except SMTPException:
                    # The mail was taken before; a server that just hangs up changes nothing.
                    client.close()
        except SMTPAuthenticationError as error:
            raise NotSent(
                f"The SMTP server refused the login: {error.code} (check user name and password in [mail] smtp_url).",
                whole_server=True,
            ) from error
        except (SMTPException, OSError) as error:
            raise NotSent(_explain(error, self._server), whole_server=True) from error
        finally:
            client.close()

    def _client(self) -> SMTP:
        server = self._server
        context: ssl.SSLContext | None = None
        if server.security != "none":
            try:
                context = tls_context(server)
            except OSError as error:
                raise NotSent(f"[mail] smtp_ca can't be used: {error.strerror or error}.", whole_server=True) from error
        return aiosmtplib.SMTP(
            hostname=server.host,
            port=server.port,
            username=server.user or None,
            password=server.password or None,
            use_tls=server.security == "tls",
            # Never left to what the server offers: somebody on the way could take the offer out.
            start_tls=server.security == "starttls",
            tls_context=context,
            timeout=_COMMAND_S,
        )


def tls_context(server: SmtpServer) -> ssl.SSLContext:
    """Return what verifies the server's certificate and name. Raises OSError, ssl.SSLError."""
    context = ssl.create_default_context(cafile=server.ca or None)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context


def _is_permanent(code: int) -> bool:
    return 500 <= code < 600 and code not in _OURS


def _explain(error: Exception, server: SmtpServer) -> str:
    """Say what went wrong with the server, and what to do; never what was sent."""
    where = f"{server.host}:{server.port}"
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ssl.SSLCertVerificationError):
            return (
                f"The certificate of {where} is not trusted ({cause.verify_message}): name its authority in [mail] "
                "smtp_ca, or correct the host name."
            )
        cause = cause.__cause__ or cause.__context__
    if isinstance(error, SMTPConnectTimeoutError | TimeoutError):
        return f"{where} did not answer in time: check [mail] smtp_url and the firewall."
    if isinstance(error, SMTPConnectError):
        return f"Nothing takes mail at {where}: check host and port in [mail] smtp_url, and that the server runs."
    if isinstance(error, SMTPResponseException):
        return f"{where} answered {error.code} {error.message}"
    if isinstance(error, SMTPException):
        return f"{where}: {error.message}"
    return f"{where}: the connection broke ({type(error).__name__})."
