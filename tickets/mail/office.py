"""What an admin does about mail: look, have it tried again, take it out."""

from datetime import timedelta
from typing import Final

from tickets.mail.backoff import GIVE_UP_AFTER
from tickets.services.context import Context
from tickets.store import outbox as outbox_store
from tickets.store.outbox import MailState, OutboxRow

_HOUR: Final = timedelta(hours=1)


class MailOffice:
    """The outbox for who runs the server; rights are checked by who calls it."""

    def __init__(self, context: Context) -> None:
        """Use the shared parts."""
        self._context: Final = context

    async def unsent(self) -> list[OutboxRow]:
        """List what waits, what is held and what was given up."""
        async with self._context.database.read() as connection:
            return await outbox_store.unsent(connection)

    async def listed(self, state: MailState, before: int | None, limit: int) -> list[OutboxRow]:
        """List mail in one state, the newest first."""
        async with self._context.database.read() as connection:
            return await outbox_store.listed(connection, state, before, limit)

    async def numbers(self) -> tuple[dict[MailState, int], int, int, int]:
        """Return how many are in each unsent state, sent in the last hour and day, and for how many s one is due."""
        now = self._context.now()
        async with self._context.database.read() as connection:
            counts = await outbox_store.counts(connection)
            hour = await outbox_store.sent_since(connection, now - _HOUR)
            day = await outbox_store.sent_since(connection, now - 24 * _HOUR)
            oldest = await outbox_store.oldest_due(connection, now)
        return counts, hour, day, 0 if oldest is None else max(0, int((now - oldest).total_seconds()))

    async def count_dead(self) -> int:
        """Return how many were given up."""
        async with self._context.database.read() as connection:
            return await outbox_store.count_dead(connection)

    async def retry(self, mail: int | None) -> int:
        """Make one mail, or all that are unsent, due now; return how many that are."""
        now = self._context.now()
        async with self._context.database.write() as connection:
            count = await outbox_store.revive(connection, mail, now, now + GIVE_UP_AFTER)
        self._context.bell.ring()
        return count

    async def drop(self, mail: int) -> int:
        """Take one unsent mail out; return how many that were."""
        async with self._context.database.write() as connection:
            return await outbox_store.drop(connection, mail, self._context.now())
