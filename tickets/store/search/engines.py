"""How each database keeps and asks a search index: FTS5 on SQLite, tsvector and pg_trgm on PostgreSQL.

Words reach the databases' query languages only quoted, and only as terms of `tokens`, which are letters and digits.
"""

from collections import defaultdict
from collections.abc import Sequence
from functools import cache
from typing import Any, Final, Protocol

from sqlalchemy import ColumnElement, Select, TableClause, cast, column, delete, func, insert, select, table
from sqlalchemy.dialects.postgresql import TSQUERY, TSVECTOR
from sqlalchemy.dialects.postgresql import insert as pg_insert
from sqlalchemy.ext.asyncio import AsyncConnection

from tickets.store.search.tokens import trigrams
from tickets.store.tables.searching import SearchIndex

Groups = Sequence[Sequence[str]]
"""Terms of a search: of each group one is enough, and every group has to be met."""

# Positions in a tsvector end there (PostgreSQL, "Limitations" of text search).
_LAST_POSITION: Final = 16_383
_TITLE_WEIGHT: Final = 6.0


def vector_text(title: Sequence[str], body: Sequence[str]) -> str:
    """Return a tsvector in PostgreSQL's text form; words of the title have weight A."""
    places: defaultdict[str, list[str]] = defaultdict(list)
    for at, term in enumerate(title, 1):
        places[term].append(f"{min(at, _LAST_POSITION)}A")
    for at, term in enumerate(body, len(title) + 1):
        places[term].append(str(min(at, _LAST_POSITION)))
    return " ".join(f"'{_quoted(term)}':{','.join(where[:200])}" for term, where in places.items())


def _quoted(term: str) -> str:
    return term.replace("\\", "\\\\").replace("'", "''")


# One object for each table: two of one name would be joined with each other.
@cache
def _fts5(index: str) -> TableClause:
    name = f"fts_{index}"
    return table(name, column("rowid"), column(name), column("title"), column("body"))


@cache
def _fts5_terms(index: str) -> TableClause:
    name = f"fts_{index}_terms"
    return table(name, column("rowid"), column(name), column("term"))


@cache
def _vectors(index: str) -> TableClause:
    return table(f"fts_{index}", column("id"), column("vector", TSVECTOR), column("title", TSVECTOR))


class Engine(Protocol):
    """What a database can do with an index."""

    def table(self, index: SearchIndex) -> TableClause:
        """Return the database's own table of the index."""

    def key(self, index: SearchIndex) -> ColumnElement[int]:
        """Return its column that names a document."""

    def meets(self, index: SearchIndex, groups: Groups, *, in_title: bool = False) -> ColumnElement[bool]:
        """Return the condition that a document, or its title, has a term of every group."""

    def rank(self, index: SearchIndex, groups: Groups) -> ColumnElement[float]:
        """Return how well it meets them; less is better."""

    def newest(self, index: SearchIndex) -> ColumnElement[Any]:
        """Return the order in which the newest document comes first."""

    async def plan(self, connection: AsyncConnection, *, by_index: bool) -> None:
        """Let the database use its indexes whatever it thinks of them, or as it likes again."""

    async def write(
        self, connection: AsyncConnection, index: SearchIndex, ident: int, title: list[str], body: list[str]
    ) -> None:
        """Put a document that is new in `index.documents` into the index."""

    async def erase(self, connection: AsyncConnection, index: SearchIndex, ident: int, title: str, body: str) -> None:
        """Take a document out; `title` and `body` are as they stand in `index.documents` still."""

    async def learn(self, connection: AsyncConnection, index: SearchIndex, terms: Sequence[str]) -> None:
        """Add terms that the vocabulary does not have, as far as is known."""

    async def unlearn(self, connection: AsyncConnection, index: SearchIndex, terms: Sequence[str]) -> None:
        """Take terms out of the vocabulary."""

    async def compact(self, connection: AsyncConnection, index: SearchIndex) -> None:
        """Leave nothing of what was taken out in the files of the index, as far as it is ours to say."""

    def containing(self, index: SearchIndex, part: str, limit: int) -> Select[Any]:
        """Return the statement for the shortest terms that contain `part` (three characters or more)."""

    def starting(self, index: SearchIndex, part: str, limit: int) -> Select[Any]:
        """Return the statement for the shortest terms that start with `part`."""

    def resembling(self, index: SearchIndex, word: str, limit: int) -> Select[Any]:
        """Return the statement for the terms that share most runs of three characters with `word`."""


