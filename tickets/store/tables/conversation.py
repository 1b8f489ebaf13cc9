"""What belongs to the conversation of a ticket besides its timeline."""

from typing import Final

from sqlalchemy import BigInteger, Boolean, Column, ForeignKey, Index, Integer, String, Table, Text

from tickets.store.tables.base import COUNTER, METADATA, Moment

files: Final = Table(
    "files",
    METADATA,
    # SHA-256 of the bytes in hex: also where they lie.
    Column("content", String(64), primary_key=True),
    Column("size", BigInteger, nullable=False),
    # When it was last taken in; nothing that young is cleared away.
    Column("taken_at", Moment, nullable=False),
)

attachments: Final = Table(
    "attachments",
    METADATA,
    Column("id", String(32), primary_key=True),
    Column("ticket_id", ForeignKey("tickets.id"), nullable=False, index=True),
    # None until a message takes it.
    Column("entry_id", ForeignKey("timeline.id"), index=True),
    Column("content", ForeignKey("files.content"), nullable=False, index=True),
    Column("name", String(120), nullable=False),
    Column("declared", String(127), nullable=False),
    Column("kind", String(127), nullable=False),
    Column("size", BigInteger, nullable=False),
    # By which an HTML mail names it.
    Column("cid", String(255), nullable=False),
    Column("inline", Boolean, nullable=False),
    Column("internal", Boolean, nullable=False),
    # Who sent it: a technician's or person's id, or an agent's key.
    Column("sender", String(43), nullable=False),
    Column("created_at", Moment, nullable=False),
)

message_parts: Final = Table(
    "message_parts",
    METADATA,
    Column("entry_id", ForeignKey("timeline.id"), primary_key=True),
    # What a mail repeated of earlier ones, and its signature.
    Column("quoted", Text, nullable=False),
    # As it came, made safe each time it is shown; empty when the mail had none.
    Column("html", Text, nullable=False),
)

watchers: Final = Table(
    "watchers",
    METADATA,
    Column("ticket_id", ForeignKey("tickets.id"), primary_key=True),
    Column("email", String(254), primary_key=True),
    Column("name", String(100), nullable=False),
    Column("added_at", Moment, nullable=False),
    Index(None, "email"),
)

ticket_tags: Final = Table(
    "ticket_tags",
    METADATA,
    Column("ticket_id", ForeignKey("tickets.id"), primary_key=True),
    Column("tag", String(40), primary_key=True),
    Index(None, "tag"),
)

ticket_links: Final = Table(
    "ticket_links",
    METADATA,
    # Read as: `one` is a `kind` of `other`.
    Column("one_id", ForeignKey("tickets.id"), primary_key=True),
    Column("other_id", ForeignKey("tickets.id"), primary_key=True),
    Column("kind", String(16), primary_key=True),
    Column("made_at", Moment, nullable=False),
    Index(None, "other_id"),
)

merges: Final = Table(
    "merges",
    METADATA,
    Column("id", COUNTER, primary_key=True, autoincrement=True),
    Column("from_id", ForeignKey("tickets.id"), nullable=False, index=True),
    Column("into_id", ForeignKey("tickets.id"), nullable=False, index=True),
    Column("at", Moment, nullable=False),
    # What the ticket was before, and the ids of all that moved, as JSON: for the way back.
    Column("status", String(16), nullable=False),
    Column("moved", Text, nullable=False),
    Column("undone_at", Moment),
)

time_spent: Final = Table(
    "time_spent",
    METADATA,
    Column("id", COUNTER, primary_key=True, autoincrement=True),
    Column("ticket_id", ForeignKey("tickets.id"), nullable=False, index=True),
    Column("technician_id", ForeignKey("technicians.id"), nullable=False),
    Column("minutes", Integer, nullable=False),
    Column("note", String(200), nullable=False),
    Column("at", Moment, nullable=False),
)

drafts: Final = Table(
    "drafts",
    METADATA,
    Column("ticket_id", ForeignKey("tickets.id"), primary_key=True),
    Column("technician_id", ForeignKey("technicians.id"), primary_key=True),
    # Which box of the page: the answer or the solution.
    Column("field", String(16), primary_key=True),
    Column("text", Text, nullable=False),
    Column("updated_at", Moment, nullable=False),
)
