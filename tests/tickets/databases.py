"""The databases that tests of the help desk run on: each test has one of its own, copied from one that is migrated.

A test that asks for `databases`, itself or through `world`, `office` or `database`, runs once on SQLite and once on
PostgreSQL when it lies in one of `ON_BOTH`; elsewhere it runs on SQLite. TOWLINE_TEST_DATABASES=sqlite (or
postgresql) chooses one.
"""

import os
import shutil
from pathlib import Path
from typing import Final, Protocol

import asyncpg  # type: ignore[import-untyped]
import pytest

from tests.support.postgres import PostgresServer, run_apart
from tickets.store.database import Database
from tickets.store.migrate import migrate

SQLITE: Final = "sqlite"
POSTGRESQL: Final = "postgresql"
# Of what lies around the application only this one is about the database.
ON_BOTH: Final = ("api", "mail", "services", "store", "web/test_reading.py")
FILE: Final = "towline.db"


class Databases(Protocol):
    """Gives databases to a test; asked for the same folder again, it gives the same one."""

    kind: str

    async def migrated(self, folder: Path) -> str:
        """Return the URL of a database with all tables."""

    async def empty(self, folder: Path) -> str:
        """Return the URL of a database without any."""

    async def close(self) -> None:
        """Remove them."""


class SqliteDatabases:
    """Files in the folders that tests name."""

    kind = SQLITE

    def __init__(self, template: Path) -> None:
        """Copy `template`."""
        self._template: Final = template

    async def migrated(self, folder: Path) -> str:
        """Return the URL of a database with all tables."""
        url = await self.empty(folder)
        if not (folder / FILE).exists():
            shutil.copyfile(self._template, folder / FILE)
        return url

    async def empty(self, folder: Path) -> str:
        """Return the URL of a database without any."""
        _ensure(folder)
        return f"sqlite+aiosqlite:///{folder / FILE}"

    async def close(self) -> None:
        """The folder goes away by itself."""


class PostgresPool:
    """Migrated databases that are emptied and used again: making one takes hundreds of times as long as emptying it."""

    def __init__(self, server: PostgresServer, template: str) -> None:
        """Copy the database `template` when there is none to use again."""
        self.server: Final = server
        self._template: Final = template
        self._free: Final[list[str]] = []

    async def take(self) -> str:
        """Return the name of a database that is as the migrations left it."""
        while self._free:
            name = self._free.pop()
            if await self._emptied(name):
                return name
            await self.server.drop(name)
        return await self.server.create(self._template)

    def give_back(self, name: str) -> None:
        """Let another test have it."""
        self._free.append(name)

    async def _emptied(self, name: str) -> bool:
        connection = await self.server.connect(name)
        try:
            await connection.execute("SELECT pristine.restore()")
        except (asyncpg.LockNotAvailableError, asyncpg.UndefinedTableError):
            # A test left a transaction open, or took the tables away.
            return False
        finally:
            await connection.close()
        return True


class PostgresDatabases:
    """Databases of the server that runs for all tests."""

    kind = POSTGRESQL

    def __init__(self, pool: PostgresPool) -> None:
        """Take databases from `pool`."""
        self._pool: Final = pool
        self._migrated: Final[dict[Path, str]] = {}
        self._empty: Final[dict[Path, str]] = {}

    async def migrated(self, folder: Path) -> str:
        """Return the URL of a database with all tables."""
        _ensure(folder)
        if folder not in self._migrated:
            self._migrated[folder] = await self._pool.take()
        return self._pool.server.url(self._migrated[folder])

    async def empty(self, folder: Path) -> str:
        """Return the URL of a database without any."""
        if folder not in self._empty:
            self._empty[folder] = await self._pool.server.create()
        return self._pool.server.url(self._empty[folder])

    async def close(self) -> None:
        """Give them back or remove them."""
        for name in self._migrated.values():
            self._pool.give_back(name)
        for name in self._empty.values():
            await self._pool.server.drop(name)


def _ensure(folder: Path) -> None:
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)


def chosen_kinds() -> list[str]:
    """Return on what tests of both run. Raises UsageError for a kind that is none."""
    kinds = os.environ.get("TOWLINE_TEST_DATABASES", f"{SQLITE},{POSTGRESQL}").split(",")
    if not set(kinds) <= {SQLITE, POSTGRESQL}:
        raise pytest.UsageError(f"TOWLINE_TEST_DATABASES is {SQLITE} or {POSTGRESQL}, or both with a comma")
    return kinds


def run_on_both(metafunc: pytest.Metafunc, root: Path) -> None:
    """Let a test that asks for `databases` run on each of them, if its folder under `root` is one of ON_BOTH."""
    inside = metafunc.definition.path.relative_to(root)
    kinds = chosen_kinds()
    # SQLite alone needs no mention in the test's name; the mutants count on it.
    both = any(inside.is_relative_to(one) for one in ON_BOTH)
    if "databases" in metafunc.fixturenames and both and kinds != [SQLITE]:
        metafunc.parametrize("databases", kinds, indirect=True)


def migrated_template(url: str) -> None:
    """Migrate the database that others will be copied from."""

    async def go() -> None:
        database = Database(url)
        try:
            await migrate(database)
        finally:
            await database.close()

    run_apart(go())


# Beside the tables a copy of what migrations put into them, and a function that brings them back to it. No rule or
# trigger runs meanwhile, so the order of the tables does not matter.
_PRISTINE: Final = """
CREATE SCHEMA pristine;
DO $$
DECLARE name text;
BEGIN
    FOR name IN SELECT tablename FROM pg_tables WHERE schemaname = 'public' LOOP
        EXECUTE format('CREATE TABLE pristine.%I AS TABLE public.%I', name, name);
    END LOOP;
END $$;
CREATE FUNCTION pristine.restore() RETURNS void LANGUAGE plpgsql AS $$
DECLARE name text;
BEGIN
    SET LOCAL lock_timeout = '2s';
    SET LOCAL session_replication_role = replica;
    FOR name IN SELECT tablename FROM pg_tables WHERE schemaname = 'public' LOOP
        EXECUTE format('DELETE FROM public.%I', name);
        EXECUTE format('INSERT INTO public.%I SELECT * FROM pristine.%I', name, name);
    END LOOP;
    PERFORM setval(format('%I.%I', schemaname, sequencename)::regclass, 1, false) FROM pg_sequences
        WHERE schemaname = 'public';
END $$;
"""


def pristine_template(server: PostgresServer) -> str:
    """Return the name of a new database that is migrated and knows how it was then."""

    async def remember(name: str) -> None:
        connection = await server.connect(name)
        try:
            await connection.execute(_PRISTINE)
        finally:
            await connection.close()

    name = run_apart(server.create())
    migrated_template(server.url(name))
    run_apart(remember(name))
    return name
