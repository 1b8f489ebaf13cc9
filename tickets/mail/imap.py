"""Fetching mail from a mailbox (RFC 9051): at once when it comes, by IDLE (RFC 2177), each only after it is kept.

The protocol runs in a thread, one command after the other; what is decided and written happens in the loop.
"""

import asyncio
import contextlib
import logging
import socket
import ssl
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, TypeVar

import structlog
from imapclient import IMAPClient, SocketTimeout  # type: ignore[import-untyped]
from imapclient.exceptions import IMAPClientError, LoginError  # type: ignore[import-untyped]

from tickets.mail.intake.receiving import Arrival, Place, Receiver
from tickets.mail.message import header_line
from tickets.mail.reading.limits import MAX_MAIL_BYTES
from tickets.services.context import Context
from tickets.settings import ImapServer, TokenSource
from tickets.store import mailboxes as mailbox_store
from tickets.store import raw_mails as raw_store
from tickets.store.mailboxes import MailboxRow

_log: structlog.stdlib.BoundLogger = structlog.get_logger("tickets.mail")

_T = TypeVar("_T")

_CONNECT_S: Final = 20.0
_READ_S: Final = 60.0
# RFC 2177 asks for 29 minutes at most. Much sooner, since a dead connection is found by this alone, and since a mail
# that comes in between looking and waiting is found by the next look.
IDLE_S: Final = 120.0
_POLL_S: Final = 20.0
_FIRST_WAIT_S: Final = 1.0
_LONGEST_WAIT_S: Final = 300.0
_TOKEN_S: Final = 30.0


class MailboxTrouble(Exception):
    """The mailbox can't be used; `str()` is for the admin and holds no secret."""

    def __init__(self, text: str) -> None:
        super().__init__(header_line(text))


@dataclass(frozen=True)
class Selected:
    """The mailbox as the server showed it."""

    uidvalidity: int
    uidnext: int


class Connection:
    """One connection to the server. Every method blocks: call it in a thread. They raise MailboxTrouble."""

    def __init__(self, server: ImapServer) -> None:
        """Nothing is connected yet."""
        self._server: Final = server
        self._client: Any = None
        self._has_idle = False

    def open(self, token: str) -> Selected:
        """Connect, secure, log in, and open the folder; `token` is an OAuth access token, or empty."""
        server = self._server
        # It would write out what is sent, logins included.
        logging.getLogger("imapclient").setLevel(logging.WARNING)
        context = None
        if server.security != "none":
            context = ssl.create_default_context(cafile=server.ca or None)
            context.minimum_version = ssl.TLSVersion.TLSv1_2
        client = self._client = IMAPClient(
            server.host,
            server.port,
            ssl=server.security == "tls",
            ssl_context=context,
            timeout=SocketTimeout(_CONNECT_S, _READ_S),
        )
        if server.security == "starttls":
            # Never left to what the server offers: somebody on the way could take the offer out.
            client.starttls(context)
        if not token:
            client.login(server.user, server.password)
        elif client.has_capability("AUTH=OAUTHBEARER"):
            client.oauthbearer_login(server.user, token)
        else:
            client.oauth2_login(server.user, token)
        self._has_idle = bool(client.has_capability("IDLE"))
        if server.processed and not client.folder_exists(server.processed):
            client.create_folder(server.processed)
        shown = client.select_folder(server.folder)
        return Selected(int(shown[b"UIDVALIDITY"]), int(shown.get(b"UIDNEXT", 1)))

    def after(self, uid: int) -> list[int]:
        """Return the UIDs that are larger, in order."""
        # A range of UIDs always gives the last one, however small it is (RFC 9051 section 9).
        return sorted(each for each in self._client.search(["UID", f"{uid + 1}:*"]) if each > uid)

    def unseen(self) -> list[int]:
        """Return the UIDs of mail that nobody read."""
        return sorted(self._client.search(["UNSEEN"]))

    def since(self, day: datetime) -> list[int]:
        """Return the UIDs of mail that came on this day or later."""
        return sorted(self._client.search(["SINCE", day.date()]))

    def untouched(self, uid: int) -> list[int]:
        """Return the UIDs up to this one that still look as if nobody had taken them."""
        found = self._client.search(["ALL"] if self._server.processed else ["UNSEEN"])
        return sorted(each for each in found if each <= uid)

    def fetch(self, uid: int) -> tuple[bytes, str] | None:
        """Return a mail, or its header and why no more; None when it is gone."""
        found = self._client.fetch([uid], ["RFC822.SIZE"]).get(uid)
        if found is None:
            return None
        size = int(found.get(b"RFC822.SIZE", 0))
        if size > MAX_MAIL_BYTES:
            answer = self._client.fetch([uid], ["BODY.PEEK[HEADER]"]).get(uid, {})
            why = f"It is too large ({size / 1_048_576:.0f} MB), and is still in the mailbox {self._server.name}."
            return bytes(answer.get(b"BODY[HEADER]", b"")), why
        answer = self._client.fetch([uid], ["BODY.PEEK[]"]).get(uid)
        return None if answer is None else (bytes(answer[b"BODY[]"]), "")

    def taken(self, uid: int) -> None:
        """Put a mail where taken mail goes, or mark it."""
        if not self._server.processed:
            self._client.add_flags([uid], [b"\\Seen"], silent=True)
        elif self._client.has_capability("MOVE"):
            self._client.move([uid], self._server.processed)
        else:
            self._client.copy([uid], self._server.processed)
            self._client.add_flags([uid], [b"\\Deleted"], silent=True)
            if self._client.has_capability("UIDPLUS"):
                self._client.uid_expunge([uid])

    def wait(self, idle_s: float) -> None:
        """Wait until the server says something, or for so long."""
        if not self._has_idle:
            self._client.noop()
            return
        self._client.idle()
        try:
            self._client.idle_check(timeout=idle_s)
        finally:
            self._client.idle_done()

    @property
    def has_idle(self) -> bool:
        """Whether the server tells by itself that mail came."""
        return self._has_idle

    def close(self) -> None:
        """Log out."""
        client, self._client = self._client, None
        if client is None:
            return
        try:
            client.logout()
        except (IMAPClientError, OSError):
            with contextlib.suppress(IMAPClientError, OSError):
                client.shutdown()

    def abort(self) -> None:
        """End whatever another thread is waiting for on this connection."""
        client = self._client
        if client is not None:
            with contextlib.suppress(OSError, AttributeError):
                client.socket().shutdown(socket.SHUT_RDWR)


