"""The database: one engine that writes and one that reads, on SQLite or PostgreSQL.

Transactions that write run one after the other, on both: in one process they wait in line for its one connection,
between processes for a lock that each takes when it begins. Nobody's check is overtaken by somebody else's change.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError
from sqlalchemy.ext.asyncio import AsyncConnection

from tickets.store.first_write import accompany
from tickets.store.one_view import OneView, one_view, view_of
from tickets.store.postgres import DatabaseUnusable, postgres_engine, without_haste
from tickets.store.sqlite import sqlite_engine

_WAIT_FOR_CONNECTION_S: Final = 15.0
_POSTGRES_NAMES: Final = ("postgresql", "postgres")


class Database:
    """Opens transactions; nothing is connected before the first one."""

    def __init__(self, url: str) -> None:
        """`url` begins with sqlite:/// or postgresql://, a driver's name may follow. Raises DatabaseUnusable."""
        self.url: Final = url
        parsed = _parse(url)
        self.is_postgres: Final = parsed.get_backend_name() in _POSTGRES_NAMES
        make = postgres_engine if self.is_postgres else sqlite_engine
        self._writer = make(parsed, writes=True, wait_s=_WAIT_FOR_CONNECTION_S)
        self._reader = make(parsed, writes=False, wait_s=_WAIT_FOR_CONNECTION_S)

    @asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncConnection]:
        """Give a connection that sees one state of the database for as long as it is held."""
        view = view_of(self._reader)
        # Closed without a commit: there is nothing to commit.
        async with self._reader.connect() if view is None else view.lend() as connection:
            yield connection

    @asynccontextmanager
    async def one_view(self) -> AsyncIterator[OneView]:
        """Let everything that this task reads meanwhile see one state, in one transaction; writes end that state."""
        async with one_view(self._reader) as view:
            yield view

    async def let_go(self) -> None:
        """Give the connection back before work that may take long; what is read after that sees a new state."""
        if (view := view_of(self._reader)) is not None:
            await view.leave()

    @asynccontextmanager
    async def write(self) -> AsyncIterator[AsyncConnection]:
        """Give the connection that may write; committed at the end, rolled back when an exception leaves it."""
        await self.let_go()
        async with self._writer.begin() as connection:
            await accompany(connection)
            yield connection

    @asynccontextmanager
    async def rebuild(self) -> AsyncIterator[AsyncConnection]:
        """Give the connection that may write, for work on the whole database that may take long."""
        async with self.write() as connection:
            if self.is_postgres:
                await connection.run_sync(without_haste)
            yield connection

    async def close(self) -> None:
        """Close all connections."""
        await self._writer.dispose()
        await self._reader.dispose()


def _parse(url: str) -> URL:
    try:
        parsed = make_url(url)
    except ArgumentError:
        parsed = None
    names = {"sqlite", "sqlite+aiosqlite", "postgresql+asyncpg", *_POSTGRES_NAMES}
    if parsed is None or parsed.drivername not in names:
        raise DatabaseUnusable("[database] url has to begin with postgresql:// or sqlite:/// (or leave it empty).")
    return parsed
