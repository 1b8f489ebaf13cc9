"""Texts as the words under which they are found: pure, the same for every database.

A text is folded (`tickets.text.fold`) and cut into runs of letters and digits. What was written together, as
`E-1234` or `10.0.0.5`, is kept joined too (`e1234`), so that codes are found however they are spelled.
"""

import re
from collections.abc import Iterable, Iterator
from typing import Final

from tickets.text import fold

MAX_TERM: Final = 40
"""Longer runs (keys, pictures in base64) are cut there."""
MAX_GROUPS: Final = 12
"""So many words of a search count."""

_COMPOUND: Final = re.compile(r"[^\W_]+(?:[-._/:\\@+][^\W_]+)*")
_PIECE: Final = re.compile(r"[^\W_]+")
_MOST_PIECES: Final = 6
_LETTERS: Final = "abcdefghijklmnopqrstuvwxyz0123456789"
_ENDINGS: Final = ("innen", "ern", "ing", "en", "er", "es", "ed", "em", "e", "n", "s")
_SHORT_ENDINGS: Final = frozenset("ens")
_UMLAUTS: Final = (("ae", "a"), ("oe", "o"), ("ue", "u"))
# Words that nearly every text has, in English and German.
_STOP: Final = frozenset({
    "a", "about", "after", "again", "all", "also", "am", "an", "and", "any", "are", "as", "at", "be", "because",
    "been", "but", "by", "can", "could", "did", "do", "does", "doesn", "don", "done", "for", "from", "had", "has",
    "have", "he", "her", "here", "him", "his", "how", "i", "if", "in", "into", "is", "isn", "it", "its", "just",
    "like", "me", "more", "my", "no", "not", "now", "of", "on", "once", "only", "or", "our", "out", "over",
    "please", "she", "should", "so", "some", "than", "that", "the", "their", "them", "then", "there", "these",
    "they", "this", "to", "too", "up", "us", "very", "was", "we", "were", "what", "when", "where", "which", "while",
    "who", "why", "will", "with", "would", "you", "your", "aber", "alle", "als", "auch", "auf",
    "aus", "bei", "bin", "bis", "bitte", "da", "das", "dass", "dem", "den", "der", "des", "die", "dies", "diese",
    "dieser", "dieses", "doch", "durch", "ein", "eine", "einem", "einen", "einer", "eines", "er", "es", "fur",
    "habe", "haben", "hat", "hier", "ich", "ihr", "im", "ist", "ja", "kann", "keine", "kein", "man", "mein",
    "meine", "mich", "mir", "mit", "nach", "nicht", "noch", "nun", "nur", "oder", "ohne", "sehr", "sein", "seit",
    "sich", "sie", "sind", "uber", "um", "und", "uns", "unser", "von", "vor", "war", "wenn", "werden",
    "wer", "wie", "wieder", "wir", "wird", "wo", "zu", "zum", "zur",
})  # fmt: skip


def compounds(text: str) -> Iterator[tuple[str, ...]]:
    """Give the folded words of `text`, each as the pieces that a hyphen, dot or the like holds together."""
    for found in _COMPOUND.finditer(fold(text)):
        yield tuple(piece[:MAX_TERM] for piece in _PIECE.findall(found.group()))


def joined(pieces: tuple[str, ...]) -> str:
    """Return the pieces of one compound as one term, or "" when they are no code that somebody would look for."""
    if not 1 < len(pieces) <= _MOST_PIECES:
        return ""
    together = "".join(pieces)
    return together if len(together) <= MAX_TERM else ""


def index_terms(text: str) -> list[str]:
    """Return all terms of `text` in their order, followed by the joined ones."""
    pieces: list[str] = []
    codes: list[str] = []
    for compound in compounds(text):
        pieces += compound
        if code := joined(compound):
            codes.append(code)
    return pieces + codes


def query_words(text: str) -> list[tuple[str, ...]]:
    """Return the words of a search that count, each with its pieces; the ones every text has only when all are such."""
    words = list(dict.fromkeys(compounds(text)))
    telling = [word for word in words if len(word) > 1 or word[0] not in _STOP]
    return (telling or words)[:MAX_GROUPS]


def stem(word: str) -> str:
    """Return `word` without up to two endings of English and German plurals, cases and verbs.

    Light and not always right. Two words with one stem count as forms of one word.
    """
    if word.isdigit() or any(c.isdigit() for c in word):
        return word
    if len(word) > 4 and word.endswith("ies"):
        return word[:-3] + "i"
    if len(word) > 4 and word.endswith("y"):
        return word[:-1] + "i"
    for _ in range(2):
        ending = next(
            (e for e in _ENDINGS if word.endswith(e) and len(word) - len(e) >= (3 if e in _SHORT_ENDINGS else 4)), ""
        )
        if not ending:
            break
        word = word[: -len(ending)]
    return word


def spellings(word: str) -> Iterator[str]:
    """Give `word` as others write it: ae, oe and ue for umlauts, whose marks folding took away."""
    for long, short in _UMLAUTS:
        if long in word:
            yield word.replace(long, short)


def halves(word: str) -> Iterator[str]:
    """Give what could be the first or last part of a compound noun."""
    for length in range(5, len(word) - 2):
        yield word[:length]
        yield word[-length:]


def edits(word: str) -> Iterator[str]:
    """Give everything that one slip makes of `word`: a letter missing, doubled, wrong, or two in the wrong order."""
    for at in range(len(word) + 1):
        head, tail = word[:at], word[at:]
        if tail:
            yield head + tail[1:]
            yield from (head + letter + tail[1:] for letter in _LETTERS)
        if len(tail) > 1:
            yield head + tail[1] + tail[0] + tail[2:]
        yield from (head + letter + tail for letter in _LETTERS)


def slips(word: str, other: str, most: int) -> int:
    """Return by how many slips (Damerau and Levenshtein, neighbours only) the words differ; `most + 1` for more."""
    if abs(len(word) - len(other)) > most:
        return most + 1
    before: list[int] = []
    last = list(range(len(other) + 1))
    for i, a in enumerate(word, 1):
        row = [i]
        for j, b in enumerate(other, 1):
            cost = min(last[j] + 1, row[j - 1] + 1, last[j - 1] + (a != b))
            if i > 1 and j > 1 and a == other[j - 2] and word[i - 2] == b:
                cost = min(cost, before[j - 2] + 1)
            row.append(cost)
        if min(row) > most:
            return most + 1
        before, last = last, row
    return min(last[-1], most + 1)


def trigrams(word: str) -> list[str]:
    """Return the runs of three characters of `word`."""
    return [word[at : at + 3] for at in range(len(word) - 2)]


def distinct(terms: Iterable[str]) -> list[str]:
    """Return the terms once each, sorted: writers that take locks in one order never wait for each other in a ring."""
    return sorted(set(terms))
