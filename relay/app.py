"""The composition root of the server: the one place that knows switch, help desk and the viewer's files.

`build` makes the front process's parts, `build_worker` the worker's; the commands of `relay.cli` that need the help
desk's data go through here as well.
"""

import asyncio
import importlib.util
import ipaddress
import shlex
import socket
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

from msgspec.structs import asdict
from sqlalchemy.exc import SQLAlchemyError

from protocol.rights import Right
from relay.addresses import is_loopback
from relay.certificates import CertificatePaths, ensure_server_certificate, make_authority, utc_now
from relay.clock import SystemClock
from relay.config import CertificateFiles, Settings
from relay.front import Front, Listening
from relay.mail import parse_sender
from relay.pages import Health, ViewerFiles, common_headers, plain
from relay.switch.doorman import Doorman
from relay.switch.endpoints import Endpoints
from relay.switch.limits import SwitchLimits
from relay.switch.socket import Receive, Scope, Send
from relay.switch.switchboard import Switchboard
from relay.wakeup import Bell, listening
from relay.worker import work
from tickets import keeping, setup
from tickets.app import HelpDesk, build_help_desk
from tickets.domain.access import Role
from tickets.domain.errors import DeskError
from tickets.keys import KeysUnusable
from tickets.mail.imap import MailboxTrouble
from tickets.mail.smtp import NotSent
from tickets.ports import SilentSwitchboard
from tickets.settings import (
    AttachmentLimits,
    HelpDeskSettings,
    ImapServer,
    IntakeSettings,
    Limit,
    Limits,
    Lives,
    MailListener,
    MailSettings,
    SmtpServer,
    TokenSource,
    WebhookSettings,
)
from tickets.store.moving import NotMoved
from tickets.store.postgres import DatabaseUnusable

# Agents and viewers come back after this time to twice that, so that not all of them do at once.
RETRY_IN_MS: Final = 2_000
# A database that has not answered by then is not ready.
READY_S: Final = 2.0
# Who answers for a team hears of a missed target well within a minute.
ESCALATE_EVERY_S: Final = 20.0
# Other programs are told soon, and files are read in soon; looking costs one query.
LOOK_EVERY_S: Final = 1.5


class Trouble(Exception):
    """The help desk's data can't be used, or not in this way; `str()` says what to do."""


@contextmanager
def desk_trouble() -> Iterator[None]:
    """Turn what the help desk raises into Trouble, whose text is for the person at the keyboard."""
    try:
        yield
    except (DeskError, KeysUnusable) as error:
        raise Trouble(str(error)) from error
    except (DatabaseUnusable, NotMoved) as error:
        raise Trouble(str(error)) from error
    except SQLAlchemyError as error:
        # Its own text holds statements and parameters.
        raise Trouble(
            f"The database can't be used ({type(error).__name__}): check [database] url, then run towline-relay doctor."
        ) from error


