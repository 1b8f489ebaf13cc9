"""Finding tickets again: search index, saved views, assets, extra fields, canned answers."""

from collections.abc import Iterator

import sqlalchemy as sa
from alembic import op

from tickets.store.migrations import search_index

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

# Behind name and address of who asked (tickets.store.ticket_documents).
_MARK = "0requester0"


def _ticket() -> sa.Column[str]:
    return sa.Column("ticket_id", sa.String(length=32), nullable=False)


def _to(table: str, column: str, target: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [f"{target}.id"], name=op.f(f"fk_{table}_{column}_{target}"))


def _index(table: str, *columns: str, unique: bool = False) -> None:
    op.create_index(op.f(f"ix_{table}_{'_'.join(columns)}"), table, list(columns), unique=unique)


def upgrade() -> None:
    """Go forward."""
    op.create_table(
        "saved_views",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("owner_id", sa.String(length=32), nullable=False),
        sa.Column("shared", sa.String(length=16), nullable=False),
        sa.Column("query", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        _to("saved_views", "owner_id", "technicians"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_saved_views")),
    )
    _index("saved_views", "owner_id")
    _assets()
    _fields()
    op.create_table(
        "canned_answers",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("owner_id", sa.String(length=32), nullable=True),
        sa.Column("category", sa.String(length=100), nullable=False),
        sa.Column("uses", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        _to("canned_answers", "owner_id", "technicians"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_canned_answers")),
    )
    _index("canned_answers", "owner_id")
    for columns in (("created_at", "id"), ("updated_at", "id")):
        _index("tickets", *columns)
    search_index.create("ticket")
    search_index.fill("ticket", _documents())
    op.drop_column("tickets", "search_text")


def _assets() -> None:
    texts = (("name", 100), ("kind", 16), ("serial", 100), ("inventory", 100), ("location", 100))
    op.create_table(
        "assets",
        sa.Column("id", sa.String(length=32), nullable=False),
        *(sa.Column(name, sa.String(length=length), nullable=False) for name, length in texts),
        sa.Column("owner_id", sa.String(length=32), nullable=True),
        sa.Column("notes", sa.Text(), nullable=False),
        sa.Column("agent_key", sa.String(length=43), nullable=True),
        sa.Column("search_text", sa.Text(), nullable=False),
        sa.Column("retired_at", sa.BigInteger(), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        _to("assets", "owner_id", "people"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_assets")),
    )
    for columns in (("serial",), ("inventory",), ("owner_id",), ("agent_key",), ("name", "id")):
        _index("assets", *columns)
    op.create_table(
        "ticket_assets",
        _ticket(),
        sa.Column("asset_id", sa.String(length=32), nullable=False),
        _to("ticket_assets", "ticket_id", "tickets"),
        _to("ticket_assets", "asset_id", "assets"),
        sa.PrimaryKeyConstraint("ticket_id", "asset_id", name=op.f("pk_ticket_assets")),
    )
    _index("ticket_assets", "asset_id")


def _fields() -> None:
    op.create_table(
        "extra_fields",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("category", sa.String(length=100), nullable=False),
        sa.Column("key", sa.String(length=40), nullable=False),
        sa.Column("label", sa.String(length=100), nullable=False),
        sa.Column("hint", sa.String(length=200), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("choices", sa.Text(), nullable=False),
        sa.Column("required", sa.String(length=16), nullable=False),
        sa.Column("internal", sa.Boolean(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("retired_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_extra_fields")),
    )
    _index("extra_fields", "category", "key", unique=True)
    op.create_table(
        "ticket_fields",
        _ticket(),
        sa.Column("field_id", sa.String(length=32), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        _to("ticket_fields", "ticket_id", "tickets"),
        _to("ticket_fields", "field_id", "extra_fields"),
        sa.PrimaryKeyConstraint("ticket_id", "field_id", name=op.f("pk_ticket_fields")),
    )
    _index("ticket_fields", "field_id")


def _documents() -> Iterator[tuple[str, str, str, str]]:
    """Give every ticket as the search knew it until now, with what was said in it."""
    bind = op.get_bind()
    said = "SELECT text FROM timeline WHERE ticket_id = :ticket AND kind IN ('message', 'note', 'resolved') ORDER BY id"
    tickets = (
        "SELECT t.id, t.tracking, t.title, t.category, t.description, t.status, t.requester_name, p.email"
        " FROM tickets t JOIN people p ON p.id = t.requester_id ORDER BY t.created_at, t.id"
    )
    for row in bind.execute(sa.text(tickets)).fetchall():
        lines = bind.execute(sa.text(said), {"ticket": row.id}).scalars().all()
        scope = {"resolved": "solved", "closed": "closed"}.get(row.status, "open")
        body = "\n".join((row.tracking, row.category, row.description, *lines))
        yield row.id, scope, f"{row.requester_name} {row.email} {_MARK} {row.title}", body


def downgrade() -> None:
    """Go back. What the search knew of each ticket is its title only, until it is filed or changed anew."""
    op.add_column("tickets", sa.Column("search_text", sa.Text(), nullable=False, server_default=""))
    op.execute("UPDATE tickets SET search_text = lower(title || ' ' || tracking)")
    search_index.drop("ticket")
    for columns in (("created_at", "id"), ("updated_at", "id")):
        op.drop_index(op.f(f"ix_tickets_{'_'.join(columns)}"), table_name="tickets")
    for table in ("canned_answers", "ticket_fields", "extra_fields", "ticket_assets", "assets", "saved_views"):
        op.drop_table(table)
