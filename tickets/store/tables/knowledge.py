"""The knowledge base."""

from typing import Final

from sqlalchemy import BigInteger, Column, ForeignKey, Index, Integer, String, Table, Text

from tickets.store.tables.base import COUNTER, METADATA, Moment
from tickets.store.tables.searching import search_index

articles: Final = Table(
    "articles",
    METADATA,
    Column("id", String(32), primary_key=True),
    Column("title", String(200), nullable=False),
    Column("body", Text, nullable=False),
    Column("category", String(100), nullable=False, index=True),
    Column("author_id", ForeignKey("technicians.id"), nullable=False),
    Column("state", String(16), nullable=False),
    Column("visibility", String(16), nullable=False),
    # The number of its newest revision: who saves has to name the one that was read.
    Column("revision", Integer, nullable=False),
    # The ticket of which the article was made.
    Column("source_ticket_id", ForeignKey("tickets.id")),
    # Set once: when it could be read for the first time.
    Column("published_at", Moment),
    Column("created_at", Moment, nullable=False),
    Column("updated_at", Moment, nullable=False),
    Index(None, "state", "updated_at"),
    Index(None, "state", "visibility", "category"),
)

ARTICLE_INDEX: Final = search_index("article")

article_revisions: Final = Table(
    "article_revisions",
    METADATA,
    Column("article_id", ForeignKey("articles.id"), primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("title", String(200), nullable=False),
    Column("body", Text, nullable=False),
    Column("category", String(100), nullable=False),
    Column("author_id", ForeignKey("technicians.id"), nullable=False),
    Column("note", String(200), nullable=False),
    Column("at", Moment, nullable=False),
)

article_files: Final = Table(
    "article_files",
    METADATA,
    Column("id", String(32), primary_key=True),
    # They belong to the article, whatever its text says at the time; a revision has none of its own.
    Column("article_id", ForeignKey("articles.id"), nullable=False),
    Column("content", ForeignKey("files.content"), nullable=False, index=True),
    # By which the text names it.
    Column("name", String(120), nullable=False),
    Column("kind", String(127), nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("created_at", Moment, nullable=False),
    Index(None, "article_id", "name", unique=True),
)

article_redactions: Final = Table(
    "article_redactions",
    METADATA,
    Column("article_id", ForeignKey("articles.id"), primary_key=True),
    # The placeholder as it stands in the draft; the same words have the same one everywhere.
    Column("placeholder", String(40), primary_key=True),
    Column("number", Integer, nullable=False),
    Column("kind", String(16), nullable=False),
    # What stood there. Gone as soon as the article is published.
    Column("found", Text, nullable=False),
    Column("times", Integer, nullable=False),
    Column("reason", String(200), nullable=False),
)

article_outcomes: Final = Table(
    "article_outcomes",
    METADATA,
    # Counted by day: nobody can tell from it who read what.
    Column("article_id", ForeignKey("articles.id"), primary_key=True),
    Column("day", Integer, primary_key=True),
    Column("outcome", String(16), primary_key=True),
    Column("count", BigInteger, nullable=False),
)

ticket_articles: Final = Table(
    "ticket_articles",
    METADATA,
    Column("id", COUNTER, primary_key=True, autoincrement=True),
    Column("ticket_id", ForeignKey("tickets.id"), nullable=False),
    Column("article_id", ForeignKey("articles.id"), nullable=False, index=True),
    # "sent" to the requester, or "solved": the solution came from it.
    Column("use", String(16), nullable=False),
    Column("by_id", ForeignKey("technicians.id")),
    Column("at", Moment, nullable=False),
    # When the ticket was solved after that, and when it was opened again.
    Column("settled_at", Moment),
    Column("reopened_at", Moment),
    Index(None, "ticket_id", "article_id", "use", unique=True),
)

fruitless_searches: Final = Table(
    "fruitless_searches",
    METADATA,
    # Folded; who searched is nowhere.
    Column("q", String(200), primary_key=True),
    Column("count", Integer, nullable=False),
    Column("last_at", Moment, nullable=False, index=True),
)
