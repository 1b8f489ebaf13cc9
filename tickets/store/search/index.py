"""A search index: kept in step by whoever writes the documents, in the same transaction; asked in people's words.

How to index another kind of document:

1. Declare it beside its tables: `TICKET_INDEX: Final = search_index("ticket")` (`tickets.store.tables.searching`), and
   re-export its two tables in `tickets.store.schema`, as for "article".
2. In a migration: `search_index.create("ticket")`, `search_index.fill("ticket", rows)` for what is there already,
   `search_index.drop("ticket")` on the way back (`tickets.store.migrations.search_index`).
3. Whenever a document changes: `await put(connection, TICKET_INDEX, ref, scope=…, title=…, body=…)` with its whole text
   as people wrote it, or `remove`, inside the transaction that changes it. The scope is a word by which searches are
   limited ("public", "internal"; "open", "solved"); `rescope` changes it alone.
4. `search(connection, TICKET_INDEX, q, scopes=…, limit=…)` gives the best documents, those that meet most words first;
   `matching(connection, TICKET_INDEX, q)` gives a statement that selects the `ref` of every document that has all the
   words, for `tickets.c.id.in_(…)` in a statement with filters and an order of its own.

How it finds: documents are indexed by whole words. Forms, parts and slips of a word are looked up in the vocabulary,
which is small (FTS5 or pg_trgm trigrams), and become alternatives of that word. So documents need no trigrams, and
what a search costs depends on how many documents have its rarest words, up to a bound, not on how many there are.
"""

import math
from collections import OrderedDict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any, Final
from weakref import WeakKeyDictionary

from sqlalchemy import Engine as SyncEngine
from sqlalchemy import Select, delete, func, insert, literal, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from tickets.store.search.engines import Engine, Groups, engine_of
from tickets.store.search.expansion import EXACT, Group, expand
from tickets.store.search.tokens import MAX_TERM, distinct, index_terms
from tickets.store.tables.searching import SearchIndex

# So many documents are ranked at most; of more, those with a word in the title and the newest.
_BOUND: Final = 600
# So many of the best are weighed word by word.
_WEIGHED: Final = 80
_TITLE_BONUS: Final = 0.4
# What a word that no document has counts for when coverage is told.
_UNKNOWN: Final = 0.5
# Words that more documents have than are counted, by database: PostgreSQL reads all of them each time to find that out.
# They hardly become rare again, and then only count for less than they could until the next start.
_COMMON: Final[WeakKeyDictionary[SyncEngine, OrderedDict[tuple[str, tuple[str, ...]], None]]] = WeakKeyDictionary()
_MOST_COMMON: Final = 4_000


@dataclass(frozen=True)
class Hit:
    """A document that was found.

    `coverage` is how much of the search it meets (0 to 1, telling words count more), `words` the words of the search,
    folded, that it has in some form.
    """

    ref: str
    score: float
    coverage: float
    words: tuple[str, ...]


@dataclass(frozen=True)
class _Weighed:
    """A word of the search that some document has: its alternatives, and how much it tells (0 to 1)."""

    group: Group
    documents: int
    weight: float
    surest_first: tuple[tuple[str, float], ...]


async def put(connection: AsyncConnection, index: SearchIndex, ref: str, *, scope: str, title: str, body: str) -> None:
    """Index a document, or index it anew; `title` and `body` as people wrote them."""
    engine = engine_of(connection)
    in_title, in_body = index_terms(title), index_terms(body)
    kept = {"scope": scope, "title": " ".join(in_title), "body": " ".join(in_body)}
    documents = index.documents
    old = (await connection.execute(select(documents).where(documents.c.ref == ref))).one_or_none()
    if old is None:
        done = await connection.execute(insert(documents).values(ref=ref, **kept))
        key = done.inserted_primary_key
        ident = int(key[0]) if key is not None else 0
    else:
        ident = old.id
        same = (old.title, old.body) == (kept["title"], kept["body"])
        if not same:
            await engine.erase(connection, index, ident, old.title, old.body)
        await connection.execute(update(documents).where(documents.c.id == ident).values(**kept))
        if same:
            return
    await engine.write(connection, index, ident, in_title, in_body)
    await _learn(connection, engine, index, [*in_title, *in_body])


