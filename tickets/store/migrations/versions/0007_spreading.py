"""Who does what by when: categories, teams, skills, priorities, clocks."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

# What requests could be about until now.
_CATEGORIES = (
    ("computer", "Computer"),
    ("programs", "Programs"),
    ("mail", "E-mail and calendar"),
    ("network", "Internet and network"),
    ("login", "Login and passwords"),
    ("printing", "Printing and scanning"),
    ("telephone", "Telephone"),
    ("files", "Files and shared folders"),
    ("other", "Something else"),
)
_OPEN = "status NOT IN ('resolved', 'closed')"
_QUEUE = ("priority_rank", "due_at", "created_at", "id")


def upgrade() -> None:
    """Go forward."""
    op.create_table(
        "teams",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("address", sa.String(length=254), nullable=False),
        sa.Column("lead", sa.String(length=32), nullable=True),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["lead"], ["technicians.id"], name=op.f("fk_teams_lead_technicians")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_teams")),
        sa.UniqueConstraint("name", name=op.f("uq_teams_name")),
    )
    op.create_table(
        "team_members",
        sa.Column("team_id", sa.String(length=32), nullable=False),
        sa.Column("technician_id", sa.String(length=32), nullable=False),
        sa.ForeignKeyConstraint(["team_id"], ["teams.id"], name=op.f("fk_team_members_team_id_teams")),
        sa.ForeignKeyConstraint(
            ["technician_id"], ["technicians.id"], name=op.f("fk_team_members_technician_id_technicians")
        ),
        sa.PrimaryKeyConstraint("team_id", "technician_id", name=op.f("pk_team_members")),
    )
    op.create_index(op.f("ix_team_members_technician_id"), "team_members", ["technician_id"], unique=False)
    op.create_table(
        "categories",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("parent", sa.String(length=32), nullable=True),
        sa.Column("team", sa.String(length=32), nullable=True),
        sa.Column("impact", sa.String(length=16), nullable=True),
        sa.Column("priority", sa.String(length=16), nullable=True),
        sa.Column("skills", sa.Text(), nullable=False),
        sa.Column("portal", sa.Boolean(), nullable=False),
        sa.Column("fallback", sa.Boolean(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["parent"], ["categories.id"], name=op.f("fk_categories_parent_categories")),
        sa.ForeignKeyConstraint(["team"], ["teams.id"], name=op.f("fk_categories_team_teams")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_categories")),
        sa.UniqueConstraint("name", name=op.f("uq_categories_name")),
    )
    op.create_table(
        "assignment_rules",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("category", sa.String(length=32), nullable=True),
        sa.Column("team", sa.String(length=32), nullable=True),
        sa.Column("strategy", sa.String(length=16), nullable=False),
        sa.Column("cap", sa.Integer(), nullable=True),
        sa.Column("reassign", sa.Boolean(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("last", sa.String(length=32), nullable=True),
        sa.ForeignKeyConstraint(["category"], ["categories.id"], name=op.f("fk_assignment_rules_category_categories")),
        sa.ForeignKeyConstraint(["team"], ["teams.id"], name=op.f("fk_assignment_rules_team_teams")),
        sa.ForeignKeyConstraint(["last"], ["technicians.id"], name=op.f("fk_assignment_rules_last_technicians")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_assignment_rules")),
        sa.UniqueConstraint("name", name=op.f("uq_assignment_rules_name")),
    )
    op.create_table(
        "calendars",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("zone", sa.String(length=64), nullable=False),
        sa.Column("hours", sa.String(length=500), nullable=False),
        sa.Column("holidays", sa.Text(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_calendars")),
        sa.UniqueConstraint("name", name=op.f("uq_calendars_name")),
    )
    op.create_table(
        "policies",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("priority", sa.String(length=16), nullable=True),
        sa.Column("category", sa.String(length=32), nullable=True),
        sa.Column("team", sa.String(length=32), nullable=True),
        sa.Column("calendar", sa.String(length=32), nullable=True),
        sa.Column("first_answer", sa.Integer(), nullable=True),
        sa.Column("next_answer", sa.Integer(), nullable=True),
        sa.Column("solution", sa.Integer(), nullable=True),
        sa.Column("warn_percent", sa.Integer(), nullable=False),
        sa.Column("raise_priority", sa.Boolean(), nullable=False),
        sa.Column("reassign", sa.Boolean(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["category"], ["categories.id"], name=op.f("fk_policies_category_categories")),
        sa.ForeignKeyConstraint(["team"], ["teams.id"], name=op.f("fk_policies_team_teams")),
        sa.ForeignKeyConstraint(["calendar"], ["calendars.id"], name=op.f("fk_policies_calendar_calendars")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_policies")),
        sa.UniqueConstraint("name", name=op.f("uq_policies_name")),
    )
    op.create_table(
        "priority_matrix",
        sa.Column("urgency", sa.String(length=16), nullable=False),
        sa.Column("impact", sa.String(length=16), nullable=False),
        sa.Column("priority", sa.String(length=16), nullable=False),
        sa.PrimaryKeyConstraint("urgency", "impact", name=op.f("pk_priority_matrix")),
    )
    op.create_table(
        "technician_work",
        sa.Column("technician_id", sa.String(length=32), nullable=False),
        sa.Column("skills", sa.Text(), nullable=False),
        sa.Column("cap", sa.Integer(), nullable=True),
        sa.Column("zone", sa.String(length=64), nullable=False),
        sa.Column("hours", sa.String(length=500), nullable=False),
        sa.ForeignKeyConstraint(
            ["technician_id"], ["technicians.id"], name=op.f("fk_technician_work_technician_id_technicians")
        ),
        sa.PrimaryKeyConstraint("technician_id", name=op.f("pk_technician_work")),
    )
    op.create_table(
        "absences",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("technician_id", sa.String(length=32), nullable=False),
        sa.Column("from_at", sa.BigInteger(), nullable=False),
        sa.Column("to_at", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.String(length=200), nullable=False),
        sa.Column("handled_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(
            ["technician_id"], ["technicians.id"], name=op.f("fk_absences_technician_id_technicians")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_absences")),
    )
    op.create_index(op.f("ix_absences_handled_at"), "absences", ["handled_at"], unique=False)
    op.create_index(op.f("ix_absences_technician_id"), "absences", ["technician_id"], unique=False)
    op.create_table(
        "clocks",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("ticket_id", sa.String(length=32), nullable=False),
        sa.Column("policy_id", sa.String(length=32), nullable=False),
        sa.Column("calendar_id", sa.String(length=32), nullable=True),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("target_ms", sa.BigInteger(), nullable=False),
        sa.Column("warn_percent", sa.Integer(), nullable=False),
        sa.Column("used_ms", sa.BigInteger(), nullable=False),
        sa.Column("started_at", sa.BigInteger(), nullable=False),
        sa.Column("since", sa.BigInteger(), nullable=True),
        sa.Column("due_at", sa.BigInteger(), nullable=True),
        sa.Column("warn_at", sa.BigInteger(), nullable=True),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.Column("breached_at", sa.BigInteger(), nullable=True),
        sa.Column("warned_at", sa.BigInteger(), nullable=True),
        sa.Column("escalated_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["ticket_id"], ["tickets.id"], name=op.f("fk_clocks_ticket_id_tickets")),
        sa.ForeignKeyConstraint(["policy_id"], ["policies.id"], name=op.f("fk_clocks_policy_id_policies")),
        sa.ForeignKeyConstraint(["calendar_id"], ["calendars.id"], name=op.f("fk_clocks_calendar_id_calendars")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_clocks")),
    )
    op.create_index(op.f("ix_clocks_state_due_at"), "clocks", ["state", "due_at"], unique=False)
    op.create_index(op.f("ix_clocks_state_warn_at"), "clocks", ["state", "warn_at"], unique=False)
    op.create_index(op.f("ix_clocks_ticket_id"), "clocks", ["ticket_id"], unique=False)
    _seed_categories()
    op.add_column("tickets", sa.Column("impact", sa.String(length=16), nullable=False, server_default="normal"))
    op.add_column("tickets", sa.Column("priority", sa.String(length=16), nullable=False, server_default="normal"))
    op.add_column("tickets", sa.Column("priority_rank", sa.Integer(), nullable=False, server_default="2"))
    op.add_column("tickets", sa.Column("team_id", sa.String(length=32), nullable=True))
    op.add_column("tickets", sa.Column("due_at", sa.BigInteger(), nullable=False, server_default="253370764800000"))
    op.add_column("tickets", sa.Column("targets", sa.Integer(), nullable=False, server_default="0"))
    tickets = sa.table(
        "tickets", *(sa.column(name) for name in ("urgency", "urgency_rank", "priority", "priority_rank"))
    )
    # With normal impact the priority is the urgency.
    op.execute(tickets.update().values(priority=tickets.c.urgency, priority_rank=tickets.c.urgency_rank))
    op.drop_index(op.f("ix_tickets_urgency_rank_created_at_id"), "tickets")
    for name, first in (("ix_tickets_queue", ()), ("ix_tickets_hands", ("assignee_id",))):
        op.create_index(
            name, "tickets", [*first, *_QUEUE], sqlite_where=sa.text(_OPEN), postgresql_where=sa.text(_OPEN)
        )


def _seed_categories() -> None:
    categories = sa.table(
        "categories",
        sa.column("id", sa.String),
        sa.column("name", sa.String),
        sa.column("skills", sa.Text),
        sa.column("portal", sa.Boolean),
        sa.column("fallback", sa.Boolean),
        sa.column("position", sa.Integer),
        sa.column("active", sa.Boolean),
    )
    op.bulk_insert(
        categories,
        [
            {
                "id": ident,
                "name": name,
                "skills": "",
                "portal": True,
                "fallback": ident == "other",
                "position": 10 * (place + 1),
                "active": True,
            }
            for place, (ident, name) in enumerate(_CATEGORIES)
        ],
    )


def downgrade() -> None:
    """Go back; not by a copy of the table, which rows that refer to it would not survive."""
    op.drop_index("ix_tickets_hands", "tickets")
    op.drop_index("ix_tickets_queue", "tickets")
    op.create_index(
        op.f("ix_tickets_urgency_rank_created_at_id"), "tickets", ["urgency_rank", "created_at", "id"], unique=False
    )
    for column in ("targets", "due_at", "team_id", "priority_rank", "priority", "impact"):
        op.drop_column("tickets", column)
    op.drop_table("clocks")
    op.drop_table("absences")
    op.drop_table("technician_work")
    op.drop_table("priority_matrix")
    op.drop_table("policies")
    op.drop_table("calendars")
    op.drop_table("assignment_rules")
    op.drop_table("categories")
    op.drop_table("team_members")
    op.drop_table("teams")
