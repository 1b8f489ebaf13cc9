"""Processes that file requests and send mail, killed (SIGKILL) at every step, against a real SMTP server.

`python -m benchmarks.outbox_kills [RUNS]`, part of `make prove`. Each run is a process of its own, forked from one that
has the libraries loaded; a step is a statement, a commit, or a command of SMTP, before and after it. After every kill a
process that is left alone does the rest, an hour later by its clock, and then:

- every request that is there has its confirmation queued, and every mail that was queued was taken by the SMTP server;
- the server took no mail of which there is no record;
- a mail that it took twice had the same Message-ID each time.
"""

import asyncio
import json
import os
import secrets
import signal
import socket
import sqlite3
import sys
import tempfile
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass, field
from email import message_from_bytes
from pathlib import Path
from typing import Any, Final

from aiosmtpd.smtp import SMTP, Envelope, Session
from aiosmtplib.protocol import SMTPProtocol
from sqlalchemy.ext.asyncio import AsyncConnection

from tickets import setup
from tickets.app import HelpDesk, build_help_desk
from tickets.domain.access import ANONYMOUS
from tickets.domain.values import Asset, Channel, Urgency
from tickets.domain.views import NewTicket
from tickets.passwords import Passwords
from tickets.ports import SilentSwitchboard
from tickets.settings import HelpDeskSettings, Limit, Limits, MailSettings, SmtpServer
from tickets.store.database import Database

RUNS: Final = 120
_MAILS_A_RUN: Final = 3
_HOUR_S: Final = 3_600
_MOST_STEPS: Final = 400
_QUICK: Final = Passwords(memory_kib=8, rounds=1)


@dataclass
class LaterClock:
    """The computer's clock, so many seconds ahead."""

    ahead_s: float

    def at(self) -> float:
        """Seconds since 1970 UTC."""
        return time.time() + self.ahead_s


@dataclass
class Outcome:
    """What came of all runs."""

    runs: int = 0
    killed: int = 0
    requests: int = 0
    mails: int = 0
    taken: int = 0
    twice: int = 0
    faults: list[str] = field(default_factory=list)

    def line(self) -> str:
        """Say it in one line."""
        return (
            f"{self.runs} runs, {self.killed} of them killed; {self.requests} requests, {self.mails} mails queued, "
            f"{self.taken} taken, {self.twice} of them a second time under the same Message-ID, "
            f"{len(self.faults)} faults"
        )


class Steps:
    """Counts what a process does, and kills it at a chosen step."""

    def __init__(self, fatal: int | None) -> None:
        """`fatal` is the step at which it ends; None: never."""
        self._fatal: Final = fatal
        self._count = 0

    def step(self) -> None:
        """One more."""
        self._count += 1
        if self._count == self._fatal:
            os.kill(os.getpid(), signal.SIGKILL)

    def around(self, owner: type, name: str) -> None:
        """Count before and after each call of an asynchronous method."""
        original: Callable[..., Coroutine[Any, Any, Any]] = getattr(owner, name)
        step = self.step

        async def counted(*args: Any, **kwargs: Any) -> Any:
            step()
            result = await original(*args, **kwargs)
            step()
            return result

        setattr(owner, name, counted)

    def around_commits(self) -> None:
        """Count before and after each commit."""
        original = Database.write
        step = self.step

        @asynccontextmanager
        async def write(self: Database) -> AsyncIterator[AsyncConnection]:
            async with original(self) as connection:
                yield connection
                step()
            step()

        Database.write = write  # type: ignore[method-assign]


def instrument(fatal: int | None) -> None:
    """Let this process end at its `fatal`-th step."""
    steps = Steps(fatal)
    steps.around(AsyncConnection, "execute")
    steps.around(SMTPProtocol, "execute_command")
    steps.around(SMTPProtocol, "execute_data_command")
    steps.around_commits()


