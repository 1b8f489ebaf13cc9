"""How much a ticket weighs, and whose it is: changed by technicians, told on the timeline."""

from dataclasses import dataclass
from typing import Final

import msgspec
from sqlalchemy.ext.asyncio import AsyncConnection

from tickets.domain.access import Action, Actor, Thing, check
from tickets.domain.errors import Invalid, TicketClosed
from tickets.domain.priority import PRIORITY_RANK, Impact, Priority
from tickets.domain.registers import ClockList, Triage
from tickets.domain.teams import TeamView
from tickets.domain.values import URGENCY_RANK, EntryKind, Status, Urgency
from tickets.domain.views import TicketView
from tickets.mail.notices import Notices
from tickets.services.clock_keeper import clock_view
from tickets.services.context import Context, entry
from tickets.services.handing_out import HandingOut
from tickets.services.hangup import Hangup, end_sessions_of
from tickets.services.placing import known_category, place
from tickets.services.tickets import TicketService
from tickets.store import clocks as clock_store
from tickets.store import registers as register_store
from tickets.store import tickets as ticket_store
from tickets.store import workforce as work_store
from tickets.store.tickets import TicketRow


@dataclass(frozen=True)
class _Weighed:
    """A ticket as it shall be."""

    category: str
    urgency: Urgency
    impact: Impact
    priority: Priority
    team: TeamView | None


class TriageService:
    """Implements `tickets.domain.registers.Triaging`."""

    def __init__(self, context: Context, tickets: TicketService) -> None:
        """Use the shared parts; `tickets` shows the outcome."""
        self._context: Final = context
        self._tickets: Final = tickets
        self._notices: Final = Notices(context)
        self._handing_out: Final = HandingOut(context)

    async def clocks(self, actor: Actor, tracking: str) -> ClockList:
        """Return the clocks of a ticket; for technicians."""
        check(actor, Action.LIST, Thing.QUEUE)
        async with self._context.database.read() as connection:
            row = await self._context.permitted(connection, actor, Action.READ, tracking)
            return ClockList(tuple(clock_view(each) for each in await clock_store.of_ticket(connection, row.id)))

    async def triage(self, actor: Actor, tracking: str, wanted: Triage) -> TicketView:
        """Change it; running sessions end when it goes to another team. Raises Invalid, TicketClosed."""
        context, hangup = self._context, Hangup()
        async with context.database.write() as connection:
            row = await context.permitted(connection, actor, Action.TRIAGE, tracking)
            if row.status is Status.CLOSED:
                raise TicketClosed(row.status)
            weighed = await self._weighed(connection, row, wanted)
            text = _told(actor.name, row, weighed)
            if text:
                hangup = await self._write(connection, actor, row, weighed, text)
        self._notices.ring()
        await hangup.carry_out(context.switchboard)
        context.hub.publish("ticket", row.tracking)
        context.hub.publish("queue", row.tracking)
        return await self._tickets.get(actor, tracking)

    async def _write(
        self, connection: AsyncConnection, actor: Actor, row: TicketRow, weighed: _Weighed, text: str
    ) -> Hangup:
        context, now = self._context, self._context.now()
        team = None if weighed.team is None else weighed.team.id
        moved = team != row.team_id
        await ticket_store.change(
            connection,
            row.id,
            now,
            category=weighed.category,
            urgency=weighed.urgency,
            urgency_rank=URGENCY_RANK[weighed.urgency],
            impact=weighed.impact,
            priority=weighed.priority,
            priority_rank=PRIORITY_RANK[weighed.priority],
            team_id=team,
            **({"assignee_id": None} if moved else {}),
        )
        await context.story.tell(connection, entry(row, actor, EntryKind.TRIAGED, text, now))
        if not moved:
            return Hangup()
        hangup = Hangup()
        if row.assignee_id is not None:
            hangup = await end_sessions_of(connection, context.story, row, "reassigned", now)
        fresh = await ticket_store.by_id(connection, row.id)
        if fresh is not None and fresh.status is not Status.RESOLVED:
            handed = await self._handing_out.hand_out(connection, fresh)
            await self._notices.handed(connection, fresh, actor, handed)
        return hangup

    async def _weighed(self, connection: AsyncConnection, row: TicketRow, wanted: Triage) -> _Weighed:
        urgency = wanted.urgency or Urgency(row.urgency)
        impact = wanted.impact or Impact(row.impact)
        category, team_id = row.category, row.team_id
        if wanted.category is not None:
            category = await known_category(connection, wanted.category, internal=True)
            placed = await place(connection, category, urgency)
            # Somebody who has it keeps it, whatever it turns out to be about.
            if category != row.category and row.assignee_id is None and placed.team is not None:
                team_id = placed.team
        if wanted.team is not msgspec.UNSET:
            team_id = wanted.team
        team = None if team_id is None else await register_store.team(connection, team_id)
        if team is None and team_id not in {None, row.team_id}:
            raise Invalid("team", "there is no such team; GET /api/v1/teams lists them.")
        if team is not None and not team.active and team.id != row.team_id:
            raise Invalid("team", "this team takes no requests any more.")
        priority = Priority(row.priority)
        if wanted.urgency is not None or wanted.impact is not None:
            priority = (await work_store.matrix(connection))[urgency, impact]
        return _Weighed(category, urgency, impact, priority, team)


def _told(name: str, row: TicketRow, weighed: _Weighed) -> str:
    """Say what changed; nothing when nothing does."""
    said = []
    if (weighed.urgency, weighed.impact) != (row.urgency, row.impact):
        said.append(
            f"{name} changed the urgency to {weighed.urgency} and the impact to {weighed.impact}: "
            f"the priority is {weighed.priority}."
        )
    elif weighed.priority != row.priority:
        said.append(f"{name} changed the priority to {weighed.priority}.")
    if weighed.category != row.category:
        said.append(f"{name} moved this request from {row.category} to {weighed.category}.")
    if weighed.team is not None and weighed.team.id != row.team_id:
        said.append(f"{name} handed this request to {weighed.team.name}.")
    if weighed.team is None and row.team_id is not None:
        said.append(f"{name} took this request out of {row.team_name or 'its team'}.")
    return " ".join(said)
