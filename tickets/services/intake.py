"""Mail that came in, for people who look after it: look, decide, let an address have mail again."""

from datetime import datetime, timedelta
from typing import Final

import structlog

from tickets.domain.access import Action, Actor, Thing, check
from tickets.domain.errors import MailSettled, NotFound, TicketNotFound
from tickets.domain.intake import (
    BlockedAddress,
    BlockedAddressList,
    IncomingMail,
    IncomingMailList,
    IncomingMailQuery,
    IncomingMailView,
    IntakeState,
    MailPart,
)
from tickets.mail.intake.clerk import NEW_TICKET
from tickets.mail.intake.understanding import ChildReader, MailReader, Understood
from tickets.mail.reading.cleaning import sandbox_document
from tickets.mail.reading.mail import Unreadable
from tickets.services.context import Context
from tickets.store import mail_addresses
from tickets.store import raw_mails as raw_store
from tickets.store.raw_mails import MailRow
from tickets.text import clean_email

_log: structlog.stdlib.BoundLogger = structlog.get_logger("tickets.mail")

_MAX_PREVIEW: Final = 20_000
# The navigation says how many wait; this often it is asked how many there are.
_LOOK_EVERY: Final = timedelta(seconds=3)
_UNDECIDED: Final = (IntakeState.SUSPENDED, IntakeState.IGNORED)


