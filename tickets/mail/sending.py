"""Sends what waits in the outbox: one mail at a time, at least once, and under the same Message-ID each time.

A mail is leased before it is sent and marked after that. If the process dies between the two, the lease runs out and
the mail is sent again: twice is a nuisance, never is a loss.
"""

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

import structlog

from tickets.mail.backoff import GIVE_UP_AFTER, wait_after
from tickets.mail.identity import message_id
from tickets.mail.message import Letter, Sender, pack_letter, wire_address
from tickets.mail.smtp import WHOLE_S, Mailer, NotSent
from tickets.mail.writing import TO_REQUESTER, with_key
from tickets.services.context import Context
from tickets.settings import MailSettings
from tickets.store import outbox as outbox_store
from tickets.store.outbox import MailState, OutboxRow

_log: structlog.stdlib.BoundLogger = structlog.get_logger("tickets.mail")

LEASE: Final = timedelta(seconds=2 * WHOLE_S)
# What was written is needed for another try only; who wrote what stands on the ticket.
KEPT_AFTER_SENT: Final = timedelta(days=30)
_MAX_ERROR: Final = 240


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
        self._sender: Final = Sender(mail.name, mail.address)

    async def send_due(self) -> Round:
        """Send what is due, one mail after the other, until nothing is or the server takes none."""
        sent = failed = 0
        while (row := await self._lease()) is not None:
            if row.give_up_at <= self._context.now():
                # What ends the process each time is not tried for ever.
                failed += 1
                await self._failed(row, NotSent(row.last_error or "Sending never came to an end.", permanent=True))
                continue
            try:
                await self._mailer.send(
                    wire_address(self._sender.address), wire_address(row.recipient), self._packed(row)
                )
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

    def _packed(self, row: OutboxRow) -> bytes:
        context, key = self._context, ""
        # The key goes to the person it belongs to and to nobody else, whatever stands in the outbox.
        if row.kind in TO_REQUESTER and row.recipient == row.requester_email:
            key = context.keys.requester_token(row.ticket_id, row.requester_id, row.requester_generation)
        return pack_letter(
            Letter(
                sender=self._sender,
                recipient=row.recipient,
                message_id=row.message_id,
                thread=message_id(context.keys.token_key, "thread", row.tracking, 0, self._sender.host),
                subject=row.subject,
                text=with_key(row.text, key),
                html=with_key(row.html, key),
                at=row.created_at,
            )
        )

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


class MailOffice:
    """What an admin does about mail: look, and have it tried again."""

    def __init__(self, context: Context) -> None:
        """Use the shared parts."""
        self._context: Final = context

    async def unsent(self) -> list[OutboxRow]:
        """List what waits and what was given up."""
        async with self._context.database.read() as connection:
            return await outbox_store.unsent(connection)

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
