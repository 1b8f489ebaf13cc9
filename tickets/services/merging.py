"""Two tickets into one, and back; one into two."""

from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from tickets.domain.access import Action, Actor, Role, check, relation
from tickets.domain.conversation import Merged, MergeRequest, SplitRequest
from tickets.domain.errors import Invalid, NotFound, TicketClosed, TicketNotFound
from tickets.domain.linking import Link
from tickets.domain.values import Asset, Channel, EntryKind, Status, Urgency
from tickets.domain.views import NewTicket
from tickets.mail.notices import Notices
from tickets.services.context import Context, entry, seen
from tickets.services.filing import Filing, Request
from tickets.services.hangup import end_sessions_of
from tickets.services.linking import write_link
from tickets.store import merges as merge_store
from tickets.store import tags as tag_store
from tickets.store import tickets as ticket_store
from tickets.store import timeline as timeline_store
from tickets.store import watchers as watcher_store
from tickets.store.merges import Moved
from tickets.store.tickets import TicketRow
from tickets.store.timeline import NewEntry
from tickets.text import clean_line

_MOST_TAGS: Final = 30


class MergingService:
    """Implements `tickets.domain.conversation.Merging`."""

    def __init__(self, context: Context) -> None:
        """Use the shared parts."""
        self._context: Final = context
        self._filing: Final = Filing(context)
        self._notices: Final = Notices(context)

    async def merge(self, actor: Actor, tracking: str, new: MergeRequest) -> Merged:
        """Put all of a ticket into another one; its number leads there from now on."""
        context, now = self._context, self._context.now()
        async with context.database.write() as connection:
            row = await context.permitted(connection, actor, Action.MERGE, tracking)
            target = await self._target(connection, actor, new.into)
            if target.id == row.id:
                raise Invalid("into", "name another request than this one.")
            if target.status is Status.CLOSED:
                raise TicketClosed(target.status)
            hangup = await end_sessions_of(connection, context.story, row, Status.CLOSED, now, everybody=True)
            if row.status is not Status.CLOSED:
                text = f"{actor.name} moved this request from {row.status} to {Status.CLOSED}."
                await context.story.tell(connection, entry(row, actor, EntryKind.STATUS, text, now))
            moved = await self._move(connection, row, target)
            await ticket_store.change(connection, row.id, now, status=Status.CLOSED, merged_into_id=target.id)
            await merge_store.add(connection, row.id, target.id, at=now, status=row.status, moved=moved)
            text = f"{actor.name} merged this request into {target.tracking}."
            await context.story.tell(connection, entry(row, actor, EntryKind.MERGED, text, now))
            text = f"{actor.name} merged {row.tracking}, “{row.title}”, into this request."
            await context.story.tell(connection, entry(target, actor, EntryKind.MERGED, text, now))
        await hangup.carry_out(context.switchboard)
        self._changed(row, target)
        return Merged(target.tracking)

    async def _target(self, connection: AsyncConnection, actor: Actor, tracking: str) -> TicketRow:
        try:
            return await self._context.permitted(connection, actor, Action.MERGE, tracking)
        except TicketNotFound:
            raise Invalid("into", "there is no request with this number.") from None

    async def _move(self, connection: AsyncConnection, row: TicketRow, target: TicketRow) -> Moved:
        """Move what belongs to `row`, and copy who and what is kept only once."""
        now = self._context.now()
        owned = await merge_store.owned(connection, row.id)
        description = await timeline_store.add(
            connection,
            NewEntry(
                ticket=target.id,
                at=row.created_at,
                kind=EntryKind.MESSAGE,
                who=row.requester_name,
                role=Role.REQUESTER,
                actor_id=row.requester_id,
                text=f"{row.title}\n\n{row.description}",
                channel=Channel(row.channel),
            ),
        )
        moved = Moved(**owned, description=int(description.id))
        await merge_store.move(connection, moved, row.id, target.id)
        watching = [(each.email, each.name) for each in await watcher_store.of_ticket(connection, row.id)]
        for email, name in ((row.requester_email, row.requester_name), *watching):
            if email != target.requester_email:
                await watcher_store.add(connection, target.id, email, name, now)
        tags = await tag_store.of_ticket(connection, target.id) + await tag_store.of_ticket(connection, row.id)
        await tag_store.put(connection, target.id, tuple(dict.fromkeys(tags))[:_MOST_TAGS])
        return moved

    async def unmerge(self, actor: Actor, tracking: str) -> Merged:
        """Undo a merge, as long as that can be undone; tags and watchers that were copied stay. Raises NotFound."""
        context, now = self._context, self._context.now()
        async with context.database.write() as connection:
            row = seen(actor, await context.find_itself(connection, tracking))
            check(actor, Action.MERGE, relation(actor, row.tracking, row.assignee_id))
            merge = await merge_store.of_origin(connection, row.id)
            if merge is None or now >= merge.at + context.settings.lives.unmerging:
                raise NotFound("merge that can be undone")
            target = await ticket_store.by_id(connection, merge.into_id)
            if target is None or target.merged_into_id is not None:
                raise NotFound("merge that can be undone")
            check(actor, Action.MERGE, relation(actor, target.tracking, target.assignee_id))
            await merge_store.move(connection, merge.moved, target.id, row.id)
            await merge_store.undo(connection, merge, now)
            await ticket_store.change(connection, row.id, now, status=merge.status, merged_into_id=None)
            for here, there in ((row, target), (target, row)):
                text = f"{actor.name} undid the merge with {there.tracking}."
                await context.story.tell(connection, entry(here, actor, EntryKind.UNMERGED, text, now))
        self._changed(row, target)
        return Merged(row.tracking)

    async def split(self, actor: Actor, tracking: str, new: SplitRequest) -> Merged:
        """Make a ticket of a message and what follows it, for the same requester."""
        context, now = self._context, self._context.now()
        async with context.database.write() as connection:
            row = await context.permitted(connection, actor, Action.MERGE, tracking)
            first = await merge_store.spoken(connection, row.id, int(new.entry))
            if first is None or first.internal:
                raise Invalid("entry", "choose a message of this request that the requester can see.")
            request = NewTicket(
                category=row.category,
                title=clean_line(new.title, "title") if new.title.strip() else row.title,
                description=first.text,
                urgency=Urgency(row.urgency),
                asset=Asset(row.asset),
                email=row.requester_email,
                name=row.requester_name,
            )
            channel = Channel(first.channel or row.channel)
            filed = await self._filing.file(connection, actor, Request(request, channel))
            fresh = filed.ticket
            await merge_store.split_off(connection, row.id, first, fresh.id)
            text = f"{first.who} wrote this in {row.tracking}; it is the description now."
            await merge_store.becomes(connection, first.id, EntryKind.SPLIT, text)
            await write_link(context, connection, actor, fresh, link=Link.FOLLOW_UP_OF, other=row)
            text = f"{actor.name} made a request of its own of what {first.who} wrote: {fresh.tracking}."
            await context.story.tell(connection, entry(row, actor, EntryKind.SPLIT, text, now))
        self._notices.ring()
        self._changed(row, fresh)
        return Merged(fresh.tracking)

    def _changed(self, *rows: TicketRow) -> None:
        for row in rows:
            self._context.hub.publish("ticket", row.tracking)
            self._context.hub.publish("queue", row.tracking)
