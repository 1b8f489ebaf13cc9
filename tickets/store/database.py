"""The database: one engine that writes and one that reads.

SQLite lets one connection write at a time. A pool of one makes writers wait in line here instead of failing there,
BEGIN IMMEDIATE takes the lock before anything is read, and readers in WAL mode are never held up. sqlite3's own
transaction start is switched off, since it would begin too late (SQLAlchemy, "SQLite transactions").
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Final

from sqlalchemy import Connection, event, make_url
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

_BUSY_MS: Final = 5_000
_WAIT_FOR_CONNECTION_S: Final = 15.0
_READERS: Final = 4


class Database:
    """Opens transactions; nothing is connected before the first one."""

    def __init__(self, url: str) -> None:
        """`url` is an SQLAlchemy URL with an async driver."""
        self.url: Final = url
        if make_url(url).get_backend_name() == "sqlite":
            self._writer = _sqlite_engine(url, writes=True)
            self._reader = _sqlite_engine(url, writes=False)
        else:
            self._writer = self._reader = create_async_engine(
                url, pool_size=10, pool_pre_ping=True, pool_timeout=_WAIT_FOR_CONNECTION_S, hide_parameters=True
            )

    @asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncConnection]:
        """Give a connection that sees one state of the database for as long as it is held."""
        async with self._reader.begin() as connection:
            yield connection

    @asynccontextmanager
    async def write(self) -> AsyncIterator[AsyncConnection]:
        """Give the connection that may write; committed at the end, rolled back when an exception leaves it."""
        async with self._writer.begin() as connection:
            yield connection

    async def close(self) -> None:
        """Close all connections."""
        await self._writer.dispose()
        await self._reader.dispose()


def _sqlite_engine(url: str, *, writes: bool) -> AsyncEngine:
    engine = create_async_engine(
        url,
        pool_size=1 if writes else _READERS,
        max_overflow=0,
        pool_timeout=_WAIT_FOR_CONNECTION_S,
        # Errors are logged; what people wrote is not.
        hide_parameters=True,
    )
    begin = "BEGIN IMMEDIATE" if writes else "BEGIN"

    def on_connect(connection: Any, _record: object) -> None:
        connection.isolation_level = None
        cursor = connection.cursor()
        for pragma in (
            f"busy_timeout = {_BUSY_MS}",
            "journal_mode = WAL",
            "synchronous = FULL",
            "foreign_keys = ON",
            f"query_only = {'OFF' if writes else 'ON'}",
        ):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    def on_begin(connection: Connection) -> None:
        connection.exec_driver_sql(begin)

    event.listen(engine.sync_engine, "connect", on_connect)
    event.listen(engine.sync_engine, "begin", on_begin)
    return engine
