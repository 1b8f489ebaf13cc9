"""Statements about saved views of the queue."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, and_, func, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from tickets.domain.saved_views import SharedWith
from tickets.store.schema import saved_views, team_members, technicians


@dataclass(frozen=True)
class ViewRow:
    """A view as the database has it."""

    id: str
    name: str
    owner_id: str
    owner: str
    shared: SharedWith
    query: str


def _rows(technician: str) -> Select[Any]:
    """Select the views that a technician sees: their own, their teams', everybody's."""
    mine = select(team_members.c.team_id).where(team_members.c.technician_id == technician)
    colleagues = select(team_members.c.technician_id).where(team_members.c.team_id.in_(mine))
    return (
        select(saved_views, technicians.c.name.label("owner"))
        .join(technicians, technicians.c.id == saved_views.c.owner_id)
        .where(
            or_(
                saved_views.c.owner_id == technician,
                saved_views.c.shared == SharedWith.ALL,
                and_(saved_views.c.shared == SharedWith.TEAM, saved_views.c.owner_id.in_(colleagues)),
            )
        )
        .order_by(func.lower(saved_views.c.name), saved_views.c.id)
    )


def _row(found: Any) -> ViewRow:
    return ViewRow(found.id, found.name, found.owner_id, found.owner, SharedWith(found.shared), found.query)


async def seen_by(connection: AsyncConnection, technician: str) -> list[ViewRow]:
    """Return the views that a technician sees."""
    return [_row(found) for found in await connection.execute(_rows(technician))]


async def by_id(connection: AsyncConnection, ident: str, technician: str) -> ViewRow | None:
    """Return a view when the technician sees it."""
    found = (await connection.execute(_rows(technician).where(saved_views.c.id == ident))).one_or_none()
    return None if found is None else _row(found)


async def count_of(connection: AsyncConnection, technician: str) -> int:
    """Return how many views a technician keeps."""
    query = select(func.count()).select_from(saved_views).where(saved_views.c.owner_id == technician)
    return (await connection.execute(query)).scalar_one()


async def add(connection: AsyncConnection, ident: str, owner: str, now: datetime, **values: Any) -> None:
    """Keep a view."""
    await connection.execute(
        saved_views.insert().values(id=ident, owner_id=owner, created_at=now, updated_at=now, **values)
    )


async def change(connection: AsyncConnection, ident: str, now: datetime, **values: Any) -> None:
    """Change a view."""
    await connection.execute(saved_views.update().where(saved_views.c.id == ident).values(updated_at=now, **values))


async def remove(connection: AsyncConnection, ident: str) -> None:
    """Remove a view."""
    await connection.execute(saved_views.delete().where(saved_views.c.id == ident))
