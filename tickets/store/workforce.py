"""Statements about how technicians work: skills, hours, absences, load; and the priority matrix."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, func, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from tickets.domain.priority import DEFAULT_MATRIX, Impact, Matrix, Priority
from tickets.domain.teams import AbsenceView, WorkFields
from tickets.domain.values import TechnicianId, Urgency
from tickets.store.registers import pack_skills, parse_skills
from tickets.store.schema import absences, priority_matrix, technician_work, technicians, tickets
from tickets.store.tables.tickets import OPEN


@dataclass(frozen=True)
class AbsenceRow:
    """An absence that has begun and was not acted upon."""

    id: str
    technician: TechnicianId


async def matrix(connection: AsyncConnection) -> Matrix:
    """Return the whole matrix; cells that nobody changed are the usual ones."""
    rows = await connection.execute(select(priority_matrix))
    changed = {(Urgency(urgency), Impact(impact)): Priority(priority) for urgency, impact, priority in rows}
    return {**DEFAULT_MATRIX, **changed}


async def set_matrix(connection: AsyncConnection, matrix: Matrix) -> None:
    """Write every cell."""
    await connection.execute(delete(priority_matrix))
    rows = [
        {"urgency": urgency, "impact": impact, "priority": priority} for (urgency, impact), priority in matrix.items()
    ]
    await connection.execute(priority_matrix.insert(), rows)


async def all_work(connection: AsyncConnection) -> dict[str, WorkFields]:
    """Return what was set, by technician."""
    return {
        row.technician_id: WorkFields(skills=parse_skills(row.skills), cap=row.cap, zone=row.zone, hours=row.hours)
        for row in await connection.execute(select(technician_work))
    }


async def set_work(connection: AsyncConnection, technician: str, work: WorkFields) -> None:
    """Write how somebody works."""
    await connection.execute(delete(technician_work).where(technician_work.c.technician_id == technician))
    await connection.execute(
        technician_work.insert().values(
            technician_id=technician,
            skills=pack_skills(work.skills),
            cap=work.cap,
            zone=work.zone,
            hours=work.hours,
        )
    )


async def loads(connection: AsyncConnection) -> dict[str, int]:
    """Return how many open tickets each technician has; who has none is left out."""
    query = (
        select(tickets.c.assignee_id, func.count())
        .where(tickets.c.assignee_id.is_not(None), text(OPEN))
        .group_by(tickets.c.assignee_id)
    )
    return {row[0]: row[1] for row in await connection.execute(query)}


async def lock_technicians(connection: AsyncConnection, idents: Iterable[str]) -> None:
    """Let nobody else give tickets to these until the transaction ends; in one order, so that none waits in a ring."""
    query = select(technicians.c.id).where(technicians.c.id.in_(list(idents))).order_by(technicians.c.id)
    await connection.execute(query.with_for_update(key_share=True))


async def away(connection: AsyncConnection, now: datetime) -> set[str]:
    """Return who is absent now."""
    query = select(absences.c.technician_id).where(absences.c.from_at <= now, absences.c.to_at > now)
    return set((await connection.execute(query)).scalars())


async def absences_of(connection: AsyncConnection, now: datetime) -> dict[str, list[AbsenceView]]:
    """Return absences that are not over, by technician."""
    query = select(absences).where(absences.c.to_at > now).order_by(absences.c.from_at, absences.c.id)
    found: dict[str, list[AbsenceView]] = {}
    for row in await connection.execute(query):
        shown = AbsenceView(id=row.id, from_at=row.from_at, to_at=row.to_at, reason=row.reason)
        found.setdefault(row.technician_id, []).append(shown)
    return found


async def add_absence(connection: AsyncConnection, technician: str, absence: AbsenceView) -> None:
    """Write an absence."""
    await connection.execute(
        absences.insert().values(
            id=absence.id,
            technician_id=technician,
            from_at=absence.from_at,
            to_at=absence.to_at,
            reason=absence.reason,
        )
    )


async def remove_absence(connection: AsyncConnection, technician: str, ident: str) -> bool:
    """Forget an absence; False when this technician has none of that id."""
    done = await connection.execute(
        delete(absences).where(absences.c.id == ident, absences.c.technician_id == technician)
    )
    return done.rowcount == 1


async def begun_absences(connection: AsyncConnection, now: datetime) -> list[AbsenceRow]:
    """Return absences that have begun and were not acted upon."""
    query = (
        select(absences.c.id, absences.c.technician_id)
        .where(absences.c.handled_at.is_(None), absences.c.from_at <= now, absences.c.to_at > now)
        .order_by(absences.c.from_at, absences.c.id)
    )
    return [AbsenceRow(row[0], TechnicianId(row[1])) for row in await connection.execute(query)]


async def handle_absence(connection: AsyncConnection, ident: str, now: datetime) -> bool:
    """Take note that an absence was acted upon; False when somebody did before."""
    done = await connection.execute(
        absences.update().where(absences.c.id == ident, absences.c.handled_at.is_(None)).values(handled_at=now)
    )
    return done.rowcount == 1
