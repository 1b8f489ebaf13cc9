"""Processes that take mail in, killed (SIGKILL) at every step, over a real SMTP connection.

`python -m benchmarks.intake_kills [RUNS]`, part of `make prove`. In each run a process listens and works on what comes,
and ends at one of its steps: a statement, a commit, an answer of SMTP, a file that is kept, before and after it. Who
sends does what a mail server does: what was not answered with 250 is sent again. After every kill a process that is
left alone does the rest, an hour later by its clock, and then:

- every mail that was ever sent is a ticket or a line of one, exactly once;
- every ticket has exactly one confirmation;
- nothing waits, and nothing was suspended.
"""

import asyncio
import os
import signal
import smtplib
import socket
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from email.message import EmailMessage
from email.policy import SMTP as POLICY
from pathlib import Path
from typing import Final

from aiosmtpd.smtp import SMTP
from sqlalchemy.ext.asyncio import AsyncConnection

from benchmarks.outbox_kills import LaterClock, Place, Steps, in_process, settings_of
from tickets import setup
from tickets.app import build_context
from tickets.mail.intake.processing import IntakeProcessor
from tickets.mail.intake.receiving import Receiver
from tickets.mail.intake.understanding import InlineReader
from tickets.mail.listener import Listener
from tickets.ports import SilentSwitchboard
from tickets.settings import HelpDeskSettings, IntakeSettings, Limit, MailListener
from tickets.store.files import FileStore

RUNS: Final = 120
DESK: Final = "help@office.example"
_HOUR_S: Final = 3_600
# One step in so many, from the first to the last; then the ones in between.
_STRIDE: Final = 5
_PATIENCE_S: Final = 30.0
_PNG: Final = b"\x89PNG\r\n\x1a\n"


@dataclass
class Outcome:
    """What came of all runs."""

    runs: int = 0
    killed: int = 0
    sent: int = 0
    again: int = 0
    tickets: int = 0
    faults: list[str] = field(default_factory=list)

    def line(self) -> str:
        """Say it in one line."""
        return (
            f"{self.runs} runs, {self.killed} of them killed; {self.sent} mails sent, "
            f"{self.again} of them a second time, "
            f"{self.tickets} tickets, {len(self.faults)} faults"
        )


@dataclass(frozen=True)
class Letter:
    """A mail and the word by which it is found again."""

    word: str
    raw: bytes


def letters(run: int, thread: str) -> list[Letter]:
    """Return what is sent in a run: a request with a file, one without a Message-ID, and an answer."""
    made = []
    for number, (ident, headers) in enumerate(
        (
            (f"<{run}.0@office.example>", {}),
            ("", {}),
            (f"<{run}.2@office.example>", {"In-Reply-To": thread}),
        )
    ):
        word = f"word-{run}-{number}-end"
        mail = EmailMessage(POLICY)
        mail["From"], mail["To"], mail["Subject"] = f"Person <person{run}.{number}@office.example>", DESK, "It blinks"
        if ident:
            mail["Message-ID"] = ident
        for name, value in headers.items():
            if value:
                mail[name] = value
        mail.set_content(f"It blinks red: {word}")
        if number == 0:
            mail.add_attachment(_PNG + word.encode(), maintype="image", subtype="png", filename="red.png")
            # Sent again it is the same bytes.
            mail.set_boundary(f"=_{run}")
        made.append(Letter(word, mail.as_bytes()))
    return made


def instrument(fatal: int) -> None:
    """Let this process end at its `fatal`-th step."""
    steps = Steps(fatal)
    steps.around(AsyncConnection, "execute")
    steps.around(SMTP, "push")
    steps.around(FileStore, "put")
    steps.around_commits()


async def _serve(settings: HelpDeskSettings, ahead_s: float, port: int, finish: int) -> None:
    """Listen and work until `finish` can be read and nothing is left to do."""
    assert settings.intake is not None
    context = build_context(settings, switchboard=SilentSwitchboard(), clock=LaterClock(ahead_s))
    os.set_blocking(finish, False)
    receiver = Receiver(context)
    processor = IntakeProcessor(context, settings.intake, InlineReader())
    listener = Listener(MailListener("127.0.0.1", port), (DESK,), receiver)
    server = await listener.start()
    try:
        while True:
            busy = await processor.process_due()
            if not busy and _readable(finish):
                break
            await asyncio.sleep(0.005)
        await processor.process_due()
    finally:
        await listener.stop(server)
        await context.database.close()


def _readable(pipe: int) -> bool:
    try:
        os.read(pipe, 1)
    except BlockingIOError:
        return False
    return True


class Child:
    """A process that takes mail in; `fatal` is the step at which it ends, 0: never."""

    def __init__(self, settings: HelpDeskSettings, ahead_s: float, port: int, fatal: int) -> None:
        reading, self._writing = os.pipe()
        sys.stdout.flush()
        self.pid: Final = os.fork()
        self._ended: int | None = None
        if self.pid == 0:
            code = 1
            try:
                os.close(self._writing)
                with Path(os.devnull).open("w", encoding="utf-8") as nowhere:
                    os.dup2(nowhere.fileno(), 1)
                    if fatal:
                        instrument(fatal)
                    asyncio.run(_serve(settings, ahead_s, port, reading))
                code = 0
            finally:
                os._exit(code)
        os.close(reading)

    def alive(self) -> bool:
        """Whether it still runs."""
        if self._ended is None:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                self._ended = os.waitstatus_to_exitcode(status)
        return self._ended is None

    def finish(self) -> int:
        """Let it do what is left and end; returns how it ended."""
        os.close(self._writing)
        deadline = time.monotonic() + _PATIENCE_S
        while self.alive():
            if time.monotonic() > deadline:
                os.kill(self.pid, signal.SIGKILL)
            time.sleep(0.002)
        assert self._ended is not None
        return self._ended


