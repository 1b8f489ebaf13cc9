"""Keeps the clocks of tickets: hears every line of their story, in the transaction that wrote it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from tickets.domain import clocks as clock_rules
from tickets.domain.access import Role
from tickets.domain.calendar import ALWAYS, FAR, Calendar, make_calendar
from tickets.domain.clocks import GOING, ClockKind, ClockState, ClockView, PolicyView, policy_for
from tickets.domain.status import after_reply
from tickets.domain.values import EntryKind, Status
from tickets.services.context import Context
from tickets.services.placing import place_of
from tickets.services.story import Told
from tickets.store import clocks as clock_store
from tickets.store import numbers
from tickets.store import registers as register_store
from tickets.store import tickets as ticket_store
from tickets.store.clocks import ClockRow, going
from tickets.store.tickets import TicketRow

TARGETS: Final = "targets"
"""The number that counts the editions of policies and calendars."""
_STAFF: Final = (Role.TECHNICIAN, Role.ADMIN)
_BATCH: Final = 50
# Lines that say nothing about who waits for whom.
_DEAF_TO: Final = frozenset(
    {
        EntryKind.NOTE,
        EntryKind.ESCALATED,
        EntryKind.JOIN_CODE,
        EntryKind.AGENT_JOINED,
        EntryKind.AGENT_REPLACED,
        EntryKind.AGENT_ONLINE,
        EntryKind.AGENT_OFFLINE,
        EntryKind.SESSION_OPENED,
        EntryKind.SESSION_ASKED,
        EntryKind.SESSION_JOINED,
        EntryKind.SESSION_ALLOWED,
        EntryKind.SESSION_REFUSED,
        EntryKind.SESSION_NARROWED,
        EntryKind.SESSION_ENDED,
    }
)


@dataclass
class _Rack:
    """The clocks of one ticket while they are set, with the calendars that they need."""

    connection: AsyncConnection
    row: TicketRow
    now: datetime
    clocks: list[ClockRow]
    calendars: dict[str | None, Calendar]

    async def calendar(self, ident: str | None) -> Calendar:
        """Return a calendar, read once."""
        if ident not in self.calendars:
            found = None if ident is None else await register_store.calendar(self.connection, ident)
            self.calendars[ident] = ALWAYS if found is None else make_calendar(found.hours, found.zone, found.holidays)
        return self.calendars[ident]

    async def put(self, before: ClockRow, after: ClockRow) -> None:
        """Write a clock when it changed."""
        if after != before:
            await clock_store.write(self.connection, self.row.id, after)
            self.clocks[self.clocks.index(before)] = after

    async def start(self, kind: ClockKind, policy: PolicyView | None, at: datetime) -> None:
        """Start a clock if the policy measures this."""
        target = None if policy is None else policy.target(kind)
        if policy is None or target is None:
            return
        calendar = await self.calendar(policy.calendar)
        clock = clock_rules.start(kind, target, policy.warn_percent, at, calendar)
        await clock_store.write(self.connection, self.row.id, ClockRow(None, policy.id, policy.calendar, clock))
        self.clocks = await clock_store.of_ticket(self.connection, self.row.id)

    async def end(self, state: ClockState, *kinds: ClockKind) -> None:
        """End what runs or is paused."""
        for each in list(self.clocks):
            if each.clock.kind in kinds and each.clock.state in GOING:
                calendar = await self.calendar(each.calendar)
                await self.put(each, each.having(clock_rules.end(each.clock, state, self.now, calendar)))

    @property
    def due_at(self) -> datetime:
        """When the first of them runs out."""
        return min((each.clock.due_at for each in self.clocks if each.clock.due_at is not None), default=FAR)


class ClockKeeper:
    """Sets clocks going, pauses and ends them; `hear` listens to the story."""

    def __init__(self, context: Context) -> None:
        """Use the shared parts."""
        self._context: Final = context

    async def hear(self, connection: AsyncConnection, told: Told) -> None:
        """Set the clocks of the ticket by a line of its story."""
        new = told.new
        if new.kind in _DEAF_TO:
            return
        row = await ticket_store.by_id(connection, new.ticket)
        if row is None:
            return
        by_staff = new.role in _STAFF
        # The line is told before the status moves.
        status = after_reply(new.role, row.status) if new.kind is EntryKind.MESSAGE else row.status
        if new.kind in {EntryKind.SUBMITTED, EntryKind.TRIAGED}:
            await self._set_all(connection, row, status, fresh_at=row.created_at)
            return
        rack = await self._rack(connection, row)
        if new.kind is EntryKind.MESSAGE and by_staff:
            await rack.end(ClockState.MET, ClockKind.FIRST_ANSWER, ClockKind.NEXT_ANSWER)
        elif new.kind is EntryKind.MESSAGE and not any(
            going(rack.clocks, kind) for kind in (ClockKind.FIRST_ANSWER, ClockKind.NEXT_ANSWER)
        ):
            await rack.start(ClockKind.NEXT_ANSWER, await self._policy(connection, row), rack.now)
        await self._follow(rack, status)
        await self._note_due(rack)

    async def refresh(self) -> None:
        """Set the clocks of open tickets anew where policies or calendars changed; for the worker."""
        while True:
            async with self._context.database.write() as connection:
                edition = await numbers.value(connection, TARGETS)
                stale = await clock_store.set_by_older_targets(connection, edition, _BATCH)
                for tracking in stale:
                    row = await ticket_store.by_tracking(connection, tracking)
                    if row is not None:
                        await self._set_all(connection, row, row.status, fresh_at=self._context.now())
            if len(stale) < _BATCH:
                return

    async def _set_all(
        self, connection: AsyncConnection, row: TicketRow, status: Status, *, fresh_at: datetime
    ) -> None:
        """Set every clock by the policy that fits now; those that are missing start at `fresh_at`."""
        rack, policy = await self._rack(connection, row), await self._policy(connection, row)
        for each in list(rack.clocks):
            if each.clock.state not in GOING:
                continue
            target = None if policy is None else policy.target(each.clock.kind)
            if policy is None or target is None:
                await rack.end(ClockState.DROPPED, each.clock.kind)
                continue
            before, after = await rack.calendar(each.calendar), await rack.calendar(policy.calendar)
            clock = clock_rules.retarget(each.clock, target, policy.warn_percent, rack.now, before=before, after=after)
            await rack.put(each, each.having(clock, policy.id, policy.calendar))
        for kind in (ClockKind.FIRST_ANSWER, ClockKind.SOLUTION):
            if not any(each.clock.kind is kind and each.clock.state is not ClockState.DROPPED for each in rack.clocks):
                await rack.start(kind, policy, fresh_at)
        await self._follow(rack, status)
        await self._note_due(rack, await numbers.value(connection, TARGETS))

    async def _follow(self, rack: _Rack, status: Status) -> None:
        """Let the clocks do what the ticket's status says."""
        if status is Status.RESOLVED:
            await rack.end(ClockState.MET, *ClockKind)
            return
        if status is Status.CLOSED:
            await rack.end(ClockState.STOPPED, *ClockKind)
            return
        for each in list(rack.clocks):
            calendar = await rack.calendar(each.calendar)
            if status is Status.WAITING:
                await rack.put(each, each.having(clock_rules.pause(each.clock, rack.now, calendar)))
            elif each.clock.state is ClockState.PAUSED or _comes_back(each, rack.clocks):
                await rack.put(each, each.having(clock_rules.resume(each.clock, rack.now, calendar)))

    async def _rack(self, connection: AsyncConnection, row: TicketRow) -> _Rack:
        return _Rack(connection, row, self._context.now(), await clock_store.of_ticket(connection, row.id), {})

    async def _policy(self, connection: AsyncConnection, row: TicketRow) -> PolicyView | None:
        policies = await register_store.listed(connection, PolicyView)
        if not policies:
            return None
        place = await place_of(connection, row)
        return policy_for(policies, place.priority, place.categories, row.team_id)

    async def _note_due(self, rack: _Rack, targets: int | None = None) -> None:
        if rack.due_at != rack.row.due_at or targets not in {None, rack.row.targets}:
            await clock_store.set_due(rack.connection, rack.row.id, rack.due_at, targets)


def _comes_back(row: ClockRow, rows: list[ClockRow]) -> bool:
    """Whether an ended clock goes on now that the ticket is worked on: the solution was none, or nothing was done."""
    if row.clock.kind is ClockKind.SOLUTION:
        newest = [each for each in rows if each.clock.kind is ClockKind.SOLUTION][-1]
        return row is newest and row.clock.state in {ClockState.MET, ClockState.STOPPED}
    return row.clock.kind is ClockKind.FIRST_ANSWER and row.clock.state is ClockState.STOPPED


def clock_view(row: ClockRow) -> ClockView:
    """Return a clock as it is shown."""
    clock = row.clock
    return ClockView(
        kind=clock.kind,
        state=clock.state,
        target_minutes=round(clock.target.total_seconds() / 60),
        started_at=clock.started_at,
        due_at=None if clock.due_at is None or clock.due_at >= FAR else clock.due_at,
        met_at=clock.ended_at if clock.state is ClockState.MET else None,
        breached_at=clock.breached_at,
    )