class Router:
    """Sends every request to the part of the server that answers it."""

    def __init__(
        self, relay: Endpoints, desk: HelpDesk, files: ViewerFiles, health: Health, headers: dict[str, str]
    ) -> None:
        self._relay = relay
        self._desk = desk
        self._files = files
        self._health = health
        self._headers = headers

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request or serve one websocket."""
        path: str = scope["path"]
        websocket = scope["type"] == "websocket"
        if path.startswith("/relay/"):
            if websocket:
                await self._relay(scope, receive, send)
            else:
                answer = plain(426, {**self._headers, "upgrade": "websocket", "connection": "upgrade"})
                await answer(scope, receive, send)
        elif path.startswith("/static/viewer/") and not websocket:
            inner = {**scope, "root_path": scope.get("root_path", "") + "/static/viewer"}
            await self._files(inner, receive, send)
        elif path in ("/healthz", "/readyz", "/metrics") and not websocket:
            await self._health(scope, receive, send)
        else:
            await self._desk.asgi(scope, receive, send)


@dataclass(frozen=True, slots=True)
class Server:
    """The front process's parts, wired."""

    settings: Settings
    switchboard: Switchboard
    desk: HelpDesk
    front: Front

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Serve while the context is open. Raises OSError when the port is taken."""
        await self.desk.open()
        try:
            self.switchboard.start(self.desk.gate)
            try:
                await self.front.start()
                yield
            finally:
                await self.front.stop()
                await self.switchboard.stop()
        finally:
            await self.desk.close()


def desk_settings(settings: Settings) -> HelpDeskSettings:
    """Return what the help desk wants to know."""
    return HelpDeskSettings(
        data_dir=settings.data_dir,
        public_url=settings.server.public_url,
        database_url=settings.database.url,
        allowed_origins=tuple(sorted(settings.origins)),
        organisation_name=settings.organisation.name,
        tracking_prefix=settings.organisation.tracking_prefix,
        session_rights=tuple(Right(right) for right in settings.session.rights),
        language=settings.organisation.language,
        limits=desk_limits(settings),
        lives=Lives(reopening=timedelta(days=settings.tickets.reopen_days)),
        attachments=attachment_limits(settings),
        mail=mail_settings(settings),
        intake=intake_settings(settings),
        webhooks=WebhookSettings(
            tuple(ipaddress.ip_network(network) for network in settings.webhooks.networks), settings.webhooks.ca
        ),
    )


def mail_settings(settings: Settings) -> MailSettings | None:
    """Return as whom and how mail goes out; None when none does."""
    smtp = settings.smtp
    if smtp is None:
        return None
    name, address = parse_sender(settings.mail.sender)
    server = SmtpServer(smtp.host, smtp.port, smtp.security, smtp.user, smtp.password, settings.mail.smtp_ca)
    # An answer to `local+key@domain` is of use only where somebody fetches it.
    keyed = settings.mail.plus_addressing and (settings.imap is not None or settings.mail_listener is not None)
    return MailSettings(name or settings.organisation.name, address, server, plus_addressing=keyed)


def attachment_limits(settings: Settings) -> AttachmentLimits:
    """Return which files people may send."""
    chosen, megabyte = settings.tickets, 1024 * 1024
    return AttachmentLimits(
        file_bytes=chosen.file_mb * megabyte,
        ticket_bytes=chosen.files_per_ticket_mb * megabyte,
        message_count=chosen.files_per_message,
    )


def desk_limits(settings: Settings) -> Limits:
    """Return the help desk's brakes, some of which an admin may set."""
    hour, chosen = timedelta(hours=1), settings.limits
    return Limits(
        sent_ticket=Limit(chosen.mail_per_ticket, hour),
        sent_recipient=Limit(chosen.mail_per_recipient, hour),
        sent_all=Limit(chosen.mail_in_all, hour),
    )


def intake_settings(settings: Settings) -> IntakeSettings | None:
    """Return how mail comes in; None when none does."""
    url, at, mail = settings.imap, settings.mail_listener, settings.mail
    if url is None and at is None:
        return None
    own = parse_sender(mail.sender)[1].casefold()
    token = None
    if mail.imap_token_command or mail.imap_token_file:
        token = TokenSource(tuple(shlex.split(mail.imap_token_command)), mail.imap_token_file)
    imap = listener = None
    if url is not None:
        imap = ImapServer(
            host=url.host,
            port=url.port,
            security=url.security,
            user=url.user,
            password=url.password,
            token=token,
            folder=mail.imap_folder,
            processed=mail.imap_processed,
            ca=mail.imap_ca,
        )
    if at is not None:
        tls = settings.server.tls
        paths = certificate_paths(settings)
        certificate, key = paths.server, paths.server_key
        if isinstance(tls, CertificateFiles):
            certificate, key = tls.certificate, tls.key
        with_tls = tls != "off"
        listener = MailListener(
            host=at.host,
            port=at.port,
            socket=at.socket,
            lmtp=at.lmtp,
            certificate=str(certificate) if with_tls else "",
            key=str(key) if with_tls else "",
        )
    return IntakeSettings(
        addresses=tuple(dict.fromkeys((own, *mail.addresses))),
        authserv_id=mail.authserv_id,
        category=mail.category,
        imap=imap,
        listener=listener,
    )


def viewer_folder() -> Path:
    """Return the folder of the browser viewer's files, found without importing the viewer's program."""
    spec = importlib.util.find_spec("technician_viewer")
    if spec is None or spec.origin is None:
        raise FileNotFoundError("the package technician_viewer is not installed")
    return Path(spec.origin).parent / "web"


def certificate_paths(settings: Settings) -> CertificatePaths:
    """Return where the private CA of these settings lives."""
    return CertificatePaths.of(settings.ca_file, settings.data_dir / "tls")


def prepare_certificate(settings: Settings) -> CertificateFiles | None:
    """Return the certificate to serve with, made or renewed where it is ours; None for plain HTTP on loopback.

    Raises CertificateError, OSError.
    """
    tls = settings.server.tls
    if tls == "off":
        return None
    if isinstance(tls, CertificateFiles):
        return tls
    settings.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    paths, at = certificate_paths(settings), utc_now()
    if not paths.root.exists() and not paths.root_key.exists():
        make_authority(paths, settings.host, settings.organisation.name, at)
    ensure_server_certificate(paths, settings.host, at)
    return CertificateFiles(paths.server, paths.server_key)


