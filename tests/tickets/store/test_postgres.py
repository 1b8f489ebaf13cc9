"""What an admin is told when PostgreSQL can't be used; and what it takes to use it."""

import secrets
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import func, select, text

from relay.certificates import CertificatePaths, make_authority
from tests.support.postgres import PostgresServer
from tests.support.stack import free_port
from tests.tickets.databases import SqliteDatabases
from tickets.store.database import Database
from tickets.store.migrate import migrate
from tickets.store.moving import move
from tickets.store.numbers import raise_by_one, value
from tickets.store.postgres import DatabaseUnusable


@dataclass(frozen=True)
class Office:
    """A database that belongs to somebody who may do nothing else, as an admin makes it."""

    server: PostgresServer
    name: str
    owner: str
    password: str

    def url(self, **changes: str) -> str:
        """Return the URL over loopback."""
        parts = {"user": self.owner, "password": self.password, "port": str(self.server.port), "name": self.name}
        parts |= {"host": "127.0.0.1", "query": "", "scheme": "postgresql"} | changes
        return "{scheme}://{user}:{password}@{host}:{port}/{name}{query}".format(**parts)


@pytest.fixture
async def office(postgres: PostgresServer) -> AsyncIterator[Office]:
    """A new user and its database."""
    name = await postgres.create()
    owner, password = f"{name}_owner", secrets.token_hex(8)
    await postgres.execute(f"CREATE ROLE {owner} LOGIN PASSWORD '{password}'")
    await postgres.execute(f"ALTER DATABASE {name} OWNER TO {owner}")
    yield Office(postgres, name, owner, password)
    await postgres.drop(name)
    await postgres.execute(f"DROP ROLE {owner}")


async def trouble(url: str) -> str:
    """Return what is said when a transaction is opened; empty when it could be."""
    database = Database(url)
    try:
        async with database.read() as connection:
            await connection.execute(select(1))
    except DatabaseUnusable as error:
        return str(error)
    finally:
        await database.close()
    return ""


@pytest.mark.parametrize("scheme", ["postgresql", "postgres", "postgresql+asyncpg"])
async def test_it_is_enough_to_own_the_database(office: Office, scheme: str) -> None:
    database = Database(office.url(scheme=scheme))
    try:
        await migrate(database)
        async with database.write() as connection:
            await raise_by_one(connection, "x")
        async with database.read() as connection:
            assert await value(connection, "x") == 1
    finally:
        await database.close()


async def test_it_is_enough_to_own_the_database_that_a_desk_moves_to(
    office: Office, migrated_sqlite: Path, tmp_path: Path
) -> None:
    old = Database(await SqliteDatabases(migrated_sqlite).migrated(tmp_path))
    new = Database(office.url())
    try:
        async with old.write() as connection:
            await raise_by_one(connection, "x")
        await move(old, new, lambda _table: None)
        async with new.read() as connection:
            assert await value(connection, "x") == 1
    finally:
        await old.close()
        await new.close()


async def test_a_wrong_password_is_told_without_it(office: Office) -> None:
    said = await trouble(office.url(password="hunter2"))
    assert office.owner in said
    assert "user name and password" in said
    assert "hunter2" not in said
    assert await trouble(office.url()) == ""


async def test_a_database_that_is_not_there_comes_with_the_command_that_makes_it(office: Office) -> None:
    said = await trouble(office.url(name="nowhere"))
    assert f"createdb --encoding UTF8 --owner {office.owner} nowhere" in said
    assert office.password not in said


async def test_a_server_that_is_not_there(office: Office) -> None:
    port = free_port()
    said = await trouble(office.url(port=str(port)))
    assert f"127.0.0.1:{port} can't be reached" in said
    assert office.password not in said
    # A socket that is not there is one too.
    assert "can't be reached" in await trouble(f"postgresql://{office.owner}@/x?host=/nowhere&port={port}")


async def test_tls_is_verified_when_it_is_asked_for(office: Office, tmp_path: Path) -> None:
    def asked(root: Path) -> str:
        return office.url(host="localhost", query=f"?sslmode=verify-full&sslrootcert={root}")

    assert await trouble(asked(office.server.ca)) == ""
    stranger = CertificatePaths.of(tmp_path / "ca.pem", tmp_path / "tls")
    make_authority(stranger, "localhost", "Test", datetime.now(UTC))
    assert "can't be trusted" in await trouble(asked(stranger.root))
    assert f"no file {tmp_path / 'none.pem'}" in await trouble(asked(tmp_path / "none.pem"))
    assert "check [database] url" in await trouble(office.url(query="?sslmode=perhaps"))


async def test_without_a_word_the_connection_is_encrypted_all_the_same(office: Office) -> None:
    database = Database(office.url())
    try:
        async with database.read() as connection:
            query = text("SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()")
            assert (await connection.execute(query)).scalar_one() is True
    finally:
        await database.close()


async def test_the_password_may_come_from_its_file(
    office: Office, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "pgpass"
    file.write_text(f"127.0.0.1:*:*:{office.owner}:{office.password}\n", "utf-8")
    file.chmod(0o600)
    without = office.url().replace(f":{office.password}@", "@")
    assert "does not let" in await trouble(without) or "refused" in await trouble(without)
    monkeypatch.setenv("PGPASSFILE", str(file))
    assert await trouble(without) == ""


async def test_another_encoding_is_refused(office: Office) -> None:
    name = f"{office.name}_ascii"
    await office.server.execute(
        f"CREATE DATABASE {name} OWNER {office.owner} ENCODING 'SQL_ASCII' LOCALE 'C' LOCALE_PROVIDER libc "
        "TEMPLATE template0"
    )
    try:
        assert "--encoding UTF8" in await trouble(office.url(name=name))
    finally:
        await office.server.drop(name)


@pytest.mark.parametrize("url", ["mysql://u:hunter2@h/d", "postgresql+psycopg://u:hunter2@h/d", "hunter2", "://"])
def test_other_databases_are_refused_without_a_word_of_the_url(url: str) -> None:
    with pytest.raises(DatabaseUnusable, match="postgresql://") as caught:
        Database(url)
    assert "hunter2" not in str(caught.value)


async def test_a_connection_that_was_cut_costs_nobody_an_error(office: Office) -> None:
    database = Database(office.url())
    cut = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'towline' AND datname = '{}'"
    try:
        async with database.write() as writer, database.read() as reader:
            assert (await writer.execute(select(func.pg_backend_pid()))).scalar_one()
            assert (await reader.execute(select(func.pg_backend_pid()))).scalar_one()
        await office.server.execute(cut.format(office.name))
        async with database.write() as writer, database.read() as reader:
            assert (await writer.execute(select(1))).scalar_one() == 1
            assert (await reader.execute(select(1))).scalar_one() == 1
    finally:
        await database.close()
