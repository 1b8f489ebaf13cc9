"""Statements about how mails are worded; every revision stays."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from tickets.store.schema import mail_templates, technicians


@dataclass(frozen=True)
class TemplateRow:
    """A revision of the wording of one kind of mail in one language; `built_in` ones have no texts."""

    kind: str
    language: str
    revision: int
    subject: str
    text: str
    html: str
    built_in: bool
    author: str
    created_at: datetime


async def current(connection: AsyncConnection, kind: str, language: str) -> TemplateRow | None:
    """Return the newest revision; None when nobody ever changed it."""
    newest = (
        select(func.max(mail_templates.c.revision))
        .where(mail_templates.c.kind == kind, mail_templates.c.language == language)
        .scalar_subquery()
    )
    query = _rows().where(
        mail_templates.c.kind == kind, mail_templates.c.language == language, mail_templates.c.revision == newest
    )
    found = (await connection.execute(query)).mappings().one_or_none()
    return None if found is None else TemplateRow(**found)


async def all_current(connection: AsyncConnection) -> list[TemplateRow]:
    """Return the newest revision of all that were ever changed."""
    newest = (
        select(mail_templates.c.kind, mail_templates.c.language, func.max(mail_templates.c.revision).label("revision"))
        .group_by(mail_templates.c.kind, mail_templates.c.language)
        .subquery()
    )
    query = _rows().join(
        newest,
        (newest.c.kind == mail_templates.c.kind)
        & (newest.c.language == mail_templates.c.language)
        & (newest.c.revision == mail_templates.c.revision),
    )
    return [TemplateRow(**found) for found in (await connection.execute(query)).mappings()]


async def add(connection: AsyncConnection, row: TemplateRow, author_id: str) -> None:
    """Add a revision."""
    await connection.execute(
        mail_templates.insert().values(
            kind=row.kind,
            language=row.language,
            revision=row.revision,
            subject=row.subject,
            text=row.text,
            html=row.html,
            built_in=row.built_in,
            author_id=author_id,
            created_at=row.created_at,
        )
    )


def _rows() -> Select[Any]:
    columns = [column for column in mail_templates.c if column.name not in {"id", "author_id"}]
    return select(*columns, technicians.c.name.label("author")).select_from(
        mail_templates.join(technicians, technicians.c.id == mail_templates.c.author_id)
    )
