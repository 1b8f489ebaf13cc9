"""A help desk that takes mail in, in process: mails go in as bytes, and what became of them is looked at."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from email.message import EmailMessage
from email.policy import SMTP
from pathlib import Path
from typing import Any

from sqlalchemy import select

from tests.tickets.databases import Databases
from tests.tickets.world import Caller, Json, World, make_world
from tickets.domain.intake import IntakeState
from tickets.mail.identity import message_id, reply_address
from tickets.mail.intake.processing import IntakeProcessor
from tickets.mail.intake.receiving import Arrival, Receiver
from tickets.mail.intake.understanding import InlineReader
from tickets.services.context import Context
from tickets.settings import IntakeSettings, MailSettings, SmtpServer
from tickets.store import raw_mails
from tickets.store.raw_mails import MailRow
from tickets.store.schema import outbox

DESK = "help@office.example"
MARIA = "maria@office.example"
OWN_SERVER = "mx.office.example"
PASSES = f"{OWN_SERVER}; dmarc=pass header.from=office.example"
INTAKE = IntakeSettings(addresses=(DESK,), authserv_id=OWN_SERVER)
NOWHERE = MailSettings("Office Help", DESK, SmtpServer("127.0.0.1", 9, "none"))


def mail(
    text: str = "It blinks red.",
    *,
    sender: str = f"Maria Weber <{MARIA}>",
    to: str = DESK,
    subject: str = "The printer says no",
    ident: str = "<one@office.example>",
    files: tuple[tuple[str, str, bytes], ...] = (),
    **headers: str,
) -> bytes:
    """Return a mail; `headers` are more header fields, with _ for -."""
    made = EmailMessage(SMTP)
    made["From"], made["To"], made["Subject"] = sender, to, subject
    if ident:
        made["Message-ID"] = ident
    for name, value in headers.items():
        made[name.replace("_", "-")] = value
    made.set_content(text)
    for name, kind, content in files:
        main, _, sub = kind.partition("/")
        made.add_attachment(content, maintype=main, subtype=sub, filename=name)
    return made.as_bytes()


@dataclass
class Inbox:
    """The help desk, its receiver and its processor."""

    world: World
    receiver: Receiver
    processor: IntakeProcessor

    @property
    def context(self) -> Context:
        """The shared parts."""
        return self.world.desk._context

    async def take(self, raw: bytes, *, trusted: bool = True, recipients: tuple[str, ...] = ()) -> MailRow:
        """Receive and process one mail; returns what became of it."""
        ident = await self.receiver.receive(raw, Arrival("test", trusted=trusted, recipients=recipients))
        await self.processor.process_due()
        return await self.row(ident)

    async def row(self, ident: int) -> MailRow:
        """Return what became of a mail."""
        async with self.context.database.read() as connection:
            found = await raw_mails.by_id(connection, ident)
        assert found is not None
        return found

    async def count(self, state: IntakeState) -> int:
        """Return how many mails are in a state."""
        async with self.context.database.read() as connection:
            return await raw_mails.count(connection, state)

    async def outbox(self) -> list[dict[str, Any]]:
        """Return the mail that goes out."""
        async with self.context.database.read() as connection:
            found = (await connection.execute(select(outbox).order_by(outbox.c.id))).mappings()
            return [dict(row) for row in found]

    async def confirmed(self) -> int:
        """Return how many confirmations go out."""
        return len([row for row in await self.outbox() if row["kind"] == "confirmation"])

    async def ticket(self, staff: Caller, tracking: str | None) -> Json:
        """Return a ticket as a technician sees it."""
        assert tracking is not None
        answer = await staff.get(f"/tickets/{tracking}")
        assert answer.status_code == 200, answer.text
        found: Json = answer.json()
        return found

    async def last_line(self, staff: Caller, tracking: str | None) -> Json:
        """Return the last line of a ticket's timeline."""
        lines: list[Json] = (await self.ticket(staff, tracking))["timeline"]
        return lines[-1]

    def own_id(self, tracking: str | None, kind: str = "confirmation", number: int = 1) -> str:
        """Return the Message-ID of a mail of ours."""
        assert tracking is not None
        return message_id(self.context.keys.token_key, kind, tracking, number, "office.example")

    def reply_to(self, tracking: str | None, whom: str) -> str:
        """Return the reply address that somebody was given."""
        assert tracking is not None
        return reply_address(self.context.keys.token_key, DESK, tracking, whom)


@asynccontextmanager
async def make_inbox(folder: Path, databases: Databases | None, **settings: Any) -> AsyncIterator[Inbox]:
    """Set up a help desk that takes mail in and sends some out, which stays in the outbox."""
    settings = {"mail": NOWHERE, "intake": INTAKE, **settings}
    async with make_world(folder, databases, **settings) as world:
        context = world.desk._context
        yield Inbox(world, Receiver(context), IntakeProcessor(context, settings["intake"], InlineReader()))