class SqliteEngine:
    """FTS5 (sqlite.org/fts5.html)."""

    def table(self, index: SearchIndex) -> TableClause:
        """Return the database's own table of the index."""
        return _fts5(index.name)

    def _terms(self, index: SearchIndex) -> TableClause:
        return _fts5_terms(index.name)

    def key(self, index: SearchIndex) -> ColumnElement[int]:
        """Return its column that names a document."""
        return self.table(index).c.rowid

    def meets(self, index: SearchIndex, groups: Groups, *, in_title: bool = False) -> ColumnElement[bool]:
        """Return the condition that a document, or its title, has a term of every group."""
        words = " AND ".join(f"({_any_of(group)})" for group in groups)
        if in_title:
            words = f"title : ({words})"
        return self.table(index).c[f"fts_{index.name}"].op("MATCH", is_comparison=True)(words)

    def rank(self, index: SearchIndex, groups: Groups) -> ColumnElement[float]:  # noqa: ARG002 - FTS5 knows them
        """Return how well it meets them; less is better."""
        return func.bm25(self.table(index).c[f"fts_{index.name}"], _TITLE_WEIGHT, 1.0)

    def newest(self, index: SearchIndex) -> ColumnElement[Any]:
        """Return the order in which the newest document comes first: FTS5 walks that way by itself."""
        return self.key(index).desc()

    async def plan(self, connection: AsyncConnection, *, by_index: bool) -> None:
        """Nothing to do: there is one way through FTS5."""

    async def write(
        self, connection: AsyncConnection, index: SearchIndex, ident: int, title: list[str], body: list[str]
    ) -> None:
        """Put a document that is new in `index.documents` into the index."""
        await connection.execute(
            insert(self.table(index)), {"rowid": ident, "title": " ".join(title), "body": " ".join(body)}
        )

    async def erase(self, connection: AsyncConnection, index: SearchIndex, ident: int, title: str, body: str) -> None:
        """Take a document out; `title` and `body` are as they stand in `index.documents` still."""
        await connection.execute(
            insert(self.table(index)), {f"fts_{index.name}": "delete", "rowid": ident, "title": title, "body": body}
        )

    async def learn(self, connection: AsyncConnection, index: SearchIndex, terms: Sequence[str]) -> None:
        """Add terms that the vocabulary does not have."""
        await connection.execute(insert(index.terms), [{"term": term} for term in terms])
        added = (
            await connection.execute(select(index.terms.c.id, index.terms.c.term).where(index.terms.c.term.in_(terms)))
        ).all()
        await connection.execute(insert(self._terms(index)), [{"rowid": row.id, "term": row.term} for row in added])

    async def unlearn(self, connection: AsyncConnection, index: SearchIndex, terms: Sequence[str]) -> None:
        """Take terms out of the vocabulary."""
        name, ours = f"fts_{index.name}_terms", index.terms
        found = (await connection.execute(select(ours.c.id, ours.c.term).where(ours.c.term.in_(terms)))).all()
        if not found:
            return
        gone = [{name: "delete", "rowid": row.id, "term": row.term} for row in found]
        await connection.execute(insert(self._terms(index)), gone)
        await connection.execute(delete(ours).where(ours.c.id.in_([row.id for row in found])))

    async def compact(self, connection: AsyncConnection, index: SearchIndex) -> None:
        """Merge the index into one piece: what was taken out stands in older ones until then."""
        for own in (self.table(index), self._terms(index)):
            await connection.execute(insert(own), {own.name: "optimize"})

    def containing(self, index: SearchIndex, part: str, limit: int) -> Select[Any]:
        """Return the statement for the shortest terms that contain `part` (three characters or more)."""
        fts = self._terms(index)
        meets = fts.c[f"fts_{index.name}_terms"].op("MATCH", is_comparison=True)(f'"{_doubled(part)}"')
        return select(fts.c.term).where(meets).order_by(func.length(fts.c.term)).limit(limit)

    def starting(self, index: SearchIndex, part: str, limit: int) -> Select[Any]:
        """Return the statement for the shortest terms that start with `part`."""
        term = index.terms.c.term
        # Not LIKE, which SQLite answers without the index.
        return select(term).where(term >= part, term < part + "\U0010ffff").order_by(func.length(term)).limit(limit)

    def resembling(self, index: SearchIndex, word: str, limit: int) -> Select[Any]:
        """Return the statement for the terms that share most runs of three characters with `word`."""
        fts = self._terms(index)
        meets = fts.c[f"fts_{index.name}_terms"].op("MATCH", is_comparison=True)(_any_of(trigrams(word)))
        return select(fts.c.term).where(meets).order_by(func.bm25(fts.c[f"fts_{index.name}_terms"])).limit(limit)


