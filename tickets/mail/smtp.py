"""Handing a mail to the server that takes it from here (RFC 5321, RFC 3207, RFC 8314)."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
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
_GOODBYE_S: Final = 5.0
MOST_MAILS: Final = 50
"""On one connection; many servers end it after a hundred."""
# The server goes away (RFC 5321 section 3.8).
_CLOSING: Final = 421
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


class Courier(Protocol):
    """Hands over several mails, one after the other."""

    async def send(self, sender: str, recipient: str, mail: bytes) -> None:
        """Hand one mail over. Raises NotSent; returns only when the other side took it on itself to deliver."""


class Mailer(Protocol):
    """Something that takes mail."""

    def round(self) -> AbstractAsyncContextManager[Courier]:
        """Give somebody who hands over mail until the context ends; nothing is connected before the first."""


class SmtpMailer:
    """Hands mail to an SMTP server; its certificate is always verified."""

    def __init__(self, server: SmtpServer) -> None:
        """Nothing is connected yet."""
        self._server: Final = server

    @asynccontextmanager
    async def round(self) -> AsyncIterator["SmtpCourier"]:
        """Give a courier whose connection is closed at the end."""
        courier = SmtpCourier(self._server)
        try:
            yield courier
        finally:
            await courier.leave()

    async def send(self, sender: str, recipient: str, mail: bytes) -> None:
        """Hand one mail over. Raises NotSent."""
        async with self.round() as courier:
            await courier.send(sender, recipient, mail)

    async def check(self) -> None:
        """Connect, secure the connection, log in, and send nothing. Raises NotSent."""
        async with self.round() as courier:
            await courier.check()


class SmtpCourier:
    """One connection for many mails; a new one when the server ended it, when it broke, or after MOST_MAILS."""

    def __init__(self, server: SmtpServer) -> None:
        """Nothing is connected yet."""
        self._server: Final = server
        self._client: SMTP | None = None
        self._mails = 0

    async def send(self, sender: str, recipient: str, mail: bytes) -> None:
        """Hand one mail over. Raises NotSent."""
        if self._mails >= MOST_MAILS:
            await self.leave()
        used = self._client is not None
        try:
            async with asyncio.timeout(WHOLE_S):
                try:
                    await self._hand_over(sender, recipient, mail)
                except _Stale:
                    # Servers end connections that rested, or carried enough: that says nothing about this mail.
                    self._drop()
                    if not used:
                        raise
                    await self._hand_over(sender, recipient, mail)
        except _Stale as stale:
            self._drop()
            raise self._whole_server(stale.cause) from stale.cause
        except TimeoutError as error:
            # Nobody knows how far it came: the connection is of no more use.
            self._drop()
            raise self._whole_server(error) from error
        self._mails += 1

    async def check(self) -> None:
        """Connect, secure the connection, log in, and send nothing. Raises NotSent."""
        try:
            async with asyncio.timeout(WHOLE_S):
                client = await self._connected()
                await client.noop()
        except _Stale as stale:
            raise self._whole_server(stale.cause) from stale.cause
        except (SMTPException, OSError) as error:
            raise self._whole_server(error) from error

    async def leave(self) -> None:
        """Say goodbye. What was taken before stays taken, however the server takes it."""
        client, self._client, self._mails = self._client, None, 0
        if client is None:
            return
        try:
            async with asyncio.timeout(_GOODBYE_S):
                await client.quit()
        except (SMTPException, OSError):
            pass
        finally:
            client.close()

    def _drop(self) -> None:
        client, self._client, self._mails = self._client, None, 0
        if client is not None:
            client.close()

    async def _hand_over(self, sender: str, recipient: str, mail: bytes) -> None:
        """Hand over on the connection there is, or a new one. Raises NotSent, and _Stale for what lies with it."""
        client = await self._connected()
        options = [] if recipient.isascii() and sender.isascii() else ["SMTPUTF8"]
        if not mail.isascii():
            options.append("BODY=8BITMIME")
        try:
            await client.sendmail(sender, [recipient], mail, mail_options=options)
        except SMTPNotSupported as error:
            raise NotSent(
                f"The SMTP server does not deliver to addresses like {recipient} (SMTPUTF8).", permanent=True
            ) from error
        except SMTPRecipientsRefused as error:
            refused = error.recipients[0]
            if refused.code == _CLOSING:
                raise _Stale(refused) from error
            raise NotSent(
                f"The SMTP server refused {recipient}: {refused.code} {refused.message}",
                permanent=_is_permanent(refused.code),
            ) from error
        except SMTPResponseException as error:
            if error.code == _CLOSING:
                raise _Stale(error) from error
            if isinstance(error, SMTPDataError):
                raise NotSent(
                    f"The SMTP server refused the mail: {error.code} {error.message}",
                    permanent=_is_permanent(error.code),
                ) from error
            raise NotSent(
                f"The SMTP server refused the sender {sender}: {error.code} {error.message} (check [mail] from).",
                whole_server=True,
            ) from error
        except (SMTPException, OSError) as error:
            raise _Stale(error) from error

    async def _connected(self) -> SMTP:
        if self._client is not None:
            return self._client
        client = self._new_client()
        try:
            await client.connect()
        except SMTPAuthenticationError as error:
            client.close()
            raise NotSent(
                f"The SMTP server refused the login: {error.code} (check user name and password in [mail] smtp_url).",
                whole_server=True,
            ) from error
        except (SMTPException, OSError) as error:
            client.close()
            raise _Stale(error) from error
        except BaseException:
            client.close()
            raise
        self._client = client
        return client

    def _new_client(self) -> SMTP:
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

    def _whole_server(self, error: Exception) -> NotSent:
        return NotSent(_explain(error, self._server), whole_server=True)


class _Stale(Exception):
    """The connection is at fault, not the mail."""

    def __init__(self, cause: Exception) -> None:
        super().__init__(str(cause))
        self.cause: Final = cause


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
