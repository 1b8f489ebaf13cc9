"""Counting the articles of each category reads an index instead of every article with its text."""

from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go forward."""
    op.create_index("ix_articles_state_visibility_category", "articles", ["state", "visibility", "category"])


def downgrade() -> None:
    """Go back."""
    op.drop_index("ix_articles_state_visibility_category", "articles")
