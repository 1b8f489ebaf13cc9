"""What each of the two engines does, seen from the database itself."""

import asyncio
from datetime import UTC, datetime

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from tickets.store.database import Database
from tickets.store.numbers import raise_by_one, value
from tickets.store.schema import numbers, people, tickets


async def pragma(connection: AsyncConnection, name: str) -> object:
    return (await connection.execute(text(f"PRAGMA {name}"))).scalar_one()


async def setting(connection: AsyncConnection, name: str) -> object:
    return (await connection.execute(select(func.current_setting(name)))).scalar_one()


async def test_both_engines_are_set_up_for_safety(database: Database) -> None:
    if database.is_postgres:
        async with database.write() as writer, database.read() as reader:
            for connection in (writer, reader):
                assert await setting(connection, "application_name") == "towline"
                assert await setting(connection, "statement_timeout") == "30s"
                assert await setting(connection, "lock_timeout") == "5s"
                assert await setting(connection, "idle_in_transaction_session_timeout") == "1min"
            assert await setting(writer, "transaction_isolation") == "read committed"
            assert await setting(reader, "transaction_isolation") == "repeatable read"
        async with database.rebuild() as patient:
            assert await setting(patient, "statement_timeout") == "0"
        return
    async with database.write() as writer, database.read() as reader:
        for connection in (writer, reader):
            assert await pragma(connection, "journal_mode") == "wal"
            assert await pragma(connection, "synchronous") == 2
            assert await pragma(connection, "foreign_keys") == 1
            assert await pragma(connection, "busy_timeout") == 5_000
        assert await pragma(writer, "query_only") == 0
        assert await pragma(reader, "query_only") == 1


async def test_the_reader_can_not_write_and_the_writer_can(database: Database) -> None:
    with pytest.raises(DBAPIError, match=r"read-?only"):
        async with database.read() as connection:
            await connection.execute(numbers.insert().values(name="x", value=1))
    async with database.write() as connection:
        await connection.execute(numbers.insert().values(name="x", value=1))
    async with database.read() as connection:
        assert await value(connection, "x") == 1


async def test_an_error_takes_everything_back(database: Database) -> None:
    with pytest.raises(RuntimeError):
        async with database.write() as connection:
            await raise_by_one(connection, "x")
            raise RuntimeError
    async with database.read() as connection:
        assert await value(connection, "x") == 0


async def test_writers_wait_in_line(database: Database) -> None:
    async def raise_slowly() -> None:
        async with database.write() as connection:
            before = await value(connection, "x")
            await asyncio.sleep(0)
            await raise_by_one(connection, "x")
            assert await value(connection, "x") == before + 1

    await asyncio.gather(*(raise_slowly() for _ in range(20)))
    async with database.read() as connection:
        assert await value(connection, "x") == 20


async def test_a_reader_sees_one_state_and_holds_no_writer_up(database: Database) -> None:
    async with database.read() as reader:
        assert await value(reader, "x") == 0
        async with database.write() as writer:
            await raise_by_one(writer, "x")
        assert await value(reader, "x") == 0
    async with database.read() as reader:
        assert await value(reader, "x") == 1


async def test_a_second_process_waits_for_the_lock(database: Database) -> None:
    other = Database(database.url)
    try:
        async with database.write() as connection:
            await raise_by_one(connection, "x")
            waiting = asyncio.create_task(_raise(other))
            await asyncio.sleep(0)
            assert not waiting.done()
        await waiting
        async with other.read() as connection:
            assert await value(connection, "x") == 2
    finally:
        await other.close()


async def _raise(database: Database) -> None:
    async with database.write() as connection:
        await raise_by_one(connection, "x")


async def test_rows_belong_together(database: Database) -> None:
    with pytest.raises(IntegrityError):
        async with database.write() as connection:
            await connection.execute(tickets.insert().values(id="x", tracking="TL", requester_id="nobody"))


async def test_times_come_back_as_they_went_in(database: Database) -> None:
    at = datetime(2026, 11, 24, 9, 30, 1, 123_000, tzinfo=UTC)
    async with database.write() as connection:
        await connection.execute(people.insert().values(id="x", email="a@b.example", created_at=at))
        assert (await connection.execute(select(people.c.created_at))).scalar_one() == at


async def test_errors_do_not_repeat_what_people_wrote(database: Database) -> None:
    with pytest.raises(IntegrityError) as caught:
        async with database.write() as connection:
            await connection.execute(tickets.insert().values(id="x", tracking="TL", title="secret words"))
    assert "secret" not in str(caught.value)
    assert "title" in str(caught.value)
