"""Who else is told about a ticket: added and removed in anybody's transaction, told on the timeline."""

from collections.abc import Sequence

from sqlalchemy.ext.asyncio import AsyncConnection

from tickets.domain.access import Actor
from tickets.domain.conversation import MAX_WATCHERS
from tickets.domain.errors import Invalid
from tickets.domain.values import EntryKind
from tickets.domain.views import MAX_LINE
from tickets.services.context import Context, entry
from tickets.store import people as people_store
from tickets.store import watchers as watcher_store
from tickets.store.tickets import TicketRow


async def add_watchers(
    context: Context,
    connection: AsyncConnection,
    actor: Actor,
    row: TicketRow,
    people: Sequence[tuple[str, str]],
) -> tuple[str, ...]:
    """Add people as (clean address, name or nothing); returns the addresses that are new.

    The requester is told anyway and is never one. Raises Invalid when they are too many.
    """
    now = context.now()
    if await watcher_store.count(connection, row.id) + len(people) > MAX_WATCHERS:
        raise Invalid("emails", f"at most {MAX_WATCHERS} people can be told about one request.")
    added = []
    for email, name in people:
        if email == row.requester_email:
            continue
        colleague = await people_store.technician_by_email(connection, email)
        known_as = (name.strip() or (colleague.name if colleague else "") or email)[:MAX_LINE]
        if await watcher_store.add(connection, row.id, email, known_as, now):
            added.append(email)
    if added:
        text = f"{actor.name} added {', '.join(added)}: they are told too."
        await context.story.tell(connection, entry(row, actor, EntryKind.WATCHERS, text, now, internal=True))
    return tuple(added)


async def remove_watcher(
    context: Context, connection: AsyncConnection, actor: Actor, row: TicketRow, email: str
) -> bool:
    """Remove an address; False when it was not told."""
    if not await watcher_store.remove(connection, row.id, email):
        return False
    text = f"{actor.name} removed {email}: they are told no more."
    line = entry(row, actor, EntryKind.WATCHERS, text, context.now(), internal=True)
    await context.story.tell(connection, line)
    return True
