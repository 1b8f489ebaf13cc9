"""Statements about the files of articles."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from tickets.domain.article_files import ArticleFile
from tickets.domain.file_types import is_shown
from tickets.store.schema import article_files


@dataclass(frozen=True)
class ArticleFileRow:
    """A file of an article; `name` is the only one of that name there."""

    id: str
    article_id: str
    content: str
    name: str
    kind: str
    size: int
    created_at: datetime

    def shown(self) -> ArticleFile:
        """Return it as people see it."""
        return ArticleFile(self.id, self.name, self.kind, self.size, is_shown(self.kind))


async def add(connection: AsyncConnection, row: ArticleFileRow) -> None:
    """Add a file to an article; its bytes are kept already."""
    await connection.execute(article_files.insert().values(**vars(row)))


async def by_id(connection: AsyncConnection, article: str, ident: str) -> ArticleFileRow | None:
    """Return the file of this article with this id."""
    query = select(article_files).where(article_files.c.article_id == article, article_files.c.id == ident)
    found = (await connection.execute(query)).mappings().one_or_none()
    return None if found is None else ArticleFileRow(**found)


async def of_article(connection: AsyncConnection, article: str) -> list[ArticleFileRow]:
    """Return the files of an article, in the order in which they came."""
    query = (
        select(article_files)
        .where(article_files.c.article_id == article)
        .order_by(article_files.c.created_at, article_files.c.id)
    )
    return [ArticleFileRow(**found) for found in (await connection.execute(query)).mappings()]


async def total(connection: AsyncConnection, article: str) -> tuple[int, int]:
    """Return how many files an article has and how many bytes they are."""
    query = select(func.count(), func.coalesce(func.sum(article_files.c.size), 0)).where(
        article_files.c.article_id == article
    )
    count, size = (await connection.execute(query)).one()
    return int(count), int(size)


async def remove(connection: AsyncConnection, article: str, ident: str) -> bool:
    """Take a file away from its article; False when it is not there. Its bytes are cleared away later."""
    gone = await connection.execute(
        delete(article_files).where(article_files.c.article_id == article, article_files.c.id == ident)
    )
    return gone.rowcount == 1
