"""Who is written to when something happened to a ticket; rows go into the transaction that made it happen."""

import hashlib
from typing import Final

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from protocol.tracking import TrackingNumber
from tickets.domain.access import Actor
from tickets.domain.values import TechnicianId, Urgency
from tickets.mail.backoff import GIVE_UP_AFTER
from tickets.mail.identity import message_id
from tickets.mail.writing import MailKind, Words, Writer, Written
from tickets.services.context import Context
from tickets.settings import MailSettings
from tickets.store import counters
from tickets.store import outbox as outbox_store
from tickets.store import people as people_store
from tickets.store import tickets as ticket_store
from tickets.store.people import TechnicianRow
from tickets.store.tickets import TicketRow

_log: structlog.stdlib.BoundLogger = structlog.get_logger("tickets.mail")


class Notices:
    """Queues mail; without `[mail]` settings it does nothing at all.

    The methods that take a connection write in its transaction; `ring` is for after that transaction.
    """

    def __init__(self, context: Context) -> None:
        """Use the shared parts."""
        self._context: Final = context
        self._mail: Final = context.settings.mail
        self._writer: Final = Writer()

    def ring(self) -> None:
        """Wake the sender; if it is away, it finds the mail when it comes back."""
        if self._mail is not None:
            self._context.bell.ring()

    async def submitted(
        self, connection: AsyncConnection, tracking: TrackingNumber, actor: Actor, *, confirm: bool = True
    ) -> None:
        """Confirm to the requester, and tell every technician who is there, as nobody has it."""
        if self._mail is None or (row := await ticket_store.by_tracking(connection, tracking)) is None:
            return
        if confirm and await self._may_confirm(connection, row.requester_email):
            await self._queue(connection, self._mail, MailKind.CONFIRMATION, row, (row.requester_email,))
        technicians = await people_store.all_technicians(connection)
        told = [each.email for each in technicians if each.available and each.id != actor.technician]
        await self._queue(connection, self._mail, MailKind.NEW, row, told, said=row.description)

    async def assigned(self, connection: AsyncConnection, row: TicketRow, actor: Actor, target: TechnicianRow) -> None:
        """Tell a technician about a ticket that somebody else gave to them."""
        if self._mail is None or target.id == actor.technician:
            return
        await self._queue(
            connection, self._mail, MailKind.ASSIGNED, row, (target.email,), who=actor.name, said=row.description
        )

    async def replied(self, connection: AsyncConnection, row: TicketRow, actor: Actor, text: str) -> None:
        """Tell the other side about an answer: the requester, or the technician who has the ticket."""
        if self._mail is None:
            return
        if actor.is_staff:
            recipients = (row.requester_email,)
            await self._queue(connection, self._mail, MailKind.REPLY, row, recipients, who=actor.name, said=text)
        elif row.assignee_id is not None:
            told = await self._email_of(connection, row.assignee_id)
            await self._queue(connection, self._mail, MailKind.ANSWER, row, told, who=row.requester_name, said=text)

    async def resolved(self, connection: AsyncConnection, row: TicketRow, solution: str) -> None:
        """Send the requester what solved it."""
        if self._mail is None:
            return
        await self._queue(connection, self._mail, MailKind.SOLUTION, row, (row.requester_email,), said=solution)

    async def _may_confirm(self, connection: AsyncConnection, email: str) -> bool:
        """Whether this address was not written to too often; it is anybody's who was typed into a form."""
        name = f"confirm {hashlib.sha256(email.encode()).hexdigest()[:40]}"
        limit = self._context.settings.limits.confirmation_recipient
        if await counters.spend(connection, name, limit, self._context.now()) is None:
            return True
        _log.warning("mail.confirmations-held-back", limit=limit.count)
        return False

    async def _email_of(self, connection: AsyncConnection, technician: TechnicianId) -> tuple[str, ...]:
        found = await people_store.technician(connection, technician)
        return () if found is None or found.disabled_at is not None else (found.email,)

    async def _queue(
        self,
        connection: AsyncConnection,
        mail: MailSettings,
        kind: MailKind,
        row: TicketRow,
        recipients: list[str] | tuple[str, ...],
        *,
        who: str = "",
        said: str = "",
    ) -> None:
        if not recipients:
            return
        context, now = self._context, self._context.now()
        written = self._write(kind, row, who, said)
        number = await outbox_store.next_number(connection, row.id)
        host = mail.address.rpartition("@")[2]
        for place, recipient in enumerate(recipients):
            await outbox_store.add(
                connection,
                kind=kind,
                ticket_id=row.id,
                number=number + place,
                recipient=recipient,
                message_id=message_id(context.keys.token_key, kind, row.tracking, number + place, host),
                subject=written.subject,
                text=written.text,
                html=written.html,
                next_try_at=now,
                give_up_at=now + GIVE_UP_AFTER,
                created_at=now,
            )

    def _write(self, kind: MailKind, row: TicketRow, who: str, said: str) -> Written:
        settings = self._context.settings
        words = Words(
            organisation=settings.organisation_name,
            public_url=settings.public_url,
            tracking=row.tracking,
            title=row.title,
            requester=row.requester_name,
            category=row.category,
            urgency=Urgency(row.urgency),
            who=who,
            said=said,
        )
        return self._writer.write(kind, words)
