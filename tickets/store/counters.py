"""Statements about counted tries: in the database, so that a restart forgives nothing."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from tickets.settings import Limit
from tickets.store.schema import counters


async def spend(connection: AsyncConnection, name: str, limit: Limit, now: datetime) -> datetime | None:
    """Count one try; return None, or when it was one too many, the time at which counting starts anew."""
    query = select(counters.c.count, counters.c.until).where(counters.c.name == name)
    found = (await connection.execute(query)).mappings().one_or_none()
    if found is None:
        await connection.execute(counters.insert().values(name=name, count=1, until=now + limit.window))
        return None
    until: datetime = found["until"]
    if until <= now:
        await connection.execute(
            counters.update().where(counters.c.name == name).values(count=1, until=now + limit.window)
        )
        return None
    if found["count"] >= limit.count:
        return until
    await connection.execute(counters.update().where(counters.c.name == name).values(count=counters.c.count + 1))
    return None


async def give_back(connection: AsyncConnection, name: str) -> None:
    """Uncount a try that turned out to be right."""
    await connection.execute(
        counters.update().where(counters.c.name == name, counters.c.count > 0).values(count=counters.c.count - 1)
    )


async def forget(connection: AsyncConnection, name: str) -> None:
    """Start anew."""
    await connection.execute(counters.delete().where(counters.c.name == name))


async def purge(connection: AsyncConnection, now: datetime) -> None:
    """Remove what has run out."""
    await connection.execute(counters.delete().where(counters.c.until <= now))
