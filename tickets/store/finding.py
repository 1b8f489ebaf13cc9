"""Statements that find tickets: filters, orders and words together.

Words are asked of the search index (`tickets.store.search`), and everything else of the tables; an order is one that an
index has, so that a page of a list costs what a page costs, however long the list is.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, Final

from sqlalchemy import (
    Column,
    ColumnElement,
    Select,
    and_,
    exists,
    false,
    func,
    literal,
    or_,
    select,
    text,
    true,
    tuple_,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from tickets.domain.finding import ME, NOBODY, NUMBER_LENGTH, Filters, Sort, Span, spoken_part, telling_part
from tickets.domain.values import TechnicianId
from tickets.store.schema import (
    TICKET_INDEX,
    assets,
    people,
    teams,
    technicians,
    ticket_assets,
    ticket_tags,
    tickets,
    watchers,
)
from tickets.store.search.engines import Engine, engine_of
from tickets.store.search.expansion import expand
from tickets.store.search.tokens import index_terms
from tickets.store.tables.base import Moment
from tickets.store.tables.tickets import OPEN
from tickets.store.ticket_documents import END_OF_REQUESTER
from tickets.store.tickets import TicketRow, row_of, selected
from tickets.text import fold

Place = tuple[int | str, ...]
"""Where a page of a list ended: the values of the order's columns, times in milliseconds."""

_MS: Final = 1_000
# So many documents are ranked by their words; of more, the newest come first.
_RANKED: Final = 1_500
_MOST_NUMBERS: Final = 30
# How many tickets are few (`_few`).
_FEW: Final = 1_200
_LOOKED_AT: Final = 60


@dataclass(frozen=True)
class Asker:
    """For whom a search is: ME in filters."""

    technician: TechnicianId
    email: str
    # Of tracking numbers.
    prefix: str


@dataclass(frozen=True)
class _Order:
    columns: tuple[Column[Any], ...]
    descending: bool = False


ORDERS: Final[dict[Sort, _Order]] = {
    Sort.QUEUE: _Order((tickets.c.priority_rank, tickets.c.due_at, tickets.c.created_at, tickets.c.id)),
    Sort.NEWEST: _Order((tickets.c.created_at, tickets.c.id), descending=True),
    Sort.OLDEST: _Order((tickets.c.created_at, tickets.c.id)),
    Sort.CHANGED: _Order((tickets.c.updated_at, tickets.c.id), descending=True),
    Sort.STALE: _Order((tickets.c.updated_at, tickets.c.id)),
}
"""Orders that a page can be continued in from a place. BEST has none: its pages are counted."""


def place_of(row: TicketRow, sort: Sort) -> Place:
    """Return where a page ends that has `row` last."""
    return tuple(_plain(getattr(row, column.name)) for column in ORDERS[sort].columns)


def _plain(value: Any) -> int | str:
    if isinstance(value, datetime):
        return round(value.timestamp() * _MS)
    return value if isinstance(value, int) else str(value)


async def listed(
    connection: AsyncConnection,
    filters: Filters,
    asker: Asker,
    *,
    sort: Sort,
    after: Place | None,
    limit: int,
) -> list[TicketRow]:
    """Return a page of what meets `filters`. For BEST, `after` is how many came before."""
    by_number = await _by_spoken_number(connection, filters, asker)
    if by_number is not None:
        filters, sort, after = by_number, Sort.NEWEST, after if sort is not Sort.BEST else None
    condition = await _condition(connection, filters, asker)
    words = await _words(connection, filters)
    query = selected().where(condition)
    if sort is Sort.BEST and words is not None and all(words.groups):
        query = (await _ranked(connection, query, words)).offset(int(after[0]) if after else 0)
    else:
        order = ORDERS[Sort.NEWEST if sort is Sort.BEST else sort]
        query = _continued(query if words is None else query.where(words.met), order, after)
    rows = (await connection.execute(query.limit(limit))).mappings()
    return [row_of(found) for found in rows]