class IntakeService:
    """Implements `tickets.domain.intake.Intake`. Mails are read in a process of their own, as the worker does it."""

    def __init__(self, context: Context, reader: MailReader | None = None) -> None:
        """Use the shared parts; nothing is started before a mail is looked at."""
        self._context: Final = context
        self._reader: Final = reader or ChildReader()
        self._looked_at: datetime | None = None
        self.last_seen_waiting = 0

    async def look(self) -> None:
        """Count what waits, for the navigation of every page."""
        now = self._context.now()
        if self._looked_at is None or not timedelta() <= now - self._looked_at < _LOOK_EVERY:
            self._looked_at = now
            async with self._context.database.read() as connection:
                self.last_seen_waiting = await raw_store.count(connection, IntakeState.SUSPENDED)

    async def close(self) -> None:
        """End the program that reads mails."""
        await self._reader.close()

    async def listed(self, actor: Actor, query: IncomingMailQuery) -> IncomingMailList:
        """List mail in one state, the newest first."""
        check(actor, Action.LIST, Thing.INCOMING_MAIL)
        async with self._context.database.read() as connection:
            rows = await raw_store.in_state(connection, query.state, before=query.before, limit=query.limit + 1)
        more = len(rows) > query.limit
        rows = rows[: query.limit]
        return IncomingMailList(tuple(map(shown, rows)), rows[-1].id if more else None)

    async def waiting(self, actor: Actor) -> int:
        """Return how many mails wait for a decision."""
        check(actor, Action.LIST, Thing.INCOMING_MAIL)
        async with self._context.database.read() as connection:
            return await raw_store.count(connection, IntakeState.SUSPENDED)

    async def get(self, actor: Actor, mail: int) -> IncomingMailView:
        """Return a mail to look at; one that can't be read has no text, and says why."""
        row, raw = await self._found(actor, mail)
        try:
            read = await self._reader.read(raw)
        except Unreadable as error:
            return IncomingMailView(shown(row), "", (), (), "", False, (), (error.reason,))
        return _view(row, read)

    async def raw(self, actor: Actor, mail: int) -> bytes:
        """Return a mail as it came."""
        _, raw = await self._found(actor, mail)
        return raw

    async def page(self, actor: Actor, mail: int) -> bytes:
        """Return a mail's HTML as a whole document for a sandbox. Raises NotFound without HTML."""
        _, raw = await self._found(actor, mail)
        try:
            read = await self._reader.read(raw)
        except Unreadable:
            raise NotFound("mail") from None
        if not read.html:
            raise NotFound("mail")
        return sandbox_document(read.html)

    async def replay(self, actor: Actor, mail: int) -> IncomingMail:
        """Have a mail looked at once more. Raises MailSettled."""
        return await self._again(actor, mail, "")

    async def attach(self, actor: Actor, mail: int, tracking: str) -> IncomingMail:
        """Let a mail become a line of this ticket. Raises MailSettled, TicketNotFound."""
        check(actor, Action.CHANGE, Thing.INCOMING_MAIL)
        async with self._context.database.read() as connection:
            row = await self._context.find(connection, tracking)
        if row is None:
            raise TicketNotFound
        return await self._again(actor, mail, row.tracking)

    async def file(self, actor: Actor, mail: int) -> IncomingMail:
        """Let a mail become a ticket of its own. Raises MailSettled."""
        return await self._again(actor, mail, NEW_TICKET)

    async def _again(self, actor: Actor, mail: int, wanted: str) -> IncomingMail:
        return await self._move(
            actor,
            mail,
            _UNDECIDED,
            state=IntakeState.RECEIVED,
            reason="",
            wanted=wanted,
            attempts=0,
            lease_until=None,
            settled_at=None,
        )

    async def ignore(self, actor: Actor, mail: int) -> IncomingMail:
        """Decide that nothing becomes of a mail; it is kept. Raises MailSettled."""
        reason = f"{actor.name} decided so."
        return await self._move(
            actor,
            mail,
            (IntakeState.SUSPENDED,),
            state=IntakeState.IGNORED,
            reason=reason,
            settled_at=self._context.now(),
        )

    async def delete(self, actor: Actor, mail: int) -> None:
        """Forget what a mail said. Raises MailSettled."""
        check(actor, Action.REMOVE, Thing.INCOMING_MAIL)
        reason = f"{actor.name} deleted what it said."
        # That it came stays known: fetched again, the same mail does not come back.
        await self._move(
            actor, mail, _UNDECIDED, state=IntakeState.IGNORED, reason=reason, packed=b"", subject="", sender=""
        )

    async def _move(
        self, actor: Actor, mail: int, away_from: tuple[IntakeState, ...], **values: object
    ) -> IncomingMail:
        check(actor, Action.CHANGE, Thing.INCOMING_MAIL)
        context = self._context
        async with context.database.write() as connection:
            moved = await raw_store.move(connection, mail, away_from=away_from, **values)
            row = await raw_store.by_id(connection, mail)
        if row is None:
            raise NotFound("mail")
        if not moved:
            raise MailSettled(row.state)
        context.bell.ring()
        self._looked_at = None
        context.hub.publish("queue", "")
        _log.info("mail.decided", mail=mail, state=row.state, by=actor.technician)
        return shown(row)

    async def blocked(self, actor: Actor) -> BlockedAddressList:
        """List addresses that get no more mail."""
        check(actor, Action.LIST, Thing.INCOMING_MAIL)
        async with self._context.database.read() as connection:
            rows = await mail_addresses.every_shut(connection)
        return BlockedAddressList(
            tuple(BlockedAddress(row.address, row.reason, row.permanent, row.first_at, row.last_at) for row in rows)
        )

    async def is_blocked(self, actor: Actor, address: str) -> bool:
        """Whether this address gets no more mail."""
        check(actor, Action.LIST, Thing.INCOMING_MAIL)
        async with self._context.database.read() as connection:
            return bool(await mail_addresses.shut_among(connection, [address]))

    async def clear(self, actor: Actor, address: str) -> None:
        """Let an address have mail again. Raises NotFound, Invalid."""
        check(actor, Action.CHANGE, Thing.INCOMING_MAIL)
        async with self._context.database.write() as connection:
            if not await mail_addresses.clear(connection, clean_email(address)):
                raise NotFound("address")

    async def _found(self, actor: Actor, mail: int) -> tuple[MailRow, bytes]:
        check(actor, Action.READ, Thing.INCOMING_MAIL)
        async with self._context.database.read() as connection:
            row = await raw_store.by_id(connection, mail)
            raw = await raw_store.bytes_of(connection, mail)
        if row is None:
            raise NotFound("mail")
        # It is read in another process, which may take its time.
        await self._context.database.let_go()
        return row, raw


def shown(row: MailRow) -> IncomingMail:
    """Return a mail as a line of a list."""
    return IncomingMail(
        id=row.id,
        state=row.state,
        reason=row.reason,
        sender=row.sender,
        subject=row.subject,
        received_at=row.received_at,
        size_bytes=row.size,
        tracking=row.tracking,
        attempts=row.attempts,
    )


def _view(row: MailRow, read: Understood) -> IncomingMailView:
    mail = read.mail
    return IncomingMailView(
        mail=shown(row),
        sender_name=mail.from_.name if mail.from_ is not None else "",
        to=tuple(each.address for each in mail.to[:20]),
        cc=tuple(each.address for each in mail.cc[:20]),
        text=mail.text[:_MAX_PREVIEW],
        has_html=bool(read.html),
        attachments=tuple(MailPart(each.name, each.content_type, len(each.content)) for each in mail.attachments[:50]),
        notes=mail.notes,
    )
