"""Fixtures of the help desk's tests."""

import os
import shutil
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import structlog

from tests.support.postgres import PostgresServer
from tests.tickets.databases import (
    FILE,
    POSTGRESQL,
    SQLITE,
    Databases,
    PostgresDatabases,
    PostgresPool,
    SqliteDatabases,
    migrated_template,
    pristine_template,
    run_on_both,
)
from tests.tickets.world import World, make_world
from tickets.store.database import Database


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run what needs a database on each kind of it."""
    run_on_both(metafunc, Path(__file__).parent)


@pytest.fixture(scope="session", autouse=True)
def plain_log() -> Iterator[None]:
    """Log plainly: what structlog does by itself with an error, in colour and with all variables, takes seconds."""
    structlog.configure(processors=[structlog.processors.format_exc_info, structlog.processors.KeyValueRenderer()])
    yield
    structlog.reset_defaults()


@pytest.fixture(scope="session")
def migrated_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated file to copy; TOWLINE_TEST_TEMPLATE names one that many short runs share."""
    shared = os.environ.get("TOWLINE_TEST_TEMPLATE", "")
    if shared and Path(shared).exists():
        return Path(shared)
    folder = tmp_path_factory.mktemp("template")
    migrated_template(f"sqlite+aiosqlite:///{folder / FILE}")
    if shared:
        shutil.copyfile(folder / FILE, shared)
    return folder / FILE


@pytest.fixture(scope="session")
def postgres_pool(postgres: PostgresServer) -> PostgresPool:
    """Migrated databases on PostgreSQL."""
    return PostgresPool(postgres, pristine_template(postgres))


@pytest.fixture
async def databases(request: pytest.FixtureRequest) -> AsyncIterator[Databases]:
    """Databases of the kind that this run of the test is for."""
    made: Databases
    if getattr(request, "param", SQLITE) == POSTGRESQL:
        # Only now: a run without PostgreSQL starts none.
        made = PostgresDatabases(request.getfixturevalue("postgres_pool"))
    else:
        made = SqliteDatabases(request.getfixturevalue("migrated_sqlite"))
    yield made
    await made.close()


@pytest.fixture
async def database(tmp_path: Path, databases: Databases) -> AsyncIterator[Database]:
    """A migrated database without a help desk around it."""
    made = Database(await databases.migrated(tmp_path))
    yield made
    await made.close()


@pytest.fixture
async def world(tmp_path: Path, databases: Databases) -> AsyncIterator[World]:
    """A help desk of its own for each test."""
    async with make_world(tmp_path / "data", databases) as made:
        yield made
