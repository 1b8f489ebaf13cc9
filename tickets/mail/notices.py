"""Who is written to when something happened to a ticket; rows go into the transaction that made it happen."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from protocol.tracking import TrackingNumber
from tickets.domain.access import Actor
from tickets.domain.values import TechnicianId, Urgency
from tickets.mail.backoff import GIVE_UP_AFTER
from tickets.mail.budgets import Budgets
from tickets.mail.identity import message_id
from tickets.mail.wording import Wording
from tickets.mail.writing import TO_STAFF, MailKind, Words, language_of, write
from tickets.services.context import Context
from tickets.services.handing_out import NOT_HANDED, Handed, desk_actor
from tickets.settings import MailSettings
from tickets.store import mail_addresses, mail_templates, watchers
from tickets.store import outbox as outbox_store
from tickets.store import people as people_store
from tickets.store import push as push_store
from tickets.store import tickets as ticket_store
from tickets.store.outbox import MailState
from tickets.store.people import TechnicianRow
from tickets.store.tickets import TicketRow

_log: structlog.stdlib.BoundLogger = structlog.get_logger("tickets.mail")

_SHUT: Final = "Mail to this address came back for good. Clear the address first, then try this again."


@dataclass(frozen=True)
class Reader:
    """Somebody who is written to: `whom` is the id of a person or a technician, or a watcher's address."""

    address: str
    whom: str
    language: str | None = None


def reader_of(technician: TechnicianRow) -> Reader:
    """Return a technician as somebody who is written to."""
    return Reader(technician.email, technician.id)


