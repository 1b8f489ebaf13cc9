"""Links by mail: asked for by anybody, looked up by the worker, sent to nobody but whom they belong to."""

from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from protocol.tracking import InvalidTrackingNumber, parse_tracking
from tickets.domain.access import Action, Actor, Thing, check
from tickets.domain.errors import LinkOver, NoMail
from tickets.domain.outgoing import MyRequest, MyRequests
from tickets.mail.budgets import hash_of
from tickets.mail.notices import Notices
from tickets.mail.writing import MailKind
from tickets.services.context import Context, address_block, spend
from tickets.store import counters, link_requests
from tickets.store import people as people_store
from tickets.store import tickets as ticket_store
from tickets.store.link_requests import LinkRequestRow
from tickets.text import clean_email


class MailedLinkService:
    """Implements `tickets.domain.outgoing.MailedLinks`; `answer` is the worker's part.

    What is asked is only written down, the same for every number and address. Whether anything fits is found out in
    another process, so neither the answer nor the time it takes can tell.
    """

    def __init__(self, context: Context) -> None:
        """Use the shared parts."""
        self._context: Final = context
        self._notices: Final = Notices(context)

    async def ask(self, actor: Actor, tracking: str, email: str, *, address: str) -> None:
        """Have a link mailed. Raises TooManyTries, NoMail, Invalid for what is no address at all."""
        check(actor, Action.SUBMIT, Thing.MAILED_LINKS)
        context, now = self._context, self._context.now()
        if context.settings.mail is None:
            raise NoMail
        cleaned = clean_email(email)
        async with context.database.write() as connection:
            await spend(connection, f"link {address_block(address)}", context.settings.limits.link_address, now)
            await link_requests.add(connection, tracking[:40], cleaned, now)
        context.bell.ring()

    async def answer(self) -> int:
        """Queue the mails for what was asked; return how many requests were looked at."""
        count = 0
        while True:
            async with self._context.database.read() as connection:
                # Nearly always none: then nobody waits for the writer.
                if await link_requests.first(connection) is None:
                    return count
            async with self._context.database.write() as connection:
                asked = await link_requests.first(connection)
                if asked is None:
                    return count
                await link_requests.remove(connection, asked.id)
                count += 1
                name, limit = f"link to {hash_of(asked.email)}", self._context.settings.limits.link_recipient
                if await counters.spend(connection, name, limit, self._context.now()) is not None:
                    continue
                kind, number = await self._found(connection, asked)
                row = None if number is None else await ticket_store.by_tracking(connection, number)
                if row is not None and row.requester_email == asked.email:
                    await self._notices.asked_for_link(connection, row, kind)

    async def opened(self, actor: Actor, key: str, *, address: str) -> MyRequests:
        """Return what the key of a mailed link opens. Raises LinkOver, TooManyTries."""
        check(actor, Action.READ, Thing.MAILED_LINKS)
        context, now = self._context, self._context.now()
        async with context.database.write() as connection:
            await spend(connection, f"my {address_block(address)}", context.settings.limits.my_address, now)
        person = context.keys.list_owner(key, now)
        if person is None:
            raise LinkOver
        async with context.database.read() as connection:
            rows = await link_requests.tickets_of(connection, person)
        base = context.settings.public_url
        return MyRequests(
            tuple(
                MyRequest(
                    tracking=row.tracking,
                    title=row.title,
                    status=row.status,
                    created_at=row.created_at,
                    updated_at=row.updated_at,
                    link=f"{base}/t/{row.tracking}#"
                    + context.keys.requester_token(row.id, person, row.requester_generation),
                )
                for row in rows
            )
        )

    async def _found(self, connection: AsyncConnection, asked: LinkRequestRow) -> tuple[MailKind, str | None]:
        """Return which mail it would be, and the ticket to which it belongs: for a list the newest one."""
        if asked.tracking:
            try:
                return MailKind.LINK, parse_tracking(asked.tracking, self._context.settings.tracking_prefix)
            except InvalidTrackingNumber:
                return MailKind.LINK, None
        person = await people_store.id_by_email(connection, asked.email)
        own = [] if person is None else await link_requests.tickets_of(connection, person, 1)
        return MailKind.MY, own[0].tracking if own else None