def build(settings: Settings) -> Server:
    """Return the front process's parts, nothing of it started. Raises CertificateError, OSError, Trouble."""
    files = prepare_certificate(settings)
    limits = SwitchLimits(
        agent_offline_s=settings.limits.agent_offline_s,
        newcomers_per_address=settings.limits.newcomers_per_address,
        newcomers_in_all=settings.limits.newcomers_in_all,
    )
    switchboard = Switchboard(SystemClock(), limits)
    with desk_trouble():
        desk = build_help_desk(desk_settings(settings), switchboard=switchboard, bell=Bell(wake_up_path(settings)))
    doorman = Doorman(settings.origins, limits)
    headers = common_headers(settings.server.public_url, is_loopback(settings.host))

    async def ready() -> bool:
        try:
            async with asyncio.timeout(READY_S):
                await desk.services.organisation.shown()
        except (SQLAlchemyError, OSError, TimeoutError):
            return False
        return not switchboard.closing

    def stats() -> dict[str, int]:
        return {**switchboard.stats, "newcomers": doorman.newcomers}

    router = Router(
        Endpoints(switchboard, desk.gate, doorman),
        desk,
        ViewerFiles(viewer_folder(), headers),
        Health(stats, ready, headers),
        headers,
    )
    listening = Listening(
        settings.server.bind,
        settings.server.port,
        None if files is None else files.certificate,
        None if files is None else files.key,
        settings.server.trusted_proxies,
    )
    front = Front(router, listening, lambda: switchboard.go_away(RETRY_IN_MS))
    return Server(settings, switchboard, desk, front)


def wake_up_path(settings: Settings) -> Path:
    """Return the worker's local socket."""
    return settings.data_dir / "worker.socket"


def worker_is_awake(settings: Settings) -> bool:
    """Wake the worker; False when there is none."""
    return Bell(wake_up_path(settings)).ring()


async def run_worker(settings: Settings) -> None:
    """Keep house and send mail until cancelled. Raises WakeUpError, Trouble."""
    with desk_trouble():
        desk = build_help_desk(
            desk_settings(settings), switchboard=SilentSwitchboard(), bell=Bell(wake_up_path(settings))
        )
    try:
        async with listening(wake_up_path(settings)) as rung, asyncio.TaskGroup() as group:
            group.create_task(work(desk.housekeep, asyncio.Event()), name="housekeeping")
            group.create_task(work(desk.send_mail, rung), name="mail")
            group.create_task(desk.take_mail(), name="mail intake")
            group.create_task(work(desk.escalate, asyncio.Event(), ESCALATE_EVERY_S), name="clocks")
            group.create_task(work(desk.send_webhooks, asyncio.Event(), LOOK_EVERY_S), name="webhooks")
            group.create_task(work(desk.read_imports, asyncio.Event(), LOOK_EVERY_S), name="imports")
    finally:
        await desk.close()


async def prepare_data(settings: Settings) -> None:
    """Make keys and database, or bring an older database up to date. Raises OSError, Trouble."""
    with desk_trouble():
        await setup.initialise(desk_settings(settings))


async def upgrade_data(settings: Settings) -> None:
    """Bring the database up to date; keys have to be there already. Raises OSError, Trouble."""
    with desk_trouble():
        await setup.upgrade(desk_settings(settings))


async def describe_database(settings: Settings) -> str:
    """Return which database answers, and its version. Raises Trouble."""
    with desk_trouble():
        return await setup.describe_database(desk_settings(settings))


def _somebody_listens(settings: Settings) -> bool:
    """Return whether the server's port is taken, as it is before the worker is up."""
    try:
        with socket.create_connection((settings.server.bind, settings.server.port), timeout=READY_S):
            return True
    except OSError:
        return False


async def move_database(settings: Settings, url: str, arrived: Callable[[str, int], None]) -> dict[str, int]:
    """Carry all records to another database; return how many rows each table has. Raises Trouble."""
    if worker_is_awake(settings) or _somebody_listens(settings):
        raise Trouble("The server is running: stop it first, so that nothing is written to the old database meanwhile.")
    with desk_trouble():
        carried = await setup.move_database(desk_settings(settings), url, lambda each: arrived(each.table, each.rows))
    return {each.table: each.rows for each in carried}


@dataclass(frozen=True, slots=True)
class TechnicianLine:
    """What the command line shows of a technician."""

    email: str
    name: str
    role: str
    disabled: bool


async def list_technicians(settings: Settings) -> list[TechnicianLine]:
    """Return technicians and admins. Raises Trouble."""
    with desk_trouble():
        rows = await setup.list_technicians(desk_settings(settings))
    return [TechnicianLine(row.email, row.name, str(row.role), row.disabled_at is not None) for row in rows]