def deliver(child: Child, port: int, queue: list[Letter], outcome: Outcome, tried: set[str]) -> None:
    """Send what is in the queue as long as the process lives; what it answered for leaves the queue."""
    while queue and child.alive():
        letter = queue[0]
        try:
            with smtplib.SMTP("127.0.0.1", port, timeout=_PATIENCE_S) as client:
                outcome.again += letter.word in tried
                tried.add(letter.word)
                client.sendmail("person@office.example", [DESK], letter.raw)
        except (OSError, smtplib.SMTPException):
            time.sleep(0.002)
            continue
        queue.pop(0)
        outcome.sent += 1


def check(place: Place, words: set[str], outcome: Outcome, run: str) -> None:
    """Look for every word that was ever sent, in tickets and their lines."""
    texts = [row[0] for row in place.rows("SELECT description FROM tickets")]
    texts += [row[0] for row in place.rows("SELECT text FROM timeline WHERE kind = 'message'")]
    found: Counter[str] = Counter(part for text in texts for part in text.split() if part in words)
    outcome.tickets = place.rows("SELECT count(*) FROM tickets")[0][0]
    if lost := sorted(words - set(found)):
        outcome.faults.append(f"{run}: lost: {lost[:3]}")
    if twice := [word for word, count in found.items() if count > 1]:
        outcome.faults.append(f"{run}: twice: {twice[:3]}")
    confirmed = place.rows("SELECT ticket_id, count(*) FROM outbox WHERE kind = 'confirmation' GROUP BY ticket_id")
    if len(confirmed) != outcome.tickets or any(count != 1 for _, count in confirmed):
        outcome.faults.append(f"{run}: {outcome.tickets} tickets, {len(confirmed)} with a confirmation")
    if left := place.rows("SELECT id, state, reason FROM raw_mails WHERE state NOT IN ('done', 'ignored')"):
        outcome.faults.append(f"{run}: not acted on: {left[:3]}")


def intake_settings(folder: Path) -> HelpDeskSettings:
    """Return the settings of the desk: its budgets are no part of this."""
    plain = settings_of(folder, 9)
    plenty = Limit(1_000_000, plain.limits.mail_all.window)
    limits = replace(plain.limits, mail_all=plenty, mail_sender=plenty, mail_ticket=plenty)
    return replace(plain, intake=IntakeSettings(addresses=(DESK,)), limits=limits)


def kill_at_every_step(runs: int, say: Callable[[str], None] = print) -> Outcome:
    """Kill processes at one step after the other, over and over until there were `runs`."""
    outcome, words, tried = Outcome(), set[str](), set[str]()
    with tempfile.TemporaryDirectory(prefix="towline-kills-") as folder:
        place = Place(intake_settings(Path(folder) / "data"), Path(folder) / "taken")
        in_process(lambda: asyncio.run(setup.initialise(place.settings)))
        port, fatal, offset = _free_port(), 1 - _STRIDE, 1
        while outcome.runs < runs and not outcome.faults:
            fatal += _STRIDE
            queue = letters(outcome.runs, _thread(place))
            words |= {letter.word for letter in queue}
            child = Child(place.settings, 2 * outcome.runs * _HOUR_S, port, fatal)
            deliver(child, port, queue, outcome, tried)
            ended = child.finish()
            if ended == -signal.SIGKILL:
                outcome.killed += 1
            elif ended == 0:
                # It had fewer steps than that: from the beginning again, at the steps in between.
                offset = offset % _STRIDE + 1
                fatal = offset - _STRIDE
            else:
                outcome.faults.append(f"step {fatal}: ended with {ended}")
            heir = Child(place.settings, (2 * outcome.runs + 1) * _HOUR_S, port, 0)
            deliver(heir, port, queue, outcome, tried)
            if (ended := heir.finish()) != 0 or queue:
                outcome.faults.append(f"step {fatal}: the next process ended with {ended}, {len(queue)} mails unsent")
            outcome.runs += 1
            check(place, words, outcome, f"step {fatal}")
            if outcome.runs % 20 == 0:
                say(outcome.line())
    return outcome


def _thread(place: Place) -> str:
    """Return the Message-ID of the confirmation of the first ticket, which answers go to."""
    rows = place.rows("SELECT message_id FROM outbox WHERE kind = 'confirmation' ORDER BY id LIMIT 1")
    return str(rows[0][0]) if rows else ""


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
        return port


def main(arguments: list[str]) -> int:
    """Run, say what came of it, and return the exit status."""
    outcome = kill_at_every_step(int(arguments[0]) if arguments else RUNS)
    for fault in outcome.faults:
        print(fault)
    print(outcome.line())
    return 1 if outcome.faults or not outcome.killed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
