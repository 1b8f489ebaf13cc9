"""Telling the help desk what the user decided, so that it stands on the ticket's timeline: the relay can't see it."""

import asyncio
import logging
import random
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Final

from agent.backoff import Backoff
from agent.errors import ApiError
from agent.http import ConsentReport
from agent.ports import Answer
from agent.report import Answered, Report, RightsNarrowed
from protocol.rights import pack_rights

log = logging.getLogger("towline.agent.telling")

# With the waits between them about 40 s: a server that starts again is back by then.
MAX_TRIES: Final = 10
MAX_PENDING: Final = 32
FAREWELL_S: Final = 2.0
_SERVER_ERROR: Final = 500
_TOO_MANY: Final = 429


class ConsentTeller:
    """A Listener that passes decisions on to `send`, one after the other, in a task of its own.

    It never holds a session up. What can't be told after MAX_TRIES is dropped with a line in the log.
    """

    def __init__(
        self,
        send: Callable[[ConsentReport], Awaitable[None]],
        *,
        chance: Callable[[], float] = random.random,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._send = send
        self._chance = chance
        self._sleep = sleep
        # The first one is the one under way.
        self._pending: deque[ConsentReport] = deque()
        self._task: asyncio.Task[None] | None = None

    def __call__(self, report: Report) -> None:
        """Take a report; those that tell of no decision are for others. Called in the event loop."""
        told = told_of(report)
        if told is None:
            return
        if len(self._pending) >= MAX_PENDING:
            log.warning("too many decisions wait to be told to the server: one was dropped")
            return
        self._pending.append(told)
        if self._task is None or self._task.done():
            self._task = asyncio.ensure_future(self._work())

    async def close(self) -> None:
        """Give what is under way FAREWELL_S, then drop it."""
        task = self._task
        if task is None or task.done():
            return
        await asyncio.wait({task}, timeout=FAREWELL_S)
        if not task.done():
            task.cancel()
            await asyncio.wait({task})
            log.warning("%d answers were not told to the server before this program stopped", len(self._pending))

    async def _work(self) -> None:
        while self._pending:
            try:
                await self._deliver(self._pending[0])
            except Exception as error:  # the edge of the task: the next decision must still be told
                log.error("telling a decision failed inside this program (%s)", type(error).__name__)  # noqa: TRY400
                log.debug("details", exc_info=error)
            self._pending.popleft()

    async def _deliver(self, told: ConsentReport) -> None:
        backoff = Backoff(self._chance)
        for left in reversed(range(MAX_TRIES)):
            try:
                await self._send(told)
            except ApiError as error:
                if left == 0 or not _may_pass(error):
                    log.warning("the server could not be told of the answer %s: %s", told.answer, error)
                    return
                log.debug("the server could not be told of a decision yet: %s", error)
                await self._sleep(backoff.next())
            else:
                return


def told_of(report: Report) -> ConsentReport | None:
    """Return what the help desk learns from a report; None when it is no decision."""
    match report:
        case Answered(session=session, question=question, decision=decision, beforehand=beforehand):
            rights = pack_rights(decision.rights & question.rights) if decision.answer is Answer.ALLOWED else ()
            # Nothing of what was asked for is allowed: the session takes that for a no, too.
            answer = Answer.DECLINED if decision.answer is Answer.ALLOWED and not rights else decision.answer
            return ConsentReport(session, answer, rights, beforehand)
        case RightsNarrowed(session=session, rights=rights):
            return ConsentReport(session, "narrowed", pack_rights(rights))
        case _:
            return None


def _may_pass(error: ApiError) -> bool:
    """Whether another try may succeed: no answer (status 0), a server in trouble, or too much at once."""
    return error.status in {0, _TOO_MANY} or error.status >= _SERVER_ERROR
