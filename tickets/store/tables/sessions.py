"""Computers on tickets, and the permission to connect to them."""

from typing import Final

from sqlalchemy import Column, ForeignKey, Integer, LargeBinary, String, Table

from tickets.store.tables.base import METADATA, Moment

agents: Final = Table(
    "agents",
    METADATA,
    Column("ticket_id", ForeignKey("tickets.id"), primary_key=True),
    Column("agent_key", String(43), nullable=False),
    # Raising it revokes the agent token.
    Column("generation", Integer, nullable=False),
    Column("joined_at", Moment, nullable=False),
    Column("came_at", Moment),
    Column("left_at", Moment),
)

join_codes: Final = Table(
    "join_codes",
    METADATA,
    # One code for a ticket: a new one takes the place of the old.
    Column("ticket_id", ForeignKey("tickets.id"), primary_key=True),
    Column("code_hash", String(255), nullable=False),
    Column("misses", Integer, nullable=False),
    Column("made_by", ForeignKey("technicians.id"), nullable=False),
    Column("expires_at", Moment, nullable=False),
)

sessions: Final = Table(
    "sessions",
    METADATA,
    Column("id", String(22), primary_key=True),
    Column("ticket_id", ForeignKey("tickets.id"), nullable=False, index=True),
    Column("technician_id", ForeignKey("technicians.id"), nullable=False),
    Column("device_key", String(43), nullable=False),
    Column("rights", String(255), nullable=False),
    Column("state", String(16), nullable=False, index=True),
    Column("created_at", Moment, nullable=False),
    Column("not_after", Moment, nullable=False),
    # When viewer and agent met for the first time.
    Column("met_at", Moment),
    # What the agent told of its user's decision: the answer, and the rights behind it.
    Column("consent", String(255)),
    Column("ended_at", Moment),
    Column("end_code", String(32)),
)

socket_tickets: Final = Table(
    "socket_tickets",
    METADATA,
    Column("ticket_hash", LargeBinary(32), primary_key=True),
    Column("purpose", String(16), nullable=False),
    Column("technician_id", ForeignKey("technicians.id"), nullable=False),
    Column("login_id", String(32)),
    Column("session_id", ForeignKey("sessions.id")),
    Column("expires_at", Moment, nullable=False),
)
