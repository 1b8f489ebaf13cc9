"""Statements about requesters and technicians."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from tickets.domain.access import Role
from tickets.domain.values import TechnicianId
from tickets.store.one_view import kept
from tickets.store.schema import people, technicians


@dataclass(frozen=True)
class TechnicianRow:
    """A technician as the database has them."""

    id: TechnicianId
    email: str
    name: str
    role: Role
    password_hash: str
    available: bool
    created_at: datetime
    disabled_at: datetime | None


def _technician(mapping: Any) -> TechnicianRow:
    return TechnicianRow(**{**mapping, "role": Role(mapping["role"])})


async def person(connection: AsyncConnection, email: str, *, fresh_id: str, now: datetime) -> str:
    """Return the id of the requester with this address, added as `fresh_id` when there is none."""
    found: str | None = (
        await connection.execute(select(people.c.id).where(people.c.email == email))
    ).scalar_one_or_none()
    if found is not None:
        return found
    await connection.execute(people.insert().values(id=fresh_id, email=email, created_at=now))
    return fresh_id


async def language(connection: AsyncConnection, ident: str) -> str | None:
    """Return in which language this person is written to; None for the desk's own."""
    query = select(people.c.language).where(people.c.id == ident)
    found: str | None = (await connection.execute(query)).scalar_one_or_none()
    return found


async def id_by_email(connection: AsyncConnection, email: str) -> str | None:
    """Return the id of the requester with this folded address."""
    query = select(people.c.id).where(people.c.email == email)
    found: str | None = (await connection.execute(query)).scalar_one_or_none()
    return found


async def set_language(connection: AsyncConnection, ident: str, language: str | None) -> None:
    """Say in which language this person is written to."""
    await connection.execute(people.update().where(people.c.id == ident).values(language=language))


async def set_name(connection: AsyncConnection, ident: str, name: str) -> None:
    """Say what this person is called where they did not say so themselves."""
    await connection.execute(people.update().where(people.c.id == ident).values(name=name))


async def name(connection: AsyncConnection, ident: str) -> str | None:
    """Return what this person is called, if somebody said so."""
    found: str | None = (
        await connection.execute(select(people.c.name).where(people.c.id == ident))
    ).scalar_one_or_none()
    return found


async def add_technician(connection: AsyncConnection, row: TechnicianRow) -> None:
    """Add a technician."""
    await connection.execute(
        technicians.insert().values(
            id=row.id,
            email=row.email,
            name=row.name,
            role=row.role,
            password_hash=row.password_hash,
            available=row.available,
            created_at=row.created_at,
            disabled_at=row.disabled_at,
        )
    )


@kept
async def technician(connection: AsyncConnection, ident: str) -> TechnicianRow | None:
    """Return the technician with this id."""
    found = (await connection.execute(select(technicians).where(technicians.c.id == ident))).mappings().one_or_none()
    return None if found is None else _technician(found)


async def technician_by_email(connection: AsyncConnection, email: str) -> TechnicianRow | None:
    """Return the technician with this folded address."""
    query = select(technicians).where(technicians.c.email == email)
    found = (await connection.execute(query)).mappings().one_or_none()
    return None if found is None else _technician(found)


@kept
async def all_technicians(connection: AsyncConnection, *, disabled: bool = False) -> list[TechnicianRow]:
    """List technicians by name, the disabled ones too when asked."""
    query = select(technicians).order_by(technicians.c.name, technicians.c.id)
    if not disabled:
        query = query.where(technicians.c.disabled_at.is_(None))
    return [_technician(found) for found in (await connection.execute(query)).mappings()]


async def change_technician(connection: AsyncConnection, ident: str, **values: Any) -> None:
    """Set columns of a technician."""
    await connection.execute(technicians.update().where(technicians.c.id == ident).values(**values))
