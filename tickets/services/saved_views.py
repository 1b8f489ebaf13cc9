"""Saved views: one's own, one's team's, everybody's."""

from typing import Final
from urllib.parse import parse_qsl, urlencode

import msgspec

from tickets.domain.access import Action, Actor, Thing, check
from tickets.domain.errors import Invalid, NotAllowed, NotFound
from tickets.domain.saved_views import MOST_VIEWS, NewView, SavedView, SavedViewList, SharedWith
from tickets.domain.views import QueueQuery
from tickets.services.context import Context
from tickets.services.finding import Finder
from tickets.store import saved_views as view_store
from tickets.store.saved_views import ViewRow
from tickets.text import clean_line

MOST_COUNTED: Final = 100
_NOT_KEPT: Final = frozenset({"cursor", "limit", "done", "saved"})
_WHAT: Final = "saved view"


def parse_view(query: str) -> QueueQuery:
    """Return what a view's address asks for. Raises Invalid."""
    try:
        values = {name: value for name, value in parse_qsl(query, max_num_fields=30) if value}
        return msgspec.convert(values, QueueQuery, strict=False)
    except (ValueError, msgspec.ValidationError):
        raise Invalid("query", "this is no address of the queue. Copy what stands behind its question mark.") from None


class SavedViewService:
    """Implements `tickets.domain.saved_views.SavedViews`."""

    def __init__(self, context: Context) -> None:
        """Use the shared parts."""
        self._context: Final = context
        self._finder: Final = Finder(context)

    async def listed(self, actor: Actor) -> SavedViewList:
        """Return one's own views and those that colleagues share with one, with counts."""
        check(actor, Action.LIST, Thing.SAVED_VIEWS)
        async with self._context.database.read() as connection:
            rows = await view_store.seen_by(connection, _technician(actor))
        counts = await self._finder.counts(actor, tuple(parse_view(row.query) for row in rows), MOST_COUNTED)
        return SavedViewList(tuple(_shown(row, actor, count) for row, count in zip(rows, counts, strict=True)))

    async def add(self, actor: Actor, new: NewView) -> SavedView:
        """Keep a view. Raises Invalid for a query that the queue would not understand."""
        check(actor, Action.ADD, Thing.SAVED_VIEWS)
        values, owner = self._values(new), _technician(actor)
        ident = self._context.new_id()
        async with self._context.database.write() as connection:
            if await view_store.count_of(connection, owner) >= MOST_VIEWS:
                raise Invalid("name", f"you keep {MOST_VIEWS} views already. Remove one first.")
            await view_store.add(connection, ident, owner, self._context.now(), **values)
        return await self._one(actor, ident)

    async def change(self, actor: Actor, ident: str, new: NewView) -> SavedView:
        """Change one's own view, as an admin also one that is shared. Raises NotFound, NotAllowed, Invalid."""
        async with self._context.database.write() as connection:
            row = await view_store.by_id(connection, ident, _technician(actor))
            _check_owner(actor, Action.CHANGE, row)
            await view_store.change(connection, ident, self._context.now(), **self._values(new))
        return await self._one(actor, ident)

    async def remove(self, actor: Actor, ident: str) -> None:
        """Remove one's own view, as an admin also one that is shared. Raises NotFound, NotAllowed."""
        async with self._context.database.write() as connection:
            _check_owner(actor, Action.REMOVE, await view_store.by_id(connection, ident, _technician(actor)))
            await view_store.remove(connection, ident)

    async def counts(self, actor: Actor, queries: tuple[QueueQuery, ...]) -> tuple[int, ...]:
        """Return how many tickets each of these lists has, counted up to 100."""
        return await self._finder.counts(actor, queries, MOST_COUNTED)

    async def _one(self, actor: Actor, ident: str) -> SavedView:
        async with self._context.database.read() as connection:
            row = await view_store.by_id(connection, ident, _technician(actor))
        if row is None:
            raise NotFound(_WHAT)
        (count,) = await self._finder.counts(actor, (parse_view(row.query),), MOST_COUNTED)
        return _shown(row, actor, count)

    def _values(self, new: NewView) -> dict[str, str]:
        query = new.query.removeprefix("?")
        self._finder.check_query(parse_view(query))
        pairs = [(name, value) for name, value in parse_qsl(query) if value and name not in _NOT_KEPT]
        return {"name": clean_line(new.name, "name"), "query": urlencode(pairs), "shared": new.shared}


def _technician(actor: Actor) -> str:
    if actor.technician is None:
        check(actor, Action.LIST, Thing.SAVED_VIEWS)
        raise NotAllowed(Action.LIST)
    return actor.technician


def _check_owner(actor: Actor, action: Action, row: ViewRow | None) -> None:
    """Pass for the owner, and where the table lets others. Raises NotFound for a view that is not shared with them."""
    if row is None:
        raise NotFound(_WHAT)
    check(actor, action, Thing.OWN_VIEW if row.owner_id == actor.technician else Thing.SHARED_VIEW)


def _shown(row: ViewRow, actor: Actor, count: int) -> SavedView:
    mine = row.owner_id == actor.technician
    return SavedView(row.id, row.name, row.query, SharedWith(row.shared), row.owner, mine, count)
