"""What the user decided on a session, and whether its ends ever met."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go forward."""
    with op.batch_alter_table("sessions", schema=None) as batch_op:
        batch_op.add_column(sa.Column("met_at", sa.BigInteger(), nullable=True))
        batch_op.add_column(sa.Column("consent", sa.String(length=255), nullable=True))


def downgrade() -> None:
    """Go back."""
    with op.batch_alter_table("sessions", schema=None) as batch_op:
        batch_op.drop_column("consent")
        batch_op.drop_column("met_at")
