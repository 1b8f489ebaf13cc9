"""What belongs to the conversation of a ticket: files, watchers, links, tags, merges, time spent, drafts."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_COUNTER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def _ticket(name: str = "ticket_id") -> sa.Column[str]:
    return sa.Column(name, sa.String(length=32), nullable=False)


def _to(table: str, column: str, target: str, key: str = "id") -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [f"{target}.{key}"], name=op.f(f"fk_{table}_{column}_{target}"))


def _index(table: str, *columns: str) -> None:
    op.create_index(op.f(f"ix_{table}_{'_'.join(columns)}"), table, list(columns), unique=False)


def upgrade() -> None:
    """Go forward."""
    # Without foreign keys: SQLite can't take a column away again that has one.
    op.add_column("tickets", sa.Column("settled_at", sa.BigInteger(), nullable=True))
    op.add_column("tickets", sa.Column("merged_into_id", sa.String(length=32), nullable=True))
    op.add_column("timeline", sa.Column("channel", sa.String(length=16), nullable=True))
    # Not known any more for what was settled before; the last change is the nearest there is.
    op.execute("UPDATE tickets SET settled_at = updated_at WHERE status IN ('resolved', 'closed')")
    op.create_index(op.f("ix_tickets_status_settled_at"), "tickets", ["status", "settled_at"], unique=False)
    _files()
    _people()
    _relations()
    _work()


def _files() -> None:
    op.create_table(
        "files",
        sa.Column("content", sa.String(length=64), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("taken_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("content", name=op.f("pk_files")),
    )
    op.create_table(
        "attachments",
        sa.Column("id", sa.String(length=32), nullable=False),
        _ticket(),
        sa.Column("entry_id", _COUNTER, nullable=True),
        sa.Column("content", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("declared", sa.String(length=127), nullable=False),
        sa.Column("kind", sa.String(length=127), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("cid", sa.String(length=255), nullable=False),
        sa.Column("inline", sa.Boolean(), nullable=False),
        sa.Column("internal", sa.Boolean(), nullable=False),
        sa.Column("sender", sa.String(length=43), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        _to("attachments", "ticket_id", "tickets"),
        _to("attachments", "entry_id", "timeline"),
        _to("attachments", "content", "files", "content"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_attachments")),
    )
    for column in ("ticket_id", "entry_id", "content"):
        _index("attachments", column)
    op.create_table(
        "message_parts",
        sa.Column("entry_id", _COUNTER, nullable=False),
        sa.Column("quoted", sa.Text(), nullable=False),
        sa.Column("html", sa.Text(), nullable=False),
        _to("message_parts", "entry_id", "timeline"),
        sa.PrimaryKeyConstraint("entry_id", name=op.f("pk_message_parts")),
    )


def _people() -> None:
    op.create_table(
        "watchers",
        _ticket(),
        sa.Column("email", sa.String(length=254), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("added_at", sa.BigInteger(), nullable=False),
        _to("watchers", "ticket_id", "tickets"),
        sa.PrimaryKeyConstraint("ticket_id", "email", name=op.f("pk_watchers")),
    )
    _index("watchers", "email")


def _relations() -> None:
    op.create_table(
        "ticket_tags",
        _ticket(),
        sa.Column("tag", sa.String(length=40), nullable=False),
        _to("ticket_tags", "ticket_id", "tickets"),
        sa.PrimaryKeyConstraint("ticket_id", "tag", name=op.f("pk_ticket_tags")),
    )
    _index("ticket_tags", "tag")
    op.create_table(
        "ticket_links",
        _ticket("one_id"),
        _ticket("other_id"),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("made_at", sa.BigInteger(), nullable=False),
        _to("ticket_links", "one_id", "tickets"),
        _to("ticket_links", "other_id", "tickets"),
        sa.PrimaryKeyConstraint("one_id", "other_id", "kind", name=op.f("pk_ticket_links")),
    )
    _index("ticket_links", "other_id")
    op.create_table(
        "merges",
        sa.Column("id", _COUNTER, autoincrement=True, nullable=False),
        _ticket("from_id"),
        _ticket("into_id"),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("moved", sa.Text(), nullable=False),
        sa.Column("undone_at", sa.BigInteger(), nullable=True),
        _to("merges", "from_id", "tickets"),
        _to("merges", "into_id", "tickets"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_merges")),
    )
    _index("merges", "from_id")
    _index("merges", "into_id")


def _work() -> None:
    op.create_table(
        "time_spent",
        sa.Column("id", _COUNTER, autoincrement=True, nullable=False),
        _ticket(),
        sa.Column("technician_id", sa.String(length=32), nullable=False),
        sa.Column("minutes", sa.Integer(), nullable=False),
        sa.Column("note", sa.String(length=200), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        _to("time_spent", "ticket_id", "tickets"),
        _to("time_spent", "technician_id", "technicians"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_time_spent")),
    )
    _index("time_spent", "ticket_id")
    op.create_table(
        "drafts",
        _ticket(),
        sa.Column("technician_id", sa.String(length=32), nullable=False),
        sa.Column("field", sa.String(length=16), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        _to("drafts", "ticket_id", "tickets"),
        _to("drafts", "technician_id", "technicians"),
        sa.PrimaryKeyConstraint("ticket_id", "technician_id", "field", name=op.f("pk_drafts")),
    )


def downgrade() -> None:
    """Go back."""
    for table in (
        "drafts", "time_spent", "merges", "ticket_links", "ticket_tags", "watchers", "message_parts", "attachments",
        "files",
    ):  # fmt: skip
        op.drop_table(table)
    op.drop_index(op.f("ix_tickets_status_settled_at"), table_name="tickets")
    op.drop_column("timeline", "channel")
    op.drop_column("tickets", "merged_into_id")
    op.drop_column("tickets", "settled_at")
