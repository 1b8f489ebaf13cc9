"""The knowledge base: revisions, search index, outcomes."""

import sqlalchemy as sa
from alembic import op

from tickets.store.migrations import search_index

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go forward; what is there is published for everybody, as it was, and becomes its own first revision."""
    with op.batch_alter_table("articles") as batch:
        batch.add_column(sa.Column("state", sa.String(length=16), nullable=False, server_default="published"))
        batch.add_column(sa.Column("visibility", sa.String(length=16), nullable=False, server_default="public"))
        batch.add_column(sa.Column("revision", sa.Integer(), nullable=False, server_default="1"))
        batch.add_column(sa.Column("source_ticket_id", sa.String(length=32), nullable=True))
        batch.add_column(sa.Column("published_at", sa.BigInteger(), nullable=True))
        batch.create_foreign_key(op.f("fk_articles_source_ticket_id_tickets"), "tickets", ["source_ticket_id"], ["id"])
        batch.drop_column("search_text")
    op.execute("UPDATE articles SET published_at = created_at")
    with op.batch_alter_table("articles") as batch:
        for column in ("state", "visibility", "revision"):
            batch.alter_column(column, server_default=None)
    op.create_index(op.f("ix_articles_category"), "articles", ["category"], unique=False)
    op.create_index(op.f("ix_articles_state_updated_at"), "articles", ["state", "updated_at"], unique=False)
    op.create_table(
        "article_revisions",
        sa.Column("article_id", sa.String(length=32), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("category", sa.String(length=100), nullable=False),
        sa.Column("author_id", sa.String(length=32), nullable=False),
        sa.Column("note", sa.String(length=200), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["article_id"], ["articles.id"], name=op.f("fk_article_revisions_article_id_articles")),
        sa.ForeignKeyConstraint(
            ["author_id"], ["technicians.id"], name=op.f("fk_article_revisions_author_id_technicians")
        ),
        sa.PrimaryKeyConstraint("article_id", "number", name=op.f("pk_article_revisions")),
    )
    op.execute(
        "INSERT INTO article_revisions (article_id, number, title, body, category, author_id, note, at)"
        " SELECT id, 1, title, body, category, author_id, '', updated_at FROM articles"
    )
    op.create_table(
        "article_redactions",
        sa.Column("article_id", sa.String(length=32), nullable=False),
        sa.Column("placeholder", sa.String(length=40), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("found", sa.Text(), nullable=False),
        sa.Column("times", sa.Integer(), nullable=False),
        sa.Column("reason", sa.String(length=200), nullable=False),
        sa.ForeignKeyConstraint(
            ["article_id"], ["articles.id"], name=op.f("fk_article_redactions_article_id_articles")
        ),
        sa.PrimaryKeyConstraint("article_id", "placeholder", name=op.f("pk_article_redactions")),
    )
    op.create_table(
        "article_outcomes",
        sa.Column("article_id", sa.String(length=32), nullable=False),
        sa.Column("day", sa.Integer(), nullable=False),
        sa.Column("outcome", sa.String(length=16), nullable=False),
        sa.Column("count", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["article_id"], ["articles.id"], name=op.f("fk_article_outcomes_article_id_articles")),
        sa.PrimaryKeyConstraint("article_id", "day", "outcome", name=op.f("pk_article_outcomes")),
    )
    op.create_table(
        "ticket_articles",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("ticket_id", sa.String(length=32), nullable=False),
        sa.Column("article_id", sa.String(length=32), nullable=False),
        sa.Column("use", sa.String(length=16), nullable=False),
        sa.Column("by_id", sa.String(length=32), nullable=True),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("settled_at", sa.BigInteger(), nullable=True),
        sa.Column("reopened_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["ticket_id"], ["tickets.id"], name=op.f("fk_ticket_articles_ticket_id_tickets")),
        sa.ForeignKeyConstraint(["article_id"], ["articles.id"], name=op.f("fk_ticket_articles_article_id_articles")),
        sa.ForeignKeyConstraint(["by_id"], ["technicians.id"], name=op.f("fk_ticket_articles_by_id_technicians")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ticket_articles")),
    )
    op.create_index(op.f("ix_ticket_articles_article_id"), "ticket_articles", ["article_id"], unique=False)
    op.create_index(
        op.f("ix_ticket_articles_ticket_id_article_id_use"),
        "ticket_articles",
        ["ticket_id", "article_id", "use"],
        unique=True,
    )
    op.create_table(
        "fruitless_searches",
        sa.Column("q", sa.String(length=200), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("last_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("q", name=op.f("pk_fruitless_searches")),
    )
    op.create_index(op.f("ix_fruitless_searches_last_at"), "fruitless_searches", ["last_at"], unique=False)
    search_index.create("article")
    there = op.get_bind().execute(sa.text("SELECT id, title, category, body FROM articles")).fetchall()
    search_index.fill("article", ((row.id, "public", row.title, f"{row.category}\n{row.body}") for row in there))


def downgrade() -> None:
    """Go back; drafts and internal articles would be for everybody there, so they go."""
    search_index.drop("article")
    for table in (
        "fruitless_searches", "ticket_articles", "article_outcomes", "article_redactions", "article_revisions",
    ):  # fmt: skip
        op.drop_table(table)
    op.execute("DELETE FROM articles WHERE state <> 'published' OR visibility <> 'public'")
    op.drop_index(op.f("ix_articles_state_updated_at"), table_name="articles")
    op.drop_index(op.f("ix_articles_category"), table_name="articles")
    with op.batch_alter_table("articles") as batch:
        batch.drop_constraint(op.f("fk_articles_source_ticket_id_tickets"), type_="foreignkey")
        for column in ("state", "visibility", "revision", "source_ticket_id", "published_at"):
            batch.drop_column(column)
        batch.add_column(sa.Column("search_text", sa.Text(), nullable=False, server_default=""))
    op.execute("UPDATE articles SET search_text = lower(title || ' ' || category || ' ' || body)")
    with op.batch_alter_table("articles") as batch:
        batch.alter_column("search_text", server_default=None)
