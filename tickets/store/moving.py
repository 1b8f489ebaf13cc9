"""Carries everything from one database to another, SQLite or PostgreSQL, and proves that it arrived.

It knows no table by name: whatever METADATA describes is carried. The other database has to be empty, and gets all of
it or, when anything goes wrong, nothing.
"""

import hashlib
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection, LargeBinary, Table, func, inspect, literal, select, text, tuple_
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.schema import AddConstraint, DropConstraint, ForeignKeyConstraint

from tickets.store.database import Database
from tickets.store.migrate import is_current, upgrade_on
from tickets.store.schema import METADATA
from tickets.store.search.bulk import renew
from tickets.store.tables.searching import INDEXES

_BATCH: Final = 500
# Whole mails and files: a few of them at a time.
_BATCH_OF_LARGE: Final = 10
_BYTES: Final = 32


class NotMoved(Exception):
    """Nothing was carried over; `str()` says why and what to do."""


@dataclass(frozen=True)
class Carried:
    """A table that arrived whole."""

    table: str
    rows: int


@dataclass
class _Sum:
    """How many rows there were, and a sum over them in which their order does not matter.

    Databases sort texts in ways of their own, so hashes of rows are added up, not chained.
    """

    rows: int = 0
    digest: int = 0

    def add(self, row: tuple[Any, ...]) -> None:
        """Count a row in."""
        self.rows += 1
        hashed = hashlib.sha256(repr(row).encode("utf-8", "surrogatepass")).digest()
        self.digest = (self.digest + int.from_bytes(hashed, "big")) % (1 << (8 * _BYTES))


async def move(source: Database, target: Database, arrived: Callable[[Carried], None]) -> list[Carried]:
    """Carry all rows to an empty database; `arrived` is told of each table. Raises NotMoved, SQLAlchemyError.

    Nobody can write to either database meanwhile.
    """
    async with source.rebuild() as old, target.rebuild() as new:
        if not await old.run_sync(_tables):
            raise NotMoved("There is nothing to move: the database in [database] url is empty.")
        if not await old.run_sync(is_current):
            raise NotMoved("The database is of another version of Towline: start the server once, stop it, try again.")
        if await new.run_sync(_tables):
            raise NotMoved("The database to move to is not empty: name a new one.")
        await new.run_sync(upgrade_on)
        await new.run_sync(_make_way)
        carried = []
        for table in METADATA.sorted_tables:
            carried.append(await _carry(old, new, table))
            arrived(carried[-1])
        await new.run_sync(_close_up)
    return carried


def _tables(connection: Connection) -> list[str]:
    return inspect(connection).get_table_names()


def _make_way(connection: Connection) -> None:
    """Remove what migrations put into tables, and let rows come in any order: some refer to others of their table."""
    for table in reversed(METADATA.sorted_tables):
        connection.execute(table.delete())
    if connection.dialect.name == "sqlite":
        connection.execute(text("PRAGMA defer_foreign_keys = ON"))
        return
    for constraint in _foreign_keys():
        connection.execute(DropConstraint(constraint))


def _close_up(connection: Connection) -> None:
    """Check references again, let counters go on behind what arrived, and make the search indexes."""
    if connection.dialect.name == "sqlite":
        # References are checked when the transaction ends; counters go on behind the highest by themselves.
        for index in INDEXES:
            renew(connection, index)
        return
    for constraint in _foreign_keys():
        connection.execute(AddConstraint(constraint))
    for table in METADATA.sorted_tables:
        column = table.autoincrement_column
        if column is None:
            continue
        sequence = func.pg_get_serial_sequence(table.name, column.name)
        highest = connection.execute(select(func.max(column))).scalar_one()
        connection.execute(select(func.setval(sequence, highest or 1, highest is not None)))
    for index in INDEXES:
        renew(connection, index)


def _foreign_keys() -> list[ForeignKeyConstraint]:
    return [
        constraint
        for table in METADATA.sorted_tables
        for constraint in sorted(table.foreign_key_constraints, key=lambda each: str(each.name))
    ]


async def _carry(old: AsyncConnection, new: AsyncConnection, table: Table) -> Carried:
    sent, found = _Sum(), _Sum()
    names = [column.name for column in table.c]
    async for rows in _batches(old, table):
        for row in rows:
            sent.add(row)
        try:
            await new.execute(table.insert(), [dict(zip(names, row, strict=True)) for row in rows])
        except DBAPIError as error:
            # SQLite takes longer texts than it was told to, and zero characters in them.
            what = f"The table {table.name} has a row that the other database does not take"
            raise NotMoved(f"{what} ({type(error.orig).__name__}), so nothing was moved.") from error
    async for rows in _batches(new, table):
        for row in rows:
            found.add(row)
    if sent != found:
        raise NotMoved(f"The table {table.name} did not arrive as it was, so nothing was moved. Please report this.")
    return Carried(table.name, sent.rows)


async def _batches(connection: AsyncConnection, table: Table) -> AsyncIterator[list[tuple[Any, ...]]]:
    """Give a table's rows in batches, without ever holding all of them."""
    large = any(isinstance(column.type, LargeBinary) and column.type.length is None for column in table.c)
    size = _BATCH_OF_LARGE if large else _BATCH
    # Page by page along the primary key: an open cursor would keep PostgreSQL from giving the tables their references.
    key = list(table.primary_key)
    query = select(table).order_by(*key).limit(size)
    rows = [tuple(row) for row in await connection.execute(query)]
    while rows:
        yield rows
        last = dict(zip(table.c, rows[-1], strict=True))
        after = tuple_(*key) > tuple_(*(literal(last[column], column.type) for column in key))
        rows = [tuple(row) for row in await connection.execute(query.where(after))]
