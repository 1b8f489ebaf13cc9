"""The knowledge base."""

from typing import Final

from sqlalchemy import Column, ForeignKey, String, Table, Text

from tickets.store.tables.base import METADATA, Moment

articles: Final = Table(
    "articles",
    METADATA,
    Column("id", String(32), primary_key=True),
    Column("title", String(200), nullable=False),
    Column("body", Text, nullable=False),
    Column("category", String(100), nullable=False),
    Column("author_id", ForeignKey("technicians.id"), nullable=False),
    Column("search_text", Text, nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("updated_at", Moment, nullable=False),
)
