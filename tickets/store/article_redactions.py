"""Statements about what was taken out of drafts: kept only until the article is published."""

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from tickets.domain.redaction import Kind, Redaction
from tickets.store.schema import article_redactions


async def add(connection: AsyncConnection, article: str, redactions: Sequence[Redaction]) -> None:
    """Write down what was taken out of an article."""
    if redactions:
        await connection.execute(
            article_redactions.insert(),
            [
                {
                    "article_id": article,
                    "number": number,
                    "placeholder": one.placeholder,
                    "kind": one.kind,
                    "found": one.found,
                    "times": one.times,
                    "reason": one.reason,
                }
                for number, one in enumerate(redactions)
            ],
        )


async def of_article(connection: AsyncConnection, article: str) -> list[Redaction]:
    """Return what was taken out, in the order of the text."""
    mine = article_redactions.c.article_id == article
    query = select(article_redactions).where(mine).order_by(article_redactions.c.number)
    rows = (await connection.execute(query)).mappings()
    return [Redaction(row["placeholder"], Kind(row["kind"]), row["found"], row["times"], row["reason"]) for row in rows]


async def remove(connection: AsyncConnection, article: str, placeholder: str | None = None) -> None:
    """Forget what one placeholder stood for, or all of an article's."""
    statement = article_redactions.delete().where(article_redactions.c.article_id == article)
    if placeholder is not None:
        statement = statement.where(article_redactions.c.placeholder == placeholder)
    await connection.execute(statement)
