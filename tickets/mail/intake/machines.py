"""Mail that machines wrote: delivery reports go to the ticket they are about, and mark addresses that are gone."""

from dataclasses import dataclass
from typing import Final

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from tickets.domain.access import ANONYMOUS, Role
from tickets.domain.attachments import MessageExtras, NewFile
from tickets.domain.intake import MAX_REASON
from tickets.domain.values import Channel, EntryKind
from tickets.mail.identity import OwnId
from tickets.mail.intake.composing import party, words_of
from tickets.mail.intake.matching import Matcher, Way
from tickets.mail.intake.understanding import Understood
from tickets.mail.reading.kinds import Bounce, Complaint, Delay, FailedRecipient, ListMail
from tickets.services.context import Context
from tickets.services.extras import add_extras
from tickets.store import mail_addresses
from tickets.store.schema import outbox, tickets
from tickets.store.tickets import TicketRow
from tickets.store.timeline import NewEntry

_MOST_FAILED: Final = 10
_AUTO_REPLIED: Final = "auto-replied"


@dataclass(frozen=True)
class Report:
    """A delivery report: of what kind, about which ticket (None: of none that we know), about which mail of ours."""

    kind: Bounce | Delay | Complaint
    ticket: TicketRow | None
    own: OwnId | None

    @property
    def unknown(self) -> str:
        """Why a person has to look at a report without a ticket."""
        return f"{_WHAT[type(self.kind)]} ({self.kind.reason}), and it is about no mail of ours."


class Machines:
    """Reads delivery reports."""

    def __init__(self, context: Context, matcher: Matcher) -> None:
        """Use the shared parts."""
        self._context: Final = context
        self._matcher: Final = matcher

    async def report(
        self, connection: AsyncConnection, read: Understood, way: Way | None, wanted: str
    ) -> Report | None:
        """Return what a delivery report is about; None when the mail is none."""
        kind = read.kind
        if not isinstance(kind, Bounce | Delay | Complaint):
            return None
        own = next(iter(self._matcher.own_ids(kind.original.message_ids)), None)
        tracking = wanted or (own.tracking if own is not None else "" if way is None else way.tracking)
        return Report(kind, await self._matcher.ticket(connection, tracking), own)

    async def write(
        self, connection: AsyncConnection, report: Report, row: TicketRow, read: Understood, files: tuple[NewFile, ...]
    ) -> int:
        """Put a report on its ticket, for technicians only, and mark the address; returns the line's id."""
        kind = report.kind
        sent_to = "" if report.own is None else await self._sent_to(connection, report.own)
        failed = kind.failed if isinstance(kind, Bounce) else kind.waiting if isinstance(kind, Delay) else ()
        lines = [f"{_WHAT[type(kind)]}: {kind.reason}."]
        lines += [
            f"{each.address}: {f'{each.status} {each.diagnostic}'.strip() or 'no reason given'}"
            for each in failed[:_MOST_FAILED]
        ]
        if isinstance(kind, Bounce) and sent_to:
            lines += await self._marked(connection, kind, sent_to)
        note = NewEntry(
            ticket=row.id,
            at=self._context.now(),
            kind=EntryKind.NOTE,
            who="Mail delivery",
            role=Role.ANONYMOUS,
            text="\n".join(lines),
            internal=True,
            channel=Channel.EMAIL,
        )
        written = await self._context.story.tell(connection, note)
        extras = MessageExtras(channel=Channel.EMAIL, quoted=words_of(read)[0], attachments=files)
        await add_extras(
            self._context, connection, ANONYMOUS, extras, ticket=row.id, entry=int(written.id), internal=True
        )
        return int(written.id)

    async def _sent_to(self, connection: AsyncConnection, own: OwnId) -> str:
        """Return to whom that mail of ours went."""
        query = (
            select(outbox.c.recipient)
            .join(tickets, tickets.c.id == outbox.c.ticket_id)
            .where(tickets.c.tracking == own.tracking, outbox.c.number == own.number, outbox.c.kind == own.kind)
        )
        found: str | None = (await connection.execute(query)).scalar_one_or_none()
        return found or ""

    async def _marked(self, connection: AsyncConnection, bounce: Bounce, sent_to: str) -> list[str]:
        """Count the bounce against the address to which the mail went, and no other: anybody can write a report.

        A report that names nobody is about the one recipient there was; one that names somebody else is about an
        address to which that one forwards.
        """
        about = [each for each in bounce.failed if (who := party(each.address, "")) and who.email == sent_to]
        failed = about or list(bounce.failed) or [FailedRecipient(sent_to, permanent=False)]
        permanent = any(each.permanent for each in failed)
        said = next(
            (f"{each.status} {each.diagnostic}".strip() for each in failed if each.diagnostic or each.status), ""
        )
        known = await mail_addresses.bounced(
            connection,
            sent_to,
            permanent=permanent,
            reason=(said or bounce.reason).replace("\x00", "")[:MAX_REASON],
            now=self._context.now(),
        )
        if known.is_shut:
            return [f"No more mail goes to {sent_to} until somebody clears the address under Mail."]
        return []


_WHAT: Final = {
    Bounce: "A mail could not be delivered",
    Delay: "A mail is late",
    Complaint: "A recipient reported a mail as unwanted",
}


def is_for_nobody(read: Understood, matcher: Matcher) -> str:
    """Return why automatic mail that belongs to no ticket becomes none; empty when it may be news of its own.

    A machine that reports something is welcome, and is not answered. One that answers, or writes to many, is not.
    """
    mail = read.mail
    if isinstance(read.kind, ListMail):
        if any(matcher.is_ours(each.address) for each in (*mail.to, *mail.cc)):
            return ""
        return f"Mail to a list ({read.kind.reason})."
    reason = getattr(read.kind, "reason", "")
    submitted = mail.fields.get("auto-submitted").lower()
    if _AUTO_REPLIED in submitted or mail.in_reply_to or mail.references:
        return f"An automatic answer ({reason}) to no mail of ours."
    if submitted.startswith("auto-generated"):
        return ""
    if any(mail.fields.get("precedence").lower().strip() == word for word in ("bulk", "junk", "list")):
        return f"Mail to many ({reason})."
    if any(name in mail.fields for name in ("x-autoreply", "x-autorespond", "x-autoresponse")):
        return f"An automatic answer ({reason}) to no mail of ours."
    return "" if "subject" not in reason else f"An automatic answer ({reason}) to no mail of ours."