async def counted(connection: AsyncConnection, filters: Filters, asker: Asker, most: int) -> int:
    """Return how many tickets meet `filters`, counted up to `most`."""
    found = select(literal(1)).select_from(tickets).where(await _condition(connection, filters, asker))
    words = await _words(connection, filters)
    if words is not None:
        found = _joined(found, words) if all(words.groups) else found.where(false())
    query = select(func.count()).select_from(found.limit(most).subquery())
    return (await connection.execute(query)).scalar_one()


def _continued(query: Select[Any], order: _Order, after: Place | None) -> Select[Any]:
    columns = order.columns
    if after is not None:
        values = (literal(_back(value, column), column.type) for value, column in zip(after, columns, strict=True))
        here, ended = tuple_(*columns), tuple_(*values)
        query = query.where(here < ended if order.descending else here > ended)
    return query.order_by(*(column.desc() if order.descending else column.asc() for column in columns))


def _back(value: int | str, column: Column[Any]) -> Any:
    return datetime.fromtimestamp(int(value) / _MS, UTC) if isinstance(column.type, Moment) else value


# --- words -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Words:
    """Words of a search in the terms of the index."""

    engine: Engine
    groups: list[list[str]]
    # What documents have to have besides: words that stand together.
    together: tuple[ColumnElement[bool], ...]
    # The same of tickets, all in all.
    met: ColumnElement[bool]


async def _words(connection: AsyncConnection, filters: Filters) -> _Words | None:
    """Return what the words of `filters` ask of the index; None when there are none that count."""
    asked = " ".join((*filters.text, *filters.phrases))
    if not asked.strip():
        return None
    engine, documents = engine_of(connection), TICKET_INDEX.documents
    groups = await expand(connection, engine, TICKET_INDEX, asked)
    if not groups:
        return None
    terms = [list(group.terms) for group in groups]
    if not all(terms):
        return _Words(engine, terms, (), false())
    found = select(engine.key(TICKET_INDEX)).where(engine.meets(TICKET_INDEX, terms))
    together = tuple(_stands_together(phrase) for phrase in filters.phrases)
    refs = select(documents.c.ref).where(documents.c.id.in_(found), *together)
    return _Words(engine, terms, together, tickets.c.id.in_(refs))


def _stands_together(phrase: str) -> ColumnElement[bool]:
    """Return whether the terms of a phrase stand one behind the other in a document."""
    terms = " ".join(index_terms(phrase))
    documents = TICKET_INDEX.documents
    # Terms are letters and digits: nothing to escape.
    return or_(*((" " + column + " ").like(f"% {terms} %") for column in (documents.c.title, documents.c.body)))


def _joined(query: Select[Any], words: _Words) -> Select[Any]:
    """Join tickets with the documents that have the words: led by the index, a page needs no more than its rows."""
    engine, documents = words.engine, TICKET_INDEX.documents
    query = query.join(documents, documents.c.ref == tickets.c.id)
    query = query.join(engine.table(TICKET_INDEX), engine.key(TICKET_INDEX) == documents.c.id)
    return query.where(engine.meets(TICKET_INDEX, words.groups), *words.together)


async def _ranked(connection: AsyncConnection, query: Select[Any], words: _Words) -> Select[Any]:
    """Order what has the words by how well it meets them; when too many do, the newest come first."""
    engine = words.engine
    key, meets = engine.key(TICKET_INDEX), engine.meets(TICKET_INDEX, words.groups)
    bounded = select(key).where(meets).limit(_RANKED).subquery()
    count = (await connection.execute(select(func.count()).select_from(bounded))).scalar_one()
    query = _joined(query, words)
    if count < _RANKED:
        return query.order_by(engine.rank(TICKET_INDEX, words.groups), key.desc())
    return query.order_by(key.desc())


