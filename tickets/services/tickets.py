"""Tickets: filing, looking, answering, assigning, moving, resolving."""

from datetime import datetime
from typing import Final

import msgspec
from sqlalchemy.ext.asyncio import AsyncConnection

from tickets.domain.access import Action, Actor, Thing, check, relation
from tickets.domain.attachments import NOTHING_MORE, MessageExtras
from tickets.domain.errors import AlreadyClaimed, IllegalMove, Invalid, NotAllowed, TicketClosed
from tickets.domain.status import RESOLVABLE, move
from tickets.domain.values import WORKABLE, Channel, EntryKind, Status, TechnicianId
from tickets.domain.views import NewTicket, QueuePage, QueueQuery, Submitted, TicketView, TimelineEntry
from tickets.mail.notices import Notices
from tickets.services.context import Context, address_block, entry, seen, spend
from tickets.services.conversation import Conversation
from tickets.services.extras import check_room
from tickets.services.fields import check_filled, check_resolvable
from tickets.services.filing import Filing, Request, clean_request
from tickets.services.finding import Finder
from tickets.services.hangup import Hangup, end_sessions_of
from tickets.services.placing import known_category
from tickets.services.reading import read_ticket
from tickets.store import people as people_store
from tickets.store import tickets as ticket_store
from tickets.store import work as work_store
from tickets.store.people import TechnicianRow
from tickets.store.tickets import TicketRow
from tickets.store.timeline import NewEntry
from tickets.text import clean_text


