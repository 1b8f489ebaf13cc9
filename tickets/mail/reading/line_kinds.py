"""What each line of a mail's text is: said, quoted, the introduction of a quote, a header block, a signature."""

import re
from enum import StrEnum
from typing import Final

from tickets.mail.reading.trimming_words import FORWARDED, HEADER_NAMES, MOBILE, OPENINGS, WROTE

# So many lines are looked at; a text with more is a log.
MAX_LINES: Final = 3_000
# Attributions are wrapped by programs that know nothing of them, over as many lines as this.
_MAX_ATTRIBUTION_LINES: Final = 6
_MAX_ATTRIBUTION_CHARS: Final = 400
_MAX_LINE_CHARS: Final = 600
_MAX_SIGNATURE_LINES: Final = 12

_QUOTED: Final = re.compile(r"\A\s{0,8}>")
_QUOTE_MARKS: Final = re.compile(r"\A[\s>]{0,400}")
_PIPED: Final = re.compile(r"\A\s{0,4}\|")
_NAMED_QUOTE: Final = re.compile(r"\A[A-Za-z]{1,15}>(?:\s|\Z)")
_FENCE: Final = re.compile(r"\A\s{0,3}(?:```|~~~)")
_DASHES: Final = re.compile(r"\A\s{0,4}(?:--|—|–)\s{0,4}\Z")
_UNDERSCORES: Final = re.compile(r"\A\s{0,4}_{5,200}\s{0,4}\Z")
_RULE: Final = re.compile(r"\A\s{0,4}(?:[-—–_=*#~+]\s?){3,200}\Z")
_MARK: Final = re.compile(
    rf"\A\W{{0,6}}-{{2,40}}\s{{0,3}}(?:{FORWARDED})\s{{0,3}}:?\s{{0,3}}-{{2,40}}\W{{0,4}}\Z|\A\W{{0,4}}(?:{FORWARDED})\s?[::]\W{{0,3}}\Z",
    re.IGNORECASE,
)
_ENDS: Final = re.compile(r"(?:[::]|-{2,10})\W{0,3}\Z")
_VERB: Final = re.compile(rf"(?:{WROTE})(?!\w)", re.IGNORECASE)
_OPENS: Final = re.compile(rf"\A[-\s*_]{{0,8}}(?:{OPENINGS})(?:\b|(?=\s?\d))", re.IGNORECASE)
_OPENS_WITH_DATE: Final = re.compile(r"\A[-\s*_]{0,8}(?:[^\W\d]{2,20}\.?,?\s)?\d{1,4}(?:[-./年]\s?|\s)")
_ADDRESSED: Final = re.compile(r"\A[^<>]{0,80}<[^<>]{3,250}>[^<>]{0,60}\Z|\A\S{1,64}@\S{1,190}\s{0,5}\Z")
_VERBLESS: Final = re.compile(
    # Gmail in some languages: "2016-10-24 15:36 GMT+02:00 Name <address>:", "2013/7/20 Name <address>"
    r"\A\d{4}[-/]\d{1,2}[-/]\d{1,2}\s(?:\d{1,2}:\d\d\s)?(?:(?:GMT|UTC)?[+-]\d\d:?\d\d\s)?[^<>]{0,100}"
    r"<\s?[^\s<>]{1,64}@[^\s<>]{1,190}\s?>\s?:?\s?\Z"
    r"|\A\d{4}-\d\d-\d\d\s\d{1,2}:\d\d\s(?:GMT|UTC)[+-]\d\d:?\d\d\s[^<>:]{1,80}:?\s?\Z"
)
# People tell what somebody wrote in sentences of their own: "On 3 May I asked Bob, and he wrote:".
_FIRST_PERSON: Final = re.compile(r"\b(?:I(?!\.)|[Ww]e|[Ii]ch|[Ww]ir|nous|noi|mam)\b")
# Not more than this may stand between the verb and the colon: "schrieb am Fr., 28. Apr. 2017 um 11:53 Uhr:".
_MAX_AFTER_VERB: Final = 200
# The cheap question before the dear one: could an attribution begin here?
_MAY_BEGIN: Final = re.compile(
    rf"\A[-\s*_]{{0,8}}(?:(?:{OPENINGS})\b|(?:在|于|於)|(?:[^\W\d]{{2,20}}\.?,?\s)?\d|.{{0,120}}@|.{{0,120}}<)",
    re.IGNORECASE,
)
_MAY_END: Final = re.compile(r"(?:[::>]|-{2,10})\W{0,3}\Z|(?:GMT|UTC)[+-]\d\d:?\d\d\s")
_HEADER: Final = re.compile(
    r"\A[\s>*_]{0,8}(?:"
    + "|".join(f"(?P<{kind.replace('-', '_')}>{names})" for kind, names in HEADER_NAMES.items())
    + r")\s?[*_]{0,2}\s?[::][*_]{0,2}(?:\s|\Z|\S)",
    re.IGNORECASE,
)


