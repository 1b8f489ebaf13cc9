"""The portable half of a search index: its documents as folded words, and its vocabulary.

The other half belongs to the database (`tickets.store.migrations.search_index`): everything there is named `fts_…`.
"""

from dataclasses import dataclass
from typing import Final

from sqlalchemy import Column, Index, String, Table, Text

from tickets.store.tables.base import COUNTER, METADATA

OWN_PREFIX: Final = "fts_"
"""Names of tables and indexes that each database has in its own way, which METADATA does not describe."""


@dataclass(frozen=True)
class SearchIndex:
    """The tables of the index of one kind of document."""

    name: str
    documents: Table
    terms: Table


INDEXES: Final[list[SearchIndex]] = []
"""All that were declared, as METADATA has all tables."""


def search_index(name: str) -> SearchIndex:
    """Declare the tables of an index; its migration has to call `search_index.create(name)`."""
    documents = Table(
        f"{name}_documents",
        METADATA,
        Column("id", COUNTER, primary_key=True, autoincrement=True),
        # What was indexed: the id of an article, of a ticket, …
        Column("ref", String(64), nullable=False, unique=True),
        # A search names the scopes it may look into.
        Column("scope", String(16), nullable=False),
        Column("title", Text, nullable=False),
        Column("body", Text, nullable=False),
        Index(None, "scope"),
    )
    terms = Table(
        f"{name}_terms",
        METADATA,
        Column("id", COUNTER, primary_key=True, autoincrement=True),
        Column("term", String(40), nullable=False, unique=True),
    )
    index = SearchIndex(name, documents, terms)
    INDEXES.append(index)
    return index
