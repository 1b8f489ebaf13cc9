"""Processes killed at every step of mail in and mail out; what came of it is written into docs/reliability.md.

`python -m benchmarks.kills`, part of `make prove`.
"""

import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from benchmarks import intake_kills, outbox_kills
from benchmarks.report import put_into
from benchmarks.run import say

PAGE: Final = Path("docs") / "reliability.md"
BEGIN: Final = "<!-- kills: begin -->"
END: Final = "<!-- kills: end -->"
RUNS: Final = 120


def section(intake: intake_kills.Outcome, outbox: outbox_kills.Outcome) -> str:
    """Return what the page says."""
    on = datetime.now(UTC).date().isoformat()
    return f"""

Written by `make prove` on {on}.

| what was killed | processes started | killed | what went through | faults |
|---|---|---|---|---|
| taking mail in | {intake.runs} | {intake.killed} | {intake.sent} mails, {intake.again} of them sent a second time by \
their server; {intake.tickets} tickets | {len(intake.faults)} |
| filing and sending | {outbox.runs} | {outbox.killed} | {outbox.requests} requests, {outbox.mails} mails, \
{outbox.twice} of them twice under the same Message-ID | {len(outbox.faults)} |

"""


def main() -> int:
    """Kill, say what came of it, write it down, and return an exit status."""
    outbox = outbox_kills.kill_at_every_step(RUNS, say)
    intake = intake_kills.kill_at_every_step(RUNS, say)
    for fault in (*outbox.faults, *intake.faults):
        say(fault)
    put_into(PAGE, section(intake, outbox), BEGIN, END)
    say(str(PAGE))
    return 1 if outbox.faults or intake.faults else 0


if __name__ == "__main__":
    sys.exit(main())
