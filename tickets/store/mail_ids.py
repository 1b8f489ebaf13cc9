"""Statements about Message-IDs of other people's mail: which ticket a thread belongs to."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from protocol.tracking import TrackingNumber
from tickets.store.raw_mails import message_key
from tickets.store.schema import mail_ids, tickets


async def remember(connection: AsyncConnection, message_id: str, ticket: str, now: datetime) -> None:
    """Note that this mail belongs to a ticket; the first ticket keeps it."""
    key = message_key(message_id)
    if key is None:
        return
    known = select(mail_ids.c.message_key).where(mail_ids.c.message_key == key)
    if (await connection.execute(known)).scalar_one_or_none() is None:
        await connection.execute(mail_ids.insert().values(message_key=key, ticket_id=ticket, created_at=now))


async def ticket_of(connection: AsyncConnection, message_ids: Sequence[str]) -> TrackingNumber | None:
    """Return the ticket of the first of these mails that is known."""
    keys = [key for key in map(message_key, message_ids) if key is not None]
    if not keys:
        return None
    query = (
        select(mail_ids.c.message_key, tickets.c.tracking)
        .join(tickets, tickets.c.id == mail_ids.c.ticket_id)
        .where(mail_ids.c.message_key.in_(keys))
    )
    found = {row[0]: TrackingNumber(row[1]) for row in await connection.execute(query)}
    return next((found[key] for key in keys if key in found), None)
