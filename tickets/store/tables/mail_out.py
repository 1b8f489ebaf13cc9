"""What outgoing mail needs beside the outbox: its wording, links that were asked for, answers to how it was, phones."""

from typing import Final

from sqlalchemy import Boolean, Column, ForeignKey, Index, Integer, LargeBinary, String, Table, Text

from tickets.store.tables.base import COUNTER, METADATA, Moment

mail_templates: Final = Table(
    "mail_templates",
    METADATA,
    Column("id", COUNTER, primary_key=True, autoincrement=True),
    Column("kind", String(16), nullable=False),
    Column("language", String(8), nullable=False),
    # The highest is the one that counts; the others stay, to be looked at.
    Column("revision", Integer, nullable=False),
    Column("subject", String(300), nullable=False),
    Column("text", Text, nullable=False),
    Column("html", Text, nullable=False),
    # Back to the wording that came with the program; the three above are empty then.
    Column("built_in", Boolean, nullable=False),
    Column("author_id", ForeignKey("technicians.id"), nullable=False),
    Column("created_at", Moment, nullable=False),
    Index(None, "kind", "language", "revision", unique=True),
)

link_requests: Final = Table(
    "link_requests",
    METADATA,
    # What somebody typed, whether or not it fits anything: the worker finds out.
    Column("id", COUNTER, primary_key=True, autoincrement=True),
    # Empty: all requests of this address.
    Column("tracking", String(40), nullable=False),
    Column("email", String(254), nullable=False),
    Column("created_at", Moment, nullable=False),
)

ratings: Final = Table(
    "ratings",
    METADATA,
    Column("ticket_id", ForeignKey("tickets.id"), primary_key=True),
    Column("rating", String(8), nullable=False),
    Column("comment", Text, nullable=False),
    # Who had the ticket then.
    Column("technician_id", ForeignKey("technicians.id"), index=True),
    Column("created_at", Moment, nullable=False, index=True),
    Column("changed_at", Moment, nullable=False),
)

push_subscriptions: Final = Table(
    "push_subscriptions",
    METADATA,
    Column("id", String(32), primary_key=True),
    Column("technician_id", ForeignKey("technicians.id"), nullable=False, index=True),
    # SHA-256 of the endpoint: one row for each phone.
    Column("endpoint_hash", LargeBinary(32), nullable=False, unique=True),
    Column("endpoint", Text, nullable=False),
    # The phone's keys (RFC 8291), in b64.
    Column("p256dh", String(90), nullable=False),
    Column("auth", String(24), nullable=False),
    Column("label", String(100), nullable=False),
    Column("created_at", Moment, nullable=False),
)

pushes: Final = Table(
    "pushes",
    METADATA,
    Column("id", COUNTER, primary_key=True, autoincrement=True),
    Column("technician_id", ForeignKey("technicians.id"), nullable=False),
    Column("title", String(200), nullable=False),
    Column("path", String(100), nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("next_try_at", Moment, nullable=False, index=True),
    Column("created_at", Moment, nullable=False),
)
