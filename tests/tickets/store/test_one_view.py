"""Reads of one task from one state of the database, and where that state ends."""

import asyncio
from pathlib import Path

import pytest
from sqlalchemy import QueuePool, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection

from tickets.store.database import Database
from tickets.store.numbers import raise_by_one, value
from tickets.store.one_view import kept


async def number(database: Database) -> int:
    async with database.read() as connection:
        return await value(connection, "x")


async def raise_it(database: Database) -> None:
    async with database.write() as connection:
        await raise_by_one(connection, "x")


async def elsewhere(database: Database) -> int:
    return await asyncio.create_task(number(database))


async def test_reads_share_one_transaction_and_see_one_state(database: Database) -> None:
    async with database.one_view():
        async with database.read() as first:
            assert await value(first, "x") == 0
        await asyncio.create_task(raise_it(database))
        async with database.read() as second, database.read() as third:
            assert second is first is third
        assert await number(database) == 0
        # Another task has its own, though it took the context over.
        assert await elsewhere(database) == 1
    assert await number(database) == 1


async def test_without_it_each_read_sees_what_is_there(database: Database) -> None:
    assert await number(database) == 0
    await asyncio.create_task(raise_it(database))
    assert await number(database) == 1


async def test_what_the_task_itself_wrote_is_seen(database: Database) -> None:
    async with database.one_view():
        assert await number(database) == 0
        await raise_it(database)
        assert await number(database) == 1


async def test_the_connection_is_given_back_before_long_work(database: Database) -> None:
    pool = database._reader.sync_engine.pool
    assert isinstance(pool, QueuePool)
    async with database.one_view():
        assert await number(database) == 0
        assert pool.checkedout() == 1
        await database.let_go()
        assert pool.checkedout() == 0
        await asyncio.create_task(raise_it(database))
        assert await number(database) == 1
    await database.let_go()
    assert pool.checkedout() == 0


async def test_no_write_begins_inside_a_read(database: Database) -> None:
    async with database.one_view():
        with pytest.raises(RuntimeError, match="inside one that reads"):
            async with database.read():
                await raise_it(database)
        assert await number(database) == 0
        await raise_it(database)
    assert await number(database) == 1


async def test_after_an_error_reading_goes_on(database: Database) -> None:
    async with database.one_view():
        with pytest.raises(DBAPIError):
            async with database.read() as connection:
                await connection.execute(text("SELECT 1 FROM nothing_like_it"))
        assert await number(database) == 0


async def test_what_is_kept_is_read_once_for_each_state(database: Database) -> None:
    read: list[str] = []

    @kept
    async def looked_up(connection: AsyncConnection, name: str, *, twice: bool = False) -> int:
        read.append(name)
        return (await value(connection, name)) * (1 + twice)

    async def look(name: str, *, twice: bool = False) -> int:
        async with database.read() as connection:
            return await looked_up(connection, name, twice=twice)

    async with database.one_view() as view:
        assert await look("x") == await look("x") == await look("y") == 0
        assert read == ["x", "y"]
        await raise_it(database)
        assert await look("x") == await look("x") == 1
        assert await look("x", twice=True) == 2
        assert read == ["x", "y", "x", "x"]
        async with database.write() as connection:
            await raise_by_one(connection, "x")
            assert await looked_up(connection, "x") == 2
            await raise_by_one(connection, "x")
            assert await looked_up(connection, "x") == 3
        await view.end()
        read.clear()
        assert await look("x") == await look("x") == 3
        assert read == ["x", "x"]
    assert await look("x") == await look("x") == 3
    assert read == ["x", "x", "x", "x"]


async def test_two_databases_do_not_mix(database: Database, tmp_path: Path) -> None:
    other = Database(f"sqlite:///{tmp_path / 'other.db'}")
    try:
        async with database.one_view(), other.read() as connection:
            assert (await connection.execute(text("SELECT 1"))).scalar_one() == 1
        async with other.one_view(), database.read() as connection:
            assert await value(connection, "x") == 0
    finally:
        await other.close()
