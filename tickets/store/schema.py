"""The tables. Portable between SQLite and PostgreSQL: texts, integers, bytes; times are milliseconds since 1970."""

from datetime import UTC, datetime
from typing import Final

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Dialect,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    TypeDecorator,
)


class Moment(TypeDecorator[datetime]):
    """An aware datetime in UTC, kept as whole milliseconds since 1970."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> int | None:  # noqa: ARG002
        """Return the milliseconds."""
        return None if value is None else round(value.timestamp() * 1000)

    def process_result_value(self, value: int | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        """Return the aware datetime."""
        return None if value is None else datetime.fromtimestamp(value / 1000, UTC)


METADATA: Final = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)

# SQLite counts up by itself only in a column of exactly INTEGER.
_COUNTER: Final = BigInteger().with_variant(Integer, "sqlite")

people: Final = Table(
    "people",
    METADATA,
    Column("id", String(32), primary_key=True),
    # Folded: one person for each address.
    Column("email", String(254), nullable=False, unique=True),
    Column("created_at", Moment, nullable=False),
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
    Index(None, "urgency_rank", "created_at", "id"),
)

timeline: Final = Table(
    "timeline",
    METADATA,
    Column("id", _COUNTER, primary_key=True, autoincrement=True),
    Column("ticket_id", ForeignKey("tickets.id"), nullable=False, index=True),
    Column("at", Moment, nullable=False),
    Column("kind", String(32), nullable=False),
    Column("who", String(100), nullable=False),
    Column("role", String(16), nullable=False),
    # A technician or a person; both kinds of id are random, so they can't be mistaken for each other.
    Column("actor_id", String(32)),
    Column("text", Text, nullable=False),
    Column("internal", Boolean, nullable=False),
)

logins: Final = Table(
    "logins",
    METADATA,
    Column("id", String(32), primary_key=True),
    Column("technician_id", ForeignKey("technicians.id"), nullable=False, index=True),
    Column("kind", String(16), nullable=False),
    Column("token_hash", LargeBinary(32), nullable=False, unique=True),
    Column("label", String(100), nullable=False),
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

articles: Final = Table(
    "articles",
    METADATA,
    Column("id", String(32), primary_key=True),
    Column("title", String(200), nullable=False),
    Column("body", Text, nullable=False),
    Column("category", String(100), nullable=False),
    Column("author_id", ForeignKey("technicians.id"), nullable=False),
    Column("search_text", Text, nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("updated_at", Moment, nullable=False),
)

outbox: Final = Table(
    "outbox",
    METADATA,
    Column("id", _COUNTER, primary_key=True, autoincrement=True),
    Column("kind", String(16), nullable=False),
    Column("ticket_id", ForeignKey("tickets.id"), nullable=False),
    # Which mail of this ticket it is; part of its Message-ID.
    Column("number", Integer, nullable=False),
    Column("recipient", String(254), nullable=False),
    Column("message_id", String(320), nullable=False, unique=True),
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

counters: Final = Table(
    "counters",
    METADATA,
    # What is counted and for whom; addresses and accounts only as a hash.
    Column("name", String(80), primary_key=True),
    Column("count", Integer, nullable=False),
    Column("until", Moment, nullable=False),
)

numbers: Final = Table(
    "numbers",
    METADATA,
    Column("name", String(40), primary_key=True),
    Column("value", BigInteger, nullable=False),
)
