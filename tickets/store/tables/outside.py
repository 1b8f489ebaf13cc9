"""For other programs: webhooks and their deliveries, requests that were sent twice, files that are read in."""

from typing import Final

from sqlalchemy import Boolean, Column, ForeignKey, Index, Integer, LargeBinary, String, Table, Text

from tickets.store.tables.base import COUNTER, METADATA, Moment

webhooks: Final = Table(
    "webhooks",
    METADATA,
    # Its secret is derived from this and a key of the server, so that the database holds none.
    Column("id", String(32), primary_key=True),
    Column("url", String(500), nullable=False),
    Column("label", String(100), nullable=False),
    # Kinds of timeline entries, with blanks between; empty for all.
    Column("kinds", Text, nullable=False),
    Column("active", Boolean, nullable=False),
    # Raising it changes the secret.
    Column("generation", Integer, nullable=False),
    Column("made_by", ForeignKey("technicians.id"), nullable=False),
    Column("created_at", Moment, nullable=False),
)

webhook_deliveries: Final = Table(
    "webhook_deliveries",
    METADATA,
    Column("id", COUNTER, primary_key=True, autoincrement=True),
    Column("webhook_id", ForeignKey("webhooks.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("event_id", String(40), nullable=False),
    Column("body", Text, nullable=False),
    Column("state", String(16), nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("next_try_at", Moment, nullable=False),
    Column("give_up_at", Moment, nullable=False),
    Column("lease_until", Moment),
    Column("last_error", String(255)),
    Column("created_at", Moment, nullable=False),
    Column("done_at", Moment),
    Index(None, "state", "next_try_at", "id"),
)

idempotency_keys: Final = Table(
    "idempotency_keys",
    METADATA,
    # Of the key, who sent it and to which address.
    Column("key_hash", LargeBinary(32), primary_key=True),
    Column("request_hash", LargeBinary(32), nullable=False),
    # Missing as long as the answer was not given; sealed with the key itself, as it can hold a token.
    Column("status", Integer),
    Column("answer", LargeBinary),
    Column("created_at", Moment, nullable=False),
    Column("expires_at", Moment, nullable=False),
)

imports: Final = Table(
    "imports",
    METADATA,
    Column("id", String(32), primary_key=True),
    Column("kind", String(16), nullable=False),
    Column("file_name", String(200), nullable=False),
    # Emptied when it is read.
    Column("content", LargeBinary, nullable=False),
    Column("state", String(16), nullable=False),
    Column("lines", Integer, nullable=False),
    Column("read", Integer, nullable=False),
    Column("added", Integer, nullable=False),
    Column("changed", Integer, nullable=False),
    # Lines with their faults, as JSON.
    Column("faults", Text, nullable=False),
    Column("made_by", ForeignKey("technicians.id"), nullable=False),
    Column("lease_until", Moment),
    Column("created_at", Moment, nullable=False),
    Column("done_at", Moment),
)