class MailboxFetcher:
    """Keeps a connection to a mailbox, and hands what comes to the receiver."""

    def __init__(
        self,
        context: Context,
        server: ImapServer,
        receiver: Receiver,
        *,
        idle_s: float = IDLE_S,
        sleep: Callable[[float], Any] = asyncio.sleep,
    ) -> None:
        """Nothing is connected yet."""
        self._context: Final = context
        self._server: Final = server
        self._receiver: Final = receiver
        self._idle_s: Final = idle_s
        self._sleep: Final = sleep

    async def run(self) -> None:
        """Fetch until cancelled; a server that is away is tried again, less and less often."""
        wait_s = _FIRST_WAIT_S
        while True:
            began = asyncio.get_running_loop().time()
            try:
                await self._session()
            except MailboxTrouble as trouble:
                _log.warning("mail.mailbox-trouble", mailbox=self._server.name, says=str(trouble), again_in_s=wait_s)
            except Exception:  # noqa: BLE001 - the edge of the task: it must not end
                # The database may be away, or the server says what nobody foresaw.
                _log.exception("mail.fetching-failed", mailbox=self._server.name, again_in_s=wait_s)
            if asyncio.get_running_loop().time() - began > _LONGEST_WAIT_S:
                wait_s = _FIRST_WAIT_S
            await self._sleep(wait_s)
            wait_s = min(2 * wait_s, _LONGEST_WAIT_S)

    async def check(self) -> None:
        """Connect, log in and open the folder; nothing is fetched. Raises MailboxTrouble."""
        async with self._connected():
            pass

    async def _session(self) -> None:
        async with self._connected() as (connection, selected):
            box = await self._begin(connection, selected)
            await self._tidy(connection, box)
            while True:
                fresh = await self._call(connection, connection.after, box.last_uid)
                for uid in fresh:
                    await self._take(connection, box, uid)
                if fresh:
                    box = MailboxRow(box.id, box.name, box.uidvalidity, fresh[-1], box.since)
                    continue
                await self._call(connection, connection.wait, self._idle_s)
                if not connection.has_idle:
                    await self._sleep(_POLL_S)

    async def _begin(self, connection: Connection, selected: Selected) -> MailboxRow:
        """Return how far the mailbox was read, when need be after taking what the numbers don't tell.

        A mailbox that is new to us has mail that others read long ago: only what nobody read is taken. One that was
        numbered anew is read again from the day on which we began; what came before is known by its bytes.
        """
        context, name = self._context, self._server.name
        async with context.database.read() as reading:
            box = await mailbox_store.by_name(reading, name)
        if box is not None and box.uidvalidity == selected.uidvalidity:
            return box
        if box is None:
            async with context.database.write() as writing:
                box = await mailbox_store.add(
                    writing, name, uidvalidity=selected.uidvalidity, last_uid=0, since=context.now()
                )
            uids = await self._call(connection, connection.unseen)
        else:
            _log.warning("mail.mailbox-renumbered", mailbox=name)
            uids = await self._call(connection, connection.since, box.since)
        last = selected.uidnext - 1
        begun = MailboxRow(box.id, name, selected.uidvalidity, last, box.since)
        for uid in (each for each in uids if each <= last):
            await self._take(connection, begun, uid)
        async with context.database.write() as writing:
            await mailbox_store.reached(writing, box.id, selected.uidvalidity, last)
        return begun

    async def _tidy(self, connection: Connection, box: MailboxRow) -> None:
        """Put away what was kept just before the last connection broke."""
        for uid in await self._call(connection, connection.untouched, box.last_uid):
            async with self._context.database.read() as reading:
                known = await raw_store.with_uid(reading, box.id, box.uidvalidity, uid)
            if known is not None:
                await self._call(connection, connection.taken, uid)

    async def _take(self, connection: Connection, box: MailboxRow, uid: int) -> None:
        found = await self._call(connection, connection.fetch, uid)
        if found is None:
            return
        raw, refused = found
        place = Place(box.id, box.uidvalidity, uid)
        arrival = Arrival("imap", trusted=True, place=place, refused=refused)
        await self._receiver.receive(raw, arrival)
        # Only now is it ours: had this failed, the mail would still lie there as it did.
        if not refused:
            await self._call(connection, connection.taken, uid)

    @contextlib.asynccontextmanager
    async def _connected(self) -> AsyncIterator[tuple[Connection, Selected]]:
        token = "" if self._server.token is None else await access_token(self._server.token)
        connection = Connection(self._server)
        try:
            selected = await self._call(connection, connection.open, token)
            yield connection, selected
        finally:
            await asyncio.to_thread(connection.close)

    async def _call(self, connection: Connection, method: Callable[..., _T], *arguments: Any) -> _T:
        """Run one command in a thread; when that is cancelled, the command is ended. Raises MailboxTrouble."""
        work = asyncio.ensure_future(asyncio.to_thread(method, *arguments))
        try:
            return await asyncio.shield(work)
        except asyncio.CancelledError:
            connection.abort()
            await asyncio.wait([work])
            if not work.cancelled():
                work.exception()
            raise
        except (IMAPClientError, OSError) as error:
            raise MailboxTrouble(explain(error, self._server)) from error


