"""Statements about imports."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from tickets.domain.importing import ImportKind, ImportState
from tickets.store.schema import imports

MOST_LISTED: Final = 30


@dataclass(frozen=True)
class ImportRow:
    """An import without its file."""

    id: str
    kind: ImportKind
    file_name: str
    state: ImportState
    lines: int
    read: int
    added: int
    changed: int
    faults: str
    made_by: str
    created_at: datetime
    done_at: datetime | None


_COLUMNS: Final = tuple(column for column in imports.c if column.name not in {"content", "lease_until"})


def _row(found: Any) -> ImportRow:
    return ImportRow(**{**found, "kind": ImportKind(found["kind"]), "state": ImportState(found["state"])})


async def add(connection: AsyncConnection, **values: Any) -> None:
    """Add an import that waits to be read."""
    fresh = {"state": ImportState.WAITING, "read": 0, "added": 0, "changed": 0, "faults": "[]"}
    await connection.execute(imports.insert().values(fresh | {"lease_until": None, "done_at": None} | values))


async def listed(connection: AsyncConnection) -> list[ImportRow]:
    """Return the last imports, the newest first."""
    query = select(*_COLUMNS).order_by(imports.c.created_at.desc(), imports.c.id).limit(MOST_LISTED)
    return [_row(found) for found in (await connection.execute(query)).mappings()]


async def by_id(connection: AsyncConnection, ident: str) -> ImportRow | None:
    """Return one import."""
    found = (await connection.execute(select(*_COLUMNS).where(imports.c.id == ident))).mappings().one_or_none()
    return None if found is None else _row(found)


async def is_any(connection: AsyncConnection) -> bool:
    """Return whether an import is not done."""
    query = select(imports.c.id).where(imports.c.state != ImportState.DONE).limit(1)
    return (await connection.execute(query)).first() is not None


async def lease(connection: AsyncConnection, now: datetime, until: datetime) -> tuple[ImportRow, bytes] | None:
    """Take the oldest import that is not done and that nobody reads; gives it and its file."""
    free = or_(imports.c.lease_until.is_(None), imports.c.lease_until <= now)
    query = select(*_COLUMNS, imports.c.content).where(imports.c.state != ImportState.DONE, free)
    found = (await connection.execute(query.order_by(imports.c.created_at).limit(1))).mappings().one_or_none()
    if found is None:
        return None
    await connection.execute(
        imports.update().where(imports.c.id == found["id"]).values(state=ImportState.READING, lease_until=until)
    )
    rest = dict(found)
    content: bytes = rest.pop("content")
    return _row(rest), content


async def change(connection: AsyncConnection, ident: str, **values: Any) -> None:
    """Write down how far an import is."""
    await connection.execute(imports.update().where(imports.c.id == ident).values(**values))
