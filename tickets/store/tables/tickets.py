"""Tickets and what happened to them."""

from typing import Final

from sqlalchemy import Boolean, Column, ForeignKey, Index, Integer, String, Table, Text

from tickets.store.tables.base import COUNTER, METADATA, Moment

tickets: Final = Table(
    "tickets",
    METADATA,
    Column("id", String(32), primary_key=True),
    Column("tracking", String(16), nullable=False, unique=True),
    Column("title", String(200), nullable=False),
    Column("description", Text, nullable=False),
    Column("category", String(100), nullable=False),
    Column("urgency", String(16), nullable=False),
    Column("urgency_rank", Integer, nullable=False),
    Column("asset", String(16), nullable=False),
    Column("status", String(16), nullable=False),
    Column("channel", String(16), nullable=False),
    Column("requester_id", ForeignKey("people.id"), nullable=False, index=True),
    Column("requester_name", String(100), nullable=False),
    # Raising it revokes the requester token.
    Column("requester_generation", Integer, nullable=False),
    Column("assignee_id", ForeignKey("technicians.id"), index=True),
    Column("solution", Text),
    Column("search_text", Text, nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("updated_at", Moment, nullable=False),
    # When it was resolved, or closed without that; an answer that comes much later is a request of its own.
    Column("settled_at", Moment),
    # The ticket that has taken this one in. Without a foreign key: SQLite could not take the column away again.
    Column("merged_into_id", String(32)),
    Index(None, "urgency_rank", "created_at", "id"),
    Index(None, "status", "settled_at"),
)

timeline: Final = Table(
    "timeline",
    METADATA,
    Column("id", COUNTER, primary_key=True, autoincrement=True),
    Column("ticket_id", ForeignKey("tickets.id"), nullable=False, index=True),
    Column("at", Moment, nullable=False),
    Column("kind", String(32), nullable=False),
    Column("who", String(100), nullable=False),
    Column("role", String(16), nullable=False),
    # A technician or a person; both kinds of id are random, so they can't be mistaken for each other.
    Column("actor_id", String(32)),
    Column("text", Text, nullable=False),
    Column("internal", Boolean, nullable=False),
    # By which way these words came; None for what the help desk says itself.
    Column("channel", String(16)),
)
