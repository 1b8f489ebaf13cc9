"""What the join command prints: one plain line for every change, or one JSON object a line."""

import json
from collections.abc import Callable
from datetime import UTC, datetime

from agent.consent import describe
from agent.ports import Answer
from agent.report import (
    Answered,
    Asked,
    Reconnecting,
    Report,
    RightsNarrowed,
    SessionOn,
    SessionOver,
    Waiting,
)
from agent.terminal import clean
from protocol.rights import pack_rights

_ANSWERS = {
    Answer.DECLINED: "You said no.",
    Answer.TIMEOUT: "Nobody answered, so the answer is no.",
    Answer.BUSY: "Turned away without asking: there was a question already, or there were too many refusals.",
}


def plain(report: Report) -> str:
    """Return the line of one report; texts of others are cleaned. Empty when there is nothing to say."""
    match report:
        case Waiting(tracking=tracking):
            return f"Waiting for a technician on {tracking}. Press Ctrl+C to stop."
        case Reconnecting(why=why, in_s=in_s):
            return f"{clean(why)} Trying again in {max(1, round(in_s))} s."
        case Asked():
            return ""  # the question itself stands on the terminal
        case Answered(decision=decision):
            return _ANSWERS.get(decision.answer, "")
        case SessionOn(technician=technician, rights=rights):
            return f"Session on: {clean(technician)} may {describe(rights)}. Press Ctrl+C to end it."
        case RightsNarrowed(technician=technician, rights=rights):
            return f"{clean(technician)} may now only {describe(rights)}."
        case SessionOver(technician=""):
            return ""  # who could not prove anything does not get to the user, not even as a line
        case SessionOver(granted=granted, why=why):
            return f"Session ended: {clean(why)}" if granted else f"No session: {clean(why)}"


def fields(report: Report) -> dict[str, object]:
    """Return one report as plain values."""
    match report:
        case Waiting(tracking=tracking):
            return {"state": "waiting", "tracking": tracking}
        case Reconnecting(why=why, in_s=in_s):
            return {"state": "reconnecting", "why": why, "in_s": round(in_s, 1)}
        case Asked(question=question):
            return {
                "state": "asking",
                "technician": question.technician,
                "organisation": question.organisation,
                "rights": pack_rights(question.rights),
            }
        case Answered(session=session, decision=decision, beforehand=beforehand):
            return {
                "state": "answered",
                "session": session,
                "answer": decision.answer,
                "rights": pack_rights(decision.rights),
                "beforehand": beforehand,
            }
        case SessionOn(session=session, technician=technician, rights=rights):
            return {"state": "on", "session": session, "technician": technician, "rights": pack_rights(rights)}
        case RightsNarrowed(session=session, technician=technician, rights=rights):
            return {"state": "narrowed", "session": session, "technician": technician, "rights": pack_rights(rights)}
        case SessionOver(session=session, technician=technician, granted=granted, why=why, lost=lost):
            return {
                "state": "ended",
                "session": session,
                "technician": technician,
                "granted": granted,
                "why": why,
                "lost": lost,
            }


class PlainLines:
    """A Listener that writes a line with the time of day for every report."""

    def __init__(self, write: Callable[[str], None], *, clock: Callable[[], datetime] | None = None) -> None:
        self._write = write
        self._clock = clock or _local_now

    def __call__(self, report: Report) -> None:
        line = plain(report)
        if line:
            self._write(f"{self._clock():%H:%M:%S} {line}")


class JsonLines:
    """A Listener that writes one JSON object a line for every report."""

    def __init__(self, write: Callable[[str], None]) -> None:
        self._write = write

    def __call__(self, report: Report) -> None:
        self._write(json.dumps(fields(report), ensure_ascii=False))


def _local_now() -> datetime:
    return datetime.now(UTC).astimezone()
