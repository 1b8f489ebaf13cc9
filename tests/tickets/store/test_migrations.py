"""Migrations and metadata agree, forwards and again."""

import sqlite3
from pathlib import Path

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, inspect

from tickets.store.database import Database
from tickets.store.migrate import alembic_config, migrate
from tickets.store.schema import METADATA


def differences(connection: Connection) -> list[object]:
    context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": True})
    return list(compare_metadata(context, METADATA))


async def test_a_migrated_database_is_what_the_tables_say(tmp_path: Path) -> None:
    database = Database(f"sqlite+aiosqlite:///{tmp_path / 'desk.db'}")
    try:
        async with database.write() as connection:
            missing = await connection.run_sync(differences)
        assert len(missing) >= len(METADATA.tables)
        await migrate(database)
        async with database.write() as connection:
            assert await connection.run_sync(differences) == []
            names = set(await connection.run_sync(lambda sync: inspect(sync).get_table_names()))
        assert names == set(METADATA.tables) | {"alembic_version"}
        await migrate(database)
    finally:
        await database.close()


async def test_the_way_back_leaves_nothing(tmp_path: Path) -> None:
    database = Database(f"sqlite+aiosqlite:///{tmp_path / 'desk.db'}")
    try:
        await migrate(database)
        async with database.write() as connection:
            await connection.run_sync(lambda sync: command.downgrade(alembic_config(sync), "base"))
    finally:
        await database.close()
    with sqlite3.connect(tmp_path / "desk.db") as plain:
        tables = {row[0] for row in plain.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    plain.close()
    assert tables <= {"alembic_version", "sqlite_sequence"}


async def test_there_is_one_line_of_migrations(tmp_path: Path) -> None:
    database = Database(f"sqlite+aiosqlite:///{tmp_path / 'desk.db'}")
    try:
        async with database.write() as connection:
            heads = await connection.run_sync(
                lambda sync: ScriptDirectory.from_config(alembic_config(sync)).get_heads()
            )
    finally:
        await database.close()
    assert len(heads) == 1
