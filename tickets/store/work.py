"""Statements about time spent on tickets, and about drafts."""

from datetime import datetime

from sqlalchemy import delete, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from tickets.store.schema import drafts, technicians, time_spent
from tickets.store.upsert import upsert


async def spend(
    connection: AsyncConnection, ticket: str, technician: str, minutes: int, *, note: str, now: datetime
) -> None:
    """Write down time."""
    await connection.execute(
        time_spent.insert().values(ticket_id=ticket, technician_id=technician, minutes=minutes, note=note, at=now)
    )


async def minutes_by_technician(connection: AsyncConnection, ticket: str) -> list[tuple[str, int]]:
    """Return the names of those who spent time on a ticket, and how much in all."""
    query = (
        select(technicians.c.name, func.sum(time_spent.c.minutes))
        .join(technicians, technicians.c.id == time_spent.c.technician_id)
        .where(time_spent.c.ticket_id == ticket)
        .group_by(technicians.c.id, technicians.c.name)
        .order_by(technicians.c.name)
    )
    return [(row[0], int(row[1])) for row in await connection.execute(query)]


async def keep_draft(
    connection: AsyncConnection, ticket: str, technician: str, field: str, text: str, *, now: datetime
) -> None:
    """Keep what a technician is writing; an empty text forgets it."""
    if not text:
        await forget_drafts(connection, ticket, technician, field)
        return
    values = {"ticket_id": ticket, "technician_id": technician, "field": field, "text": text, "updated_at": now}
    await upsert(connection, drafts, values, "text", "updated_at")


async def draft(connection: AsyncConnection, ticket: str, technician: str, field: str) -> tuple[str, datetime] | None:
    """Return a technician's draft and when it was kept."""
    query = select(drafts.c.text, drafts.c.updated_at).where(
        drafts.c.ticket_id == ticket, drafts.c.technician_id == technician, drafts.c.field == field
    )
    found = (await connection.execute(query)).one_or_none()
    return None if found is None else (found[0], found[1])


async def forget_drafts(connection: AsyncConnection, ticket: str, technician: str, *fields: str) -> None:
    """Forget a technician's drafts of these fields: they were sent."""
    await connection.execute(
        delete(drafts).where(
            drafts.c.ticket_id == ticket, drafts.c.technician_id == technician, drafts.c.field.in_(fields)
        )
    )


async def purge(connection: AsyncConnection, before: datetime) -> None:
    """Forget drafts that nobody touched for long."""
    await connection.execute(delete(drafts).where(drafts.c.updated_at < before))
