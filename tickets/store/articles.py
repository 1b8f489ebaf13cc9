"""Statements about the knowledge base."""

from datetime import datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, Select, case, literal, select
from sqlalchemy.ext.asyncio import AsyncConnection

from tickets.domain.views import ArticleView
from tickets.store.schema import articles, technicians
from tickets.text import fold, words

_ESCAPE: Final = "\\"


def _articles() -> Select[Any]:
    return select(
        articles.c.id,
        articles.c.title,
        articles.c.body,
        articles.c.category,
        technicians.c.name.label("author"),
        articles.c.created_at,
        articles.c.updated_at,
    ).join(technicians, technicians.c.id == articles.c.author_id)


async def add(
    connection: AsyncConnection, *, ident: str, title: str, body: str, category: str, author: str, now: datetime
) -> None:
    """Add an article."""
    await connection.execute(
        articles.insert().values(
            id=ident,
            title=title,
            body=body,
            category=category,
            author_id=author,
            # The title stands by itself in front, so that a match in it can be told from one in the body.
            search_text=f"{fold(title)}\n{fold(category)} {fold(body)}",
            created_at=now,
            updated_at=now,
        )
    )


async def by_id(connection: AsyncConnection, ident: str) -> ArticleView | None:
    """Return one article."""
    found = (await connection.execute(_articles().where(articles.c.id == ident))).mappings().one_or_none()
    return None if found is None else ArticleView(**found)


async def search(connection: AsyncConnection, q: str, limit: int) -> tuple[ArticleView, ...]:
    """Return the articles that hold all words of `q`; those with more of them in the title first, then the newest."""
    query = _articles()
    in_title: ColumnElement[int] = literal(0)
    for word in words(q):
        query = query.where(articles.c.search_text.contains(word, autoescape=True, escape=_ESCAPE))
        escaped = word.replace(_ESCAPE, _ESCAPE * 2).replace("%", _ESCAPE + "%").replace("_", _ESCAPE + "_")
        hit = articles.c.search_text.like(f"%{escaped}%\n%", escape=_ESCAPE)
        in_title = in_title + case((hit, 1), else_=0)
    query = query.order_by(in_title.desc(), articles.c.updated_at.desc(), articles.c.id).limit(limit)
    return tuple(ArticleView(**found) for found in (await connection.execute(query)).mappings())
