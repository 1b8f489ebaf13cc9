"""What outgoing mail needs beyond the outbox: wording, links that were asked for, answers to how it was, phones."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

_COUNTER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def _technician(table: str, column: str = "technician_id") -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], ["technicians.id"], name=op.f(f"fk_{table}_{column}_technicians"))


def upgrade() -> None:
    """Go forward."""
    op.add_column("people", sa.Column("language", sa.String(length=8), nullable=True))
    op.add_column("outbox", sa.Column("recipient_id", sa.String(length=254), nullable=True))
    op.add_column("outbox", sa.Column("entry_id", sa.BigInteger(), nullable=True))
    op.add_column("outbox", sa.Column("language", sa.String(length=8), nullable=True))
    op.add_column("outbox", sa.Column("held_by", sa.String(length=16), nullable=True))
    op.create_table(
        "mail_templates",
        sa.Column("id", _COUNTER, autoincrement=True, nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("language", sa.String(length=8), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("subject", sa.String(length=300), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("html", sa.Text(), nullable=False),
        sa.Column("built_in", sa.Boolean(), nullable=False),
        sa.Column("author_id", sa.String(length=32), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        _technician("mail_templates", "author_id"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_mail_templates")),
    )
    op.create_index(
        op.f("ix_mail_templates_kind_language_revision"),
        "mail_templates",
        ["kind", "language", "revision"],
        unique=True,
    )
    op.create_table(
        "link_requests",
        sa.Column("id", _COUNTER, autoincrement=True, nullable=False),
        sa.Column("tracking", sa.String(length=40), nullable=False),
        sa.Column("email", sa.String(length=254), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_link_requests")),
    )
    op.create_table(
        "ratings",
        sa.Column("ticket_id", sa.String(length=32), nullable=False),
        sa.Column("rating", sa.String(length=8), nullable=False),
        sa.Column("comment", sa.Text(), nullable=False),
        sa.Column("technician_id", sa.String(length=32), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("changed_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["ticket_id"], ["tickets.id"], name=op.f("fk_ratings_ticket_id_tickets")),
        _technician("ratings"),
        sa.PrimaryKeyConstraint("ticket_id", name=op.f("pk_ratings")),
    )
    op.create_index(op.f("ix_ratings_technician_id"), "ratings", ["technician_id"], unique=False)
    op.create_index(op.f("ix_ratings_created_at"), "ratings", ["created_at"], unique=False)
    _push()


def _push() -> None:
    op.create_table(
        "push_subscriptions",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("technician_id", sa.String(length=32), nullable=False),
        sa.Column("endpoint_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("endpoint", sa.Text(), nullable=False),
        sa.Column("p256dh", sa.String(length=90), nullable=False),
        sa.Column("auth", sa.String(length=24), nullable=False),
        sa.Column("label", sa.String(length=100), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        _technician("push_subscriptions"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_push_subscriptions")),
        sa.UniqueConstraint("endpoint_hash", name=op.f("uq_push_subscriptions_endpoint_hash")),
    )
    op.create_index(op.f("ix_push_subscriptions_technician_id"), "push_subscriptions", ["technician_id"], unique=False)
    op.create_table(
        "pushes",
        sa.Column("id", _COUNTER, autoincrement=True, nullable=False),
        sa.Column("technician_id", sa.String(length=32), nullable=False),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("path", sa.String(length=100), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("next_try_at", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        _technician("pushes"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pushes")),
    )
    op.create_index(op.f("ix_pushes_next_try_at"), "pushes", ["next_try_at"], unique=False)


def downgrade() -> None:
    """Go back."""
    for table in ("pushes", "push_subscriptions", "ratings", "link_requests", "mail_templates"):
        op.drop_table(table)
    op.drop_column("outbox", "held_by")
    op.drop_column("outbox", "language")
    op.drop_column("outbox", "entry_id")
    op.drop_column("outbox", "recipient_id")
    op.drop_column("people", "language")
