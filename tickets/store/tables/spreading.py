"""Who does what by when: categories, teams, rules, calendars, targets and the clocks on tickets."""

from typing import Final

from sqlalchemy import BigInteger, Boolean, Column, ForeignKey, Index, Integer, String, Table, Text

from tickets.store.tables.base import COUNTER, METADATA, Moment

teams: Final = Table(
    "teams",
    METADATA,
    Column("id", String(32), primary_key=True),
    Column("name", String(100), nullable=False, unique=True),
    Column("address", String(254), nullable=False),
    Column("lead", ForeignKey("technicians.id")),
    Column("active", Boolean, nullable=False),
)

team_members: Final = Table(
    "team_members",
    METADATA,
    Column("team_id", ForeignKey("teams.id"), primary_key=True),
    Column("technician_id", ForeignKey("technicians.id"), primary_key=True, index=True),
)

categories: Final = Table(
    "categories",
    METADATA,
    Column("id", String(32), primary_key=True),
    # Tickets keep the name that they were filed under.
    Column("name", String(100), nullable=False, unique=True),
    Column("parent", ForeignKey("categories.id")),
    Column("team", ForeignKey("teams.id")),
    Column("impact", String(16)),
    Column("priority", String(16)),
    # Separated by commas.
    Column("skills", Text, nullable=False),
    Column("portal", Boolean, nullable=False),
    Column("fallback", Boolean, nullable=False),
    Column("position", Integer, nullable=False),
    Column("active", Boolean, nullable=False),
)

assignment_rules: Final = Table(
    "assignment_rules",
    METADATA,
    Column("id", String(32), primary_key=True),
    Column("name", String(100), nullable=False, unique=True),
    Column("category", ForeignKey("categories.id")),
    Column("team", ForeignKey("teams.id")),
    Column("strategy", String(16), nullable=False),
    Column("cap", Integer),
    Column("reassign", Boolean, nullable=False),
    Column("position", Integer, nullable=False),
    Column("active", Boolean, nullable=False),
    # Whom it chose last: where round robin goes on.
    Column("last", ForeignKey("technicians.id")),
)

calendars: Final = Table(
    "calendars",
    METADATA,
    Column("id", String(32), primary_key=True),
    Column("name", String(100), nullable=False, unique=True),
    Column("zone", String(64), nullable=False),
    Column("hours", String(500), nullable=False),
    Column("holidays", Text, nullable=False),
    Column("active", Boolean, nullable=False),
)

policies: Final = Table(
    "policies",
    METADATA,
    Column("id", String(32), primary_key=True),
    Column("name", String(100), nullable=False, unique=True),
    Column("priority", String(16)),
    Column("category", ForeignKey("categories.id")),
    Column("team", ForeignKey("teams.id")),
    Column("calendar", ForeignKey("calendars.id")),
    # Business minutes.
    Column("first_answer", Integer),
    Column("next_answer", Integer),
    Column("solution", Integer),
    Column("warn_percent", Integer, nullable=False),
    Column("raise_priority", Boolean, nullable=False),
    Column("reassign", Boolean, nullable=False),
    Column("position", Integer, nullable=False),
    Column("active", Boolean, nullable=False),
)

priority_matrix: Final = Table(
    "priority_matrix",
    METADATA,
    Column("urgency", String(16), primary_key=True),
    Column("impact", String(16), primary_key=True),
    Column("priority", String(16), nullable=False),
)

technician_work: Final = Table(
    "technician_work",
    METADATA,
    Column("technician_id", ForeignKey("technicians.id"), primary_key=True),
    Column("skills", Text, nullable=False),
    Column("cap", Integer),
    Column("zone", String(64), nullable=False),
    Column("hours", String(500), nullable=False),
)

absences: Final = Table(
    "absences",
    METADATA,
    Column("id", String(32), primary_key=True),
    Column("technician_id", ForeignKey("technicians.id"), nullable=False, index=True),
    Column("from_at", Moment, nullable=False),
    Column("to_at", Moment, nullable=False),
    Column("reason", String(200), nullable=False),
    # When its beginning was acted upon.
    Column("handled_at", Moment, index=True),
)

clocks: Final = Table(
    "clocks",
    METADATA,
    Column("id", COUNTER, primary_key=True, autoincrement=True),
    Column("ticket_id", ForeignKey("tickets.id"), nullable=False, index=True),
    Column("policy_id", ForeignKey("policies.id"), nullable=False),
    # By whose hours it counts; every minute without one.
    Column("calendar_id", ForeignKey("calendars.id")),
    Column("kind", String(16), nullable=False),
    Column("state", String(16), nullable=False),
    Column("target_ms", BigInteger, nullable=False),
    Column("warn_percent", Integer, nullable=False),
    Column("used_ms", BigInteger, nullable=False),
    Column("started_at", Moment, nullable=False),
    Column("since", Moment),
    Column("due_at", Moment),
    Column("warn_at", Moment),
    Column("ended_at", Moment),
    Column("breached_at", Moment),
    # When somebody was told: each once.
    Column("warned_at", Moment),
    Column("escalated_at", Moment),
    Index(None, "state", "warn_at"),
    Index(None, "state", "due_at"),
)
