"""Writing a row that may be there already, in one statement: the only words for it that both databases share."""

from typing import Any

from sqlalchemy import Table
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection


async def upsert(connection: AsyncConnection, table: Table, values: dict[str, Any], *changes: str) -> bool:
    """Insert a row; where its primary key is there already, set only the columns `changes`.

    Returns whether a row was written or changed; without `changes` one that is there stays as it is.
    """
    key = [column.name for column in table.primary_key.columns]
    if connection.dialect.name == "postgresql":
        into = postgresql.insert(table).values(**values)
        wanted = {name: into.excluded[name] for name in changes}
        done = await connection.execute(
            into.on_conflict_do_update(index_elements=key, set_=wanted)
            if wanted
            else into.on_conflict_do_nothing(index_elements=key)
        )
        return done.rowcount == 1
    lite = sqlite.insert(table).values(**values)
    wanted = {name: lite.excluded[name] for name in changes}
    done = await connection.execute(
        lite.on_conflict_do_update(index_elements=key, set_=wanted)
        if wanted
        else lite.on_conflict_do_nothing(index_elements=key)
    )
    return done.rowcount == 1
