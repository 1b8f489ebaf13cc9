"""Statements about numbers that only go up."""

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from tickets.store.schema import numbers


async def value(connection: AsyncConnection, name: str) -> int:
    """Return the number, 0 before it was raised first."""
    query = select(numbers.c.value).where(numbers.c.name == name)
    found: int | None = (await connection.execute(query)).scalar_one_or_none()
    return found or 0


async def raise_by_one(connection: AsyncConnection, name: str) -> None:
    """Count up."""
    done = await connection.execute(numbers.update().where(numbers.c.name == name).values(value=numbers.c.value + 1))
    if done.rowcount == 0:
        await connection.execute(numbers.insert().values(name=name, value=1))
