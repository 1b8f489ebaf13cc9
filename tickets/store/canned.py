"""Statements about canned answers."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, func, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from tickets.store.schema import canned_answers


@dataclass(frozen=True)
class AnswerRow:
    """An answer as the database has it; without an owner it is everybody's."""

    id: str
    name: str
    text: str
    owner_id: str | None
    category: str
    uses: int


def _rows(technician: str) -> Select[Any]:
    """Select the answers that a technician has: their own and the shared ones, those used most first."""
    return (
        select(canned_answers)
        .where(or_(canned_answers.c.owner_id.is_(None), canned_answers.c.owner_id == technician))
        .order_by(canned_answers.c.uses.desc(), func.lower(canned_answers.c.name), canned_answers.c.id)
    )


def _row(found: Any) -> AnswerRow:
    return AnswerRow(found.id, found.name, found.text, found.owner_id, found.category, found.uses)


async def had_by(connection: AsyncConnection, technician: str, category: str | None = None) -> list[AnswerRow]:
    """Return the answers that a technician has, of one category and of all when one is named."""
    query = _rows(technician)
    if category is not None:
        query = query.where(canned_answers.c.category.in_(("", category)))
    return [_row(found) for found in await connection.execute(query)]


async def by_id(connection: AsyncConnection, ident: str, technician: str) -> AnswerRow | None:
    """Return an answer when the technician has it."""
    found = (await connection.execute(_rows(technician).where(canned_answers.c.id == ident))).one_or_none()
    return None if found is None else _row(found)


async def add(connection: AsyncConnection, ident: str, now: datetime, **values: Any) -> None:
    """Keep an answer."""
    await connection.execute(canned_answers.insert().values(id=ident, uses=0, created_at=now, updated_at=now, **values))


async def change(connection: AsyncConnection, ident: str, now: datetime, **values: Any) -> None:
    """Change an answer."""
    here = canned_answers.c.id == ident
    await connection.execute(canned_answers.update().where(here).values(updated_at=now, **values))


async def count_use(connection: AsyncConnection, ident: str) -> None:
    """Count an answer as used once more."""
    more = canned_answers.c.uses + 1
    await connection.execute(canned_answers.update().where(canned_answers.c.id == ident).values(uses=more))


async def remove(connection: AsyncConnection, ident: str) -> None:
    """Remove an answer."""
    await connection.execute(canned_answers.delete().where(canned_answers.c.id == ident))
