"""Statements about requests that were sent with an Idempotency-Key."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from tickets.store.schema import idempotency_keys as keys


@dataclass(frozen=True)
class KeyRow:
    """A key that was used; without `status` its request was not answered yet, or the answer was lost."""

    request_hash: bytes
    status: int | None
    answer: bytes | None


async def used(connection: AsyncConnection, key_hash: bytes, now: datetime) -> KeyRow | None:
    """Return what is known of this key, if it was used and has not run out."""
    query = select(keys.c.request_hash, keys.c.status, keys.c.answer)
    query = query.where(keys.c.key_hash == key_hash, keys.c.expires_at > now)
    found = (await connection.execute(query)).mappings().one_or_none()
    return None if found is None else KeyRow(**found)


async def use(connection: AsyncConnection, key_hash: bytes, now: datetime, **values: Any) -> None:
    """Write down that this key is used now; one that has run out is forgotten first."""
    await connection.execute(keys.delete().where(keys.c.key_hash == key_hash, keys.c.expires_at <= now))
    await connection.execute(
        keys.insert().values(key_hash=key_hash, status=None, answer=None, created_at=now, **values)
    )


async def answered(connection: AsyncConnection, key_hash: bytes, status: int, answer: bytes) -> None:
    """Keep the answer."""
    await connection.execute(keys.update().where(keys.c.key_hash == key_hash).values(status=status, answer=answer))


async def purge(connection: AsyncConnection, now: datetime) -> None:
    """Remove what has run out."""
    await connection.execute(keys.delete().where(keys.c.expires_at <= now))
