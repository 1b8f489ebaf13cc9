"""What somebody said in a mail, apart from what the mail repeats. Nothing is lost: the pieces together are the text."""

import re
from enum import StrEnum
from itertools import groupby
from typing import Final

import msgspec

from tickets.mail.reading.line_kinds import MAX_LINES, LineKind, line_kinds

# So many lines of text below a quote are an answer written there, fewer are a signature.
_ANSWER_LINES: Final = 7


class PieceKind(StrEnum):
    """What a piece of a mail's text is."""

    SAID = "said"
    QUOTED = "quoted"
    SIGNATURE = "signature"


class Piece(msgspec.Struct, frozen=True):
    """Consecutive lines of one kind, with their line ends."""

    kind: PieceKind
    text: str


class Trimmed(msgspec.Struct, frozen=True):
    """A mail's text in pieces, in their order; joined they are the text, character for character."""

    pieces: tuple[Piece, ...] = ()

    @property
    def said(self) -> str:
        """What is new in this mail, without empty lines around it."""
        return self._text(PieceKind.SAID)

    @property
    def quoted(self) -> str:
        """What it repeats, with the lines that introduce it."""
        return self._text(PieceKind.QUOTED)

    @property
    def signature(self) -> str:
        """The signature, and lines that telephones add."""
        return self._text(PieceKind.SIGNATURE)

    def _text(self, kind: PieceKind) -> str:
        joined = "".join(piece.text for piece in self.pieces if piece.kind is kind).replace("\r\n", "\n")
        return re.sub(r"\A(?:[ \t]*\n)+", "", joined).rstrip()


def trim(text: str) -> Trimmed:
    """Return the text in pieces. Never raises; the work grows with the text's length only."""
    *first, rest = text.split("\n", MAX_LINES)
    lines = [f"{line}\n" for line in first]
    if len(lines) < MAX_LINES and rest:
        lines.append(rest)
        rest = ""
    kinds = line_kinds(lines)
    wordless = {
        index for index, line in enumerate(lines) if kinds[index] is LineKind.QUOTE and not line.strip("> \t\r\n")
    }
    fates = _Folding(kinds, wordless).fates()
    pieces: list[Piece] = []
    position = 0
    for fate, group in groupby(fates):
        length = sum(1 for _ in group)
        pieces.append(Piece(fate, "".join(lines[position : position + length])))
        position += length
    if rest:
        # A text of so many lines is a log; what comes behind goes where its last line went.
        pieces.append(Piece(fates[-1] if fates else PieceKind.SAID, rest))
    return Trimmed(tuple(pieces))


class _Folding:
    """Decides each line's fate, one rule after the other, over a window that shrinks from its end."""

    def __init__(self, kinds: list[LineKind], wordless: set[int]) -> None:
        self._kinds = kinds
        self._wordless = wordless
        self._fates = [PieceKind.SAID] * len(kinds)
        self._end = len(kinds)

    def fates(self) -> list[PieceKind]:
        self._cut_signature()
        self._cut_mobile_lines()
        self._cut_introduced_quote()
        self._cut_mobile_lines()
        self._cut_trailing_quote()
        self._cut_header_block()
        self._cut_mobile_lines()
        self._fold_leading_quote()
        self._fold_remains()
        return self._fates

    def _cut(self, start: int, fate: PieceKind = PieceKind.QUOTED) -> None:
        for index in range(start, self._end):
            self._fates[index] = fate
        self._end = start

    def _indexes(self, *kinds: LineKind) -> list[int]:
        return [index for index in range(self._end) if self._kinds[index] in kinds]

    def _text_before(self, index: int) -> bool:
        """Say whether text stands directly before a line, with at most empty and telephone lines between."""
        while index > 0:
            index -= 1
            if self._kinds[index] not in {LineKind.EMPTY, LineKind.MOBILE}:
                return self._kinds[index] is LineKind.TEXT
        return False

    def _cut_signature(self) -> None:
        """Below -- is a signature, and below that perhaps a quote."""
        delimiter = next(iter(self._indexes(LineKind.DELIMITER)), None)
        if delimiter is None:
            return
        quoted = {LineKind.INTRODUCTION, LineKind.HEADER, LineKind.QUOTE}
        below = next((index for index in range(delimiter, self._end) if self._kinds[index] in quoted), self._end)
        self._cut(below)
        self._cut(delimiter, PieceKind.SIGNATURE)

    def _cut_mobile_lines(self) -> None:
        """Telephones write below the text, so only last lines count."""
        index = self._end
        while index > 0 and self._kinds[index - 1] in {LineKind.EMPTY, LineKind.MOBILE}:
            index -= 1
        first = next((place for place in range(index, self._end) if self._kinds[place] is LineKind.MOBILE), None)
        if first is not None:
            self._cut(first, PieceKind.SIGNATURE)

    def _cut_introduced_quote(self) -> None:
        """Text, then "On ... wrote:": what follows is the quote, unless answers stand between the quoted lines."""
        quotes_after, text_after, answers = False, 0, False
        cut = None
        for index in reversed(range(self._end)):
            kind = self._kinds[index]
            if kind is LineKind.INTRODUCTION and self._text_before(index):
                whole = not quotes_after or (not answers and text_after < _ANSWER_LINES)
                cut = index if whole else cut
            if kind is LineKind.QUOTE:
                quotes_after = True
            elif kind in {LineKind.TEXT, LineKind.MOBILE}:
                # Text above a quote that is below the introduction: somebody answers between the lines.
                answers = answers or quotes_after
                text_after += 1
        if cut is not None:
            self._cut(cut)

    def _cut_trailing_quote(self) -> None:
        """A quote at the very end, below text."""
        index = self._end
        while index > 0 and self._kinds[index - 1] in {LineKind.QUOTE, LineKind.INTRODUCTION, LineKind.EMPTY}:
            index -= 1
        if index > 0 and self._kinds[index - 1] in {LineKind.TEXT, LineKind.MOBILE}:
            first = next((place for place in range(index, self._end) if self._kinds[place] is not LineKind.EMPTY), None)
            if first is not None:
                self._cut(first)

    def _cut_header_block(self) -> None:
        """Text, then From, Sent, To, Subject: Outlook quotes all that follows without marking it."""
        for index in self._indexes(LineKind.HEADER):
            if any(self._kinds[before] is LineKind.TEXT for before in range(index)):
                self._cut(index)
            return

    def _fold_leading_quote(self) -> None:
        """An introduced quote that comes first, with one answer below it."""
        index = 0
        while index < self._end and self._kinds[index] is LineKind.EMPTY:
            index += 1
        if index == self._end or self._kinds[index] is not LineKind.INTRODUCTION:
            return
        quoted = {LineKind.INTRODUCTION, LineKind.QUOTE, LineKind.EMPTY, LineKind.HEADER}
        while index < self._end and self._kinds[index] in quoted:
            index += 1
        below = self._kinds[index : self._end]
        if LineKind.TEXT in below and LineKind.QUOTE not in below:
            for place in range(index):
                self._fates[place] = PieceKind.QUOTED

    def _fold_remains(self) -> None:
        """Introductions and headers are never said; neither are quotes of nothing."""
        for index in self._indexes(LineKind.INTRODUCTION, LineKind.HEADER):
            self._fates[index] = PieceKind.QUOTED
        rest = [
            index
            for index in self._indexes(LineKind.TEXT, LineKind.MOBILE, LineKind.QUOTE)
            if index not in self._wordless
        ]
        if not rest:
            self._cut(0)