def settings_of(folder: Path, port: int) -> HelpDeskSettings:
    """Return the settings of the desk: its budgets are no part of this."""
    plenty = Limit(1_000_000, Limits().sent_all.window)
    return HelpDeskSettings(
        data_dir=folder,
        public_url="https://help.towline.example",
        mail=MailSettings("Office Help", "help@office.example", SmtpServer("127.0.0.1", port, "none")),
        limits=Limits(
            submit_address=plenty,
            confirmation_recipient=plenty,
            sent_ticket=plenty,
            sent_recipient=plenty,
            sent_all=plenty,
        ),
    )


async def _with_desk(
    settings: HelpDeskSettings, ahead_s: float, work: Callable[[HelpDesk], Coroutine[Any, Any, None]]
) -> None:
    desk = build_help_desk(
        settings,
        switchboard=SilentSwitchboard(),
        clock=LaterClock(ahead_s),
        passwords=_QUICK,
    )
    try:
        await work(desk)
    finally:
        await desk.close()


async def _prepared(settings: HelpDeskSettings) -> None:
    await setup.initialise(settings)
    # Who is told of each request: with the confirmation that makes two mails.
    await setup.add_technician(
        settings, email="ada@help.example", name="Ada", password=secrets.token_urlsafe(), passwords=_QUICK
    )


async def _file(desk: HelpDesk) -> None:
    for number in range(_MAILS_A_RUN):
        new = NewTicket(
            category="Printing",
            title=f"Request {number}",
            description="It blinks red.",
            urgency=Urgency.NORMAL,
            asset=Asset.HARDWARE,
            email=f"person{number}@office.example",
        )
        await desk.services.tickets.submit(ANONYMOUS, new, channel=Channel.API, address="127.0.0.1")


async def _send(desk: HelpDesk) -> None:
    await desk.send_mail()


def in_process(work: Callable[[], None]) -> int:
    """Run `work` in a forked process; return how it ended, negative for a signal."""
    sys.stdout.flush()
    sys.stderr.flush()
    child = os.fork()
    if child == 0:
        # Whatever happens here must not come back into the parent's code.
        code = 1
        try:
            with Path(os.devnull).open("w", encoding="utf-8") as nowhere:
                os.dup2(nowhere.fileno(), 1)
                work()
            code = 0
        finally:
            os._exit(code)
    _, status = os.waitpid(child, 0)
    return os.waitstatus_to_exitcode(status)


class Sink:
    """Writes down what it takes before it says so."""

    def __init__(self, file: Path) -> None:
        """Append to `file`, a line of JSON for each mail."""
        self._file: Final = file

    async def handle_DATA(  # noqa: N802 - the name that aiosmtpd calls
        self, _server: SMTP, _session: Session, envelope: Envelope
    ) -> str:
        """Take a mail."""
        content = envelope.content
        assert isinstance(content, bytes)
        ident = str(message_from_bytes(content)["Message-ID"])
        with self._file.open("a", encoding="utf-8") as taken:
            taken.write(json.dumps({"id": ident, "to": envelope.rcpt_tos}) + "\n")
        return "250 taken"


def _serve_sink(listening: socket.socket, file: Path) -> None:
    async def serve() -> None:
        loop = asyncio.get_running_loop()
        server = await loop.create_server(lambda: SMTP(Sink(file), loop=loop), sock=listening)
        await server.serve_forever()

    asyncio.run(serve())


@dataclass(frozen=True)
class Place:
    """Where a desk and its SMTP server are."""

    settings: HelpDeskSettings
    taken: Path

    def rows(self, statement: str) -> list[tuple[Any, ...]]:
        """Ask the database, past all code of ours."""
        with closing(sqlite3.connect(self.settings.data_dir / "towline.db")) as database:
            return database.execute(statement).fetchall()

    def taken_ids(self) -> Counter[str]:
        """Return how often each Message-ID was taken."""
        lines = self.taken.read_text("utf-8").splitlines() if self.taken.exists() else []
        return Counter(json.loads(line)["id"] for line in lines)


