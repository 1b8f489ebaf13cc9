"""What the user decided on a session, and whether its ends ever met."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go forward."""
    op.add_column("sessions", sa.Column("met_at", sa.BigInteger(), nullable=True))
    op.add_column("sessions", sa.Column("consent", sa.String(length=255), nullable=True))


def downgrade() -> None:
    """Go back; not by a copy of the table, which rows that refer to it would not survive."""
    op.drop_column("sessions", "consent")
    op.drop_column("sessions", "met_at")