async def _learn(connection: AsyncConnection, engine: Engine, index: SearchIndex, terms: list[str]) -> None:
    wanted = distinct(term for term in terms if len(term) <= MAX_TERM)
    if not wanted:
        return
    known = select(index.terms.c.term).where(index.terms.c.term.in_(wanted))
    have = set((await connection.execute(known)).scalars())
    if fresh := [term for term in wanted if term not in have]:
        await engine.learn(connection, index, fresh)


async def words_of(connection: AsyncConnection, index: SearchIndex, refs: Collection[str]) -> set[str]:
    """Return every term of these documents."""
    documents = index.documents
    query = select(documents.c.title, documents.c.body).where(documents.c.ref.in_(refs))
    return {term for row in await connection.execute(query) for text in row for term in text.split()}


async def forget(connection: AsyncConnection, index: SearchIndex, terms: Collection[str]) -> None:
    """Take those of `terms` that no document has any more out of the vocabulary, and leave no trace of them."""
    engine = engine_of(connection)
    gone = []
    for term in terms:
        held = select(engine.key(index)).where(engine.meets(index, [[term]])).limit(1)
        if (await connection.execute(held)).first() is None:
            gone.append(term)
    if gone:
        await engine.unlearn(connection, index, gone)
    await engine.compact(connection, index)


async def rescope(connection: AsyncConnection, index: SearchIndex, ref: str, scope: str) -> None:
    """Move a document to another scope; nothing happens when it is not indexed."""
    await connection.execute(update(index.documents).where(index.documents.c.ref == ref).values(scope=scope))


async def remove(connection: AsyncConnection, index: SearchIndex, ref: str) -> None:
    """Take a document out of the index. The vocabulary keeps its words: they find nothing any more."""
    documents = index.documents
    old = (await connection.execute(select(documents).where(documents.c.ref == ref))).one_or_none()
    if old is None:
        return
    await engine_of(connection).erase(connection, index, old.id, old.title, old.body)
    await connection.execute(delete(documents).where(documents.c.id == old.id))


async def matching(connection: AsyncConnection, index: SearchIndex, q: str) -> Select[Any] | None:
    """Return a statement that selects the `ref` of every document with all the words of `q`.

    None when `q` has no word at all. A word that is nowhere makes the statement select nothing.
    """
    engine = engine_of(connection)
    groups = await expand(connection, engine, index, q)
    if not groups:
        return None
    refs = select(index.documents.c.ref)
    if not all(group.terms for group in groups):
        return refs.where(literal(value=False))
    alternatives = [list(group.terms) for group in groups]
    found = select(engine.key(index)).where(engine.meets(index, alternatives))
    return refs.where(index.documents.c.id.in_(found))


async def search(
    connection: AsyncConnection, index: SearchIndex, q: str, *, scopes: Collection[str], limit: int
) -> list[Hit]:
    """Return the documents of `scopes` that meet `q` best; those that meet some words only come after."""
    engine = engine_of(connection)
    await engine.plan(connection, by_index=True)
    groups = await expand(connection, engine, index, q)
    weighed = await _weigh(connection, engine, index, groups)
    found = [] if not weighed else await _candidates(connection, engine, index, weighed, scopes, everything=True)
    if len(found) < limit and len(weighed) > 1:
        some = await _candidates(connection, engine, index, weighed, scopes, everything=False)
        found = list(dict.fromkeys([*found, *some]))
    await engine.plan(connection, by_index=False)
    if not found:
        return []
    whole = sum(word.weight for word in weighed) + _UNKNOWN * (len(groups) - len(weighed))
    documents = index.documents
    rows = (await connection.execute(select(documents).where(documents.c.id.in_(found)))).all()
    hits = [(_hit(row, weighed, whole), row.id) for row in rows]
    hits.sort(key=lambda pair: (-pair[0].score, -pair[1]))
    return [hit for hit, _ in hits[:limit] if hit.words]


