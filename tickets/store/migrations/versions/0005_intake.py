"""Mail that came in, from its raw bytes to the ticket it became."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go forward."""
    counter = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        "mailboxes",
        sa.Column("id", counter, autoincrement=True, nullable=False),
        sa.Column("name", sa.String(length=320), nullable=False),
        sa.Column("uidvalidity", sa.BigInteger(), nullable=False),
        sa.Column("last_uid", sa.BigInteger(), nullable=False),
        sa.Column("since", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_mailboxes")),
        sa.UniqueConstraint("name", name=op.f("uq_mailboxes_name")),
    )
    op.create_table(
        "raw_mails",
        sa.Column("id", counter, autoincrement=True, nullable=False),
        sa.Column("source", sa.String(length=16), nullable=False),
        sa.Column("mailbox_id", counter, nullable=True),
        sa.Column("uidvalidity", sa.BigInteger(), nullable=True),
        sa.Column("uid", sa.BigInteger(), nullable=True),
        sa.Column("message_key", sa.LargeBinary(length=32), nullable=True),
        sa.Column("message_id", sa.Text(), nullable=False),
        sa.Column("digest", sa.LargeBinary(length=32), nullable=False),
        sa.Column("packed", sa.LargeBinary(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("trusted", sa.Boolean(), nullable=False),
        sa.Column("recipients", sa.Text(), nullable=False),
        sa.Column("sender", sa.String(length=254), nullable=False),
        sa.Column("subject", sa.String(length=255), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("reason", sa.String(length=500), nullable=False),
        sa.Column("ticket_id", sa.String(length=32), nullable=True),
        sa.Column("entry_id", sa.BigInteger(), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("lease_until", sa.BigInteger(), nullable=True),
        sa.Column("wanted", sa.String(length=16), nullable=False),
        sa.Column("received_at", sa.BigInteger(), nullable=False),
        sa.Column("settled_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["mailbox_id"], ["mailboxes.id"], name=op.f("fk_raw_mails_mailbox_id_mailboxes")),
        sa.ForeignKeyConstraint(["ticket_id"], ["tickets.id"], name=op.f("fk_raw_mails_ticket_id_tickets")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_raw_mails")),
        sa.UniqueConstraint("digest", name=op.f("uq_raw_mails_digest")),
        sa.UniqueConstraint("message_key", name=op.f("uq_raw_mails_message_key")),
    )
    op.create_index(
        op.f("ix_raw_mails_mailbox_id_uidvalidity_uid"), "raw_mails", ["mailbox_id", "uidvalidity", "uid"], unique=True
    )
    op.create_index(op.f("ix_raw_mails_state_id"), "raw_mails", ["state", "id"], unique=False)
    op.create_index(op.f("ix_raw_mails_ticket_id"), "raw_mails", ["ticket_id"], unique=False)
    op.create_table(
        "mail_ids",
        sa.Column("message_key", sa.LargeBinary(length=32), nullable=False),
        sa.Column("ticket_id", sa.String(length=32), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["ticket_id"], ["tickets.id"], name=op.f("fk_mail_ids_ticket_id_tickets")),
        sa.PrimaryKeyConstraint("message_key", name=op.f("pk_mail_ids")),
    )
    op.create_index(op.f("ix_mail_ids_ticket_id"), "mail_ids", ["ticket_id"], unique=False)
    op.create_table(
        "mail_addresses",
        sa.Column("address", sa.String(length=254), nullable=False),
        sa.Column("permanent", sa.Integer(), nullable=False),
        sa.Column("temporary", sa.Integer(), nullable=False),
        sa.Column("reason", sa.String(length=500), nullable=False),
        sa.Column("first_at", sa.BigInteger(), nullable=False),
        sa.Column("last_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("address", name=op.f("pk_mail_addresses")),
    )


def downgrade() -> None:
    """Go back."""
    for table in ("mail_addresses", "mail_ids", "raw_mails", "mailboxes"):
        op.drop_table(table)
