"""Tickets and what happened to them."""

from typing import Final

from sqlalchemy import Boolean, Column, ForeignKey, Index, Integer, String, Table, Text, text

from tickets.store.tables.base import COUNTER, METADATA, Moment

OPEN: Final = "status NOT IN ('resolved', 'closed')"
"""What is worked on or waits; as literal text, since a partial index serves no query with parameters in its place."""
FAR_MS: Final = "253370764800000"
"""The first moment of the year 9999: when it is never."""
_QUEUE: Final = ("priority_rank", "due_at", "created_at", "id")

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
    Column("impact", String(16), nullable=False, server_default="normal"),
    Column("priority", String(16), nullable=False, server_default="normal"),
    Column("priority_rank", Integer, nullable=False, server_default="2"),
    # A team of its own is not referred to by a foreign key: SQLite adds none to a table that is there.
    Column("team_id", String(32)),
    Column("asset", String(16), nullable=False),
    Column("status", String(16), nullable=False),
    Column("channel", String(16), nullable=False),
    Column("requester_id", ForeignKey("people.id"), nullable=False, index=True),
    Column("requester_name", String(100), nullable=False),
    # Raising it revokes the requester token.
    Column("requester_generation", Integer, nullable=False),
    Column("assignee_id", ForeignKey("technicians.id"), index=True),
    Column("solution", Text),
    Column("created_at", Moment, nullable=False),
    Column("updated_at", Moment, nullable=False),
    # When it was resolved, or closed without that; an answer that comes much later is a request of its own.
    Column("settled_at", Moment),
    # The ticket that has taken this one in. Without a foreign key: SQLite could not take the column away again.
    Column("merged_into_id", String(32)),
    # When the first of its clocks runs out; FAR when none runs.
    Column("due_at", Moment, nullable=False, server_default=FAR_MS),
    # The edition of the targets by which its clocks were set.
    Column("targets", Integer, nullable=False, server_default="0"),
    Index(None, "status", "settled_at"),
    Index(None, "created_at", "id"),
    Index(None, "updated_at", "id"),
    # For the queue: solved and closed tickets, which are nearly all, are in neither.
    Index("ix_tickets_queue", *_QUEUE, sqlite_where=text(OPEN), postgresql_where=text(OPEN)),
    Index("ix_tickets_hands", "assignee_id", *_QUEUE, sqlite_where=text(OPEN), postgresql_where=text(OPEN)),
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