class TicketService:
    """Implements `tickets.domain.services.Tickets`."""

    def __init__(self, context: Context) -> None:
        """Use the shared parts."""
        self._context: Final = context
        self._notices: Final = Notices(context)
        self._filing: Final = Filing(context)
        self._conversation: Final = Conversation(context)
        self._finder: Final = Finder(context)

    async def submit(
        self,
        actor: Actor,
        new: NewTicket,
        *,
        channel: Channel,
        address: str,
        extras: MessageExtras = NOTHING_MORE,
    ) -> Submitted:
        """File a ticket; `address` is the client's, for the rate limit. Raises Invalid, TooManyTries."""
        check(actor, Action.SUBMIT, Thing.TICKETS)
        context, request = self._context, clean_request(new, channel)
        async with context.database.write() as connection:
            if not actor.is_staff:
                name, limit = f"submit {address_block(address)}", context.settings.limits.submit_address
                await spend(connection, name, limit, context.now())
                if extras.attachments:
                    await self._check_files(connection, actor, "", extras)
            category = await known_category(connection, request.new.category, internal=actor.is_staff)
            request = Request(msgspec.structs.replace(request.new, category=category), channel)
            if channel is not Channel.AGENT:
                # The agent's form has the five usual fields only.
                await check_filled(connection, actor, category, new.fields)
            filed = await self._filing.file(connection, actor, request, extras=extras)
        self._notices.ring()
        context.hub.publish("queue", filed.tracking)
        token = context.keys.requester_token(filed.ticket.id, filed.requester, 1)
        link = f"{context.settings.public_url}/t/{filed.tracking}#{token}"
        return Submitted(filed.tracking, token, link, filed.ticket.status)

    async def get(self, actor: Actor, tracking: str) -> TicketView:
        """Return the ticket as `actor` may see it. Raises TicketNotFound, NotAllowed."""
        async with self._context.database.read() as connection:
            row = await self._context.permitted(connection, actor, Action.READ, tracking)
            return await self._view(connection, actor, row)

    async def queue(self, actor: Actor, query: QueueQuery) -> QueuePage:
        """List tickets, the most urgent and oldest first. Raises Invalid for a cursor that is none."""
        return await self._finder.queue(actor, query)

    async def message(
        self,
        actor: Actor,
        tracking: str,
        text: str,
        *,
        internal: bool = False,
        extras: MessageExtras = NOTHING_MORE,
    ) -> TimelineEntry:
        """Add a reply or an internal note. Raises TicketNotFound, NotAllowed, TicketClosed, Invalid."""
        action = Action.NOTE if internal else Action.REPLY
        async with self._context.database.write() as connection:
            row = await self._context.permitted(connection, actor, action, tracking)
            cleaned = clean_text(text, "text")
            await self._check_files(connection, actor, row.id, extras)
            said = await self._conversation.say(connection, actor, row, cleaned, internal=internal, extras=extras)
        self._notices.ring()
        self._changed(row, queue=said.status is not row.status)
        return said.entry

    async def follow_up(self, actor: Actor, tracking: str, text: str, *, channel: Channel) -> Submitted:
        """File a new ticket after one's own that is closed, linked to it. Raises IllegalMove while it is not."""
        context = self._context
        async with context.database.write() as connection:
            row = await context.permitted(connection, actor, Action.FOLLOW_UP, tracking)
            cleaned = clean_text(text, "text")
            if self._conversation.takes(actor, row):
                raise IllegalMove(row.status, "followed up")
            await spend(connection, f"follow {row.id}", context.settings.limits.follow_up_ticket, context.now())
            filed = await self._conversation.follow_up(connection, actor, row, cleaned, channel=channel)
        self._notices.ring()
        context.hub.publish("queue", filed.tracking)
        token = context.keys.requester_token(filed.ticket.id, filed.requester, 1)
        return Submitted(filed.tracking, token, f"{context.settings.public_url}/t/{filed.tracking}#{token}", Status.NEW)

    async def claim(self, actor: Actor, tracking: str) -> TicketView:
        """Take an unassigned ticket; exactly one of many wins. Raises AlreadyClaimed(by), TicketClosed, …"""
        context, now = self._context, self._context.now()
        check(actor, Action.CLAIM, Thing.UNASSIGNED_TICKET)
        technician = _technician(actor)
        async with context.database.write() as connection:
            row = seen(actor, await context.find(connection, tracking))
            if row.status is Status.CLOSED:
                raise TicketClosed(row.status)
            if row.assignee_id != technician:
                status = Status.OPEN if row.status is Status.NEW else row.status
                if not await ticket_store.claim(connection, row.id, technician, now, status):
                    raise AlreadyClaimed(row.assignee_name or "A colleague")
                said = entry(row, actor, EntryKind.CLAIMED, f"{actor.name} took this request.", now)
                await context.story.tell(connection, said)
            view = await self._reloaded(connection, actor, row)
        self._changed(row, queue=True)
        return view

    async def assign(self, actor: Actor, tracking: str, technician: str | None) -> TicketView:
        """Hand over (own ticket), take over or assign (admin); ends running sessions. Raises Invalid, …"""
        context, now = self._context, self._context.now()
        async with context.database.write() as connection:
            row = seen(actor, await context.find(connection, tracking))
            _check_assign(actor, row, technician)
            if row.status is Status.CLOSED:
                raise TicketClosed(row.status)
            target = await self._target(connection, technician)
            hangup = Hangup()
            if row.assignee_id != technician:
                status = Status.OPEN if row.status is Status.NEW and target else row.status
                await ticket_store.change(connection, row.id, now, assignee_id=technician, status=status)
                await context.story.tell(connection, _assignment_entry(row, actor, target, now))
                hangup = await end_sessions_of(connection, context.story, row, "reassigned", now)
                if target is not None:
                    await self._notices.assigned(connection, row, actor, target)
            view = await self._reloaded(connection, actor, row)
        self._notices.ring()
        await hangup.carry_out(context.switchboard)
        self._changed(row, queue=True)
        return view

    async def set_status(self, actor: Actor, tracking: str, status: Status) -> TicketView:
        """Move the ticket. Raises IllegalMove, …"""
        context, now = self._context, self._context.now()
        async with context.database.write() as connection:
            row = await context.permitted(connection, actor, Action.SET_STATUS, tracking)
            move(actor.role, row.status, status)
            await ticket_store.change(connection, row.id, now, status=status)
            text = f"{actor.name} moved this request from {row.status} to {status}."
            await context.story.tell(connection, entry(row, actor, EntryKind.STATUS, text, now))
            hangup = Hangup()
            if status not in WORKABLE:
                hangup = await end_sessions_of(connection, context.story, row, status, now, everybody=True)
            view = await self._reloaded(connection, actor, row)
        await hangup.carry_out(context.switchboard)
        self._changed(row, queue=True)
        return view

    async def resolve(self, actor: Actor, tracking: str, solution: str) -> TicketView:
        """Write the solution down and end running sessions. Raises IllegalMove, Invalid, …"""
        context, now = self._context, self._context.now()
        async with context.database.write() as connection:
            row = await context.permitted(connection, actor, Action.RESOLVE, tracking)
            cleaned = clean_text(solution, "solution")
            if row.status not in RESOLVABLE:
                raise IllegalMove(row.status, Status.RESOLVED)
            await check_resolvable(connection, row)
            await ticket_store.change(connection, row.id, now, status=Status.RESOLVED, solution=cleaned)
            await context.story.tell(connection, entry(row, actor, EntryKind.RESOLVED, cleaned, now))
            if actor.technician is not None:
                await work_store.forget_drafts(connection, row.id, actor.technician, "solution")
            hangup = await end_sessions_of(connection, context.story, row, Status.RESOLVED, now, everybody=True)
            await self._notices.resolved(connection, row, cleaned)
            view = await self._reloaded(connection, actor, row)
        self._notices.ring()
        await hangup.carry_out(context.switchboard)
        self._changed(row, queue=True)
        return view

    async def _check_files(self, connection: AsyncConnection, actor: Actor, ticket: str, extras: MessageExtras) -> None:
        if extras.attachments:
            if not actor.is_staff:
                limit = self._context.settings.attachments.requester
                await spend(connection, f"files {ticket}", limit, self._context.now())
            await check_room(self._context, connection, ticket, [file.kept.size for file in extras.attachments])

    async def _target(self, connection: AsyncConnection, technician: str | None) -> TechnicianRow | None:
        if technician is None:
            return None
        found = await people_store.technician(connection, technician)
        if found is None or found.disabled_at is not None:
            raise Invalid("technician", "there is no such technician; GET /api/v1/technicians lists them.")
        return found

    async def _reloaded(self, connection: AsyncConnection, actor: Actor, row: TicketRow) -> TicketView:
        fresh = await ticket_store.by_tracking(connection, row.tracking)
        return await self._view(connection, actor, fresh or row)

    async def _view(self, connection: AsyncConnection, actor: Actor, row: TicketRow) -> TicketView:
        online = self._context.switchboard.is_online(row.tracking)
        undo_within = self._context.settings.lives.unmerging
        return await read_ticket(connection, actor, row, agent_online=online, undo_within=undo_within)

    def _changed(self, row: TicketRow, *, queue: bool) -> None:
        self._context.hub.publish("ticket", row.tracking)
        if queue:
            self._context.hub.publish("queue", row.tracking)


