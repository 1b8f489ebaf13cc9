"""Giving tickets to technicians by the rules, in the transaction of whoever asks."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from tickets.domain.access import Actor, Role
from tickets.domain.assignment import Candidate, RuleView, Strategy, choose, eligible, rule_for
from tickets.domain.calendar import make_calendar
from tickets.domain.teams import WorkFields
from tickets.domain.values import EntryKind, Status, TechnicianId
from tickets.services.context import Context, entry
from tickets.services.placing import Place, place_of
from tickets.store import people as people_store
from tickets.store import registers as register_store
from tickets.store import tickets as ticket_store
from tickets.store import workforce as work_store
from tickets.store.people import TechnicianRow
from tickets.store.tickets import TicketRow
from tickets.text import fold


@dataclass(frozen=True)
class Handed:
    """What the rules did: who has it now, or whom to tell that nobody could be found (None: as without a rule)."""

    target: TechnicianRow | None = None
    tell: tuple[TechnicianRow, ...] | None = None


NOT_HANDED: Final = Handed()
"""No rule was asked."""


def desk_actor(context: Context) -> Actor:
    """Return the help desk itself as the one who acts."""
    return Actor(role=Role.ADMIN, name=context.settings.organisation_name[:100])


async def candidates(
    connection: AsyncConnection, technicians: Collection[TechnicianRow], now: datetime
) -> list[Candidate]:
    """Return what the rules know of these technicians now."""
    work = await work_store.all_work(connection)
    away = await work_store.away(connection, now)
    loads = await work_store.loads(connection)
    return [
        Candidate(
            technician=each.id,
            name=each.name,
            available=each.available and each.disabled_at is None,
            at_work=each.id not in away and at_work(work.get(each.id), now),
            skills=frozenset(fold(skill) for skill in work[each.id].skills) if each.id in work else frozenset(),
            load=loads.get(each.id, 0),
            cap=work[each.id].cap if each.id in work else None,
        )
        for each in technicians
    ]


def at_work(work: WorkFields | None, now: datetime) -> bool:
    """Whether `now` lies within somebody's hours."""
    return work is None or not work.hours or make_calendar(work.hours, work.zone).is_open(now)


class HandingOut:
    """Applies the assignment rules."""

    def __init__(self, context: Context) -> None:
        """Use the shared parts."""
        self._context: Final = context

    async def hand_out(
        self, connection: AsyncConnection, row: TicketRow, *, without: TechnicianId | None = None, keep: bool = False
    ) -> Handed:
        """Give the ticket to whom its rule chooses, other than `without`, and tell its story.

        When the rule finds nobody, the ticket goes to nobody (with `keep` it stays where it is), and its team is to be
        told.
        """
        place = await place_of(connection, row)
        rule = rule_for(await register_store.listed(connection, RuleView), place.categories, row.team_id)
        crew = await self._crew(connection, row.team_id)
        if rule is None or rule.strategy is Strategy.MANUAL:
            return Handed(tell=None if row.team_id is None else tuple(each for each in crew if each.available))
        target = await self._choose(connection, rule, place, [each for each in crew if each.id != without])
        if target is None:
            if not keep:
                await self._to_nobody(connection, row)
            return Handed(tell=tuple(crew))
        now = self._context.now()
        status = Status.OPEN if row.status is Status.NEW else row.status
        await ticket_store.change(connection, row.id, now, assignee_id=target.id, status=status)
        text = f"{rule.name} gave this request to {target.name}."
        said = entry(row, desk_actor(self._context), EntryKind.ASSIGNED, text, now)
        await self._context.story.tell(connection, said)
        return Handed(target=target)

    async def _choose(
        self, connection: AsyncConnection, rule: RuleView, place: Place, crew: list[TechnicianRow]
    ) -> TechnicianRow | None:
        # Both locks before anything is counted: two tickets at once must not both see room under the cap.
        last = await register_store.locked_rule(connection, rule.id)
        await work_store.lock_technicians(connection, [each.id for each in crew])
        known = await candidates(connection, crew, self._context.now())
        before = None if last is None else await people_store.technician(connection, last)
        picked = choose(
            eligible(known, place.skills, rule.cap),
            rule.strategy,
            None if before is None else Candidate(before.id, before.name),
        )
        if picked is None:
            return None
        await register_store.chosen(connection, rule.id, picked.technician)
        return next(each for each in crew if each.id == picked.technician)

    async def _crew(self, connection: AsyncConnection, team: str | None) -> list[TechnicianRow]:
        """Return the team's members, or everybody when there is no team."""
        everybody = await people_store.all_technicians(connection)
        found = None if team is None else await register_store.team(connection, team)
        return everybody if found is None else [each for each in everybody if each.id in found.members]

    async def _to_nobody(self, connection: AsyncConnection, row: TicketRow) -> None:
        now = self._context.now()
        if row.assignee_id is not None:
            await ticket_store.change(connection, row.id, now, assignee_id=None)
        whom = f"Nobody of {row.team_name}" if row.team_name else "Nobody"
        text = f"{whom} can be given this request now; everybody was told."
        said = entry(row, desk_actor(self._context), EntryKind.QUEUED, text, now, internal=True)
        await self._context.story.tell(connection, said)
