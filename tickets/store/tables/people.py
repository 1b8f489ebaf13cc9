"""Who works here, who asks, and how technicians prove themselves."""

from typing import Final

from sqlalchemy import Boolean, Column, ForeignKey, Index, LargeBinary, String, Table, Text

from tickets.store.tables.base import METADATA, Moment

people: Final = Table(
    "people",
    METADATA,
    Column("id", String(32), primary_key=True),
    # Folded: one person for each address.
    Column("email", String(254), nullable=False, unique=True),
    Column("created_at", Moment, nullable=False),
    # In which they are written to; the desk's own unless set.
    Column("language", String(8)),
    # From a list that was read in; requests carry the name that was given with them.
    Column("name", String(100)),
)

technicians: Final = Table(
    "technicians",
    METADATA,
    Column("id", String(32), primary_key=True),
    Column("email", String(254), nullable=False, unique=True),
    Column("name", String(100), nullable=False),
    Column("role", String(16), nullable=False),
    Column("password_hash", String(255), nullable=False),
    Column("available", Boolean, nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("disabled_at", Moment),
)

logins: Final = Table(
    "logins",
    METADATA,
    Column("id", String(32), primary_key=True),
    Column("technician_id", ForeignKey("technicians.id"), nullable=False, index=True),
    Column("kind", String(16), nullable=False),
    Column("token_hash", LargeBinary(32), nullable=False, unique=True),
    Column("label", String(100), nullable=False),
    # What it is narrowed to, with blanks between; nothing for a whole login.
    Column("scopes", Text),
    Column("created_at", Moment, nullable=False),
    Column("expires_at", Moment, nullable=False),
)

devices: Final = Table(
    "devices",
    METADATA,
    Column("serial", String(32), primary_key=True),
    Column("technician_id", ForeignKey("technicians.id"), nullable=False),
    Column("device_key", String(43), nullable=False),
    Column("kind", String(16), nullable=False),
    Column("certificate", LargeBinary, nullable=False),
    Column("not_before", Moment, nullable=False),
    Column("not_after", Moment, nullable=False),
    Column("revoked_at", Moment),
    Index(None, "technician_id", "device_key"),
)
