"""What is said in a ticket, whichever way it came: inside the transaction of whoever took it in."""

import dataclasses
from dataclasses import dataclass
from typing import Final

import msgspec
from sqlalchemy.ext.asyncio import AsyncConnection

from tickets.domain.access import Actor
from tickets.domain.attachments import NOTHING_MORE, MessageExtras
from tickets.domain.errors import TicketClosed
from tickets.domain.status import after_reply
from tickets.domain.values import Asset, Channel, EntryKind, Status, Urgency
from tickets.domain.views import NewTicket, TimelineEntry
from tickets.mail.notices import Notices
from tickets.services.context import Context, entry
from tickets.services.extras import add_extras
from tickets.services.filing import Filed, Filing, Request
from tickets.services.linking import FOLLOW_UP, write_link
from tickets.store import tickets as ticket_store
from tickets.store import work as work_store
from tickets.store.tickets import TicketRow


@dataclass(frozen=True)
class Said:
    """A message that is written down, not committed yet, and where it left the ticket."""

    entry: TimelineEntry
    status: Status


@dataclass(frozen=True)
class Received:
    """Where words of a requester went: into the ticket itself, or into one that follows it up (`filed`)."""

    ticket: TicketRow
    said: Said | None = None
    filed: Filed | None = None


class Conversation:
    """Writes replies and internal notes."""

    def __init__(self, context: Context) -> None:
        """Use the shared parts."""
        self._context: Final = context
        self._notices: Final = Notices(context)
        self._filing: Final = Filing(context)

    def takes(self, actor: Actor, row: TicketRow) -> bool:
        """Whether `actor` can still say something in this ticket: its people for a while after it was resolved."""
        if actor.is_staff:
            return True
        if row.status is Status.RESOLVED and row.settled_at is not None:
            within = self._context.settings.lives.reopening
            return self._context.now() < row.settled_at + within
        return row.status is not Status.CLOSED

    async def say(
        self,
        connection: AsyncConnection,
        actor: Actor,
        row: TicketRow,
        text: str,
        *,
        internal: bool = False,
        extras: MessageExtras = NOTHING_MORE,
    ) -> Said:
        """Write down `text`, which is clean; a requester's answer opens a resolved ticket again.

        Whether `actor` may was checked by the caller. Raises TicketClosed for a requester whose ticket is closed or
        was resolved too long ago (`takes`), Invalid for an uploaded file that is not there.
        """
        if not self.takes(actor, row):
            raise TicketClosed(row.status)
        context, now = self._context, self._context.now()
        kind = EntryKind.NOTE if internal else EntryKind.MESSAGE
        new = dataclasses.replace(entry(row, actor, kind, text, now, internal=internal), channel=extras.channel)
        written = await context.story.tell(connection, new)
        files = await add_extras(
            context, connection, actor, extras, ticket=row.id, entry=int(written.id), internal=internal
        )
        status = row.status if internal else after_reply(actor.role, row.status)
        await ticket_store.change(connection, row.id, now, status=status)
        if row.status is Status.RESOLVED and status is Status.OPEN:
            text_of_reopening = "The answer opened the request again."
            await context.story.tell(connection, entry(row, actor, EntryKind.REOPENED, text_of_reopening, now))
        if actor.technician is not None:
            await work_store.forget_drafts(connection, row.id, actor.technician, "text")
        if not internal:
            await self._notices.replied(connection, row, actor, text, entry=int(written.id))
        shown = msgspec.structs.replace(written, quoted=extras.quoted, has_html=bool(extras.html), attachments=files)
        return Said(shown, status)

    async def receive(
        self,
        connection: AsyncConnection,
        actor: Actor,
        row: TicketRow,
        text: str,
        *,
        channel: Channel,
        extras: MessageExtras = NOTHING_MORE,
        confirm: bool = True,
    ) -> Received:
        """Take what a ticket's requester or watcher wrote: an answer as long as there is time, else a new ticket."""
        if self.takes(actor, row):
            return Received(row, said=await self.say(connection, actor, row, text, extras=extras))
        filed = await self.follow_up(connection, actor, row, text, channel=channel, extras=extras, confirm=confirm)
        return Received(filed.ticket, filed=filed)

    async def follow_up(
        self,
        connection: AsyncConnection,
        actor: Actor,
        row: TicketRow,
        text: str,
        *,
        channel: Channel,
        extras: MessageExtras = NOTHING_MORE,
        confirm: bool = True,
    ) -> Filed:
        """File a new ticket, linked to `row`, for the same requester; `text` is what is said now."""
        new = NewTicket(
            category=row.category,
            title=row.title,
            description=text,
            urgency=Urgency(row.urgency),
            asset=Asset(row.asset),
            email=row.requester_email,
            name=row.requester_name,
        )
        filed = await self._filing.file(connection, actor, Request(new, channel), confirm=confirm, extras=extras)
        await write_link(self._context, connection, actor, filed.ticket, link=FOLLOW_UP, other=row)
        return filed
