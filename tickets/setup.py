"""What an admin does on the server's own command line; the database and the keys need no running server."""

import os
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Final

from tickets.app import build_context
from tickets.domain.access import Role
from tickets.domain.intake import IntakeState
from tickets.domain.views import TechnicianView
from tickets.keys import create_keys
from tickets.mail.imap import MailboxFetcher
from tickets.mail.intake.receiving import Receiver
from tickets.mail.office import MailOffice
from tickets.mail.smtp import SmtpMailer
from tickets.passwords import Passwords
from tickets.ports import Entropy, MailBell, SilentSwitchboard
from tickets.services.context import Context
from tickets.services.technicians import TechnicianService
from tickets.settings import HelpDeskSettings
from tickets.store import raw_mails as raw_store
from tickets.store.database import Database
from tickets.store.migrate import migrate
from tickets.store.moving import Carried, move
from tickets.store.outbox import OutboxRow
from tickets.store.people import TechnicianRow
from tickets.store.raw_mails import MailRow

_MOST_LISTED: Final = 1_000


async def initialise(settings: HelpDeskSettings, *, entropy: Entropy = os.urandom) -> None:
    """Make the data folder, the keys and the database; what exists stays, an older database is brought up to date."""
    settings.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    create_keys(settings.keys_dir, entropy)
    await upgrade(settings)


async def upgrade(settings: HelpDeskSettings) -> None:
    """Bring the database to this version's schema."""
    database = Database(settings.database)
    try:
        await migrate(database)
    finally:
        await database.close()


async def describe_database(settings: HelpDeskSettings) -> str:
    """Return which database answers, and its version. Raises SQLAlchemyError."""
    database = Database(settings.database)
    try:
        async with database.read() as connection:
            version = await connection.run_sync(lambda sync: sync.dialect.server_version_info)
    finally:
        await database.close()
    name = "PostgreSQL" if database.is_postgres else "SQLite"
    return f"{name} {'.'.join(map(str, version or ()))}"


async def move_database(settings: HelpDeskSettings, url: str, arrived: Callable[[Carried], None]) -> list[Carried]:
    """Carry all records to the database at `url`; no server may run meanwhile. Raises NotMoved, SQLAlchemyError."""
    source, target = Database(settings.database), Database(url)
    try:
        return await move(source, target, arrived)
    finally:
        await source.close()
        await target.close()


async def add_technician(
    settings: HelpDeskSettings,
    *,
    email: str,
    name: str,
    password: str,
    role: Role = Role.TECHNICIAN,
    passwords: Passwords | None = None,
) -> TechnicianView:
    """Add a technician or an admin. Raises Invalid, AlreadyThere, KeysUnusable."""
    async with _context(settings, passwords) as context:
        return await TechnicianService(context).add(email, name, password, role)


async def list_technicians(settings: HelpDeskSettings) -> list[TechnicianRow]:
    """List technicians and admins, the disabled ones too."""
    async with _context(settings) as context:
        return await TechnicianService(context).rows()


async def disable_technician(settings: HelpDeskSettings, email: str) -> TechnicianView:
    """End what a technician may do; a running server ends their sessions within a second. Raises NotFound."""
    async with _context(settings) as context:
        return await TechnicianService(context).disable(email)


async def reset_password(
    settings: HelpDeskSettings, email: str, password: str, *, passwords: Passwords | None = None
) -> TechnicianView:
    """Set a new password and end all logins. Raises NotFound, Invalid."""
    async with _context(settings, passwords) as context:
        return await TechnicianService(context).reset_password(email, password)


async def unsent_mail(settings: HelpDeskSettings) -> list[OutboxRow]:
    """List mail that waits or was given up, the oldest first."""
    async with _context(settings) as context:
        return await MailOffice(context).unsent()


async def retry_mail(settings: HelpDeskSettings, mail: int | None, bell: MailBell) -> int:
    """Make one mail, or all that are unsent, due now; return how many that are."""
    async with _context(settings, bell=bell) as context:
        return await MailOffice(context).retry(mail)


async def count_dead_mail(settings: HelpDeskSettings) -> int:
    """Return how many mails were given up."""
    async with _context(settings) as context:
        return await MailOffice(context).count_dead()


async def suspended_mail(settings: HelpDeskSettings) -> list[MailRow]:
    """List mail that came in and waits for a decision, the newest first."""
    async with _context(settings) as context, context.database.read() as connection:
        return await raw_store.in_state(connection, IntakeState.SUSPENDED, before=None, limit=_MOST_LISTED)


async def replay_mail(settings: HelpDeskSettings, mail: int | None, bell: MailBell) -> int:
    """Have one mail that waits, or all that do, looked at once more; return how many that are."""
    async with _context(settings, bell=bell) as context:
        async with context.database.write() as connection:
            count = await raw_store.replay(connection, mail)
        context.bell.ring()
        return count


async def count_suspended_mail(settings: HelpDeskSettings) -> int:
    """Return how many mails wait for a decision."""
    async with _context(settings) as context, context.database.read() as connection:
        return await raw_store.count(connection, IntakeState.SUSPENDED)


async def check_imap(settings: HelpDeskSettings) -> None:
    """Connect to the IMAP server, log in and open the folder; nothing is fetched. Raises MailboxTrouble."""
    if settings.intake is not None and settings.intake.imap is not None:
        async with _context(settings) as context:
            await MailboxFetcher(context, settings.intake.imap, Receiver(context)).check()


async def check_smtp(settings: HelpDeskSettings) -> None:
    """Connect to the SMTP server and log in; nothing is sent. Raises NotSent."""
    if settings.mail is not None:
        await SmtpMailer(settings.mail.smtp).check()


@asynccontextmanager
async def _context(
    settings: HelpDeskSettings, passwords: Passwords | None = None, bell: MailBell | None = None
) -> AsyncIterator[Context]:
    context = build_context(settings, switchboard=SilentSwitchboard(), passwords=passwords, bell=bell)
    try:
        yield context
    finally:
        await context.database.close()
