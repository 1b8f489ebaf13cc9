"""A help desk that sends mail to a real server on loopback."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqlalchemy import select

from tests.support.mail_peer import MailPeer
from tests.tickets.databases import Databases
from tests.tickets.world import World, make_world
from tickets.mail.smtp import SmtpMailer
from tickets.settings import MailSettings, SmtpServer
from tickets.store.schema import outbox

FROM = "help@office.example"


@dataclass
class CountingBell:
    """Counts how often it was rung, and what was in the outbox then."""

    rung: int = 0

    def ring(self) -> bool:
        """Count."""
        self.rung += 1
        return True


@dataclass(frozen=True)
class MailDesk:
    """A help desk and what it does about mail."""

    world: World
    bell: CountingBell = field(default_factory=CountingBell)

    async def rows(self) -> list[dict[str, Any]]:
        """Return the outbox."""
        async with self.world.desk._context.database.read() as connection:
            found = (await connection.execute(select(outbox).order_by(outbox.c.id))).mappings()
            return [dict(row) for row in found]

    async def send(self) -> None:
        """Do what the worker does when the bell is rung."""
        await self.world.desk.send_mail()


def lead_to(office: MailDesk, port: int) -> None:
    """Let the help desk hand its mail to another server on loopback."""
    sender = office.world.desk._sender
    assert sender is not None
    sender._mailer = SmtpMailer(SmtpServer("127.0.0.1", port, "none"))  # type: ignore[misc]


def mail_settings(peer: MailPeer, **changes: Any) -> MailSettings:
    """Return settings that lead to a peer without TLS."""
    server = SmtpServer(**{"host": "127.0.0.1", "port": peer.port, "security": "none", **changes})
    return MailSettings("Office Help", FROM, server)


@asynccontextmanager
async def mail_desk(
    folder: Path, peer: MailPeer, databases: Databases | None = None, **settings: Any
) -> AsyncIterator[MailDesk]:
    """Set up a help desk that sends its mail to `peer`."""
    bell = CountingBell()
    async with make_world(folder, databases, bell=bell, mail=mail_settings(peer), **settings) as world:
        yield MailDesk(world, bell)