async def _by_spoken_number(connection: AsyncConnection, filters: Filters, asker: Asker) -> Filters | None:
    """Return the filters by number when the words are a number as people say it, or a telling part of one.

    None when they are not, or when no ticket has it: then it is an error code, or a word.
    """
    if not filters.text or filters.phrases:
        return None
    part = telling_part(" ".join(filters.text), asker.prefix)
    if not part:
        return None
    engine, terms = engine_of(connection), TICKET_INDEX.terms
    query = engine.containing(TICKET_INDEX, part.lower(), _MOST_NUMBERS)
    if len(part) == NUMBER_LENGTH:
        query = select(terms.c.term).where(terms.c.term == f"{asker.prefix}{part}".lower())
    length = len(asker.prefix) + NUMBER_LENGTH
    found = [term.upper() for term in (await connection.execute(query)).scalars() if len(term) == length]
    if not any(term.startswith(asker.prefix) for term in found):
        return None
    return replace(filters, text=(), number=(*filters.number, part))


async def _numbers(connection: AsyncConnection, part: str) -> list[str]:
    """Return the tracking numbers that contain `part`."""
    bare = func.replace(tickets.c.tracking, "-", "")
    query = select(tickets.c.tracking).where(bare.contains(part, autoescape=True)).limit(_MOST_NUMBERS)
    return list((await connection.execute(query)).scalars())


# --- everything else -------------------------------------------------------------------------------------------------


async def _condition(connection: AsyncConnection, filters: Filters, asker: Asker) -> ColumnElement[bool]:
    """Return what the tables have to say, words left out."""
    parts: list[ColumnElement[bool]] = []
    if filters.status:
        parts.append(_status(filters))
    if filters.priority:
        parts.append(tickets.c.priority.in_(filters.priority))
    if filters.channel:
        parts.append(tickets.c.channel.in_(filters.channel))
    if filters.category:
        parts.append(await _categories(connection, filters.category))
    if filters.team:
        parts.append(await _teams(connection, filters.team))
    if filters.assigned:
        parts.append(await _assigned(connection, filters.assigned, asker))
    parts += [await _tagged(connection, group) for group in filters.tag]
    parts += [_watched(group, asker) for group in filters.watcher]
    parts += [_with_asset(group) for group in filters.asset]
    parts += [await _from(connection, group) for group in _together(filters.person)]
    if filters.number:
        parts_of = [spoken_part(number, asker.prefix) for number in filters.number]
        found = [number for part in parts_of if part for number in await _numbers(connection, part)]
        parts.append(tickets.c.tracking.in_(found) if found else false())
    parts += [_within(tickets.c.created_at, span) for span in filters.created]
    parts += [_within(tickets.c.updated_at, span) for span in filters.updated]
    parts += [await _condition(connection, other, asker) for other in filters.also]
    for left_out in filters.without:
        parts.append(~await _condition(connection, left_out, asker))
    return and_(true(), *parts)


def _status(filters: Filters) -> ColumnElement[bool]:
    wanted = tickets.c.status.in_(filters.status)
    done = {"resolved", "closed"}
    # Said in the words of the partial indexes, which then serve.
    return wanted if done & set(filters.status) else and_(text(f"tickets.{OPEN}"), wanted)


async def _categories(connection: AsyncConnection, names: Sequence[str]) -> ColumnElement[bool]:
    wanted = [fold(name) for name in names]
    known = (await connection.execute(select(tickets.c.category).distinct())).scalars()
    return tickets.c.category.in_([name for name in known if any(each in fold(name) for each in wanted)])


async def _teams(connection: AsyncConnection, names: Sequence[str]) -> ColumnElement[bool]:
    rows = await connection.execute(select(teams.c.id, teams.c.name))
    wanted = [fold(name) for name in names]
    return tickets.c.team_id.in_(
        [row.id for row in rows if row.id in names or any(each in fold(row.name) for each in wanted)]
    )


async def _assigned(connection: AsyncConnection, names: Sequence[str], asker: Asker) -> ColumnElement[bool]:
    wanted = [fold(name) for name in names if name not in {ME, NOBODY}]
    found = [asker.technician] if ME in names else []
    if wanted:
        rows = await connection.execute(select(technicians.c.id, technicians.c.name, technicians.c.email))
        found += [
            row.id for row in rows if row.id in names or any(each in fold(f"{row.name} {row.email}") for each in wanted)
        ]
    here = tickets.c.assignee_id.in_(found) if found else false()
    return or_(here, tickets.c.assignee_id.is_(None)) if NOBODY in names else here


