"""How technicians work: skills, hours, caps, absences; and the matrix of urgency and impact."""

from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from tickets.domain.access import Action, Actor, Thing, check
from tickets.domain.calendar import make_calendar
from tickets.domain.errors import Invalid, NotFound
from tickets.domain.priority import MatrixCell, MatrixView
from tickets.domain.teams import AbsenceView, NewAbsence, WorkFields, WorkList, WorkView, check_absence
from tickets.services.context import Context
from tickets.services.handing_out import at_work
from tickets.store import people as people_store
from tickets.store import workforce as work_store
from tickets.store.people import TechnicianRow
from tickets.text import clean_line

_MOST_ABSENCES: Final = 100


class WeightService:
    """Implements `tickets.domain.registers.Weights`."""

    def __init__(self, context: Context) -> None:
        """Use the shared parts."""
        self._context: Final = context

    async def shown(self, actor: Actor) -> MatrixView:
        """Return every cell."""
        check(actor, Action.LIST, Thing.SPREADING)
        async with self._context.database.read() as connection:
            return await self._view(connection)

    async def change(self, actor: Actor, cells: MatrixView) -> MatrixView:
        """Set the cells that are given; tickets that are there keep their priority until they are triaged anew."""
        check(actor, Action.CHANGE, Thing.SPREADING)
        async with self._context.database.write() as connection:
            before = await work_store.matrix(connection)
            changed = {(cell.urgency, cell.impact): cell.priority for cell in cells.items}
            await work_store.set_matrix(connection, {**before, **changed})
            return await self._view(connection)

    async def _view(self, connection: AsyncConnection) -> MatrixView:
        matrix = await work_store.matrix(connection)
        return MatrixView(tuple(MatrixCell(urgency, impact, cell) for (urgency, impact), cell in matrix.items()))


class WorkService:
    """Implements `tickets.domain.registers.Work`."""

    def __init__(self, context: Context) -> None:
        """Use the shared parts."""
        self._context: Final = context

    async def listed(self, actor: Actor) -> WorkList:
        """Return everybody's."""
        check(actor, Action.LIST, Thing.TECHNICIANS)
        async with self._context.database.read() as connection:
            rows = await people_store.all_technicians(connection)
            return WorkList(await self._views(connection, rows))

    async def shown(self, actor: Actor, technician: str) -> WorkView:
        """Return one technician's."""
        check(actor, Action.LIST, Thing.TECHNICIANS)
        async with self._context.database.read() as connection:
            return await self._view(connection, await self._found(connection, technician))

    async def change(self, actor: Actor, technician: str, fields: WorkFields) -> WorkView:
        """Set skills, cap and hours. Raises Invalid."""
        check(actor, Action.CHANGE, Thing.TECHNICIANS)
        make_calendar(fields.hours, fields.zone)
        skills = tuple(dict.fromkeys(clean_line(skill, "skills") for skill in fields.skills))
        kept = WorkFields(skills=skills, cap=fields.cap, zone=fields.zone, hours=fields.hours.strip())
        async with self._context.database.write() as connection:
            row = await self._found(connection, technician)
            await work_store.set_work(connection, row.id, kept)
            return await self._view(connection, row)

    async def set_available(self, actor: Actor, technician: str, *, available: bool) -> WorkView:
        """Say whether somebody can be given tickets now."""
        _check_whose(actor, technician)
        async with self._context.database.write() as connection:
            row = await self._found(connection, technician)
            await people_store.change_technician(connection, row.id, available=available)
            return await self._view(connection, await self._found(connection, technician))

    async def add_absence(self, actor: Actor, technician: str, new: NewAbsence) -> AbsenceView:
        """Keep an absence. Raises Invalid."""
        _check_whose(actor, technician)
        check_absence(new)
        now = self._context.now()
        if new.to_at <= now:
            raise Invalid("to_at", "that time is over.")
        reason = clean_line(new.reason, "reason") if new.reason.strip() else ""
        kept = AbsenceView(id=self._context.new_id(), from_at=new.from_at, to_at=new.to_at, reason=reason)
        async with self._context.database.write() as connection:
            row = await self._found(connection, technician)
            if len((await work_store.absences_of(connection, now)).get(row.id, ())) >= _MOST_ABSENCES:
                raise Invalid("", f"There are {_MOST_ABSENCES} absences already. Remove some first.")
            await work_store.add_absence(connection, row.id, kept)
        return kept

    async def remove_absence(self, actor: Actor, technician: str, absence: str) -> None:
        """Forget an absence. Raises NotFound."""
        _check_whose(actor, technician)
        async with self._context.database.write() as connection:
            if not await work_store.remove_absence(connection, technician, absence):
                raise NotFound("absence")

    async def _found(self, connection: AsyncConnection, technician: str) -> TechnicianRow:
        row = await people_store.technician(connection, technician)
        if row is None or row.disabled_at is not None:
            raise NotFound("technician")
        return row

    async def _view(self, connection: AsyncConnection, row: TechnicianRow) -> WorkView:
        return (await self._views(connection, [row]))[0]

    async def _views(self, connection: AsyncConnection, rows: list[TechnicianRow]) -> tuple[WorkView, ...]:
        now = self._context.now()
        work, loads = await work_store.all_work(connection), await work_store.loads(connection)
        absences = await work_store.absences_of(connection, now)
        views = []
        for row in rows:
            mine = work.get(row.id, WorkFields())
            away = tuple(absences.get(row.id, ()))
            views.append(
                WorkView(
                    skills=mine.skills,
                    cap=mine.cap,
                    zone=mine.zone,
                    hours=mine.hours,
                    technician=row.id,
                    name=row.name,
                    available=row.available,
                    at_work=at_work(mine, now) and not any(each.from_at <= now for each in away),
                    load=loads.get(row.id, 0),
                    absences=away,
                )
            )
        return tuple(views)


def _check_whose(actor: Actor, technician: str) -> None:
    """Pass for one's own work and for an admin. Raises NotLoggedIn, NotAllowed."""
    if actor.technician is not None and actor.technician == technician:
        check(actor, Action.CHANGE, Thing.OWN_WORK)
    else:
        check(actor, Action.CHANGE, Thing.TECHNICIANS)
