"""A ticket as it is read: its timeline with files and parts of mails in their places, and what is around it."""

from collections import defaultdict
from datetime import timedelta

import msgspec
from sqlalchemy.ext.asyncio import AsyncConnection

from tickets.domain.access import Actor
from tickets.domain.attachments import AttachmentView
from tickets.domain.conversation import LinkView, MergeView, TimeLine, TimeSpent, WatcherView
from tickets.domain.views import TicketView, TimelineEntry
from tickets.services.views import ticket_view
from tickets.store import attachments as attachment_store
from tickets.store import links as link_store
from tickets.store import merges as merge_store
from tickets.store import message_parts, tags, watchers, work
from tickets.store import timeline as timeline_store
from tickets.store.tickets import TicketRow


async def timeline_of(connection: AsyncConnection, ticket: str, *, internal: bool) -> tuple[TimelineEntry, ...]:
    """Return the timeline with everything that came with its messages; what is internal only when asked."""
    entries = await timeline_store.of_ticket(connection, ticket, internal=internal)
    parts = await message_parts.of_ticket(connection, ticket)
    files: defaultdict[str, list[AttachmentView]] = defaultdict(list)
    for row in await attachment_store.of_ticket(connection, ticket, internal=internal):
        files[str(row.entry_id)].append(row.shown())
    if not parts and not files:
        return entries
    return tuple(
        msgspec.structs.replace(
            entry,
            quoted=parts[int(entry.id)].quoted if int(entry.id) in parts else "",
            has_html=int(entry.id) in parts and parts[int(entry.id)].has_html,
            attachments=tuple(files.get(entry.id, ())),
        )
        for entry in entries
    )


async def read_ticket(
    connection: AsyncConnection, actor: Actor, row: TicketRow, *, agent_online: bool, undo_within: timedelta
) -> TicketView:
    """Return a ticket as `actor` sees it."""
    timeline = await timeline_of(connection, row.id, internal=actor.is_staff)
    view = ticket_view(row, actor, timeline, agent_online=agent_online)
    watching = await watchers_of(connection, row.id)
    if not actor.is_staff:
        # Which colleagues look on is the team's own matter.
        return msgspec.structs.replace(view, watchers=tuple(each for each in watching if not each.staff))
    return msgspec.structs.replace(
        view,
        watchers=watching,
        tags=await tags.of_ticket(connection, row.id),
        links=await links_of(connection, row.id),
        time_spent=await time_spent_on(connection, row.id),
        merged=tuple(
            MergeView(merge.tracking, merge.title, merge.at + undo_within)
            for merge in await merge_store.into(connection, row.id)
        ),
    )


async def watchers_of(connection: AsyncConnection, ticket: str) -> tuple[WatcherView, ...]:
    """Return who else is told."""
    rows = await watchers.of_ticket(connection, ticket)
    return tuple(WatcherView(row.email, row.name, row.technician is not None) for row in rows)


async def links_of(connection: AsyncConnection, ticket: str) -> tuple[LinkView, ...]:
    """Return the tickets that are linked with one."""
    rows = await link_store.of_ticket(connection, ticket)
    return tuple(LinkView(row.link, row.tracking, row.title, row.status) for row in rows)


async def time_spent_on(connection: AsyncConnection, ticket: str) -> TimeSpent:
    """Return what was spent on a ticket."""
    by = tuple(TimeLine(name, minutes) for name, minutes in await work.minutes_by_technician(connection, ticket))
    return TimeSpent(sum(line.minutes for line in by), by)
