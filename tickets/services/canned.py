"""Canned answers: keeping them, and putting a ticket's own words in."""

from typing import Any, Final

from sqlalchemy.ext.asyncio import AsyncConnection

from tickets.domain.access import Action, Actor, Thing, check
from tickets.domain.canned import (
    CannedAnswer,
    CannedAnswerList,
    FilledAnswer,
    NewCannedAnswer,
    check_variables,
    fill,
)
from tickets.domain.errors import NotAllowed, NotFound
from tickets.services.context import Context
from tickets.services.placing import known_category
from tickets.store import canned as canned_store
from tickets.store.canned import AnswerRow
from tickets.store.tickets import TicketRow
from tickets.text import clean_line, clean_text

_WHAT: Final = "canned answer"


class CannedAnswerService:
    """Implements `tickets.domain.canned.CannedAnswers`."""

    def __init__(self, context: Context) -> None:
        """Use the shared parts."""
        self._context: Final = context

    async def listed(self, actor: Actor) -> CannedAnswerList:
        """Return one's own answers and the shared ones."""
        check(actor, Action.LIST, Thing.CANNED_ANSWERS)
        async with self._context.database.read() as connection:
            rows = await canned_store.had_by(connection, _technician(actor))
        return CannedAnswerList(tuple(_shown(row, actor, row.text) for row in rows))

    async def offered(self, actor: Actor, tracking: str) -> CannedAnswerList:
        """Return those for a ticket's category, with everything put in. Raises TicketNotFound."""
        check(actor, Action.LIST, Thing.CANNED_ANSWERS)
        async with self._context.database.read() as connection:
            ticket = await self._context.permitted(connection, actor, Action.REPLY, tracking)
            rows = await canned_store.had_by(connection, _technician(actor), ticket.category)
        return CannedAnswerList(tuple(_shown(row, actor, self._filled(row, actor, ticket)) for row in rows))

    async def add(self, actor: Actor, new: NewCannedAnswer) -> CannedAnswer:
        """Keep an answer; admins alone share. Raises Invalid for an unknown variable."""
        check(actor, Action.ADD, Thing.SHARED_ANSWER if new.shared else Thing.OWN_ANSWER)
        ident = self._context.new_id()
        async with self._context.database.write() as connection:
            await canned_store.add(connection, ident, self._context.now(), **await _values(connection, actor, new))
            return await self._one(connection, actor, ident)

    async def change(self, actor: Actor, ident: str, new: NewCannedAnswer) -> CannedAnswer:
        """Change an answer. Raises NotFound, NotAllowed, Invalid for an unknown variable."""
        async with self._context.database.write() as connection:
            row = await canned_store.by_id(connection, ident, _technician(actor))
            _check_owner(actor, Action.CHANGE, row)
            if new.shared:
                check(actor, Action.ADD, Thing.SHARED_ANSWER)
            await canned_store.change(connection, ident, self._context.now(), **await _values(connection, actor, new))
            return await self._one(connection, actor, ident)

    async def remove(self, actor: Actor, ident: str) -> None:
        """Remove an answer. Raises NotFound, NotAllowed."""
        async with self._context.database.write() as connection:
            _check_owner(actor, Action.REMOVE, await canned_store.by_id(connection, ident, _technician(actor)))
            await canned_store.remove(connection, ident)

    async def use(self, actor: Actor, ident: str, tracking: str) -> FilledAnswer:
        """Count it as used and return it with everything put in for this ticket. Raises TicketNotFound, NotFound."""
        async with self._context.database.write() as connection:
            ticket = await self._context.permitted(connection, actor, Action.REPLY, tracking)
            row = await canned_store.by_id(connection, ident, _technician(actor))
            if row is None:
                raise NotFound(_WHAT)
            await canned_store.count_use(connection, ident)
        return FilledAnswer(row.id, self._filled(row, actor, ticket))

    def _filled(self, row: AnswerRow, actor: Actor, ticket: TicketRow) -> str:
        values = {
            "requester.name": ticket.requester_name,
            "requester.email": ticket.requester_email,
            "ticket.number": ticket.tracking,
            "ticket.title": ticket.title,
            "ticket.category": ticket.category,
            "technician.name": actor.name,
            "organisation": self._context.settings.organisation_name,
        }
        return fill(row.text, values)

    async def _one(self, connection: AsyncConnection, actor: Actor, ident: str) -> CannedAnswer:
        row = await canned_store.by_id(connection, ident, _technician(actor))
        if row is None:
            raise NotFound(_WHAT)
        return _shown(row, actor, row.text)


def _technician(actor: Actor) -> str:
    if actor.technician is None:
        check(actor, Action.LIST, Thing.CANNED_ANSWERS)
        raise NotAllowed(Action.LIST)
    return actor.technician


def _check_owner(actor: Actor, action: Action, row: AnswerRow | None) -> None:
    if row is None:
        raise NotFound(_WHAT)
    check(actor, action, Thing.SHARED_ANSWER if row.owner_id is None else Thing.OWN_ANSWER)


async def _values(connection: AsyncConnection, actor: Actor, new: NewCannedAnswer) -> dict[str, Any]:
    text = clean_text(new.text, "text")
    check_variables(text)
    category = await known_category(connection, new.category, internal=True) if new.category.strip() else ""
    return {
        "name": clean_line(new.name, "name"),
        "text": text,
        "owner_id": None if new.shared else _technician(actor),
        "category": category,
    }


def _shown(row: AnswerRow, actor: Actor, text: str) -> CannedAnswer:
    return CannedAnswer(
        id=row.id,
        name=row.name,
        text=text,
        shared=row.owner_id is None,
        category=row.category,
        uses=row.uses,
        mine=row.owner_id == actor.technician,
    )