async def add_technician(settings: Settings, email: str, name: str, password: str, role: str) -> None:
    """Add a technician or an admin. Raises Trouble."""
    with desk_trouble():
        await setup.add_technician(desk_settings(settings), email=email, name=name, password=password, role=Role(role))


async def disable_technician(settings: Settings, email: str) -> None:
    """End what a technician may do. Raises Trouble."""
    with desk_trouble():
        await setup.disable_technician(desk_settings(settings), email)


async def reset_password(settings: Settings, email: str, password: str) -> None:
    """Set a new password. Raises Trouble."""
    with desk_trouble():
        await setup.reset_password(desk_settings(settings), email, password)


@dataclass(frozen=True, slots=True)
class MailLine:
    """What the command line shows of a mail that was not sent; times are ISO 8601 in UTC."""

    id: int
    state: str
    kind: str
    tracking: str
    to: str
    subject: str
    attempts: int
    created_at: str
    next_try_at: str
    last_error: str


async def list_mail(settings: Settings) -> list[MailLine]:
    """Return mail that waits or was given up. Raises Trouble."""
    with desk_trouble():
        rows = await setup.unsent_mail(desk_settings(settings))
    return [
        MailLine(
            row.id,
            str(row.state),
            row.kind,
            row.tracking,
            row.recipient,
            row.subject,
            row.attempts,
            row.created_at.isoformat(),
            row.next_try_at.isoformat(),
            row.last_error or "",
        )
        for row in rows
    ]


async def retry_mail(settings: Settings, mail: int | None) -> int:
    """Make one mail, or all that are unsent, due now; return how many that are. Raises Trouble."""
    with desk_trouble():
        return await setup.retry_mail(desk_settings(settings), mail, Bell(wake_up_path(settings)))


async def count_dead_mail(settings: Settings) -> int:
    """Return how many mails were given up. Raises Trouble."""
    with desk_trouble():
        return await setup.count_dead_mail(desk_settings(settings))


@dataclass(frozen=True, slots=True)
class SuspendedLine:
    """What the command line shows of a mail that waits for a decision; the time is ISO 8601 in UTC."""

    id: int
    reason: str
    sender: str
    subject: str
    received_at: str
    size_bytes: int


async def list_suspended_mail(settings: Settings) -> list[SuspendedLine]:
    """Return mail that came in and waits for a decision. Raises Trouble."""
    with desk_trouble():
        rows = await setup.suspended_mail(desk_settings(settings))
    return [
        SuspendedLine(row.id, row.reason, row.sender, row.subject, row.received_at.isoformat(), row.size)
        for row in rows
    ]


async def replay_mail(settings: Settings, mail: int | None) -> int:
    """Have one mail that waits, or all, looked at once more; return how many that are. Raises Trouble."""
    with desk_trouble():
        return await setup.replay_mail(desk_settings(settings), mail, Bell(wake_up_path(settings)))


async def count_suspended_mail(settings: Settings) -> int:
    """Return how many mails wait for a decision. Raises Trouble."""
    with desk_trouble():
        return await setup.count_suspended_mail(desk_settings(settings))


async def check_imap(settings: Settings) -> None:
    """Connect to the IMAP server, log in and open the folder. Raises Trouble, which says what to do."""
    try:
        with desk_trouble():
            await setup.check_imap(desk_settings(settings))
    except MailboxTrouble as error:
        raise Trouble(str(error)) from error


async def check_smtp(settings: Settings) -> None:
    """Connect to the SMTP server and log in. Raises Trouble, which says what to do."""
    try:
        await setup.check_smtp(desk_settings(settings))
    except NotSent as error:
        raise Trouble(str(error)) from error


async def kept(settings: Settings, noun: str) -> list[dict[str, Any]]:
    """List categories, teams or rules, by names. Raises Trouble."""
    with desk_trouble():
        return await keeping.kept(desk_settings(settings), noun)


async def keep(settings: Settings, noun: str, values: Mapping[str, Any]) -> dict[str, Any]:
    """Keep a new category, team or rule. Raises Trouble."""
    with desk_trouble():
        return await keeping.keep(desk_settings(settings), noun, values)


async def change_kept(settings: Settings, noun: str, name: str, values: Mapping[str, Any]) -> dict[str, Any]:
    """Change a category, a team or a rule. Raises Trouble."""
    with desk_trouble():
        return await keeping.change_kept(desk_settings(settings), noun, name, values)


async def show_organisation(settings: Settings) -> dict[str, str]:
    """Return name, id, public key and mode. Raises Trouble."""
    with desk_trouble():
        desk = build_help_desk(desk_settings(settings), switchboard=SilentSwitchboard())
        try:
            shown = asdict(await desk.services.organisation.shown())
        finally:
            await desk.close()
    return {name: shown[name] for name in ("name", "id", "public_key", "mode")}