class LineKind(StrEnum):
    """One letter each, so that a mail is a string of them."""

    EMPTY = "e"
    TEXT = "t"
    QUOTE = "q"
    # A line that introduces a quote or a forwarded mail.
    INTRODUCTION = "b"
    # A line of the header block above a quote.
    HEADER = "h"
    # A line below which only a signature follows.
    DELIMITER = "d"
    # A line that a telephone added.
    MOBILE = "s"


def line_kinds(lines: list[str]) -> list[LineKind]:
    """Return the kind of each line, with about one step for each, however they are made."""
    bare = [line.rstrip()[:_MAX_LINE_CHARS] for line in lines]
    kinds = [_first_look(line) for line in bare]
    known = len(lines)
    fenced = _fenced(bare[:known])
    _find_introductions(bare, kinds, fenced, known)
    _find_headers(bare, kinds, fenced, known)
    _find_other_quotes(bare, kinds, known)
    _find_delimiters(bare, kinds, fenced, known)
    for index in range(known):
        if kinds[index] is LineKind.TEXT and index not in fenced and MOBILE.match(bare[index].strip()):
            kinds[index] = LineKind.MOBILE
    return kinds


def _first_look(line: str) -> LineKind:
    if not line or line.isspace():
        return LineKind.EMPTY
    return LineKind.QUOTE if _QUOTED.match(line) else LineKind.TEXT


def _fenced(lines: list[str]) -> frozenset[int]:
    """Return the lines inside ``` fences, which are code whatever they look like; a fence must close."""
    marks = [index for index, line in enumerate(lines) if _FENCE.match(line)]
    return frozenset(
        index for first, last in zip(marks[::2], marks[1::2], strict=False) for index in range(first, last + 1)
    )


def _find_introductions(bare: list[str], kinds: list[LineKind], fenced: frozenset[int], known: int) -> None:
    index = 0
    while index < known:
        length = 0
        if kinds[index] is not LineKind.EMPTY and index not in fenced:
            length = _introduction_length(bare, index, known)
        for offset in range(length):
            kinds[index + offset] = LineKind.INTRODUCTION
        index += max(length, 1)


def _introduction_length(bare: list[str], index: int, known: int) -> int:
    """Return over how many lines an introduction goes that begins here; 0 if none does."""
    joined = _QUOTE_MARKS.sub("", bare[index])
    if _MARK.match(bare[index]) or _MARK.match(joined):
        return 1
    if not _MAY_BEGIN.match(joined):
        return 0
    empty = 0
    for offset in range(_MAX_ATTRIBUTION_LINES):
        if offset:
            if index + offset >= known:
                return 0
            line = _QUOTE_MARKS.sub("", bare[index + offset])
            empty += not line
            if empty > 1:
                return 0
            joined = f"{joined} {line.strip()}".strip()
        if len(joined) > _MAX_ATTRIBUTION_CHARS:
            return 0
        if _MAY_END.search(joined) and _is_attribution(joined):
            later = (_unmarked(bare[index + each : index + offset + 1]) for each in range(1, offset + 1))
            # The last lines open one by themselves: what is here belongs to the text above it.
            return 0 if any(_OPENS.match(text) and _is_attribution(text) for text in later) else offset + 1
    return 0


