"""Files of articles."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go forward."""
    op.create_table(
        "article_files",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("article_id", sa.String(length=32), nullable=False),
        sa.Column("content", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("kind", sa.String(length=127), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["article_id"], ["articles.id"], name="fk_article_files_article_id_articles"),
        sa.ForeignKeyConstraint(["content"], ["files.content"], name="fk_article_files_content_files"),
        sa.PrimaryKeyConstraint("id", name="pk_article_files"),
    )
    op.create_index("ix_article_files_content", "article_files", ["content"])
    op.create_index("ix_article_files_article_id_name", "article_files", ["article_id", "name"], unique=True)


def downgrade() -> None:
    """Go back; what only articles had is cleared away later, as bytes that nothing names."""
    op.drop_index("ix_article_files_article_id_name", "article_files")
    op.drop_index("ix_article_files_content", "article_files")
    op.drop_table("article_files")
