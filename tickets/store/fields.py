"""Statements about extra fields and what stands in them."""

from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from tickets.domain.fields import FieldFields, FieldKind, FieldView, Required
from tickets.store.one_view import kept
from tickets.store.schema import extra_fields, ticket_fields


def _view(found: Any) -> FieldView:
    return FieldView(
        id=found.id,
        category=found.category,
        key=found.key,
        label=found.label,
        hint=found.hint,
        kind=FieldKind(found.kind),
        choices=tuple(found.choices.split("\n")) if found.choices else (),
        required=Required(found.required),
        internal=found.internal,
        position=found.position,
        active=found.retired_at is None,
    )


@kept
async def every(connection: AsyncConnection) -> list[FieldView]:
    """Return all fields in their order."""
    order = (extra_fields.c.category, extra_fields.c.position, extra_fields.c.label, extra_fields.c.id)
    return [_view(found) for found in await connection.execute(select(extra_fields).order_by(*order))]


def _values(new: FieldFields, retired_at: Any) -> dict[str, Any]:
    return {
        "category": new.category,
        "key": new.key,
        "label": new.label,
        "hint": new.hint,
        "kind": new.kind,
        "choices": "\n".join(new.choices),
        "required": new.required,
        "internal": new.internal,
        "position": new.position,
        "retired_at": retired_at,
    }


async def add(connection: AsyncConnection, ident: str, new: FieldFields, retired_at: Any) -> None:
    """Add a field."""
    await connection.execute(extra_fields.insert().values(id=ident, **_values(new, retired_at)))


async def change(connection: AsyncConnection, ident: str, new: FieldFields, retired_at: Any) -> None:
    """Change a field."""
    await connection.execute(extra_fields.update().where(extra_fields.c.id == ident).values(**_values(new, retired_at)))


async def of_ticket(connection: AsyncConnection, ticket: str) -> list[tuple[FieldView, str]]:
    """Return the fields of a ticket that have something in them, with what it is."""
    query = (
        select(extra_fields, ticket_fields.c.value)
        .join(ticket_fields, ticket_fields.c.field_id == extra_fields.c.id)
        .where(ticket_fields.c.ticket_id == ticket)
        .order_by(extra_fields.c.position, extra_fields.c.label)
    )
    return [(_view(found), found.value) for found in await connection.execute(query)]


async def put(connection: AsyncConnection, ticket: str, values: dict[str, str]) -> None:
    """Fill fields in, by their ids; an empty value empties its field."""
    here = ticket_fields.c.ticket_id == ticket
    await connection.execute(ticket_fields.delete().where(here, ticket_fields.c.field_id.in_(values)))
    rows = [{"ticket_id": ticket, "field_id": ident, "value": value} for ident, value in values.items() if value]
    if rows:
        await connection.execute(ticket_fields.insert(), rows)
