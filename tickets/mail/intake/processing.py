"""Works on what was received: one mail at a time, each acted on exactly once.

A mail is leased, read outside any transaction, and then acted on in one transaction which first takes the mail's row
and last says what became of it. Whatever ends the process before that is committed leaves nothing behind but a lease
that runs out. A mail that ends it again and again is suspended, so that it can't hold up the others.
"""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Final

import structlog
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from tickets.domain.intake import MAX_REASON, IntakeState
from tickets.mail.intake.clerk import Clerk, Outcome, suspended
from tickets.mail.intake.composing import sender_of, subject_of
from tickets.mail.intake.enclosures import discard, put_by
from tickets.mail.intake.understanding import WHOLE_S, MailReader, Understood
from tickets.mail.notices import Notices
from tickets.mail.reading.mail import Unreadable
from tickets.services.context import Context
from tickets.settings import IntakeSettings
from tickets.store import raw_mails as raw_store
from tickets.store.raw_mails import RawMail

_log: structlog.stdlib.BoundLogger = structlog.get_logger("tickets.mail")

LEASE: Final = timedelta(seconds=3 * WHOLE_S)
MAX_ATTEMPTS: Final = 4

Step = Callable[[str], Awaitable[None]]
"""Called at every step with its name; tests make it fail there."""


async def _no_step(_name: str) -> None:
    """Nothing happens between steps."""


class IntakeProcessor:
    """The worker's part of mail that comes in; any number of them may run on one database."""

    def __init__(
        self,
        context: Context,
        intake: IntakeSettings,
        reader: MailReader,
        *,
        lease: timedelta = LEASE,
        step: Step = _no_step,
    ) -> None:
        """Use the shared parts and something that reads mails."""
        self._context: Final = context
        self._reader: Final = reader
        self._clerk: Final = Clerk(context, intake)
        self._notices: Final = Notices(context)
        self._lease: Final = lease
        self._step: Final = step

    async def process_due(self) -> int:
        """Work on mails until none waits; returns how many were settled."""
        count = 0
        while (raw := await self._take()) is not None:
            try:
                count += await self._settle(raw)
            except (OperationalError, InterfaceError, PoolTimeoutError):
                # Nothing was written; the lease runs out, and then it is tried again.
                raise
            except Exception as error:  # noqa: BLE001 - the edge of one mail's work
                # A fault of ours: it shall not stop the mails behind it.
                _log.exception("mail.not-processed", mail=raw.id, attempts=raw.attempts)
                await self._give_back(raw, f"Working on it failed ({type(error).__name__}).")
        return count

    async def close(self) -> None:
        """End the program that reads mails."""
        await self._reader.close()

    async def _take(self) -> RawMail | None:
        now = self._context.now()
        async with self._context.database.write() as connection:
            return await raw_store.lease(connection, now, now + self._lease)

    async def _settle(self, raw: RawMail) -> int:
        await self._step("leased")
        if raw.attempts > MAX_ATTEMPTS:
            reason = f"Working on it did not come to an end, {MAX_ATTEMPTS} times."
            return await self._write(raw, None, suspended(reason))
        try:
            read = await self._reader.read(raw.raw)
        except Unreadable as error:
            return await self._write(raw, None, suspended(error.reason))
        await self._step("read")
        enclosures = await put_by(self._context, read.mail)
        await self._step("files kept")
        try:
            async with self._context.database.write() as connection:
                if not await raw_store.settle(connection, raw, state=IntakeState.DONE):
                    return 0
                await self._step("row taken")
                outcome = await self._clerk.act(connection, raw, read, enclosures)
                await self._step("acted")
                await raw_store.note(connection, raw.id, **self._values(read, outcome))
                await self._step("before commit")
        finally:
            discard(enclosures)
        await self._step("committed")
        self._told(raw, outcome)
        return 1

    async def _write(self, raw: RawMail, read: Understood | None, outcome: Outcome) -> int:
        async with self._context.database.write() as connection:
            done = await raw_store.settle(connection, raw, **self._values(read, outcome))
        self._told(raw, outcome)
        return int(done)

    def _values(self, read: Understood | None, outcome: Outcome) -> dict[str, object]:
        sender = None if read is None else sender_of(read.mail)
        return {
            "state": outcome.state,
            "reason": outcome.reason[:MAX_REASON],
            "ticket_id": outcome.ticket,
            "entry_id": outcome.entry,
            "sender": "" if sender is None else sender.email,
            "subject": "" if read is None else subject_of(read.mail)[:255],
            "lease_until": None,
            "settled_at": self._context.now(),
        }

    def _told(self, raw: RawMail, outcome: Outcome) -> None:
        _log.info("mail.processed", mail=raw.id, state=outcome.state, attempts=raw.attempts)
        if outcome.ticket is not None:
            self._notices.ring()

    async def _give_back(self, raw: RawMail, reason: str) -> None:
        """Let a mail be tried again at once, or suspend it when that was often enough."""
        async with self._context.database.write() as connection:
            if raw.attempts >= MAX_ATTEMPTS:
                await raw_store.settle(connection, raw, **self._values(None, suspended(reason)))
            else:
                await raw_store.settle(connection, raw, lease_until=None)
