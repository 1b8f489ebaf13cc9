"""Statements about articles: what they say now, what they said before, and finding them."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Select, and_, false, func, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from tickets.domain.knowledge import ArticleState, Visibility
from tickets.store.schema import ARTICLE_INDEX, article_revisions, articles, technicians, tickets
from tickets.store.search.index import Hit, put, rescope, search


@dataclass(frozen=True)
class ArticleRow:
    """An article as it stands; `source` is the tracking number of the ticket it was made of."""

    id: str
    title: str
    body: str
    category: str
    author: str
    state: ArticleState
    visibility: Visibility
    revision: int
    source: str | None
    created_at: datetime
    updated_at: datetime

    @property
    def scope(self) -> str:
        """In which part of the index it is found."""
        return scope_of(self.state, self.visibility)


@dataclass(frozen=True)
class RevisionRow:
    """What an article said once."""

    number: int
    title: str
    body: str
    category: str
    author: str
    note: str
    at: datetime


def scope_of(state: ArticleState, visibility: Visibility) -> str:
    """Return the scope of an article's document: how far it may be seen, or that it is not published."""
    return visibility.value if state is ArticleState.PUBLISHED else state.value


PUBLIC: Final = scope_of(ArticleState.PUBLISHED, Visibility.PUBLIC)


def _articles() -> Select[Any]:
    return select(
        *(
            articles.c[name]
            for name in (
                "id", "title", "body", "category", "state", "visibility", "revision", "created_at", "updated_at",
            )
        ),
        technicians.c.name.label("author"),
        tickets.c.tracking.label("source"),
    ).select_from(
        articles.join(technicians, technicians.c.id == articles.c.author_id).outerjoin(
            tickets, tickets.c.id == articles.c.source_ticket_id
        )
    )  # fmt: skip


def _row(mapping: Any) -> ArticleRow:
    return ArticleRow(
        **{
            **mapping,
            "state": ArticleState(mapping["state"]),
            "visibility": Visibility(mapping["visibility"]),
        }
    )


async def add(
    connection: AsyncConnection,
    *,
    ident: str,
    title: str,
    body: str,
    category: str,
    author: str,
    state: ArticleState,
    visibility: Visibility,
    source: str | None,
    note: str,
    now: datetime,
) -> None:
    """Add an article and its first revision."""
    await connection.execute(
        articles.insert().values(
            id=ident,
            title=title,
            body=body,
            category=category,
            author_id=author,
            state=state,
            visibility=visibility,
            revision=1,
            source_ticket_id=source,
            published_at=now if state is ArticleState.PUBLISHED else None,
            created_at=now,
            updated_at=now,
        )
    )
    now_says = RevisionRow(1, title, body, category, author, note, now)
    await _write(connection, ident, now_says, scope_of(state, visibility))


async def _write(connection: AsyncConnection, ident: str, says: RevisionRow, scope: str) -> None:
    """Keep a revision, whose author is given by id, and index what it says."""
    await connection.execute(
        article_revisions.insert().values(
            article_id=ident,
            number=says.number,
            title=says.title,
            body=says.body,
            category=says.category,
            author_id=says.author,
            note=says.note,
            at=says.at,
        )
    )
    await put(connection, ARTICLE_INDEX, ident, scope=scope, title=says.title, body=f"{says.category}\n{says.body}")


async def by_id(connection: AsyncConnection, ident: str) -> ArticleRow | None:
    """Return one article."""
    found = (await connection.execute(_articles().where(articles.c.id == ident))).mappings().one_or_none()
    return None if found is None else _row(found)


async def id_by_title(connection: AsyncConnection, title: str) -> str | None:
    """Return an article with exactly this title that is not archived."""
    query = select(articles.c.id).where(articles.c.title == title, articles.c.state != ArticleState.ARCHIVED).limit(1)
    found: str | None = (await connection.execute(query)).scalar_one_or_none()
    return found


async def made_of(connection: AsyncConnection, ticket: str) -> ArticleRow | None:
    """Return the newest article that was made of a ticket and is not archived."""
    query = (
        _articles()
        .where(articles.c.source_ticket_id == ticket, articles.c.state != ArticleState.ARCHIVED)
        .order_by(articles.c.created_at.desc(), articles.c.id)
        .limit(1)
    )
    found = (await connection.execute(query)).mappings().one_or_none()
    return None if found is None else _row(found)


