"""Extra fields: what they are, and what stands in them on a ticket."""

from collections.abc import Mapping
from typing import Final

import msgspec
from sqlalchemy.ext.asyncio import AsyncConnection

from tickets.domain.access import Action, Actor, Thing, check, is_allowed
from tickets.domain.errors import AlreadyThere, NotFound
from tickets.domain.fields import (
    FieldFields,
    FieldList,
    FieldValue,
    FieldValues,
    FieldView,
    NewFieldValues,
    Required,
    check_field,
    check_required,
    clean_values,
    for_category,
)
from tickets.domain.values import EntryKind
from tickets.services.context import Context, entry
from tickets.services.placing import known_category
from tickets.store import fields as field_store
from tickets.store.tickets import TicketRow
from tickets.text import clean_line


async def file_fields(
    connection: AsyncConnection, actor: Actor, ticket: str, category: str, given: Mapping[str, str]
) -> None:
    """Fill the fields of a ticket in as it is filed, before its first line is told. Raises Invalid."""
    if given:
        known = for_category(await field_store.every(connection), category, internal=actor.is_staff)
        values = clean_values(known, given)
        await field_store.put(connection, ticket, {each.id: values[each.key] for each in known if each.key in values})


async def check_filled(connection: AsyncConnection, actor: Actor, category: str, given: Mapping[str, str]) -> None:
    """Pass when everything is filled in that who files a request has to fill in. Raises Invalid."""
    known = for_category(await field_store.every(connection), category, internal=actor.is_staff)
    check_required(known, clean_values(known, given), Required.SUBMIT)


async def check_resolvable(connection: AsyncConnection, ticket: TicketRow) -> None:
    """Pass when every field that is needed to resolve the ticket is filled in. Raises Invalid."""
    known = for_category(await field_store.every(connection), ticket.category, internal=True)
    if any(each.required is Required.RESOLVE for each in known):
        values = {each.key: value for each, value in await field_store.of_ticket(connection, ticket.id)}
        needed = [each for each in known if each.required is Required.RESOLVE]
        check_required(needed, values, Required.RESOLVE)


class FieldService:
    """Implements `tickets.domain.fields.Fields`."""

    def __init__(self, context: Context) -> None:
        """Use the shared parts."""
        self._context: Final = context

    async def listed(self, actor: Actor) -> FieldList:
        """Return all fields as `actor` sees them: the internal and retired ones for technicians only."""
        check(actor, Action.LIST, Thing.FIELDS)
        async with self._context.database.read() as connection:
            every = await field_store.every(connection)
        if is_allowed(actor.role, Action.READ, Thing.FIELDS):
            return FieldList(tuple(every))
        return FieldList(tuple(each for each in every if each.active and not each.internal))

    async def add(self, actor: Actor, new: FieldFields) -> FieldView:
        """Add a field. Raises Invalid, AlreadyThere for a key that the category has."""
        check(actor, Action.CHANGE, Thing.FIELDS)
        ident = self._context.new_id()
        async with self._context.database.write() as connection:
            cleaned = await _clean(connection, new)
            await _check_key(connection, cleaned, None)
            await field_store.add(connection, ident, cleaned, None if new.active else self._context.now())
            return await _one(connection, ident)

    async def change(self, actor: Actor, ident: str, new: FieldFields) -> FieldView:
        """Change a field; what stands in it stays. Raises Invalid, AlreadyThere, NotFound."""
        check(actor, Action.CHANGE, Thing.FIELDS)
        async with self._context.database.write() as connection:
            await _one(connection, ident)
            cleaned = await _clean(connection, new)
            await _check_key(connection, cleaned, ident)
            await field_store.change(connection, ident, cleaned, None if new.active else self._context.now())
            return await _one(connection, ident)

    async def of_ticket(self, actor: Actor, tracking: str) -> FieldValues:
        """Return what stands in a ticket's fields. Raises TicketNotFound."""
        async with self._context.database.read() as connection:
            ticket = await self._context.permitted(connection, actor, Action.READ, tracking)
            return await shown_values(connection, actor, ticket.id)

    async def put(self, actor: Actor, tracking: str, new: NewFieldValues) -> FieldValues:
        """Fill fields of a ticket in. Raises TicketNotFound, Invalid."""
        context, now = self._context, self._context.now()
        async with context.database.write() as connection:
            ticket = await context.permitted(connection, actor, Action.ORGANISE, tracking)
            known = for_category(await field_store.every(connection), ticket.category, internal=True)
            values = clean_values(known, new.fields)
            before = {each.key: value for each, value in await field_store.of_ticket(connection, ticket.id)}
            changed = [
                each for each in known if values.get(each.key, before.get(each.key, "")) != before.get(each.key, "")
            ]
            if changed:
                await field_store.put(connection, ticket.id, {each.id: values[each.key] for each in changed})
                text = f"{actor.name} filled in: {', '.join(each.label for each in changed)}."
                await context.story.tell(connection, entry(ticket, actor, EntryKind.FIELDS, text, now, internal=True))
            shown = await shown_values(connection, actor, ticket.id)
        context.hub.publish("ticket", ticket.tracking)
        return shown


async def shown_values(connection: AsyncConnection, actor: Actor, ticket: str) -> FieldValues:
    """Return what stands in a ticket's fields as far as `actor` may see it."""
    return FieldValues(
        tuple(
            FieldValue(each.key, each.label, each.kind, value, each.internal)
            for each, value in await field_store.of_ticket(connection, ticket)
            if actor.is_staff or not each.internal
        )
    )


async def _clean(connection: AsyncConnection, new: FieldFields) -> FieldFields:
    check_field(new)
    category = await known_category(connection, new.category, internal=True) if new.category.strip() else ""
    return msgspec.structs.replace(
        new,
        category=category,
        label=clean_line(new.label, "label"),
        hint=clean_line(new.hint, "hint") if new.hint.strip() else "",
        choices=tuple(dict.fromkeys(clean_line(choice, "choices") for choice in new.choices)),
    )


async def _check_key(connection: AsyncConnection, new: FieldFields, ident: str | None) -> None:
    """A key means one field of a category, those of all categories among them. Raises AlreadyThere."""
    for each in await field_store.every(connection):
        meets = "" in {each.category, new.category} or each.category == new.category
        if each.id != ident and each.key == new.key and meets:
            raise AlreadyThere(f"a field with the key {new.key}")


async def _one(connection: AsyncConnection, ident: str) -> FieldView:
    for each in await field_store.every(connection):
        if each.id == ident:
            return each
    raise NotFound("field")