def _technician(actor: Actor) -> TechnicianId:
    if actor.technician is None:
        raise NotAllowed(Action.CLAIM)
    return actor.technician


def _check_assign(actor: Actor, row: TicketRow, technician: str | None) -> None:
    """Ask the table for the kind of assignment this is."""
    thing = relation(actor, row.tracking, row.assignee_id)
    if thing is Thing.ASSIGNED_TICKET:
        check(actor, Action.HAND_OVER, thing)
    elif thing is Thing.UNASSIGNED_TICKET:
        check(actor, Action.CLAIM if technician == actor.technician else Action.ASSIGN, thing)
    else:
        check(actor, Action.TAKE_OVER, thing)


def _assignment_entry(row: TicketRow, actor: Actor, target: TechnicianRow | None, now: datetime) -> NewEntry:
    thing = relation(actor, row.tracking, row.assignee_id)
    if target is None:
        return entry(row, actor, EntryKind.UNASSIGNED, f"{actor.name} put this request back to nobody.", now)
    if thing is Thing.FOREIGN_TICKET:
        whom = "" if target.id == actor.technician else f" for {target.name}"
        text = f"{actor.name} took this request over from {row.assignee_name}{whom}."
        return entry(row, actor, EntryKind.TAKEN_OVER, text, now)
    if thing is Thing.ASSIGNED_TICKET:
        return entry(row, actor, EntryKind.HANDED_OVER, f"{actor.name} handed this request to {target.name}.", now)
    if target.id == actor.technician:
        return entry(row, actor, EntryKind.CLAIMED, f"{actor.name} took this request.", now)
    return entry(row, actor, EntryKind.ASSIGNED, f"{actor.name} gave this request to {target.name}.", now)
