"""Statements about logins: a cookie or an API token of a technician, kept as a hash."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Select, select
from sqlalchemy.ext.asyncio import AsyncConnection

from tickets.domain.access import Role
from tickets.domain.values import LoginId, TechnicianId
from tickets.store.schema import logins, technicians

COOKIE: Final = "cookie"
API: Final = "api"


@dataclass(frozen=True)
class LoginRow:
    """A login that is still good, and whose it is; `scopes` is None for a whole login."""

    id: LoginId
    technician_id: TechnicianId
    name: str
    role: Role
    kind: str
    label: str
    scopes: str | None
    created_at: datetime
    expires_at: datetime


def _good(now: datetime) -> Select[Any]:
    return (
        select(
            logins.c.id,
            logins.c.technician_id,
            technicians.c.name,
            technicians.c.role,
            logins.c.kind,
            logins.c.label,
            logins.c.scopes,
            logins.c.created_at,
            logins.c.expires_at,
        )
        .join(technicians, technicians.c.id == logins.c.technician_id)
        .where(logins.c.expires_at > now, technicians.c.disabled_at.is_(None))
    )


def _row(found: Any) -> LoginRow:
    return LoginRow(**{**found, "role": Role(found["role"])})


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
    scopes: str | None = None,
) -> None:
    """Add a login."""
    await connection.execute(
        logins.insert().values(
            id=ident,
            technician_id=technician,
            kind=kind,
            token_hash=token_hash,
            label=label,
            scopes=scopes,
            created_at=now,
            expires_at=expires_at,
        )
    )


async def good(connection: AsyncConnection, token_hash: bytes, kind: str, now: datetime) -> LoginRow | None:
    """Return the login with this token when it has not run out and its technician is not disabled."""
    query = _good(now).where(logins.c.token_hash == token_hash, logins.c.kind == kind)
    found = (await connection.execute(query)).mappings().one_or_none()
    return None if found is None else _row(found)


async def of_technician(
    connection: AsyncConnection, ident: LoginId, technician: TechnicianId, now: datetime
) -> LoginRow | None:
    """Return this login of this technician when it is still good."""
    query = _good(now).where(logins.c.id == ident, logins.c.technician_id == technician)
    found = (await connection.execute(query)).mappings().one_or_none()
    return None if found is None else _row(found)


async def tokens(connection: AsyncConnection, technician: TechnicianId, now: datetime) -> list[LoginRow]:
    """Return the tokens of a technician that are still good, the newest first."""
    query = _good(now).where(logins.c.technician_id == technician, logins.c.kind == API)
    query = query.order_by(logins.c.created_at.desc(), logins.c.id)
    return [_row(found) for found in (await connection.execute(query)).mappings()]


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
