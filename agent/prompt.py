"""The consent question on a terminal."""

import os
import sys
from collections.abc import Callable
from typing import Protocol

from agent.consent import ANSWER_S, choices, question_lines, read_answer
from agent.ports import Question
from agent.wait import readable
from protocol.rights import Right


class Terminal(Protocol):
    """Lines out, lines in."""

    def show(self, line: str) -> None:
        """Write one line."""

    async def line(self) -> str | None:
        """Return the next line that is typed, or None at the end of input."""


class StandardTerminal:
    """Standard input and output. Lines that were typed before a question are thrown away by `discard`."""

    def __init__(self, *, show: Callable[[str], None] | None = None, fd: int | None = None) -> None:
        self._show = show or _print
        self._fd = sys.stdin.fileno() if fd is None else fd
        self._rest = b""

    def show(self, line: str) -> None:
        """Write one line."""
        self._show(line)

    async def discard(self) -> None:
        """Throw away what was typed before anything was asked: an answer must come after its question."""
        self._rest = b""
        if os.isatty(self._fd):
            import termios

            termios.tcflush(self._fd, termios.TCIFLUSH)

    async def line(self) -> str | None:
        """Return the next line, without blocking the program."""
        while b"\n" not in self._rest:
            await readable(self._fd)
            try:
                part = os.read(self._fd, 1024)
            except OSError:  # the terminal was closed
                part = b""
            if not part:
                return None
            self._rest += part
        first, _, self._rest = self._rest.partition(b"\n")
        return first.decode(errors="replace")


def _print(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


class TerminalAsker:
    """An Asker that puts the question on a terminal. Anything unclear is asked again; end of input is no."""

    def __init__(self, terminal: Terminal) -> None:
        self._terminal = terminal

    async def __call__(self, question: Question) -> frozenset[Right]:
        """Return the rights that were granted."""
        if isinstance(self._terminal, StandardTerminal):
            await self._terminal.discard()
        self._terminal.show("")
        for line in question_lines(question):
            self._terminal.show(line)
        options = ", ".join(f"{key} = {words}" for key, (words, _) in choices(question).items())
        while True:
            self._terminal.show(f"{options} (and Enter; no answer in {ANSWER_S:.0f} seconds means no):")
            answer = await self._terminal.line()
            if answer is None:
                return frozenset()
            rights = read_answer(answer, question)
            if rights is not None:
                return rights


class NobodyThere:
    """An Asker for programs without a terminal: nobody can answer, so the answer is no."""

    async def __call__(self, question: Question) -> frozenset[Right]:  # noqa: ARG002 the answer is always the same
        raise TimeoutError
