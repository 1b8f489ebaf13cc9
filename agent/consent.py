"""The user's yes or no: asked, remembered for the ticket, and not asked again and again."""

import asyncio
import logging
import time
from collections.abc import Callable
from typing import Final, Protocol

from agent.ports import Answer, Decision, Question
from agent.terminal import clean
from protocol.rights import Right

log = logging.getLogger("towline.agent.consent")

ANSWER_S: Final = 60.0
# So many refusals within this time, and for as long nobody is asked.
MAX_REFUSALS: Final = 3
REFUSALS_S: Final = 600.0

LOOK: Final = frozenset({Right.VIEW})
CONTROL: Final = frozenset({Right.VIEW, Right.CONTROL})


class Asker(Protocol):
    """Puts a question to the user and returns the rights that were granted; empty means no."""

    async def __call__(self, question: Question) -> frozenset[Right]: ...


class RememberedConsent:
    """A Consent that asks through `asker` and remembers the answer for this ticket, technician and rights.

    What was allowed holds until `forget` or the end of the program; a right beyond those asked for then asks again.
    After MAX_REFUSALS in REFUSALS_S nobody is asked for REFUSALS_S. Silence counts as a refusal.
    """

    def __init__(
        self,
        asker: Asker,
        *,
        monotonic: Callable[[], float] = time.monotonic,
        answer_s: float = ANSWER_S,
    ) -> None:
        self._asker = asker
        self._monotonic = monotonic
        self._answer_s = answer_s
        # (tracking, technician) -> rights asked for and rights granted.
        self._allowed: dict[tuple[str, str], tuple[frozenset[Right], frozenset[Right]]] = {}
        # When the last refusals were, oldest first.
        self._refused_at: list[float] = []
        self._quiet_until = float("-inf")
        self._asking = asyncio.Lock()

    def recall(self, question: Question) -> Decision | None:
        """Return the decision when nobody needs to be asked."""
        asked, granted = self._allowed.get((question.tracking, question.technician_id), (frozenset(), frozenset()))
        if granted & question.rights and question.rights <= asked:
            return Decision(Answer.ALLOWED, granted & question.rights)
        if self._monotonic() < self._quiet_until or self._asking.locked():
            return Decision(Answer.BUSY)
        return None

    async def ask(self, question: Question) -> Decision:
        """Ask the user; silence for `answer_s` seconds is no."""
        async with self._asking:
            try:
                async with asyncio.timeout(self._answer_s):
                    granted = await self._asker(question)
            except TimeoutError:
                self._refuse()
                return Decision(Answer.TIMEOUT)
        rights = granted & question.rights
        if not rights:
            self._refuse()
            return Decision(Answer.DECLINED)
        self._refused_at.clear()
        self._allowed[question.tracking, question.technician_id] = (question.rights, rights)
        return Decision(Answer.ALLOWED, rights)

    def forget(self, tracking: str) -> None:
        """The ticket is closed: nothing is allowed for it any more."""
        for key in [key for key in self._allowed if key[0] == tracking]:
            del self._allowed[key]

    def _refuse(self) -> None:
        now = self._monotonic()
        self._refused_at = [at for at in self._refused_at if now - at < REFUSALS_S] + [now]
        if len(self._refused_at) >= MAX_REFUSALS:
            log.warning("refused %d times: nobody is asked for %d minutes", MAX_REFUSALS, REFUSALS_S // 60)
            self._quiet_until = now + REFUSALS_S
            self._refused_at.clear()


class GivenBeforehand:
    """A Consent that the person who started the program gave with `--allow`; every use of it is logged as such."""

    def __init__(self, rights: frozenset[Right]) -> None:
        self._rights = rights

    def recall(self, question: Question) -> Decision:
        """Return what was given beforehand, as far as it is asked for."""
        rights = self._rights & question.rights
        log.warning(
            "consent given beforehand with --allow: %s (%s) may %s on %s",
            clean(question.technician),
            clean(question.technician_id),
            " and ".join(sorted(rights)) or "do nothing",
            question.tracking,
        )
        return Decision(Answer.ALLOWED, rights) if rights else Decision(Answer.DECLINED)

    async def ask(self, question: Question) -> Decision:
        """Nobody is asked."""
        return self.recall(question)

    def forget(self, tracking: str) -> None:
        """What was given beforehand ends with the program."""


def rights_named(word: str) -> frozenset[Right]:
    """Return the rights of `--allow view` or `--allow control`. Raises ValueError for other words."""
    if word == "view":
        return LOOK
    if word == "control":
        return CONTROL
    raise ValueError(f"--allow takes view or control, not {word!r}.")


def describe(rights: frozenset[Right]) -> str:
    """Return what rights mean in plain words."""
    return "look at the screen and use mouse and keyboard" if Right.CONTROL in rights else "look at the screen"


def question_lines(question: Question) -> list[str]:
    """Return the question as lines for a terminal; every text of others is cleaned."""
    return [
        f"{clean(question.technician)} from {clean(question.organisation)} asks to {describe(question.rights)}.",
        f"Request {clean(question.tracking)}: {clean(question.title)}",
    ]


def choices(question: Question) -> dict[str, tuple[str, frozenset[Right]]]:
    """Return key -> (words, rights) of the answers that make sense for this question."""
    found = {"l": ("let them look", LOOK & question.rights)}
    if Right.CONTROL in question.rights:
        found["c"] = ("let them look and control", CONTROL & question.rights)
    found["n"] = ("no", frozenset[Right]())
    return found


def read_answer(text: str, question: Question) -> frozenset[Right] | None:
    """Return the rights of a typed answer, or None when it is none of the choices."""
    word = text.strip().lower()
    known = choices(question)
    if word in {"no", "nein"}:
        word = "n"
    if word in known:
        return known[word][1]
    return next((rights for words, rights in known.values() if word == words), None)