class Notices:
    """Queues mail; without `[mail]` settings it does nothing at all.

    The methods that take a connection write in its transaction; `ring` is for after that transaction.
    """

    def __init__(self, context: Context) -> None:
        """Use the shared parts."""
        self._context: Final = context
        self._mail: Final = context.settings.mail
        self._budgets: Final = Budgets(context.settings.limits)

    def ring(self) -> None:
        """Wake the sender; if it is away, it finds the mail when it comes back."""
        if self._mail is not None:
            self._context.bell.ring()

    async def submitted(
        self,
        connection: AsyncConnection,
        tracking: TrackingNumber,
        actor: Actor,
        *,
        confirm: bool = True,
        handed: Handed = NOT_HANDED,
    ) -> None:
        """Confirm to the requester, and tell who got it, or as nobody has it, those who could take it."""
        if self._mail is None or (row := await ticket_store.by_tracking(connection, tracking)) is None:
            return
        if confirm:
            requester = await self._requester(connection, row)
            await self._queue(connection, self._mail, MailKind.CONFIRMATION, row, (requester,))
        await self.handed(connection, row, actor, handed)

    async def handed(self, connection: AsyncConnection, row: TicketRow, actor: Actor, handed: Handed) -> None:
        """Tell the technician to whom the rules gave a ticket, or those who are to take it from the queue."""
        if self._mail is None:
            return
        if handed.target is not None:
            await self.assigned(connection, row, desk_actor(self._context), handed.target)
            return
        told = await self._available(connection) if handed.tell is None else handed.tell
        readers = [reader_of(each) for each in told if each.id != actor.technician]
        await self._queue(connection, self._mail, MailKind.NEW, row, readers, said=row.description)

    async def assigned(self, connection: AsyncConnection, row: TicketRow, actor: Actor, target: TechnicianRow) -> None:
        """Tell a technician about a ticket that somebody else gave to them."""
        if self._mail is None or target.id == actor.technician:
            return
        await self._queue(
            connection, self._mail, MailKind.ASSIGNED, row, (reader_of(target),), who=actor.name, said=row.description
        )

    async def late(
        self, connection: AsyncConnection, row: TicketRow, technicians: Sequence[TechnicianRow], text: str
    ) -> None:
        """Tell technicians that a target is missed, or will be soon; `text` says which."""
        if self._mail is not None:
            told = [reader_of(each) for each in technicians]
            await self._queue(connection, self._mail, MailKind.LATE, row, told, said=text)

    async def replied(
        self, connection: AsyncConnection, row: TicketRow, actor: Actor, text: str, entry: int | None = None
    ) -> None:
        """Tell the others about an answer; the files of the line `entry` go along to people outside.

        A technician's goes to the requester and the watchers; a requester's to the technician who has the ticket, or
        to all who are there while nobody has it.
        """
        if (mail := self._mail) is None:
            return
        outside, colleagues = await self._watchers(connection, row, actor)
        if actor.is_staff:
            requester = await self._requester(connection, row)
            await self._queue(
                connection, mail, MailKind.REPLY, row, (requester,), who=actor.name, said=text, entry=entry
            )
            await self._queue(connection, mail, MailKind.COPY, row, outside, who=actor.name, said=text, entry=entry)
            await self._queue(connection, mail, MailKind.ANSWER, row, colleagues, who=actor.name, said=text)
            return
        if row.assignee_id is None:
            told = [reader_of(each) for each in await self._available(connection)]
        else:
            told = await self._technician(connection, row.assignee_id)
        known = {each.address for each in told}
        told += [each for each in colleagues if each.address not in known]
        who = actor.name or row.requester_name
        await self._queue(connection, mail, MailKind.ANSWER, row, told, who=who, said=text)

    async def resolved(self, connection: AsyncConnection, row: TicketRow, solution: str) -> None:
        """Send the requester what solved it and ask how it was; tell the watchers."""
        if (mail := self._mail) is None:
            return
        requester = await self._requester(connection, row)
        await self._queue(connection, mail, MailKind.SOLUTION, row, (requester,), said=solution)
        outside, _ = await self._watchers(connection, row, None)
        await self._queue(connection, mail, MailKind.COPY_SOLVED, row, outside, said=solution)

    async def asked_for_link(self, connection: AsyncConnection, row: TicketRow, kind: MailKind) -> None:
        """Send the requester the link to this ticket, or to all of theirs."""
        if self._mail is not None:
            await self._queue(connection, self._mail, kind, row, (await self._requester(connection, row),))

    async def _available(self, connection: AsyncConnection) -> tuple[TechnicianRow, ...]:
        return tuple(each for each in await people_store.all_technicians(connection) if each.available)

    async def _technician(self, connection: AsyncConnection, technician: TechnicianId) -> list[Reader]:
        found = await people_store.technician(connection, technician)
        return [] if found is None or found.disabled_at is not None else [reader_of(found)]

    async def _requester(self, connection: AsyncConnection, row: TicketRow) -> Reader:
        language = await people_store.language(connection, row.requester_id)
        return Reader(row.requester_email, row.requester_id, language)

    async def _watchers(
        self, connection: AsyncConnection, row: TicketRow, actor: Actor | None
    ) -> tuple[list[Reader], list[Reader]]:
        """Return the watchers outside and the colleagues among them, without who acts and who hears of it anyway."""
        found = await watchers.of_ticket(connection, row.id)
        outside = [
            Reader(each.email, each.email)
            for each in found
            if each.technician is None and each.email != row.requester_email
        ]
        me = None if actor is None else actor.technician
        colleagues = [
            Reader(each.email, each.technician)
            for each in found
            if each.technician is not None and each.technician != me
        ]
        return outside, colleagues

    async def _queue(
        self,
        connection: AsyncConnection,
        mail: MailSettings,
        kind: MailKind,
        row: TicketRow,
        readers: Sequence[Reader],
        *,
        who: str = "",
        said: str = "",
        entry: int | None = None,
    ) -> None:
        if not readers:
            return
        context, now = self._context, self._context.now()
        words = self._words(row, who, said)
        number = await outbox_store.next_number(connection, row.id)
        shut = await mail_addresses.shut_among(connection, [each.address for each in readers])
        host = mail.address.rpartition("@")[2]
        for place, reader in enumerate(readers):
            language = language_of(reader.language, context.settings.language)
            written = write(kind, words, language, await self._wording(connection, kind, language))
            values = {
                "kind": kind,
                "ticket_id": row.id,
                "number": number + place,
                "recipient": reader.address,
                "recipient_id": reader.whom,
                "language": language,
                "entry_id": entry,
                "message_id": message_id(context.keys.token_key, kind, row.tracking, number + place, host),
                "subject": written.subject,
                "text": written.text,
                "html": written.html,
                "next_try_at": now,
                "give_up_at": now + GIVE_UP_AFTER,
                "created_at": now,
            }
            if reader.address in shut:
                values |= {"state": MailState.DEAD, "last_error": _SHUT}
            elif (over := await self._budgets.spend(connection, kind, row.id, reader.address, now)) is not None:
                values |= {
                    "state": MailState.HELD,
                    "held_by": over.budget,
                    "last_error": over.reason,
                    "next_try_at": over.until,
                }
                _log.warning("mail.held", kind=kind, budget=over.budget)
            await outbox_store.add(connection, **values)
            if kind in TO_STAFF and context.keys.push is not None:
                path = f"/console/tickets/{row.tracking}"
                await push_store.add(connection, reader.whom, written.subject, path, now)

    async def _wording(self, connection: AsyncConnection, kind: MailKind, language: str) -> Wording | None:
        found = await mail_templates.current(connection, kind, language)
        return None if found is None or found.built_in else Wording(found.subject, found.text, found.html)

    def _words(self, row: TicketRow, who: str, said: str) -> Words:
        settings = self._context.settings
        return Words(
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
