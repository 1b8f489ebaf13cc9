"""What a message brings besides its words: files, and the rest of a mail."""

from collections.abc import Sequence
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from tickets.domain.access import Actor
from tickets.domain.attachments import AttachmentView, MessageExtras, NewFile, safe_name
from tickets.domain.errors import Invalid
from tickets.domain.file_types import declared_type
from tickets.services.context import Context
from tickets.store import attachments as attachment_store
from tickets.store import message_parts
from tickets.store.attachments import AttachmentRow

MAX_QUOTED: Final = 200_000
MAX_HTML: Final = 1_000_000


def sender_of(actor: Actor) -> str:
    """Return who sent a file, so that nobody else can put it into a message."""
    return actor.technician or actor.person or actor.agent_key or ""


async def add_extras(
    context: Context,
    connection: AsyncConnection,
    actor: Actor,
    extras: MessageExtras,
    *,
    ticket: str,
    entry: int,
    internal: bool = False,
) -> tuple[AttachmentView, ...]:
    """Write down what came with the message `entry`. Raises Invalid for an uploaded file that is not there."""
    if extras.quoted or extras.html:
        await message_parts.add(connection, entry, quoted=extras.quoted[:MAX_QUOTED], html=extras.html[:MAX_HTML])
    rows = [
        await add_file(context, connection, actor, file, ticket=ticket, entry=entry, internal=internal)
        for file in extras.attachments
    ]
    if extras.uploaded:
        wanted = tuple(dict.fromkeys(extras.uploaded))
        taken = await attachment_store.take(connection, ticket, entry, sender_of(actor), wanted, internal=internal)
        if len(taken) != len(wanted):
            raise Invalid("attachments", "a file is not there any more. Send it again.")
        rows += taken
    return tuple(row.shown() for row in rows)


async def add_file(
    context: Context,
    connection: AsyncConnection,
    actor: Actor,
    file: NewFile,
    *,
    ticket: str,
    entry: int | None,
    internal: bool,
) -> AttachmentRow:
    """Write a file down and move it to its place."""
    now = context.now()
    await attachment_store.keep(connection, context.files, file.kept, now)
    row = AttachmentRow(
        id=context.new_id(),
        ticket_id=ticket,
        entry_id=entry,
        content=file.kept.content,
        name=safe_name(file.name),
        declared=declared_type(file.declared),
        kind=file.kept.kind,
        size=file.kept.size,
        cid=file.cid.strip("<> ")[:255],
        inline=file.inline,
        internal=internal,
        sender=sender_of(actor),
        created_at=now,
    )
    await attachment_store.add(connection, row)
    return row


async def check_room(context: Context, connection: AsyncConnection, ticket: str, sizes: Sequence[int]) -> None:
    """Pass when a ticket has room for that many files of these sizes. Raises Invalid."""
    limits = context.settings.attachments
    if len(sizes) > limits.message_count:
        raise Invalid("attachments", f"send at most {limits.message_count} files with one message.")
    if any(size == 0 for size in sizes):
        raise Invalid("attachments", "a file is empty.")
    count, size = await attachment_store.total(connection, ticket)
    if size + sum(sizes) > limits.ticket_bytes or count + len(sizes) > limits.ticket_count:
        raise Invalid("attachments", "this request has as many files as it may have.")