async def revise(
    connection: AsyncConnection,
    ident: str,
    expected: int,
    *,
    title: str,
    body: str,
    category: str,
    state: ArticleState,
    visibility: Visibility,
    author: str,
    note: str,
    now: datetime,
) -> bool:
    """Write the next revision; False when `expected` is not the newest one any more."""
    done = await connection.execute(
        articles.update()
        .where(articles.c.id == ident, articles.c.revision == expected)
        .values(
            title=title,
            body=body,
            category=category,
            visibility=visibility,
            revision=expected + 1,
            updated_at=now,
        )
    )
    if done.rowcount != 1:
        return False
    now_says = RevisionRow(expected + 1, title, body, category, author, note, now)
    await _write(connection, ident, now_says, scope_of(state, visibility))
    return True


async def move(
    connection: AsyncConnection, ident: str, state: ArticleState, visibility: Visibility, now: datetime
) -> None:
    """Put an article into another state, or before other eyes."""
    values: dict[str, Any] = {"state": state, "visibility": visibility, "updated_at": now}
    if state is ArticleState.PUBLISHED:
        values["published_at"] = func.coalesce(articles.c.published_at, round(now.timestamp() * 1000))
    await connection.execute(articles.update().where(articles.c.id == ident).values(**values))
    await rescope(connection, ARTICLE_INDEX, ident, scope_of(state, visibility))


async def revisions(connection: AsyncConnection, ident: str) -> list[RevisionRow]:
    """Return all revisions, the newest first."""
    query = (
        select(
            article_revisions.c.number,
            article_revisions.c.title,
            article_revisions.c.body,
            article_revisions.c.category,
            technicians.c.name.label("author"),
            article_revisions.c.note,
            article_revisions.c.at,
        )
        .join(technicians, technicians.c.id == article_revisions.c.author_id)
        .where(article_revisions.c.article_id == ident)
        .order_by(article_revisions.c.number.desc())
    )
    return [RevisionRow(**row) for row in (await connection.execute(query)).mappings()]


def _in_scope(scopes: Collection[str]) -> Any:
    """Return `scope_of` as a condition, which an index of the articles has."""
    shown = [scope for scope in scopes if scope in set(Visibility)]
    unpublished = [scope for scope in scopes if scope in set(ArticleState) and scope not in shown]
    parts = [and_(articles.c.state == ArticleState.PUBLISHED, articles.c.visibility.in_(shown))] if shown else []
    parts += [articles.c.state.in_(unpublished)] if unpublished else []
    return or_(false(), *parts)


async def newest(
    connection: AsyncConnection, scopes: Collection[str], category: str | None, limit: int
) -> list[ArticleRow]:
    """Return the articles of `scopes`, the newest first."""
    query = _articles().where(_in_scope(scopes))
    if category is not None:
        query = query.where(articles.c.category == category)
    query = query.order_by(articles.c.updated_at.desc(), articles.c.id).limit(limit)
    return [_row(found) for found in (await connection.execute(query)).mappings()]


async def found(
    connection: AsyncConnection, q: str, scopes: Collection[str], limit: int
) -> list[tuple[Hit, ArticleRow]]:
    """Return the articles of `scopes` that meet `q`, best first."""
    hits = await search(connection, ARTICLE_INDEX, q, scopes=scopes, limit=limit)
    rows = await by_ids(connection, [hit.ref for hit in hits])
    return [(hit, rows[hit.ref]) for hit in hits if hit.ref in rows]


async def by_ids(connection: AsyncConnection, idents: Sequence[str]) -> dict[str, ArticleRow]:
    """Return these articles by their ids."""
    if not idents:
        return {}
    rows = (await connection.execute(_articles().where(articles.c.id.in_(idents)))).mappings()
    return {row["id"]: _row(row) for row in rows}


async def categories(connection: AsyncConnection, scopes: Collection[str]) -> list[tuple[str, int]]:
    """Return the categories that articles of `scopes` have, with how many."""
    query = (
        select(articles.c.category, func.count())
        .where(_in_scope(scopes), articles.c.category != "")
        .group_by(articles.c.category)
        .order_by(articles.c.category)
    )
    return [(row[0], row[1]) for row in await connection.execute(query)]
