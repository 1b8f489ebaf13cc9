"""A whole index made anew: for a desk that was moved or filled in bulk, or an index that is damaged."""

from collections.abc import Iterable
from typing import Final

from sqlalchemy import BigInteger, Connection, Text, cast, delete, func, insert, select, table, text
from sqlalchemy.dialects.postgresql import ARRAY, TSVECTOR
from sqlalchemy.sql import column

from tickets.store.search.engines import vector_text
from tickets.store.search.tokens import MAX_TERM, index_terms
from tickets.store.tables.searching import SearchIndex

_BATCH: Final = 1_000

Document = tuple[str, str, str, str]
"""Reference, scope, title and body, as people wrote them."""


def rebuild(connection: Connection, index: SearchIndex, documents: Iterable[Document]) -> int:
    """Throw the index away and make it of `documents`, in the order in which they came; return how many there were."""
    _empty(connection, index)
    seen: set[str] = set()
    batch: list[dict[str, str]] = []
    count = 0
    for ref, scope, title, body in documents:
        in_title, in_body = index_terms(title), index_terms(body)
        seen.update(in_title, in_body)
        batch.append({"ref": ref, "scope": scope, "title": " ".join(in_title), "body": " ".join(in_body)})
        count += 1
        if len(batch) == _BATCH:
            connection.execute(insert(index.documents), batch)
            batch = []
    if batch:
        connection.execute(insert(index.documents), batch)
    terms = [{"term": term} for term in sorted(seen) if len(term) <= MAX_TERM]
    for at in range(0, len(terms), _BATCH):
        connection.execute(insert(index.terms), terms[at : at + _BATCH])
    renew(connection, index)
    return count


def renew(connection: Connection, index: SearchIndex) -> None:
    """Make the half that belongs to the database anew, of the documents and terms that stand in our tables."""
    if connection.dialect.name == "sqlite":
        for own in _fts_tables(index):
            # The names are ours.
            connection.execute(text(f"INSERT INTO {own} ({own}) VALUES ('rebuild')"))  # noqa: S608
    else:
        connection.execute(delete(table(f"fts_{index.name}")))
        _vectors(connection, index)


def _fts_tables(index: SearchIndex) -> tuple[str, str]:
    return f"fts_{index.name}", f"fts_{index.name}_terms"


def _empty(connection: Connection, index: SearchIndex) -> None:
    if connection.dialect.name == "sqlite":
        for own in _fts_tables(index):
            connection.execute(text(f"INSERT INTO {own} ({own}) VALUES ('delete-all')"))  # noqa: S608
    else:
        connection.execute(delete(table(f"fts_{index.name}")))
    connection.execute(delete(index.documents))
    connection.execute(delete(index.terms))


def _vectors(connection: Connection, index: SearchIndex) -> None:
    own = table(f"fts_{index.name}", column("id"), column("vector", TSVECTOR), column("title", TSVECTOR))
    documents = index.documents
    last = 0
    while True:
        query = select(documents.c.id, documents.c.title, documents.c.body).where(documents.c.id > last)
        rows = connection.execute(query.order_by(documents.c.id).limit(_BATCH)).all()
        if not rows:
            return
        idents = cast([row.id for row in rows], ARRAY(BigInteger))
        vectors = cast([vector_text(row.title.split(), row.body.split()) for row in rows], ARRAY(Text))
        titles = cast([vector_text(row.title.split(), []) for row in rows], ARRAY(Text))
        source = func.unnest(idents, vectors, titles).table_valued("id", "vector", "title").render_derived()
        connection.execute(
            insert(own).from_select(
                ["id", "vector", "title"],
                select(source.c.id, cast(source.c.vector, TSVECTOR), cast(source.c.title, TSVECTOR)),
            )
        )
        last = rows[-1].id
