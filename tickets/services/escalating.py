"""What happens when a clock runs down or somebody goes away: done by the worker, each exactly once, also after a pause.

Each clock is taken by an update that only one can win, in the transaction that tells its story and queues its mail:
a worker that is killed in between has done nothing, and one that was away finds the clock when it is back.
"""

from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from tickets.domain.access import Role
from tickets.domain.assignment import RuleView, Strategy, rule_for
from tickets.domain.clocks import ClockKind
from tickets.domain.priority import PRIORITY_RANK, Priority, raised
from tickets.domain.values import WORKABLE, EntryKind
from tickets.mail.notices import Notices
from tickets.services.clock_keeper import ClockKeeper
from tickets.services.context import Context, entry
from tickets.services.handing_out import HandingOut, desk_actor
from tickets.services.placing import place_of
from tickets.store import clocks as clock_store
from tickets.store import people as people_store
from tickets.store import registers as register_store
from tickets.store import tickets as ticket_store
from tickets.store import workforce as work_store
from tickets.store.clocks import ClockRow, DueClock
from tickets.store.people import TechnicianRow
from tickets.store.tickets import TicketRow
from tickets.store.workforce import AbsenceRow

_BATCH: Final = 200
_AWAITED: Final = {
    ClockKind.FIRST_ANSWER: "the first answer",
    ClockKind.NEXT_ANSWER: "the next answer",
    ClockKind.SOLUTION: "the solution",
}


class Escalating:
    """Warns before a target is missed, tells when it was, and passes on what absent technicians have."""

    def __init__(self, context: Context) -> None:
        """Use the shared parts."""
        self._context: Final = context
        self._keeper: Final = ClockKeeper(context)
        self._handing_out: Final = HandingOut(context)
        self._notices: Final = Notices(context)

    async def run(self) -> None:
        """Do what is due now."""
        await self._keeper.refresh()
        context, now = self._context, self._context.now()
        async with context.database.read() as connection:
            late = await clock_store.past_due(connection, now, _BATCH)
            near = await clock_store.near_due(connection, now, _BATCH)
            begun = await work_store.begun_absences(connection, now)
        for due in late:
            await self._escalate(due)
        for due in near:
            await self._warn(due)
        for absence in begun:
            await self._pass_on(absence)
        if late or near or begun:
            self._notices.ring()

    async def _warn(self, due: DueClock) -> None:
        async with self._context.database.write() as connection:
            if not await clock_store.mark_warned(connection, due.id, self._context.now()):
                return
            found = await self._found(connection, due)
            if found is None:
                return
            row, clock = found
            text = f"Nearly late: {_AWAITED[clock.clock.kind]} is due soon."
            await self._tell(connection, row, text)
            await self._notices.late(connection, row, await self._workers(connection, row), text)

    async def _escalate(self, due: DueClock) -> None:
        async with self._context.database.write() as connection:
            if not await clock_store.mark_escalated(connection, due.id, self._context.now()):
                return
            found = await self._found(connection, due)
            if found is None:
                return
            row, clock = found
            text = f"Late: {_AWAITED[clock.clock.kind]} is overdue."
            await self._tell(connection, row, text)
            await self._notices.late(connection, row, await self._leads(connection, row), text)
            policy = await register_store.policy(connection, clock.policy)
            if policy is not None and policy.raise_priority:
                await self._raise(connection, row)
            if policy is not None and policy.reassign:
                fresh = await ticket_store.by_id(connection, row.id)
                if fresh is not None:
                    await self._reassign(connection, fresh, keep=True)

    async def _raise(self, connection: AsyncConnection, row: TicketRow) -> None:
        before = Priority(row.priority)
        after = raised(before)
        if after is before:
            return
        now = self._context.now()
        await ticket_store.change(connection, row.id, now, priority=after, priority_rank=PRIORITY_RANK[after])
        text = f"The priority went from {before} to {after}, as this request is late."
        await self._context.story.tell(connection, entry(row, desk_actor(self._context), EntryKind.TRIAGED, text, now))

    async def _reassign(self, connection: AsyncConnection, row: TicketRow, *, keep: bool) -> None:
        """Give a ticket to somebody else by its rule; without anybody it stays (`keep`) or goes to nobody."""
        handed = await self._handing_out.hand_out(connection, row, without=row.assignee_id, keep=keep)
        if handed.target is not None or not keep:
            await self._notices.handed(connection, row, desk_actor(self._context), handed)

    async def _pass_on(self, absence: AbsenceRow) -> None:
        """Give what somebody has who is away now to others, where the rules say so."""
        async with self._context.database.write() as connection:
            if not await work_store.handle_absence(connection, absence.id, self._context.now()):
                return
            rules = await register_store.listed(connection, RuleView)
            if not any(rule.active and rule.reassign for rule in rules):
                return
            for row in await ticket_store.open_of(connection, absence.technician):
                place = await place_of(connection, row)
                rule = rule_for(rules, place.categories, row.team_id)
                if rule is not None and rule.reassign and rule.strategy is not Strategy.MANUAL:
                    await self._reassign(connection, row, keep=False)

    async def _tell(self, connection: AsyncConnection, row: TicketRow, text: str) -> None:
        said = entry(row, desk_actor(self._context), EntryKind.ESCALATED, text, self._context.now(), internal=True)
        await self._context.story.tell(connection, said)

    async def _found(self, connection: AsyncConnection, due: DueClock) -> tuple[TicketRow, ClockRow] | None:
        row = await ticket_store.by_tracking(connection, due.tracking)
        clock = await clock_store.by_id(connection, due.id)
        return None if row is None or clock is None or row.status not in WORKABLE else (row, clock)

    async def _workers(self, connection: AsyncConnection, row: TicketRow) -> list[TechnicianRow]:
        """Return who has the ticket, or who could take it."""
        everybody = await people_store.all_technicians(connection)
        if row.assignee_id is not None:
            return [each for each in everybody if each.id == row.assignee_id]
        team = None if row.team_id is None else await register_store.team(connection, row.team_id)
        return [each for each in everybody if each.available and (team is None or each.id in team.members)]

    async def _leads(self, connection: AsyncConnection, row: TicketRow) -> list[TechnicianRow]:
        """Return who answers for the team, or the admins."""
        everybody = await people_store.all_technicians(connection)
        team = None if row.team_id is None else await register_store.team(connection, row.team_id)
        leads = [] if team is None else [each for each in everybody if each.id == team.lead]
        return leads or [each for each in everybody if each.role is Role.ADMIN]
