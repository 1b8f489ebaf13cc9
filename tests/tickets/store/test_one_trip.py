"""A statement on SQLite goes to the connection's thread once, and gives what it gave before."""

from pathlib import Path
from typing import Any

import aiosqlite
import pytest
from sqlalchemy import insert, select, text
from sqlalchemy.exc import IntegrityError, OperationalError

from tickets.store.database import Database
from tickets.store.schema import METADATA, numbers


@pytest.fixture
async def trips(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What the thread of any connection was asked for."""
    seen: list[str] = []
    ask: Any = aiosqlite.Connection._execute

    async def recorded(self: aiosqlite.Connection, fn: Any, *args: Any, **kwargs: Any) -> Any:
        seen.append(fn.__qualname__)
        return await ask(self, fn, *args, **kwargs)

    monkeypatch.setattr(aiosqlite.Connection, "_execute", recorded)
    return seen


async def test_a_statement_makes_one_trip(tmp_path: Path, trips: list[str]) -> None:
    database = Database(f"sqlite:///{tmp_path / 'one.db'}")
    try:
        async with database.write() as connection:
            await connection.run_sync(METADATA.create_all)
            trips.clear()
            await connection.execute(insert(numbers), [{"name": name, "value": 1} for name in "abc"])
            assert len(trips) == 1
            found = await connection.execute(select(numbers.c.name).order_by(numbers.c.name))
            assert len(trips) == 2
            assert list(found.scalars()) == ["a", "b", "c"]
            changed = await connection.execute(numbers.update().where(numbers.c.name < "c").values(value=2))
            assert changed.rowcount == 2
            again = (await connection.execute(text("INSERT INTO numbers VALUES ('d', 1) RETURNING value"))).scalar_one()
            assert again == 1
            assert len(trips) == 4
    finally:
        await database.close()


async def test_what_goes_wrong_there_is_told_and_the_connection_goes_on(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path / 'one.db'}")
    try:
        async with database.write() as connection:
            await connection.run_sync(METADATA.create_all)
            await connection.execute(insert(numbers).values(name="a", value=1))
        with pytest.raises(IntegrityError):
            async with database.write() as connection:
                await connection.execute(insert(numbers).values(name="a", value=2))
        with pytest.raises(OperationalError, match="no such table"):
            async with database.read() as connection:
                await connection.execute(text("SELECT 1 FROM nothing_like_it"))
        async with database.read() as connection:
            assert (await connection.execute(select(numbers.c.value))).scalar_one() == 1
    finally:
        await database.close()