async def access_token(source: TokenSource) -> str:
    """Return an OAuth access token. Raises MailboxTrouble."""
    if source.file:
        try:
            with open(source.file, encoding="ascii") as file:  # noqa: ASYNC230, PTH123 - one line
                token = file.read(8_192).strip()
        except (OSError, UnicodeDecodeError) as error:
            raise MailboxTrouble(f"[mail] imap_token_file can't be read ({type(error).__name__}).") from error
    else:
        token = await _printed(source.command)
    if not token or not token.isprintable() or " " in token:
        raise MailboxTrouble("There is no access token in [mail] imap_token_file or from imap_token_command.")
    return token


async def _printed(command: Sequence[str]) -> str:
    try:
        program = await asyncio.create_subprocess_exec(
            *command, stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE
        )
    except OSError as error:
        raise MailboxTrouble(f"[mail] imap_token_command can't be started ({type(error).__name__}).") from error
    try:
        async with asyncio.timeout(_TOKEN_S):
            output, _ = await program.communicate()
    except TimeoutError:
        program.kill()
        await program.wait()
        raise MailboxTrouble("[mail] imap_token_command took too long.") from None
    if program.returncode != 0:
        raise MailboxTrouble(f"[mail] imap_token_command ended with status {program.returncode}.")
    return output.decode("ascii", "replace").strip()


def explain(error: Exception, server: ImapServer) -> str:
    """Say what went wrong with the server, and what to do; never what was sent."""
    where = f"{server.host}:{server.port}"
    if isinstance(error, ssl.SSLCertVerificationError):
        return (
            f"The certificate of {where} is not trusted ({error.verify_message}): name its authority in [mail] "
            "imap_ca, or correct the host name."
        )
    if isinstance(error, LoginError):
        return f"{where} refused the login of {server.user}: check user name and password in [mail] imap_url."
    if isinstance(error, IMAPClientError):
        # Its text may repeat what was sent.
        return f"{where} did not do what it was asked ({type(error).__name__}): check [mail] imap_folder."
    if isinstance(error, TimeoutError):
        return f"{where} did not answer in time: check [mail] imap_url and the firewall."
    if isinstance(error, ConnectionRefusedError | socket.gaierror):
        return f"Nothing serves mail at {where}: check host and port in [mail] imap_url, and that the server runs."
    return f"{where}: the connection broke ({type(error).__name__})."
