"""Statements about logins: a cookie or an API token of a technician, kept as a hash."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from tickets.domain.access import Role
from tickets.domain.values import LoginId, TechnicianId
from tickets.store.schema import logins, technicians


@dataclass(frozen=True)
class LoginRow:
    """A login that is still good, and whose it is."""

    id: LoginId
    technician_id: TechnicianId
    name: str
    role: Role


async def add(
    connection: AsyncConnection,
    *,
    ident: str,
    technician: str,
    kind: str,
    token_hash: bytes,
    label: str,
    now: datetime,
    expires_at: datetime,
) -> None:
    """Add a login."""
    await connection.execute(
        logins.insert().values(
            id=ident,
            technician_id=technician,
            kind=kind,
            token_hash=token_hash,
            label=label,
            created_at=now,
            expires_at=expires_at,
        )
    )


async def good(connection: AsyncConnection, token_hash: bytes, kind: str, now: datetime) -> LoginRow | None:
    """Return the login with this token when it has not run out and its technician is not disabled."""
    query = (
        select(logins.c.id, logins.c.technician_id, technicians.c.name, technicians.c.role)
        .join(technicians, technicians.c.id == logins.c.technician_id)
        .where(
            logins.c.token_hash == token_hash,
            logins.c.kind == kind,
            logins.c.expires_at > now,
            technicians.c.disabled_at.is_(None),
        )
    )
    found = (await connection.execute(query)).mappings().one_or_none()
    return None if found is None else LoginRow(**{**found, "role": Role(found["role"])})


async def good_ids(connection: AsyncConnection, idents: set[str], now: datetime) -> set[str]:
    """Return those of `idents` that are still good."""
    query = (
        select(logins.c.id)
        .join(technicians, technicians.c.id == logins.c.technician_id)
        .where(logins.c.id.in_(idents), logins.c.expires_at > now, technicians.c.disabled_at.is_(None))
    )
    return set((await connection.execute(query)).scalars())


async def end(connection: AsyncConnection, ident: str) -> None:
    """Remove one login."""
    await connection.execute(logins.delete().where(logins.c.id == ident))


async def end_all(connection: AsyncConnection, technician: str) -> None:
    """Remove all logins of a technician."""
    await connection.execute(logins.delete().where(logins.c.technician_id == technician))


async def purge(connection: AsyncConnection, now: datetime) -> None:
    """Remove what has run out."""
    await connection.execute(logins.delete().where(logins.c.expires_at <= now))