def check(place: Place, outcome: Outcome, run: str) -> None:
    """Compare the database with what the SMTP server took."""
    queued = dict(place.rows("SELECT message_id, state FROM outbox"))
    taken = place.taken_ids()
    tickets = place.rows("SELECT count(*) FROM tickets")[0][0]
    confirmed = place.rows("SELECT count(DISTINCT ticket_id) FROM outbox WHERE kind = 'confirmation'")[0][0]
    outcome.requests, outcome.mails, outcome.taken = tickets, len(queued), sum(taken.values())
    outcome.twice = outcome.taken - len(taken)
    if confirmed != tickets:
        outcome.faults.append(f"{run}: {tickets} requests, {confirmed} confirmations")
    if lost := [ident for ident, state in queued.items() if state != "sent" or ident not in taken]:
        outcome.faults.append(f"{run}: not sent: {lost[:3]}")
    if unknown := set(taken) - set(queued):
        outcome.faults.append(f"{run}: sent without a record: {sorted(unknown)[:3]}")
    if len(queued) != place.rows("SELECT count(*) FROM outbox")[0][0]:
        outcome.faults.append(f"{run}: two mails under one Message-ID")


def kill_at_every_step(runs: int, say: Callable[[str], None] = print) -> Outcome:
    """Kill filing and sending processes at one step after the other, over and over until there were `runs`."""
    outcome = Outcome()
    with tempfile.TemporaryDirectory(prefix="towline-kills-") as folder:
        listening = socket.create_server(("127.0.0.1", 0))
        taken = Path(folder) / "taken"
        place = Place(settings_of(Path(folder) / "data", listening.getsockname()[1]), taken)
        sink = os.fork()
        if sink == 0:
            try:
                _serve_sink(listening, taken)
            finally:
                os._exit(1)
        listening.close()
        try:
            asyncio.run(_prepared(place.settings))
            _kill_in_turn(place, runs, outcome, say)
        finally:
            os.kill(sink, signal.SIGTERM)
            os.waitpid(sink, 0)
    return outcome


def _kill_in_turn(place: Place, runs: int, outcome: Outcome, say: Callable[[str], None]) -> None:
    hours = 0
    steps = {"file": 0, "send": 0}
    while outcome.runs < runs:
        for what, work in (("file", _file), ("send", _send)):
            steps[what] = steps[what] % _MOST_STEPS + 1
            fatal, ahead_s = steps[what], hours * _HOUR_S

            def fatal_work(fatal: int = fatal, ahead_s: int = ahead_s, work: Any = work) -> None:
                instrument(fatal)
                asyncio.run(_with_desk(place.settings, ahead_s, work))

            if what == "send":
                # Enough to do that the step is reached.
                in_process(lambda ahead_s=ahead_s: asyncio.run(_with_desk(place.settings, ahead_s, _file)))  # type: ignore[misc]
            ended = in_process(fatal_work)
            outcome.runs += 1
            if ended == -signal.SIGKILL:
                outcome.killed += 1
            elif ended != 0:
                outcome.faults.append(f"{what} {fatal}: ended with {ended}")
            else:
                # It had fewer steps than that: from the first one again.
                steps[what] = 0
            # By now every lease has run out; what is left is done.
            hours += 1
            later_s = hours * _HOUR_S
            if in_process(lambda later_s=later_s: asyncio.run(_with_desk(place.settings, later_s, _send))) != 0:  # type: ignore[misc]
                outcome.faults.append(f"{what} {fatal}: the next sender failed")
            check(place, outcome, f"{what} {fatal}")
            if outcome.faults:
                return
        if outcome.runs % 20 == 0:
            say(outcome.line())


def main(arguments: list[str]) -> int:
    """Run, say what came of it, and return the exit status."""
    runs = int(arguments[0]) if arguments else RUNS
    outcome = kill_at_every_step(runs)
    for fault in outcome.faults:
        print(fault)
    print(outcome.line())
    return 1 if outcome.faults or not outcome.killed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
