"""What a search index is on each database, for the migrations that make one.

Released migrations call these functions: they never change what they make, a new form gets new functions.

- SQLite: `fts_<name>`, FTS5 over the documents' words, and `fts_<name>_terms`, FTS5 with trigrams over the vocabulary;
  both keep no copy of the text (external content tables).
- PostgreSQL: the table `fts_<name>` with a tsvector for each document and one for its title,
  made by us word by word, with GIN indexes; and
  `fts_<name>_terms`, a GIN index over the vocabulary with pg_trgm.
"""

from collections.abc import Iterable

import sqlalchemy as sa
from alembic import op
from sqlalchemy.exc import DBAPIError

from tickets.store.search.engines import vector_text
from tickets.store.search.tokens import MAX_TERM, index_terms

_BATCH = 500
_NO_TRGM = (
    "The search needs PostgreSQL's extension pg_trgm, and this account may not add it. "
    "Let an administrator of the database run: CREATE EXTENSION pg_trgm; then start again."
)


class SearchUnavailable(Exception):
    """The database has no pg_trgm, and we may not add it; the text says what to do."""


def create(name: str) -> None:
    """Make the index `name`, empty."""
    counter = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        f"{name}_documents",
        sa.Column("id", counter, autoincrement=True, nullable=False),
        sa.Column("ref", sa.String(length=64), nullable=False),
        sa.Column("scope", sa.String(length=16), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{name}_documents")),
        sa.UniqueConstraint("ref", name=op.f(f"uq_{name}_documents_ref")),
    )
    op.create_index(op.f(f"ix_{name}_documents_scope"), f"{name}_documents", ["scope"], unique=False)
    op.create_table(
        f"{name}_terms",
        sa.Column("id", counter, autoincrement=True, nullable=False),
        sa.Column("term", sa.String(length=40), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{name}_terms")),
        sa.UniqueConstraint("term", name=op.f(f"uq_{name}_terms_term")),
    )
    if op.get_bind().dialect.name == "sqlite":
        # `name` is ours, never a person's.
        op.execute(
            f"CREATE VIRTUAL TABLE fts_{name} USING fts5(title, body, content='{name}_documents', content_rowid='id',"
            " tokenize='unicode61 remove_diacritics 0', detail=column)"
        )
        op.execute(
            f"CREATE VIRTUAL TABLE fts_{name}_terms USING fts5(term, content='{name}_terms', content_rowid='id',"
            " tokenize='trigram')"
        )
        return
    _need_trgm()
    op.execute(
        f"CREATE TABLE fts_{name} (id bigint PRIMARY KEY REFERENCES {name}_documents (id) ON DELETE CASCADE,"
        " vector tsvector NOT NULL, title tsvector NOT NULL)"
    )
    op.execute(f"CREATE INDEX fts_{name}_vector ON fts_{name} USING gin (vector)")
    op.execute(f"CREATE INDEX fts_{name}_title ON fts_{name} USING gin (title)")
    op.execute(f"CREATE INDEX fts_{name}_terms ON {name}_terms USING gin (term gin_trgm_ops)")


def drop(name: str) -> None:
    """Take the index `name` away; the extension stays, others may use it."""
    op.execute(f"DROP TABLE fts_{name}")
    if op.get_bind().dialect.name == "sqlite":
        op.execute(f"DROP TABLE fts_{name}_terms")
    op.drop_table(f"{name}_terms")
    op.drop_table(f"{name}_documents")


def fill(name: str, rows: Iterable[tuple[str, str, str, str]]) -> None:
    """Index documents that are there already: reference, scope, title and body of each, as people wrote them."""
    bind = op.get_bind()
    documents = sa.table(f"{name}_documents", *map(sa.column, ("id", "ref", "scope", "title", "body")))
    vocabulary = sa.table(f"{name}_terms", sa.column("term"))
    seen: set[str] = set()
    batch: list[dict[str, str]] = []
    for ref, scope, title, body in rows:
        in_title, in_body = index_terms(title), index_terms(body)
        seen.update(in_title, in_body)
        batch.append({"ref": ref, "scope": scope, "title": " ".join(in_title), "body": " ".join(in_body)})
        if len(batch) == _BATCH:
            bind.execute(documents.insert(), batch)
            batch = []
    if batch:
        bind.execute(documents.insert(), batch)
    terms = [{"term": term} for term in sorted(seen) if len(term) <= MAX_TERM]
    for at in range(0, len(terms), _BATCH):
        bind.execute(vocabulary.insert(), terms[at : at + _BATCH])
    if bind.dialect.name == "sqlite":
        for table in (f"fts_{name}", f"fts_{name}_terms"):
            op.execute(f"INSERT INTO {table} ({table}) VALUES ('rebuild')")  # noqa: S608 - the name is ours
        return
    insert = sa.text(
        f"INSERT INTO fts_{name} (id, vector, title) VALUES (:id, CAST(:vector AS tsvector), CAST(:title AS tsvector))"  # noqa: S608
    )
    for row in bind.execute(sa.select(documents.c.id, documents.c.title, documents.c.body)).fetchall():
        title, body = row.title.split(), row.body.split()
        bind.execute(insert, {"id": row.id, "vector": vector_text(title, body), "title": vector_text(title, [])})


def _need_trgm() -> None:
    bind = op.get_bind()
    if bind.execute(sa.text("SELECT 1 FROM pg_extension WHERE extname = 'pg_trgm'")).scalar() is not None:
        return
    try:
        with bind.begin_nested():
            bind.execute(sa.text("CREATE EXTENSION IF NOT EXISTS pg_trgm"))
    except DBAPIError as error:
        raise SearchUnavailable(_NO_TRGM) from error
