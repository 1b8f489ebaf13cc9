"""Migrations and metadata agree, forwards and again."""

from pathlib import Path

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, inspect, text

from tests.tickets.databases import Databases
from tickets.store.database import Database
from tickets.store.migrate import alembic_config, migrate
from tickets.store.schema import METADATA
from tickets.store.sessions import by_id
from tickets.store.tables.searching import OWN_PREFIX


def is_portable(_thing: object, name: str | None, *_rest: object) -> bool:
    """Whether a table or index is the same on every database, and so in METADATA."""
    return name is None or not name.startswith(OWN_PREFIX)


def differences(connection: Connection) -> list[object]:
    options = {"compare_type": True, "compare_server_default": True, "include_object": is_portable}
    context = MigrationContext.configure(connection, opts=options)
    return list(compare_metadata(context, METADATA))


async def test_a_migrated_database_is_what_the_tables_say(tmp_path: Path, databases: Databases) -> None:
    database = Database(await databases.empty(tmp_path))
    try:
        async with database.write() as connection:
            missing = await connection.run_sync(differences)
        assert len(missing) >= len(METADATA.tables)
        await migrate(database)
        async with database.write() as connection:
            assert await connection.run_sync(differences) == []
            names = set(await connection.run_sync(lambda sync: inspect(sync).get_table_names()))
        names = {name for name in names if is_portable(None, name)}
        assert names == set(METADATA.tables) | {"alembic_version"}
        await migrate(database)
    finally:
        await database.close()


async def test_the_way_back_leaves_nothing(tmp_path: Path, databases: Databases) -> None:
    database = Database(await databases.empty(tmp_path))
    try:
        await migrate(database)
        async with database.write() as connection:
            await connection.run_sync(lambda sync: command.downgrade(alembic_config(sync), "base"))
            tables = set(await connection.run_sync(lambda sync: inspect(sync).get_table_names()))
    finally:
        await database.close()
    assert tables <= {"alembic_version"}


OLD_ROWS = (
    "INSERT INTO people VALUES ('p', 'maria@office.example', 1)",
    "INSERT INTO technicians VALUES ('t', 'ada@help.example', 'Ada', 'technician', 'x', true, 1, NULL)",
    """INSERT INTO tickets VALUES ('k', 'TL-0000-0000', 'T', 'D', 'C', 'low', 3, 'other', 'open', 'api', 'p', 'M', 1,
    't', NULL, '', 1, 1)""",
    "INSERT INTO sessions VALUES ('s', 'k', 't', 'd', 'view', 'open', 1, 2, NULL, NULL)",
    "INSERT INTO socket_tickets VALUES ('00', 'viewer', 't', NULL, 's', 2)",
)


async def test_sessions_of_the_first_schema_go_forward_and_back(tmp_path: Path, databases: Databases) -> None:
    database = Database(await databases.empty(tmp_path))
    try:
        async with database.write() as connection:
            await connection.run_sync(lambda sync: command.upgrade(alembic_config(sync), "0001"))
            for row in OLD_ROWS:
                await connection.execute(text(row))
        await migrate(database)
        async with database.read() as connection:
            session = await by_id(connection, "s")
        assert session is not None
        assert (session.rights, session.state, session.consent) == ("view", "open", None)
        async with database.write() as connection:
            await connection.run_sync(lambda sync: command.downgrade(alembic_config(sync), "0001"))
            assert (await connection.execute(text("SELECT count(*) FROM socket_tickets"))).scalar_one() == 1
            assert len((await connection.execute(text("SELECT * FROM sessions"))).one()) == 10
    finally:
        await database.close()


async def test_there_is_one_line_of_migrations(tmp_path: Path, databases: Databases) -> None:
    database = Database(await databases.empty(tmp_path))
    try:
        async with database.write() as connection:
            heads = await connection.run_sync(
                lambda sync: ScriptDirectory.from_config(alembic_config(sync)).get_heads()
            )
    finally:
        await database.close()
    assert len(heads) == 1
