"""Finding tickets again: their search index, saved views; assets, fields of categories, canned answers."""

from typing import Final

from sqlalchemy import Boolean, Column, ForeignKey, Index, Integer, String, Table, Text

from tickets.store.tables.base import METADATA, Moment
from tickets.store.tables.searching import search_index

TICKET_INDEX: Final = search_index("ticket")

saved_views: Final = Table(
    "saved_views",
    METADATA,
    Column("id", String(32), primary_key=True),
    Column("name", String(100), nullable=False),
    Column("owner_id", ForeignKey("technicians.id"), nullable=False, index=True),
    # Who sees it: its owner, the owner's teams, all.
    Column("shared", String(16), nullable=False),
    # The queue's address behind the question mark.
    Column("query", Text, nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("updated_at", Moment, nullable=False),
)

assets: Final = Table(
    "assets",
    METADATA,
    Column("id", String(32), primary_key=True),
    Column("name", String(100), nullable=False),
    Column("kind", String(16), nullable=False),
    Column("serial", String(100), nullable=False, index=True),
    Column("inventory", String(100), nullable=False, index=True),
    Column("location", String(100), nullable=False),
    Column("owner_id", ForeignKey("people.id"), index=True),
    Column("notes", Text, nullable=False),
    # The key of the computer's agent, as soon as it joined a ticket of this asset.
    Column("agent_key", String(43), index=True),
    Column("search_text", Text, nullable=False),
    Column("retired_at", Moment),
    Column("created_at", Moment, nullable=False),
    Column("updated_at", Moment, nullable=False),
    Index(None, "name", "id"),
)

ticket_assets: Final = Table(
    "ticket_assets",
    METADATA,
    Column("ticket_id", ForeignKey("tickets.id"), primary_key=True),
    Column("asset_id", ForeignKey("assets.id"), primary_key=True, index=True),
)

extra_fields: Final = Table(
    "extra_fields",
    METADATA,
    Column("id", String(32), primary_key=True),
    # The category's name, as tickets have it; empty: every category.
    Column("category", String(100), nullable=False),
    Column("key", String(40), nullable=False),
    Column("label", String(100), nullable=False),
    Column("hint", String(200), nullable=False),
    Column("kind", String(16), nullable=False),
    # One choice a line.
    Column("choices", Text, nullable=False),
    Column("required", String(16), nullable=False),
    Column("internal", Boolean, nullable=False),
    Column("position", Integer, nullable=False),
    Column("retired_at", Moment),
    Index(None, "category", "key", unique=True),
)

ticket_fields: Final = Table(
    "ticket_fields",
    METADATA,
    Column("ticket_id", ForeignKey("tickets.id"), primary_key=True),
    Column("field_id", ForeignKey("extra_fields.id"), primary_key=True, index=True),
    Column("value", Text, nullable=False),
)

canned_answers: Final = Table(
    "canned_answers",
    METADATA,
    Column("id", String(32), primary_key=True),
    Column("name", String(100), nullable=False),
    Column("text", Text, nullable=False),
    # Nobody's: everybody has it.
    Column("owner_id", ForeignKey("technicians.id"), index=True),
    # Only for requests of this category; empty: for all.
    Column("category", String(100), nullable=False),
    Column("uses", Integer, nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("updated_at", Moment, nullable=False),
)
