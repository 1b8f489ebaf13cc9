"""The words of a search as groups of terms that the vocabulary has: forms, parts and slips, less and less sure."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Select, literal, select, union_all
from sqlalchemy.ext.asyncio import AsyncConnection

from tickets.store.search.engines import Engine
from tickets.store.search.tokens import (
    MAX_TERM,
    edits,
    halves,
    joined,
    query_words,
    slips,
    spellings,
    stem,
)
from tickets.store.tables.searching import SearchIndex

EXACT: Final = 1.0
SPELLING: Final = 0.95
FORM: Final = 0.85
START: Final = 0.65
PART: Final = 0.5
SLIP: Final = 0.45
HALF: Final = 0.4

_MOST_PARTS: Final = 16
_MOST_ALIKE: Final = 40
_MOST_SLIPS: Final = 6
# A part of two or three letters is in nearly every word; as a beginning it tells something.
_SHORTEST_PART: Final = 4
_SHORTEST_START: Final = 2
_SHORTEST_SLIP: Final = 4
# All single slips of a short word are few enough to be looked up; a short word shares too few trigrams with them.
_LOOKED_UP: Final = 7


@dataclass(frozen=True)
class Group:
    """One word of a search: `word` as it was folded, and how sure each of its terms is (0 to 1)."""

    word: str
    terms: dict[str, float]


async def expand(connection: AsyncConnection, engine: Engine, index: SearchIndex, q: str) -> list[Group]:
    """Return a group for each word of `q` that counts; a group without terms is a word that no document has."""
    words: list[str] = []
    compounds = query_words(q)
    codes = {joined(pieces): pieces for pieces in compounds if joined(pieces)}
    have = await _known(connection, index, list(codes))
    for pieces in compounds:
        code = joined(pieces)
        words += [code] if code in have else pieces
    words = list(dict.fromkeys(words))
    exact = await _known(
        connection, index, [term for word in words for term in (word, *spellings(word), *halves(word))]
    )
    parts = await _parts(connection, engine, index, words)
    return [Group(word, await _terms(connection, engine, index, word, exact, parts[word])) for word in words]


async def _known(connection: AsyncConnection, index: SearchIndex, terms: Sequence[str]) -> set[str]:
    if not terms:
        return set()
    found = await connection.execute(select(index.terms.c.term).where(index.terms.c.term.in_(set(terms))))
    return set(found.scalars())


async def _terms(  # noqa: PLR0917 - one call
    connection: AsyncConnection,
    engine: Engine,
    index: SearchIndex,
    word: str,
    exact: set[str],
    parts: Sequence[tuple[str, float]],
) -> dict[str, float]:
    found: dict[str, float] = {}

    def add(term: str, sure: float) -> None:
        found[term] = max(found.get(term, 0.0), sure)

    if word in exact:
        add(word, EXACT)
    for term in spellings(word):
        if term in exact:
            add(term, SPELLING)
    for term, sure in parts:
        add(term, sure)
    if any(sure >= START for sure in found.values()):
        return found
    for term in await _slipped(connection, engine, index, word):
        add(term, SLIP)
    if not found:
        for term in halves(word):
            if term in exact:
                add(term, HALF)
    return found


async def _parts(
    connection: AsyncConnection, engine: Engine, index: SearchIndex, words: Sequence[str]
) -> dict[str, list[tuple[str, float]]]:
    """Return for each word the terms that are forms of it, start with it or contain it; one statement for them all."""
    found: dict[str, list[tuple[str, float]]] = {word: [] for word in words}
    asked = []
    for number, word in enumerate(words):
        if len(word) >= _SHORTEST_START:
            terms = _containing(engine, index, word).subquery()
            asked.append(select(literal(number).label("number"), terms.c.term))
    if not asked:
        return found
    for number, term in await connection.execute(union_all(*asked)):
        word = words[number]
        if stem(term) == stem(word):
            found[word].append((term, FORM))
        elif term.startswith(word):
            found[word].append((term, START))
        elif word in term and len(word) >= _SHORTEST_PART:
            found[word].append((term, PART))
    return found


def _containing(engine: Engine, index: SearchIndex, word: str) -> Select[Any]:
    """Return the statement for terms that could be forms of `word`, start with it or contain it."""
    root = stem(word)
    # A stem in -i stands for -y and -ies.
    part = (root[:-1] if root != word and root.endswith("i") else root)[:MAX_TERM]
    if len(part) >= _SHORTEST_PART:
        return engine.containing(index, part, _MOST_PARTS)
    return engine.starting(index, word if len(word) < _SHORTEST_PART else part, _MOST_PARTS)


async def _slipped(connection: AsyncConnection, engine: Engine, index: SearchIndex, word: str) -> list[str]:
    """Return the terms that `word` may be a slip of. A number is never corrected."""
    if len(word) < _SHORTEST_SLIP or len(word) > MAX_TERM or word.isdigit():
        return []
    if len(word) <= _LOOKED_UP:
        near = sorted(await _known(connection, index, list(edits(word))))
        most = 1
    else:
        near, most = [], 2
    if not near and len(word) > _SHORTEST_SLIP:
        near = list((await connection.execute(engine.resembling(index, word, _MOST_ALIKE))).scalars())
    scored = [(slips(word, term, most), term) for term in near]
    return [term for _, term in sorted(pair for pair in scored if pair[0] <= most)[:_MOST_SLIPS]]
