"""Finished English sentences in another language.

Lines of a timeline are kept as they were written, and errors are written where they happen; both are English with
names and numbers in them. Their messages are the same sentences with `{placeholders}`; each is a pattern here.
"""

import re
from collections.abc import Mapping
from string import Formatter
from typing import Final

_FOREIGN: Final = re.compile(r"(\w*_)?(address|by|email|key|label|name|subject|title|tracking|who)\d*")
"""Placeholders that stand for people's words, which are never translated."""

_FEWEST_LETTERS: Final = 3
_MOST_KEPT: Final = 4_096
_LONGEST: Final = 1_000
_DEEPEST: Final = 3
_END: Final = re.compile(r"(?<=[.!?])\s+")
_FIELD: Final = re.compile(r"([\w.-]{1,40}): (.+)", re.DOTALL)


def placeholders(message: str) -> list[str]:
    """Return the names in braces, in their order. Raises ValueError for braces that are none."""
    return [name for _, name, _, _ in Formatter().parse(message) if name is not None]


def is_pattern(message: str) -> bool:
    """Whether a message has placeholders, and words enough to be known by."""
    try:
        names = placeholders(message)
    except ValueError:
        return False
    rest = re.sub(r"\{\w*\}", "", message)
    return bool(names) and all(name.isidentifier() for name in names) and sum(map(str.isalpha, rest)) >= _FEWEST_LETTERS


def pattern_of(message: str) -> re.Pattern[str]:
    """Return what the sentences of a message look like."""
    seen: set[str] = set()
    parts = []
    for literal, name, _, _ in Formatter().parse(message):
        parts.append(re.escape(literal))
        if name is None:
            continue
        parts.append(f"(?P={name})" if name in seen else f"(?P<{name}>.+?)")
        seen.add(name)
    return re.compile("".join(parts), re.DOTALL)


class Sentences:
    """The sentences of one language, by their English."""

    def __init__(self, said: Mapping[str, str]) -> None:
        """`said` has what each message is in the other language."""
        self._exact: Final = dict(said)
        # The more words of its own a pattern has, the less can another one be meant.
        longest = sorted(filter(is_pattern, said), key=lambda message: -len(re.sub(r"\{\w+\}", "", message)))
        self._patterns: Final = [(pattern_of(message), said[message]) for message in longest]
        self._kept: Final[dict[str, str]] = {}

    def say(self, text: str) -> str:
        """Return the sentence, or several, in this language; what is unknown stays as it is."""
        if not self._exact or not text:
            return text
        kept = self._kept.get(text)
        if kept is None:
            kept = self._text(text, 0) if len(text) <= _LONGEST else text
            if len(self._kept) >= _MOST_KEPT:
                self._kept.clear()
            self._kept[text] = kept
        return kept

    def _text(self, text: str, depth: int) -> str:
        each = [(part, self._sentence(part, depth)) for part in _END.split(text)]
        if all(found for _, found in each):
            return " ".join(found or part for part, found in each)
        # A name or a title may have a full stop in it.
        whole = self._sentence(text, depth)
        if whole is None and (field := _FIELD.fullmatch(text)):
            # A fault of a form may stand behind the name of its field.
            rest = self._sentence(field[2], depth)
            whole = None if rest is None else f"{field[1]}: {rest}"
        return " ".join(found or part for part, found in each) if whole is None else whole

    def _sentence(self, text: str, depth: int) -> str | None:
        if (exact := self._exact.get(text)) is not None:
            return exact
        if depth >= _DEEPEST:
            return None
        for pattern, said in self._patterns:
            match = pattern.fullmatch(text)
            if match is not None:
                values = {
                    name: value if _FOREIGN.fullmatch(name) else self._text(value, depth + 1)
                    for name, value in match.groupdict().items()
                }
                return said.format(**values)
        return None
