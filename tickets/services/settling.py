"""The end of tickets that were resolved long ago: closed by themselves, so that an answer becomes a new request."""

from typing import Final

from tickets.domain.access import Role
from tickets.domain.values import EntryKind, Status
from tickets.services.context import Context
from tickets.services.hangup import end_sessions_of
from tickets.store import tickets as ticket_store
from tickets.store import work as work_store
from tickets.store.timeline import NewEntry

WHO: Final = "Help desk"
_BATCH: Final = 100


class SettlingService:
    """Closes what nobody answered."""

    def __init__(self, context: Context) -> None:
        """Use the shared parts."""
        self._context: Final = context

    async def housekeep(self) -> None:
        """Close what was resolved longer ago than it can be opened again; forget old drafts."""
        context, now = self._context, self._context.now()
        within = context.settings.lives.reopening
        closed = []
        async with context.database.write() as connection:
            await work_store.purge(connection, now - within)
            for row in await ticket_store.resolved_before(connection, now - within, _BATCH):
                await ticket_store.change(connection, row.id, now, status=Status.CLOSED)
                days = within.days
                text = f"Closed by itself: nobody answered for {days} day{'s' if days != 1 else ''}."
                line = NewEntry(row.id, now, EntryKind.STATUS, WHO, Role.ADMIN, text)
                await context.story.tell(connection, line)
                await end_sessions_of(connection, context.story, row, Status.CLOSED, now, everybody=True)
                closed.append(row)
        for row in closed:
            context.hub.publish("ticket", row.tracking)
            context.hub.publish("queue", row.tracking)
