"""Tickets that belong together: written on both timelines, in anybody's transaction."""

from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from tickets.domain.access import Actor
from tickets.domain.linking import OTHER_WAY, Link
from tickets.domain.values import EntryKind
from tickets.services.context import Context, entry
from tickets.store import links as link_store
from tickets.store.tickets import TicketRow

FOLLOW_UP: Final = Link.FOLLOW_UP_OF

SENTENCES: Final = {
    Link.RELATED: "This request is related to {other}.",
    Link.DUPLICATE_OF: "This request is a duplicate of {other}.",
    Link.HAS_DUPLICATE: "{other} is a duplicate of this request.",
    Link.CHILD_OF: "This request is a part of {other}.",
    Link.PARENT_OF: "{other} is a part of this request.",
    Link.FOLLOW_UP_OF: "This request follows {other} up.",
    Link.FOLLOWED_BY: "{other} follows this request up.",
}


async def write_link(
    context: Context, connection: AsyncConnection, actor: Actor, row: TicketRow, *, link: Link, other: TicketRow
) -> bool:
    """Link two tickets and tell it on both; False when they are linked so already."""
    now = context.now()
    if not await link_store.add(connection, row.id, link, other.id, now):
        return False
    for here, there, seen in ((row, other, link), (other, row, OTHER_WAY[link])):
        text = SENTENCES[seen].format(other=there.tracking)
        # The other ticket may be somebody else's: its number is for technicians.
        internal = row.requester_id != other.requester_id
        await context.story.tell(connection, entry(here, actor, EntryKind.LINKED, text, now, internal=internal))
    return True


async def unwrite_link(
    context: Context, connection: AsyncConnection, actor: Actor, row: TicketRow, *, link: Link, other: TicketRow
) -> bool:
    """Take a link away and tell it on both; False when there was none."""
    now = context.now()
    if not await link_store.remove(connection, row.id, link, other.id):
        return False
    for here, there in ((row, other), (other, row)):
        text = f"{actor.name} took the link with {there.tracking} away."
        await context.story.tell(connection, entry(here, actor, EntryKind.LINKED, text, now, internal=True))
    return True