async def _few(connection: AsyncConnection, found: Select[Any]) -> bool:
    """Return whether a statement finds so few tickets that they are best taken first, and everything else after.

    Of many, those of a page are met soon by going through the tickets in the page's order and asking each.
    """
    bounded = select(func.count()).select_from(found.limit(_FEW).subquery())
    return (await connection.execute(bounded)).scalar_one() < _FEW


async def _tagged(connection: AsyncConnection, names: Sequence[str]) -> ColumnElement[bool]:
    # As `clean_tag` keeps them.
    tag = ticket_tags.c.tag.in_({fold(name).replace(" ", "-") for name in names})
    tagged = select(ticket_tags.c.ticket_id).where(tag)
    if await _few(connection, tagged):
        return tickets.c.id.in_(tagged)
    return exists().where(ticket_tags.c.ticket_id == tickets.c.id, tag)


def _watched(names: Sequence[str], asker: Asker) -> ColumnElement[bool]:
    addresses = [asker.email if name == ME else name.casefold() for name in names]
    return exists().where(watchers.c.ticket_id == tickets.c.id, watchers.c.email.in_(addresses))


def _with_asset(names: Sequence[str]) -> ColumnElement[bool]:
    meant = or_(*(assets.c.search_text.contains(fold(name), autoescape=True) for name in names), assets.c.id.in_(names))
    found = select(ticket_assets.c.ticket_id).join(assets, assets.c.id == ticket_assets.c.asset_id).where(meant)
    return or_(tickets.c.id.in_(found), tickets.c.asset.in_([name.lower() for name in names]))


def _together(groups: Sequence[Sequence[str]]) -> Sequence[Sequence[str]]:
    """Return names that all have to be met as one name: first name and surname have far fewer tickets than each."""
    alone = [group[0] for group in groups if len(group) == 1 and "@" not in group[0]]
    others = [group for group in groups if len(group) > 1 or "@" in group[0]]
    return [*others, (" ".join(alone),)] if alone else others


async def _from(connection: AsyncConnection, names: Sequence[str]) -> ColumnElement[bool]:
    """Return whether the requester's name or address has one of `names`: all its words."""
    return or_(*[await _person(connection, name) for name in names])


async def _person(connection: AsyncConnection, name: str) -> ColumnElement[bool]:
    if "@" in name:
        met = people.c.email.contains(name.casefold(), autoescape=True)
        return tickets.c.requester_id.in_(select(people.c.id).where(met))
    engine, documents = engine_of(connection), TICKET_INDEX.documents
    groups = [list(group.terms) for group in await expand(connection, engine, TICKET_INDEX, name)]
    if not groups or not all(groups):
        return false()
    # Who asked stands in the title, in front of the mark.
    theirs = [documents.c.title.like(f"%{each}% {END_OF_REQUESTER} %") for each in index_terms(name)]
    mentioned = select(engine.key(TICKET_INDEX)).where(engine.meets(TICKET_INDEX, groups, in_title=True))
    await engine.plan(connection, by_index=True)
    some = (await connection.execute(mentioned.limit(_FEW))).scalars().all()
    await engine.plan(connection, by_index=False)
    if len(some) == _FEW:
        # Many titles have the words; when they are their requesters' and not the problems', so have many tickets.
        looked_at = some[:: _FEW // _LOOKED_AT]
        here = select(func.count()).select_from(documents).where(documents.c.id.in_(looked_at), *theirs)
        if 4 * (await connection.execute(here)).scalar_one() > len(looked_at):
            return exists().where(documents.c.ref == tickets.c.id, *theirs)
    return tickets.c.id.in_(select(documents.c.ref).where(documents.c.id.in_(mentioned), *theirs))


def _within(column: Column[Any], span: Span) -> ColumnElement[bool]:
    parts = [column >= span.since] if span.since else []
    parts += [column < span.until] if span.until else []
    return and_(true(), *parts)
