"""SQLite's driver with one trip to its thread for each statement.

aiosqlite runs a connection in a thread of its own, and SQLAlchemy asks it four times for one statement: for a cursor,
to execute, to fetch, to close. Waking up a thread costs more than most of our statements do, so here all four are done
in one go. Rows were fetched at once before too; nothing else changes.
"""

import sqlite3
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Final

import aiosqlite
from sqlalchemy.dialects.sqlite.aiosqlite import (
    AsyncAdapt_aiosqlite_connection,
    AsyncAdapt_aiosqlite_cursor,
    AsyncAdapt_aiosqlite_dbapi,
)
from sqlalchemy.util import EMPTY_DICT


@dataclass(frozen=True)
class _Outcome:
    """What is left of a cursor that was closed (PEP 249)."""

    description: Any = None
    rowcount: int = -1
    lastrowid: int | None = None
    arraysize: int = 1

    def close(self) -> None:
        """Nothing is open any more."""


_NOTHING_YET: Final = _Outcome()


def _run(execute: Callable[[sqlite3.Cursor], object]) -> Callable[[sqlite3.Connection], tuple[_Outcome, list[Any]]]:
    def run(connection: sqlite3.Connection) -> tuple[_Outcome, list[Any]]:
        cursor = connection.cursor()
        try:
            execute(cursor)
            rows = cursor.fetchall() if cursor.description else []
            return _Outcome(cursor.description, cursor.rowcount, cursor.lastrowid), rows
        finally:
            cursor.close()

    return run


class _Cursor(AsyncAdapt_aiosqlite_cursor):
    """A cursor that is one only while its statement runs."""

    __slots__ = ()
    _awaitable_cursor_close = False
    _cursor: Any

    def __init__(self, adapt_connection: AsyncAdapt_aiosqlite_connection) -> None:
        self._adapt_connection = adapt_connection
        self._connection = adapt_connection._connection  # noqa: SLF001 - as the class above does
        self._cursor = _NOTHING_YET
        self._soft_closed_memoized = EMPTY_DICT
        self._rows = deque()

    async def _execute_async(self, operation: Any, parameters: Any) -> Any:
        given = () if parameters is None else parameters
        await self._carry_out(lambda cursor: cursor.execute(operation, given))

    async def _executemany_async(self, operation: Any, seq_of_parameters: Iterable[Any]) -> Any:
        await self._carry_out(lambda cursor: cursor.executemany(operation, seq_of_parameters))

    async def _carry_out(self, execute: Callable[[sqlite3.Cursor], object]) -> None:
        connection: Any = self._connection
        async with self._adapt_connection._execute_mutex:  # noqa: SLF001
            self._cursor, rows = await connection._execute(_run(execute), connection._conn)  # noqa: SLF001
        self._rows = deque(rows)


class _Connection(AsyncAdapt_aiosqlite_connection):
    __slots__ = ()
    _cursor_cls: Any = _Cursor


class OneTripDriver(AsyncAdapt_aiosqlite_dbapi):
    """The driver, for `create_async_engine(module=…)`."""

    def __init__(self) -> None:
        """Stand in front of aiosqlite and sqlite3."""
        super().__init__(aiosqlite, sqlite3)

    def connect(self, *arg: Any, **kw: Any) -> AsyncAdapt_aiosqlite_connection:
        """Return a connection whose cursors make one trip."""
        return _Connection(self, super().connect(*arg, **kw)._connection)  # noqa: SLF001
