"""Mail that came in: the bytes before anything else, whose thread it belongs to, and addresses that take no mail."""

from typing import Final

from sqlalchemy import BigInteger, Boolean, Column, ForeignKey, Index, Integer, LargeBinary, String, Table, Text

from tickets.store.tables.base import COUNTER, METADATA, Moment

mailboxes: Final = Table(
    "mailboxes",
    METADATA,
    Column("id", COUNTER, primary_key=True, autoincrement=True),
    # user@host/folder
    Column("name", String(320), nullable=False, unique=True),
    # RFC 9051 section 2.3.1.1: UIDs mean something under this number only.
    Column("uidvalidity", BigInteger, nullable=False),
    # Everything up to here is taken.
    Column("last_uid", BigInteger, nullable=False),
    # Mail that came before is none of ours.
    Column("since", Moment, nullable=False),
)

raw_mails: Final = Table(
    "raw_mails",
    METADATA,
    Column("id", COUNTER, primary_key=True, autoincrement=True),
    Column("source", String(16), nullable=False),
    Column("mailbox_id", ForeignKey("mailboxes.id")),
    Column("uidvalidity", BigInteger),
    Column("uid", BigInteger),
    # SHA-256 of the Message-ID; empty where there is none, or where another mail came under it before.
    Column("message_key", LargeBinary(32), unique=True),
    # As it came, for what is answered to it.
    Column("message_id", Text, nullable=False),
    # SHA-256 of the mail's bytes.
    Column("digest", LargeBinary(32), nullable=False, unique=True),
    # The mail, compressed (RFC 1950); emptied when a person's data is erased.
    Column("packed", LargeBinary, nullable=False),
    Column("size", Integer, nullable=False),
    # Whether it came through our own server, whose Authentication-Results count.
    Column("trusted", Boolean, nullable=False),
    # The envelope: one address a line.
    Column("recipients", Text, nullable=False),
    # For lists; empty until it was read.
    Column("sender", String(254), nullable=False),
    Column("subject", String(255), nullable=False),
    Column("state", String(16), nullable=False),
    Column("reason", String(500), nullable=False),
    Column("ticket_id", ForeignKey("tickets.id"), index=True),
    # The line of the timeline that it became.
    Column("entry_id", BigInteger),
    Column("attempts", Integer, nullable=False),
    # Somebody is working on it until then.
    Column("lease_until", Moment),
    # A technician said to which ticket it belongs, or that it is a new one; then no limit counts.
    Column("wanted", String(16), nullable=False),
    Column("received_at", Moment, nullable=False),
    Column("settled_at", Moment),
    Index(None, "mailbox_id", "uidvalidity", "uid", unique=True),
    Index(None, "state", "id"),
)

mail_ids: Final = Table(
    "mail_ids",
    METADATA,
    # SHA-256 of a Message-ID that somebody else made; our own say themselves where they belong.
    Column("message_key", LargeBinary(32), primary_key=True),
    Column("ticket_id", ForeignKey("tickets.id"), nullable=False, index=True),
    Column("created_at", Moment, nullable=False),
)

mail_addresses: Final = Table(
    "mail_addresses",
    METADATA,
    Column("address", String(254), primary_key=True),
    # Of bounces that say it is for good (5.x.x); while there is one, the address gets no more mail.
    Column("permanent", Integer, nullable=False),
    Column("temporary", Integer, nullable=False),
    Column("reason", String(500), nullable=False),
    Column("first_at", Moment, nullable=False),
    Column("last_at", Moment, nullable=False),
)
