"""Statements about technicians' phones and the notices that wait for them."""

import hashlib
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import exists, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from tickets.store.schema import push_subscriptions, pushes, technicians


@dataclass(frozen=True, repr=False)
class PhoneRow:
    """A phone, and its keys in b64."""

    id: str
    technician_id: str
    endpoint: str
    p256dh: str
    auth: str
    label: str
    created_at: datetime


@dataclass(frozen=True, repr=False)
class PushRow:
    """A notice that waits."""

    id: int
    technician_id: str
    title: str
    path: str
    attempts: int
    created_at: datetime


def hash_of(endpoint: str) -> bytes:
    """Return what tells one phone from another."""
    return hashlib.sha256(endpoint.encode("utf-8", "replace")).digest()


async def phones_of(connection: AsyncConnection, technician: str) -> list[PhoneRow]:
    """Return somebody's phones, the oldest first; none of a technician who was disabled."""
    columns = [column for column in push_subscriptions.c if column.name != "endpoint_hash"]
    query = (
        select(*columns)
        .join(technicians, technicians.c.id == push_subscriptions.c.technician_id)
        .where(push_subscriptions.c.technician_id == technician, technicians.c.disabled_at.is_(None))
        .order_by(push_subscriptions.c.created_at, push_subscriptions.c.id)
    )
    return [PhoneRow(**found) for found in (await connection.execute(query)).mappings()]


async def subscribe(connection: AsyncConnection, row: PhoneRow) -> None:
    """Add a phone; whose it was before counts no more."""
    known = hash_of(row.endpoint)
    await connection.execute(push_subscriptions.delete().where(push_subscriptions.c.endpoint_hash == known))
    await connection.execute(push_subscriptions.insert().values(endpoint_hash=known, **vars(row)))


async def unsubscribe(connection: AsyncConnection, technician: str, ident: str) -> bool:
    """Remove one of somebody's phones; False when there is none."""
    done = await connection.execute(
        push_subscriptions.delete().where(
            push_subscriptions.c.id == ident, push_subscriptions.c.technician_id == technician
        )
    )
    return done.rowcount == 1


async def count(connection: AsyncConnection, technician: str) -> int:
    """Return how many phones somebody has."""
    query = select(func.count()).select_from(push_subscriptions).where(push_subscriptions.c.technician_id == technician)
    found: int = (await connection.execute(query)).scalar_one()
    return found


async def add(connection: AsyncConnection, technician: str, title: str, path: str, now: datetime) -> None:
    """Queue a notice, if the technician has a phone for it."""
    has_one = select(exists().where(push_subscriptions.c.technician_id == technician))
    if (await connection.execute(has_one)).scalar_one():
        await connection.execute(
            pushes.insert().values(
                technician_id=technician, title=title[:200], path=path, attempts=0, next_try_at=now, created_at=now
            )
        )


async def is_due(connection: AsyncConnection, now: datetime) -> bool:
    """Return whether a notice is due."""
    query = select(pushes.c.id).where(pushes.c.next_try_at <= now).limit(1)
    return (await connection.execute(query)).first() is not None


async def lease(connection: AsyncConnection, now: datetime, until: datetime) -> PushRow | None:
    """Take the notice that is due longest, for nobody else to take before `until`."""
    query = select(pushes).where(pushes.c.next_try_at <= now).order_by(pushes.c.next_try_at, pushes.c.id).limit(1)
    found = (await connection.execute(query)).mappings().one_or_none()
    if found is None:
        return None
    await connection.execute(
        pushes.update().where(pushes.c.id == found["id"]).values(next_try_at=until, attempts=pushes.c.attempts + 1)
    )
    values = {name: value for name, value in found.items() if name != "next_try_at"}
    return PushRow(**{**values, "attempts": found["attempts"] + 1})


async def done(connection: AsyncConnection, ident: int) -> None:
    """Forget a notice."""
    await connection.execute(pushes.delete().where(pushes.c.id == ident))
