"""SQLite: one connection that writes and some that read.

SQLite lets one connection write at a time. A pool of one makes writers wait in line here instead of failing there,
BEGIN IMMEDIATE takes the lock before anything is read, and readers in WAL mode are never held up. sqlite3's own
transaction start is switched off, since it would begin too late (SQLAlchemy, "SQLite transactions").
"""

from typing import Any, Final

from sqlalchemy import URL, Connection, event
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from tickets.store.one_trip import OneTripDriver

_BUSY_MS: Final = 5_000
_READERS: Final = 4


def sqlite_engine(url: URL, *, writes: bool, wait_s: float) -> AsyncEngine:
    """Return an engine that writes, on one connection, or one that reads; nothing is connected yet."""
    engine = create_async_engine(
        url.set(drivername="sqlite+aiosqlite"),
        module=OneTripDriver(),
        pool_size=1 if writes else _READERS,
        max_overflow=0,
        pool_timeout=wait_s,
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
