"""Statements about what a mail that goes out has to do with: the mail it answers, the files of its message."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from tickets.store.attachments import AttachmentRow
from tickets.store.schema import attachments, raw_mails


async def last_received(connection: AsyncConnection, ticket: str, sender: str, before: datetime) -> str:
    """Return the Message-ID, as it came, of the last mail about this ticket from `sender` by then; '' without one."""
    query = (
        select(raw_mails.c.message_id)
        .where(raw_mails.c.ticket_id == ticket, raw_mails.c.sender == sender, raw_mails.c.received_at <= before)
        .order_by(raw_mails.c.id.desc())
        .limit(1)
    )
    found: str | None = (await connection.execute(query)).scalar_one_or_none()
    return found or ""


async def files_of(connection: AsyncConnection, ticket: str, entry: int) -> list[AttachmentRow]:
    """Return the files of one message that people outside may see, in the order in which they came."""
    query = (
        select(attachments)
        .where(attachments.c.ticket_id == ticket, attachments.c.entry_id == entry, attachments.c.internal.is_(False))
        .order_by(attachments.c.created_at, attachments.c.id)
    )
    return [AttachmentRow(**found) for found in (await connection.execute(query)).mappings()]
