"""A desk moves from one database to another with every row of every table."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import BigInteger, Boolean, Column, Integer, LargeBinary, String, Table, Text, func, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from tests.tickets.databases import Databases, PostgresDatabases, PostgresPool, SqliteDatabases
from tickets.store import moving
from tickets.store.database import Database
from tickets.store.migrate import migrate
from tickets.store.moving import Carried, NotMoved, move
from tickets.store.schema import METADATA, categories, numbers, people, tickets, timeline
from tickets.store.tables.base import Moment

AT = datetime(2026, 11, 24, 9, 30, 1, 123_000, tzinfo=UTC)
ROWS = 3
# What the two sort, fold and quote in ways of their own.
WORDS = ("Ärger", "zebra \\ % _ 'quoted'", "B\n\u2028 😀")


@dataclass(frozen=True)
class Way:
    """From one kind of database to the other."""

    old: Databases
    new: Databases
    folder: Path

    async def source(self) -> Database:
        """Open the migrated database to move from."""
        return Database(await self.old.migrated(self.folder / "old"))

    async def target(self) -> Database:
        """Open the empty database to move to."""
        return Database(await self.new.empty(self.folder / "new"))


@pytest.fixture(params=["to-postgresql", "to-sqlite"])
async def way(
    request: pytest.FixtureRequest, tmp_path: Path, postgres_pool: PostgresPool, migrated_sqlite: Path
) -> AsyncIterator[Way]:
    """The way there, and the way back."""
    sqlite, postgres = SqliteDatabases(migrated_sqlite), PostgresDatabases(postgres_pool)
    yield Way(sqlite, postgres, tmp_path) if request.param == "to-postgresql" else Way(postgres, sqlite, tmp_path)
    await postgres.close()


def made_up(column: Column[Any], number: int) -> object:
    """Return a value that this column takes, another one for each number; None for every third if it may be."""
    if column.nullable and number % 3 == 2:
        return None
    match column.type:
        case Moment():
            return AT + timedelta(milliseconds=number)
        case Boolean():
            return number % 2 == 0
        case LargeBinary():
            return bytes([number]) * (column.type.length or 300)
        case Text():
            return f"{WORDS[number % len(WORDS)]} {number}"
        case String():
            return f"{number}{WORDS[number % len(WORDS)]}"[: column.type.length]
        case Integer() | BigInteger():
            return number + 1
        case kind:
            raise AssertionError(f"{column.table.name}.{column.name}: how is a {kind!r} made up?")


async def fill(connection: AsyncConnection, table: Table) -> None:
    """Put rows into a table whose references lead to rows that are there."""
    for number in range(ROWS):
        row = {column.name: made_up(column, number) for column in table.c}
        for key in table.foreign_keys:
            if key.column.table is table:
                row[key.parent.name] = row[key.column.name]
                continue
            there = (await connection.execute(select(key.column).order_by(key.column))).scalars().all()
            row[key.parent.name] = there[number % len(there)]
        await connection.execute(insert(table).values(row))


async def fill_all(connection: AsyncConnection) -> None:
    """Put rows into all tables, in the place of what migrations put there."""
    for table in reversed(METADATA.sorted_tables):
        await connection.execute(table.delete())
    for table in METADATA.sorted_tables:
        await fill(connection, table)


async def everything(connection: AsyncConnection) -> dict[str, list[Any]]:
    """Return all rows of all tables, in an order that does not depend on the database."""
    return {
        table.name: sorted((tuple(row) for row in await connection.execute(select(table))), key=repr)
        for table in METADATA.sorted_tables
    }


async def test_every_row_of_every_table_arrives(way: Way) -> None:
    old, new = await way.source(), await way.target()
    told: list[Carried] = []
    try:
        async with old.write() as connection:
            await fill_all(connection)
        carried = await move(old, new, told.append)
        assert told == carried == [Carried(table.name, ROWS) for table in METADATA.sorted_tables]
        async with old.read() as before, new.read() as after:
            assert await everything(after) == await everything(before)
        # What is added next comes behind what arrived.
        async with new.write() as connection:
            highest = (await connection.execute(select(func.max(timeline.c.id)))).scalar_one()
            ticket = (await connection.execute(select(tickets.c.id).limit(1))).scalar_one()
            row = {column.name: made_up(column, 7) for column in timeline.c if column.name != "id"}
            await connection.execute(timeline.insert().values(row | {"ticket_id": ticket}))
            assert (await connection.execute(select(func.max(timeline.c.id)))).scalar_one() == highest + 1
        # And a migrated database it is.
        await migrate(new)
    finally:
        await old.close()
        await new.close()


async def test_references_hold_after_the_move(way: Way) -> None:
    old, new = await way.source(), await way.target()
    try:
        await move(old, new, lambda _table: None)
        with pytest.raises(Exception, match=r"(?i)foreign key"):
            async with new.write() as connection:
                row = {column.name: made_up(column, 0) for column in timeline.c}
                await connection.execute(timeline.insert().values(row | {"ticket_id": "nobody's"}))
    finally:
        await old.close()
        await new.close()


async def test_rows_may_refer_to_later_ones_of_their_table(way: Way) -> None:
    old, new = await way.source(), await way.target()
    try:
        async with old.write() as connection:
            await fill_all(connection)
            first, last = (
                (await connection.execute(select(categories.c.id).order_by(categories.c.id))).scalars().all()[::2]
            )
            await connection.execute(categories.update().where(categories.c.id == first).values(parent=last))
        await move(old, new, lambda _table: None)
        async with new.read() as connection:
            query = select(categories.c.parent).where(categories.c.id == first)
            assert (await connection.execute(query)).scalar_one() == last
    finally:
        await old.close()
        await new.close()


async def test_a_database_with_anything_in_it_is_refused_and_stays(way: Way) -> None:
    old, new = await way.source(), await way.target()
    try:
        await migrate(new)
        async with new.write() as connection:
            await connection.execute(numbers.insert().values(name="x", value=7))
        with pytest.raises(NotMoved, match="not empty"):
            await move(old, new, lambda _table: None)
        async with new.read() as connection:
            assert (await connection.execute(select(numbers.c.value).where(numbers.c.name == "x"))).scalar_one() == 7
    finally:
        await old.close()
        await new.close()


async def test_an_empty_database_has_nothing_to_move(way: Way) -> None:
    old, new = Database(await way.old.empty(way.folder / "older")), await way.target()
    try:
        with pytest.raises(NotMoved, match="nothing to move"):
            await move(old, new, lambda _table: None)
    finally:
        await old.close()
        await new.close()


async def test_what_arrives_otherwise_is_taken_back(way: Way, monkeypatch: pytest.MonkeyPatch) -> None:
    old, new = await way.source(), await way.target()
    add = moving._Sum.add
    try:
        async with old.write() as connection:
            await connection.execute(people.insert().values(id="p", email="a@b.example", created_at=AT))
        with monkeypatch.context() as patched:
            # The second look sees another row than was sent.
            looks: list[object] = []

            def forgetful(self: moving._Sum, row: tuple[Any, ...]) -> None:
                if "a@b.example" in row:
                    looks.append(row)
                    row = (*row[:-1], len(looks))
                add(self, row)

            patched.setattr(moving._Sum, "add", forgetful)
            with pytest.raises(NotMoved, match="people"):
                await move(old, new, lambda _table: None)
        await move(old, new, lambda _table: None)
    finally:
        await old.close()
        await new.close()


async def test_a_row_that_postgresql_does_not_take_is_named_by_its_table(
    tmp_path: Path, postgres_pool: PostgresPool, migrated_sqlite: Path
) -> None:
    sqlite, postgres = SqliteDatabases(migrated_sqlite), PostgresDatabases(postgres_pool)
    old = Database(await sqlite.migrated(tmp_path / "old"))
    new = Database(await postgres.empty(tmp_path / "new"))
    try:
        async with old.write() as connection:
            await connection.execute(people.insert().values(id="p\0", email="a@b.example", created_at=AT))
        with pytest.raises(NotMoved, match="The table people has a row"):
            await move(old, new, lambda _table: None)
        async with old.write() as connection:
            await connection.execute(people.update().values(id="p"))
        await move(old, new, lambda _table: None)
    finally:
        await old.close()
        await new.close()
        await postgres.close()
