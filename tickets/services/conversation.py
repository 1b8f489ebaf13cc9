"""What is said in a ticket, whichever way it came: inside the transaction of whoever took it in."""

from dataclasses import dataclass
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from tickets.domain.access import Actor
from tickets.domain.errors import TicketClosed
from tickets.domain.status import after_reply
from tickets.domain.values import EntryKind, Status
from tickets.domain.views import TimelineEntry
from tickets.mail.notices import Notices
from tickets.services.context import Context, entry
from tickets.store import tickets as ticket_store
from tickets.store.tickets import TicketRow


@dataclass(frozen=True)
class Said:
    """A message that is written down, not committed yet, and where it left the ticket."""

    entry: TimelineEntry
    status: Status


class Conversation:
    """Writes replies and internal notes."""

    def __init__(self, context: Context) -> None:
        """Use the shared parts."""
        self._context: Final = context
        self._notices: Final = Notices(context)

    async def say(
        self, connection: AsyncConnection, actor: Actor, row: TicketRow, text: str, *, internal: bool = False
    ) -> Said:
        """Write down `text`, which is clean; a requester's answer opens a resolved ticket again.

        Whether `actor` may was checked by the caller. Raises TicketClosed for a requester whose ticket is closed.
        """
        if row.status is Status.CLOSED and not actor.is_staff:
            raise TicketClosed(row.status)
        context, now = self._context, self._context.now()
        kind = EntryKind.NOTE if internal else EntryKind.MESSAGE
        written = await context.story.tell(connection, entry(row, actor, kind, text, now, internal=internal))
        status = row.status if internal else after_reply(actor.role, row.status)
        await ticket_store.change(connection, row.id, now, status=status)
        if row.status is Status.RESOLVED and status is Status.OPEN:
            text_of_reopening = "The answer opened the request again."
            await context.story.tell(connection, entry(row, actor, EntryKind.REOPENED, text_of_reopening, now))
        if not internal:
            await self._notices.replied(connection, row, actor, text)
        return Said(written, status)