def _unmarked(lines: list[str]) -> str:
    """Join lines without their quote marks."""
    return " ".join(_QUOTE_MARKS.sub("", line).strip() for line in lines).strip()


def _is_attribution(text: str) -> bool:
    """Say whether a line (or a few, joined) introduces a quote: it gives a date or an address, and says who wrote."""
    if _VERBLESS.match(text):
        return True
    if not _ENDS.search(text):
        return False
    verb = next(reversed(list(_VERB.finditer(text))), None)
    if verb is None or len(text) - verb.end() > _MAX_AFTER_VERB:
        return False
    before = text[: verb.start()]
    if _FIRST_PERSON.search(before):
        return False
    if _OPENS.match(text) and any(character.isdigit() for character in text):
        return True
    return _OPENS_WITH_DATE.match(text) is not None or _ADDRESSED.search(before) is not None


def _find_headers(bare: list[str], kinds: list[LineKind], fenced: frozenset[int], known: int) -> None:
    index = 0
    while index < known:
        end = _header_block_end(bare, kinds, index, known) if index not in fenced else index
        if end > index:
            for inner in range(index, end):
                kinds[inner] = LineKind.HEADER
        index = max(end, index + 1)


def _header_block_end(bare: list[str], kinds: list[LineKind], start: int, known: int) -> int:
    """Return where a block of header lines ends that begins here; `start` itself if none does.

    A block names a sender, a subject or an address, and something else. Long values go over to a second line.
    Travellers write From, To and Date, too; that is no such block.
    """
    if kinds[start] not in {LineKind.TEXT, LineKind.QUOTE} or not _HEADER.match(bare[start]):
        return start
    seen: set[str] = set()
    end, position, strange = start, start, 0
    while position < known and position < start + 20:
        match = _HEADER.match(bare[position])
        if match is not None and match.lastgroup is not None:
            seen.add(match.lastgroup)
            end, strange = position + 1, 0
        elif kinds[position] is LineKind.EMPTY or strange >= 2:
            break
        else:
            strange += 1
        position += 1
    telling = "subject" in seen or any("@" in line for line in bare[start:end])
    return end if "from" in seen and len(seen) >= 3 and telling else start


def _find_other_quotes(bare: list[str], kinds: list[LineKind], known: int) -> None:
    """Find quotes marked with | or a name, below an introduction only: elsewhere they are tables and prompts."""
    introduced = piped = False
    for index in range(known):
        kind = kinds[index]
        if kind is LineKind.INTRODUCTION:
            introduced = piped = True
        elif kind is LineKind.TEXT and piped and _PIPED.match(bare[index]):
            kinds[index] = LineKind.QUOTE
        elif kind is LineKind.TEXT:
            piped = False
            if introduced and _NAMED_QUOTE.match(bare[index]):
                kinds[index] = LineKind.QUOTE


def _find_delimiters(bare: list[str], kinds: list[LineKind], fenced: frozenset[int], known: int) -> None:
    """Tell rules apart: above a quote they belong to it, above a few last lines they begin a signature."""
    following = LineKind.EMPTY
    said_below = 0
    for index in reversed(range(known)):
        kind, line = kinds[index], bare[index]
        if kind is LineKind.TEXT and index not in fenced:
            if following in {LineKind.INTRODUCTION, LineKind.HEADER} and _RULE.match(line):
                kinds[index] = kind = LineKind.INTRODUCTION
            elif (
                _DASHES.match(line)
                or (_UNDERSCORES.match(line) and said_below <= _MAX_SIGNATURE_LINES)
                or (said_below == 0 and _RULE.match(line))
            ):
                kinds[index] = kind = LineKind.DELIMITER
        if kind is LineKind.TEXT:
            said_below += 1
        if kind is not LineKind.EMPTY:
            following = kind
