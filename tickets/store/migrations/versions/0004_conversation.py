"""What belongs to the conversation of a ticket: files, watchers, links, tags, time spent, drafts, satisfaction."""

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go forward."""


def downgrade() -> None:
    """Go back."""
