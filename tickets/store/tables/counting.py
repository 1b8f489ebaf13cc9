"""Limits in time, and numbers that the server remembers."""

from typing import Final

from sqlalchemy import BigInteger, Column, Integer, String, Table

from tickets.store.tables.base import METADATA, Moment

counters: Final = Table(
    "counters",
    METADATA,
    # What is counted and for whom; addresses and accounts only as a hash.
    Column("name", String(80), primary_key=True),
    Column("count", Integer, nullable=False),
    Column("until", Moment, nullable=False),
)

numbers: Final = Table(
    "numbers",
    METADATA,
    Column("name", String(40), primary_key=True),
    Column("value", BigInteger, nullable=False),
)