async def _weigh(
    connection: AsyncConnection, engine: Engine, index: SearchIndex, groups: Sequence[Group]
) -> list[_Weighed]:
    """Return the words that some document has, the rarest first; documents are counted up to a bound."""
    known = [group for group in groups if group.terms]
    if not known:
        return []
    counts = await _counted(connection, engine, index, [tuple(group.terms) for group in known])
    weighed = [
        _Weighed(
            group,
            count,
            1 / (1 + math.log10(1 + count)),
            tuple(sorted(group.terms.items(), key=lambda pair: -pair[1])),
        )
        for group, count in zip(known, counts, strict=True)
        if count
    ]
    return sorted(weighed, key=lambda word: word.documents)


async def _counted(
    connection: AsyncConnection, engine: Engine, index: SearchIndex, groups: Sequence[tuple[str, ...]]
) -> list[int]:
    """Return how many documents have one of each group's terms, counted up to a bound."""
    common = _COMMON.setdefault(connection.sync_engine, OrderedDict())
    asked = [terms for terms in groups if (index.name, terms) not in common]
    counts = [
        select(func.count())
        .select_from(select(engine.key(index)).where(engine.meets(index, [terms])).limit(_BOUND).subquery())
        .scalar_subquery()
        for terms in asked
    ]
    found: dict[tuple[str, ...], int] = {}
    if counts:
        row = (await connection.execute(select(*(count.label(f"c{at}") for at, count in enumerate(counts))))).one()
        found = dict(zip(asked, row, strict=True))
    for terms, count in found.items():
        if count >= _BOUND:
            common[index.name, terms] = None
    while len(common) > _MOST_COMMON:
        common.popitem(last=False)
    return [found.get(terms, _BOUND) for terms in groups]


async def _candidates(
    connection: AsyncConnection,
    engine: Engine,
    index: SearchIndex,
    weighed: Sequence[_Weighed],
    scopes: Collection[str],
    *,
    everything: bool,
) -> list[int]:
    """Return documents worth weighing: with all the words, or with one of the rarest."""
    groups: Groups
    if everything:
        groups = [list(word.group.terms) for word in weighed]
        most = weighed[0].documents
    else:
        chosen: list[str] = []
        most = 0
        for word in weighed:
            if chosen and most + word.documents > _BOUND:
                break
            chosen += word.group.terms
            most += word.documents
        groups = [chosen]
    own, documents = engine.table(index), index.documents
    key = engine.key(index)
    if most < _BOUND:
        query = (
            select(key)
            .select_from(own.join(documents, documents.c.id == key))
            .where(engine.meets(index, groups), documents.c.scope.in_(list(scopes)))
            .order_by(engine.rank(index, groups))
            .limit(_WEIGHED)
        )
        return list((await connection.execute(query)).scalars())
    # Too many to rank them all: those that have it in their title, and the newest.
    found: list[int] = []
    for in_title in (True, False):
        met = select(key.label("id")).where(engine.meets(index, groups, in_title=in_title))
        newest = met.order_by(engine.newest(index)).limit(_BOUND).subquery()
        seen = (
            select(documents.c.id)
            .join(newest, newest.c.id == documents.c.id)
            .where(documents.c.scope.in_(list(scopes)))
            .order_by(documents.c.id.desc())
            .limit(_WEIGHED)
        )
        found += (await connection.execute(seen)).scalars()
        if len(found) >= _WEIGHED:
            break
    return list(dict.fromkeys(found))[:_WEIGHED]


def _hit(row: Any, weighed: Sequence[_Weighed], whole: float) -> Hit:
    title, body = set(row.title.split()), set(row.body.split())
    score = met = 0.0
    words = []
    for word in weighed:
        in_title = _surest(word, title)
        anywhere = max(in_title, _surest(word, body)) if in_title < EXACT else in_title
        if anywhere:
            words.append(word.group.word)
            met += word.weight * anywhere
            score += word.weight * (anywhere + _TITLE_BONUS * in_title)
    return Hit(row.ref, score, met / whole, tuple(words))


def _surest(word: _Weighed, terms: set[str]) -> float:
    for term, sure in word.surest_first:
        if term in terms:
            return sure
    return 0.0
