"""Mail that goes out."""

from typing import Final

from sqlalchemy import BigInteger, Column, ForeignKey, Index, Integer, String, Table, Text

from tickets.store.tables.base import COUNTER, METADATA, Moment

outbox: Final = Table(
    "outbox",
    METADATA,
    Column("id", COUNTER, primary_key=True, autoincrement=True),
    Column("kind", String(16), nullable=False),
    Column("ticket_id", ForeignKey("tickets.id"), nullable=False),
    # Which mail of this ticket it is; part of its Message-ID.
    Column("number", Integer, nullable=False),
    Column("recipient", String(254), nullable=False),
    Column("message_id", String(320), nullable=False, unique=True),
    # The person or technician behind it (for a watcher, the address): who answers by its reply address.
    Column("recipient_id", String(254)),
    # The line of the timeline whose files go along.
    Column("entry_id", BigInteger),
    Column("language", String(8)),
    # Which budget was spent; set as long as the state is "held".
    Column("held_by", String(16)),
    Column("subject", String(255), nullable=False),
    # Emptied some time after it was sent.
    Column("text", Text, nullable=False),
    Column("html", Text, nullable=False),
    Column("state", String(16), nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("next_try_at", Moment, nullable=False),
    Column("give_up_at", Moment, nullable=False),
    # Somebody is sending it until then.
    Column("lease_until", Moment),
    Column("last_error", String(255)),
    Column("created_at", Moment, nullable=False),
    Column("sent_at", Moment),
    Index(None, "state", "next_try_at", "id"),
    Index(None, "ticket_id", "number", unique=True),
)
