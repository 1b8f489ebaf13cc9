"""The queue and the search: filters of the address and of the search line together, page by page."""

from dataclasses import replace
from typing import Any, Final

import msgspec
from sqlalchemy.ext.asyncio import AsyncConnection

from protocol.encoding import pack_b64, parse_b64
from tickets.domain.access import Action, Actor, Thing, check
from tickets.domain.errors import Invalid, NotAllowed
from tickets.domain.finding import ME, NOBODY, Filters, Sort, age_span, parse_search
from tickets.domain.values import WORKABLE, QueueView, Status
from tickets.domain.views import QueuePage, QueueQuery
from tickets.services.context import Context
from tickets.services.views import summary
from tickets.store import finding as finding_store
from tickets.store import people as people_store
from tickets.store.finding import ORDERS, Asker, Place
from tickets.store.tickets import TicketRow

_OPEN: Final = tuple(status for status in Status if status in WORKABLE)
_ONE_BY_ONE: Final = ("category", "team")
_IN_GROUPS: Final = ("tag", "asset", "watcher")
_LARGEST: Final = 1 << 53
_LONGEST: Final = 64
_CURSOR: Final = "use the next_cursor of an earlier answer to the same question, or leave it out."


class Finder:
    """Lists tickets."""

    def __init__(self, context: Context) -> None:
        """Use the shared parts."""
        self._context: Final = context

    async def queue(self, actor: Actor, query: QueueQuery) -> QueuePage:
        """Return a page. Raises Invalid for a search line or a cursor that can't be read."""
        check(actor, Action.LIST, Thing.QUEUE)
        filters = self._filters(query)
        sort = order_of(query.sort, filters)
        after = parse_cursor(query.cursor, sort)
        async with self._context.database.read() as connection:
            asker = await self._asker(connection, actor)
            rows = await finding_store.listed(connection, filters, asker, sort=sort, after=after, limit=query.limit + 1)
        more = len(rows) > query.limit
        rows = rows[: query.limit]
        online = self._context.switchboard.is_online
        return QueuePage(
            tuple(summary(row, agent_online=online(row.tracking)) for row in rows),
            pack_cursor(rows[-1], sort, after, query.limit) if more else None,
        )

    async def counts(self, actor: Actor, queries: tuple[QueueQuery, ...], most: int) -> tuple[int, ...]:
        """Return how many tickets each list has, counted up to `most`. Raises Invalid."""
        check(actor, Action.LIST, Thing.QUEUE)
        filters = [self._filters(query) for query in queries]
        async with self._context.database.read() as connection:
            asker = await self._asker(connection, actor)
            return tuple([await finding_store.counted(connection, each, asker, most) for each in filters])

    def check_query(self, query: QueueQuery) -> None:
        """Pass when the queue understands `query`. Raises Invalid."""
        self._filters(query)

    def _filters(self, query: QueueQuery) -> Filters:
        now = self._context.now()
        line = parse_search(query.q, now)
        chosen: dict[str, Any] = {name: _given(getattr(query, name)) for name in _ONE_BY_ONE}
        chosen |= {name: _given(_given(getattr(query, name))) for name in _IN_GROUPS}
        view = {QueueView.MINE: ME, QueueView.UNASSIGNED: NOBODY}.get(query.view, query.assigned)
        chosen["status"] = _given(query.status)
        if not query.status and not query.q:
            chosen["status"] = _OPEN
        chosen_too = Filters(
            **chosen,
            priority=_given(query.priority),
            channel=_given(query.channel),
            assigned=_given(view),
            created=(age_span(query.age, now),) if query.age else (),
        )
        # Of a field that both name, both have to be met.
        return replace(line, also=(chosen_too,))

    async def _asker(self, connection: AsyncConnection, actor: Actor) -> Asker:
        if actor.technician is None:
            raise NotAllowed(Action.LIST)
        row = await people_store.technician(connection, actor.technician)
        return Asker(actor.technician, "" if row is None else row.email, self._context.settings.tracking_prefix)


def _given(value: Any) -> tuple[Any, ...]:
    return (value,) if value else ()


def order_of(wanted: Sort | None, filters: Filters) -> Sort:
    """Return the order of a list: the best first when words are looked for, else the queue's.

    Solved and closed tickets have no place in the queue: lists that may have some show the newest first instead.
    """
    if wanted is not None and wanted is not Sort.QUEUE and not (wanted is Sort.BEST and not filters.has_words):
        return wanted
    if wanted is None and filters.has_words:
        return Sort.BEST
    statuses = [set(each.status) for each in (filters, *filters.also) if each.status]
    only_open = bool(statuses) and set.intersection(*statuses) <= WORKABLE
    return Sort.QUEUE if only_open else Sort.NEWEST


def pack_cursor(last: TicketRow, sort: Sort, before: Place | None, count: int) -> str:
    """Return where the next page begins: after `last`, or for the best ones after so many."""
    if sort is Sort.BEST:
        place: Place = ((int(before[0]) if before else 0) + count,)
    else:
        place = finding_store.place_of(last, sort)
    return pack_b64(msgspec.json.encode((sort, *place)))


def parse_cursor(text: str, sort: Sort) -> Place | None:
    """Return the place in a cursor; None for none. Raises Invalid for one of another order."""
    if not text:
        return None
    try:
        name, *place = msgspec.json.decode(parse_b64(text), type=list[int | str])
    except (ValueError, msgspec.MsgspecError):
        raise Invalid("cursor", _CURSOR) from None
    kinds = [int] if sort is Sort.BEST else [*(int for _ in ORDERS[sort].columns[:-1]), str]
    sound = [type(value) for value in place] == kinds and all(_small(value) for value in place)
    if name != sort or not sound:
        raise Invalid("cursor", _CURSOR)
    return tuple(place)


def _small(value: int | str) -> bool:
    if isinstance(value, int):
        return 0 <= value < _LARGEST
    return len(value) <= _LONGEST and value.isascii() and value.isprintable()
