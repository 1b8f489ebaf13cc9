"""Sends what waits in the outbox: one mail at a time, at least once, and under the same Message-ID each time.

A mail is leased before it is sent and marked after that. If the process dies between the two, the lease runs out and
the mail is sent again: twice is a nuisance, never is a loss.
"""

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

import structlog

from tickets.mail.backoff import wait_after
from tickets.mail.budgets import Budget, Budgets
from tickets.mail.message import wire_address
from tickets.mail.packing import Packing
from tickets.mail.smtp import WHOLE_S, Courier, Mailer, NotSent
from tickets.services.context import Context
from tickets.settings import MailSettings
from tickets.store import mail_addresses
from tickets.store import outbox as outbox_store
from tickets.store.outbox import MailState, OutboxRow

_log: structlog.stdlib.BoundLogger = structlog.get_logger("tickets.mail")

LEASE: Final = timedelta(seconds=2 * WHOLE_S)
# What was written is needed for another try only; who wrote what stands on the ticket.
KEPT_AFTER_SENT: Final = timedelta(days=30)
_MAX_ERROR: Final = 240
_HELD_AT_ONCE: Final = 500


@dataclass(frozen=True)
class Round:
    """How many mails a round handed over, and how many it could not."""

    sent: int
    failed: int


class MailSender:
    """The worker's part of mail; any number of them may run on one database."""

    def __init__(self, context: Context, mail: MailSettings, mailer: Mailer) -> None:
        """Use the shared parts and a way to send."""
        self._context: Final = context
        self._mailer: Final = mailer
        self._address: Final = mail.address
        self._packing: Final = Packing(context, mail)
        self._budgets: Final = Budgets(context.settings.limits)

    async def send_due(self) -> Round:
        """Send what is due, one mail after the other, until nothing is or the server takes none."""
        await self._let_go()
        async with self._mailer.round() as courier:
            return await self._send_with(courier)

    async def _send_with(self, courier: Courier) -> Round:
        sent = failed = 0
        while (row := await self._lease()) is not None:
            if row.give_up_at <= self._context.now():
                # What ends the process each time is not tried for ever.
                failed += 1
                await self._failed(row, NotSent(row.last_error or "Sending never came to an end.", permanent=True))
                continue
            try:
                await courier.send(wire_address(self._address), wire_address(row.recipient), await self._packed(row))
            except NotSent as trouble:
                failed += 1
                await self._failed(row, trouble)
                if trouble.whole_server:
                    break
            except ValueError as error:
                # Headers that can't be made; the next mail can.
                failed += 1
                await self._failed(row, NotSent(f"The mail can't be made ({type(error).__name__}).", permanent=True))
            else:
                sent += 1
                await self._sent(row)
        return Round(sent, failed)

    async def tidy(self) -> None:
        """Forget what old mails said."""
        async with self._context.database.write() as connection:
            await outbox_store.empty_sent(connection, self._context.now() - KEPT_AFTER_SENT)

    async def _lease(self) -> OutboxRow | None:
        now = self._context.now()
        async with self._context.database.write() as connection:
            return await outbox_store.lease(connection, now, now + LEASE)

    async def _packed(self, row: OutboxRow) -> bytes:
        """Return the mail as bytes. Raises NotSent when its address has been shut meanwhile."""
        async with self._context.database.read() as connection:
            if await mail_addresses.shut_among(connection, [row.recipient]):
                raise NotSent("Mail to this address came back for good. Clear the address first.", permanent=True)
            return await self._packing.pack(connection, row)

    async def _let_go(self) -> None:
        """Let mail go that the budget for all held, as far as there is room again."""
        now = self._context.now()
        async with self._context.database.read() as connection:
            # Nearly always none: then nobody waits for the writer.
            waiting = await outbox_store.held(connection, Budget.ALL, now, _HELD_AT_ONCE)
        if not waiting:
            return
        async with self._context.database.write() as connection:
            for mail in await outbox_store.held(connection, Budget.ALL, now, _HELD_AT_ONCE):
                if (over := await self._budgets.spend_one_of_all(connection, now)) is not None:
                    await outbox_store.hold_on(connection, mail, over.until)
                else:
                    await outbox_store.let_go(connection, mail, now)

    async def _sent(self, row: OutboxRow) -> None:
        async with self._context.database.write() as connection:
            await outbox_store.settle(
                connection, row, state=MailState.SENT, sent_at=self._context.now(), last_error=None
            )
        _log.info("mail.sent", mail=row.id, kind=row.kind, attempts=row.attempts)

    async def _failed(self, row: OutboxRow, trouble: NotSent) -> None:
        now, said = self._context.now(), str(trouble)[:_MAX_ERROR]
        chance = self._context.entropy(1)[0] / 255
        next_try_at = now + wait_after(row.attempts, chance)
        dead = trouble.permanent or next_try_at >= row.give_up_at
        async with self._context.database.write() as connection:
            if dead:
                await outbox_store.settle(connection, row, state=MailState.DEAD, last_error=said)
            else:
                await outbox_store.settle(connection, row, next_try_at=next_try_at, last_error=said)
        # Not what the server said: it may repeat an address.
        _log.warning("mail.dead" if dead else "mail.not-sent", mail=row.id, kind=row.kind, attempts=row.attempts)