class PostgresEngine:
    """A tsvector for each document, trigrams over the vocabulary (PostgreSQL, "Text search" and "pg_trgm")."""

    def table(self, index: SearchIndex) -> TableClause:
        """Return the database's own table of the index."""
        return _vectors(index.name)

    def key(self, index: SearchIndex) -> ColumnElement[int]:
        """Return its column that names a document."""
        return self.table(index).c.id

    def _query(self, groups: Groups) -> ColumnElement[Any]:
        alternatives = (" | ".join(f"'{_quoted(term)}'" for term in group) for group in groups)
        return cast(" & ".join(f"({words})" for words in alternatives), TSQUERY)

    def meets(self, index: SearchIndex, groups: Groups, *, in_title: bool = False) -> ColumnElement[bool]:
        """Return the condition that a document, or its title, has a term of every group."""
        # Weights are not in the index, so a question for them would read every document.
        own = self.table(index).c.title if in_title else self.table(index).c.vector
        return own.op("@@", is_comparison=True)(self._query(groups))

    def rank(self, index: SearchIndex, groups: Groups) -> ColumnElement[float]:
        """Return how well it meets them; less is better."""
        return -func.ts_rank(self.table(index).c.vector, self._query(groups))

    def newest(self, index: SearchIndex) -> ColumnElement[Any]:
        """Return the order in which the newest document comes first.

        Not by the key itself: PostgreSQL would walk along the key and read document after document.
        """
        return (self.key(index) + 0).desc()

    async def plan(self, connection: AsyncConnection, *, by_index: bool) -> None:
        """Rule out that all documents are read, which looks cheap with a LIMIT: vectors are stored apart and packed."""
        await connection.execute(select(func.set_config("enable_seqscan", "off" if by_index else "on", True)))

    async def write(
        self, connection: AsyncConnection, index: SearchIndex, ident: int, title: list[str], body: list[str]
    ) -> None:
        """Put a document that is new in `index.documents` into the index."""
        vectors = {"vector": cast(vector_text(title, body), TSVECTOR), "title": cast(vector_text(title, []), TSVECTOR)}
        await connection.execute(insert(self.table(index)).values(id=ident, **vectors))

    async def erase(self, connection: AsyncConnection, index: SearchIndex, ident: int, title: str, body: str) -> None:  # noqa: ARG002
        """Take a document out."""
        own = self.table(index)
        await connection.execute(own.delete().where(own.c.id == ident))

    async def learn(self, connection: AsyncConnection, index: SearchIndex, terms: Sequence[str]) -> None:
        """Add terms; another writer may be adding the same at this moment."""
        add = pg_insert(index.terms).on_conflict_do_nothing()
        await connection.execute(add, [{"term": term} for term in terms])

    async def unlearn(self, connection: AsyncConnection, index: SearchIndex, terms: Sequence[str]) -> None:
        """Take terms out of the vocabulary."""
        await connection.execute(delete(index.terms).where(index.terms.c.term.in_(terms)))

    async def compact(self, connection: AsyncConnection, index: SearchIndex) -> None:
        """Nothing to do: PostgreSQL's own vacuum clears away what was deleted."""

    def containing(self, index: SearchIndex, part: str, limit: int) -> Select[Any]:
        """Return the statement for the shortest terms that contain `part` (three characters or more)."""
        term = index.terms.c.term
        return select(term).where(term.contains(part, autoescape=True)).order_by(func.length(term)).limit(limit)

    def starting(self, index: SearchIndex, part: str, limit: int) -> Select[Any]:
        """Return the statement for the shortest terms that start with `part`."""
        term = index.terms.c.term
        return select(term).where(term.startswith(part, autoescape=True)).order_by(func.length(term)).limit(limit)

    def resembling(self, index: SearchIndex, word: str, limit: int) -> Select[Any]:
        """Return the statement for the terms that share most runs of three characters with `word`."""
        term = index.terms.c.term
        alike = func.similarity(term, word)
        return select(term).where(term.op("%", is_comparison=True)(word)).order_by(alike.desc()).limit(limit)


def _any_of(terms: Sequence[str]) -> str:
    return " OR ".join(f'"{_doubled(term)}"' for term in terms)


def _doubled(term: str) -> str:
    return term.replace('"', '""')


_SQLITE: Final = SqliteEngine()
_POSTGRES: Final = PostgresEngine()


def engine_of(connection: AsyncConnection) -> Engine:
    """Return the engine of this database."""
    return _SQLITE if connection.dialect.name == "sqlite" else _POSTGRES
