"""Statements about searches that found nothing: what was looked for and how often, never by whom."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

from tickets.domain.knowledge import FruitlessSearch
from tickets.store.schema import fruitless_searches

# A list that nobody reads to its end; what is rare and old makes room.
MOST = 1_000


async def count(connection: AsyncConnection, q: str, now: datetime) -> None:
    """Count a search; `q` is folded and redacted."""
    dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
    add = dialect.insert(fruitless_searches).values(q=q, count=1, last_at=now)
    await connection.execute(
        add.on_conflict_do_update(index_elements=["q"], set_={"count": fruitless_searches.c.count + 1, "last_at": now})
    )


async def listed(connection: AsyncConnection, limit: int) -> tuple[FruitlessSearch, ...]:
    """Return the most frequent ones."""
    order = (fruitless_searches.c.count.desc(), fruitless_searches.c.last_at.desc(), fruitless_searches.c.q)
    rows = (await connection.execute(select(fruitless_searches).order_by(*order).limit(limit))).mappings()
    return tuple(FruitlessSearch(row["q"], row["count"], row["last_at"]) for row in rows)


async def remove(connection: AsyncConnection, q: str) -> None:
    """Take one off the list."""
    await connection.execute(fruitless_searches.delete().where(fruitless_searches.c.q == q))


async def trim(connection: AsyncConnection) -> None:
    """Keep the list at its size."""
    order = (fruitless_searches.c.count.desc(), fruitless_searches.c.last_at.desc(), fruitless_searches.c.q)
    rest = select(fruitless_searches.c.q).order_by(*order).offset(MOST).limit(MOST)
    over = (await connection.execute(rest)).scalars().all()
    if over:
        await connection.execute(fruitless_searches.delete().where(fruitless_searches.c.q.in_(over)))
