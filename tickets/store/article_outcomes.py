"""Statements about what came of articles: counts by day, and on which tickets they were used."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

from tickets.domain.knowledge import Outcome, Use
from tickets.store.schema import article_outcomes, articles, ticket_articles

_DAY_S = 86_400


@dataclass(frozen=True)
class Used:
    """An article on a ticket."""

    article: str
    title: str
    use: Use


async def count(connection: AsyncConnection, counts: Mapping[tuple[str, Outcome], int], now: datetime) -> None:
    """Add to what came of articles today; sorted, so that two writers never wait for each other in a ring."""
    day = int(now.timestamp()) // _DAY_S
    dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
    for (article, outcome), more in sorted(counts.items()):
        add = dialect.insert(article_outcomes).values(article_id=article, day=day, outcome=outcome, count=more)
        await connection.execute(
            add.on_conflict_do_update(
                index_elements=["article_id", "day", "outcome"],
                set_={"count": article_outcomes.c.count + more},
            )
        )


async def totals(connection: AsyncConnection) -> dict[str, dict[Outcome, int]]:
    """Return all counts by article."""
    query = select(article_outcomes.c.article_id, article_outcomes.c.outcome, func.sum(article_outcomes.c.count))
    query = query.group_by(article_outcomes.c.article_id, article_outcomes.c.outcome)
    found: dict[str, dict[Outcome, int]] = {}
    for article, outcome, total in await connection.execute(query):
        found.setdefault(article, {})[Outcome(outcome)] = int(total)
    return found


async def use(
    connection: AsyncConnection, *, ticket: str, article: str, how: Use, by: str, now: datetime, settled: bool
) -> bool:
    """Write down that an article was used on a ticket; False when that is known. `settled`: it is solved already."""
    known = select(ticket_articles.c.id).where(
        ticket_articles.c.ticket_id == ticket, ticket_articles.c.article_id == article, ticket_articles.c.use == how
    )
    if (await connection.execute(known)).scalar() is not None:
        return False
    await connection.execute(
        ticket_articles.insert().values(
            ticket_id=ticket, article_id=article, use=how, by_id=by, at=now, settled_at=now if settled else None
        )
    )
    return True


async def of_ticket(connection: AsyncConnection, ticket: str) -> list[Used]:
    """Return what was used on a ticket, in that order."""
    query = (
        select(ticket_articles.c.article_id, articles.c.title, ticket_articles.c.use)
        .join(articles, articles.c.id == ticket_articles.c.article_id)
        .where(ticket_articles.c.ticket_id == ticket)
        .order_by(ticket_articles.c.id)
    )
    return [Used(article, title, Use(how)) for article, title, how in await connection.execute(query)]


async def settle(connection: AsyncConnection, ticket: str, now: datetime) -> None:
    """Remember that a ticket was solved after its articles were used."""
    await connection.execute(
        ticket_articles.update()
        .where(ticket_articles.c.ticket_id == ticket, ticket_articles.c.settled_at.is_(None))
        .values(settled_at=now)
    )


async def reopen(connection: AsyncConnection, ticket: str, now: datetime) -> list[str]:
    """Remember that a solved ticket was opened again; return the articles that had been used on it."""
    mine = (
        ticket_articles.c.ticket_id == ticket,
        ticket_articles.c.settled_at.is_not(None),
        ticket_articles.c.reopened_at.is_(None),
    )
    found = (await connection.execute(select(ticket_articles.c.article_id).where(*mine).distinct())).scalars().all()
    if found:
        await connection.execute(ticket_articles.update().where(*mine).values(reopened_at=now))
    return sorted(found)
