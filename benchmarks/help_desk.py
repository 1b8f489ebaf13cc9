"""How long the help desk itself takes on a desk of 100,000 tickets: `python -m benchmarks.help_desk [--tickets N]`.

The whole application, asked in process by ASGI as a logged-in browser or a visitor asks it, so the figures are server
time: routing, rights, statements, rendering. Both databases hold the same desk (`benchmarks.big_desk`).
"""

import argparse
import asyncio
import random
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import httpx
from sqlalchemy import func, select

from benchmarks.big_desk import PASSWORD, PUBLIC_URL, TICKETS, Size, make
from benchmarks.phrases import ENGLISH, FIRST_NAMES, LAST_NAMES, MODELS, PROGRAMS, Writer
from benchmarks.report import Line, machine, percentile, put_into, show
from benchmarks.run import say
from tests.support.postgres import postgres_server
from tickets.app import build_help_desk
from tickets.domain.views import Credentials
from tickets.passwords import Passwords
from tickets.ports import SilentSwitchboard
from tickets.settings import HelpDeskSettings
from tickets.store import schema
from tickets.store.database import Database
from tickets.web.asking import COOKIE

PAGE: Final = Path("docs") / "performance.md"
BEGIN: Final = "<!-- help desk: begin -->"
END: Final = "<!-- help desk: end -->"
BAR_MS: Final = 50.0
ROUNDS: Final = 200
WARM_UP: Final = 10
_QUICK: Final = Passwords(memory_kib=8, rounds=1)


@dataclass(frozen=True)
class Asked:
    """What is measured once: a name for the table, and the address."""

    what: str
    path: str


@dataclass(frozen=True)
class Figures:
    """How long each address of one kind took, in seconds."""

    database: str
    what: str
    took: list[float]


async def trackings(database: Database, rng: random.Random, count: int) -> list[str]:
    """Return numbers of tickets from anywhere in the desk."""
    tickets = schema.tickets
    async with database.read() as connection:
        total = (await connection.execute(select(func.count()).select_from(tickets))).scalar_one()
        query = select(tickets.c.tracking).order_by(tickets.c.created_at, tickets.c.id).limit(1)
        return [
            (await connection.execute(query.offset(rng.randrange(total)))).scalar_one() for _ in range(min(count, 60))
        ]


def _at(path: str, **parameters: str) -> str:
    return str(httpx.URL(path, params=parameters))


def script(rng: random.Random, numbers: list[str], rounds: int) -> list[Asked]:
    """Return what is asked, in an order in which nothing falls into step with anything."""
    writer, asked = Writer(rng), list[Asked]()
    views = ("", "view=unassigned", "view=all", "status=waiting", "view=all&sort=oldest", "priority=high", "tag=vip")
    for _ in range(rounds):
        title = writer.title(rng.choice(("Programs", "Printing and scanning", "Computer")), writer.language())
        typed = title[: rng.randint(6, len(title))]
        number = rng.choice(numbers)
        person = f"{rng.choice(FIRST_NAMES)} {rng.choice(LAST_NAMES)}"
        searches = (
            rng.choice(PROGRAMS),
            f"{rng.choice(MODELS)} {rng.choice(('Fehler', 'error', 'Toner', 'driver'))}",
            writer.code(),
            f"from:{rng.choice(LAST_NAMES)}",
            f"from:{person.replace(' ', ' from:')} status:unsolved",
            number,
            number[3:7].lower() + number[8:10],
            f"tag:vip {rng.choice(PROGRAMS)}",
            f'"{writer.title("Programs", ENGLISH).split(" ", 2)[-1]}"',
            "created:>2026-01-01 status:closed drucker",
        )
        asked += [
            Asked("queue page", f"/console?{rng.choice(views)}"),
            Asked("ticket page", f"/console/tickets/{number}"),
            Asked(
                "suggestion while a title is typed",
                str(httpx.URL("/api/v1/articles/suggestions", params={"title": typed})),
            ),
            Asked("ticket search", str(httpx.URL("/console", params={"view": "all", "q": rng.choice(searches)}))),
            Asked("article search", str(httpx.URL("/articles", params={"q": " ".join(title.split()[:3])}))),
        ]
    return asked


@asynccontextmanager
async def asking(settings: HelpDeskSettings) -> AsyncIterator[tuple[httpx.AsyncClient, Database]]:
    """Give a client that is logged in at a help desk in this process."""
    desk = build_help_desk(settings, switchboard=SilentSwitchboard(), passwords=_QUICK)
    database = Database(settings.database)
    try:
        credentials = Credentials(email="technician@help.example", password=PASSWORD)
        done = await desk.services.logins.login(credentials, address="127.0.0.1", by_cookie=True)
        headers = {"cookie": f"{COOKIE}={done.token}"}
        transport = httpx.ASGITransport(desk.asgi)
        async with httpx.AsyncClient(transport=transport, base_url=PUBLIC_URL, headers=headers, timeout=60) as client:
            yield client, database
    finally:
        await database.close()
        await desk.close()


async def measure(settings: HelpDeskSettings, name: str, rounds: int) -> list[Figures]:
    """Ask everything and return how long it took. Raises RuntimeError for an answer that is an error."""
    rng = random.Random(7)  # noqa: S311 what is asked, no secret
    async with asking(settings) as (client, database):
        numbers = await trackings(database, rng, rounds)
        for asked in script(rng, numbers, WARM_UP):
            await client.get(asked.path)
        took: dict[str, list[float]] = {}
        for asked in script(rng, numbers, rounds):
            began = time.perf_counter()
            answer = await client.get(asked.path)
            took.setdefault(asked.what, []).append(time.perf_counter() - began)
            if answer.status_code != 200:
                raise RuntimeError(f"{asked.path} answered {answer.status_code}")
    return [Figures(name, what, times) for what, times in took.items()]


async def measure_both(folder: Path, size: Size, rounds: int, now: datetime) -> list[Figures]:
    """Make the desk twice and measure on each."""
    figures: list[Figures] = []
    with postgres_server(shared_buffers="256MB") as server:
        for name, url in (("SQLite", ""), ("PostgreSQL", server.url())):
            settings = HelpDeskSettings(folder / name, PUBLIC_URL, database_url=url, organisation_name="Big desk")
            say(f"A desk of {size.tickets:,} tickets on {name}")
            await make(settings, size, now)
            figures += await measure(settings, name, rounds)
    return figures


def lines_of(figures: list[Figures]) -> list[Line]:
    """Return median and 95th percentile of each, the latter against the bar."""
    lines = []
    for each in figures:
        middle, late = (1_000 * percentile(each.took, share) for share in (0.5, 0.95))
        lines += [
            Line(each.database, f"{each.what}, median, ms", f"{middle:.1f}"),
            Line(each.database, f"{each.what}, 95th percentile, ms", f"{late:.1f}", f"< {BAR_MS:g}", late < BAR_MS),
        ]
    return lines


def markdown(lines: list[Line], size: Size, rounds: int, on: str, now: datetime) -> str:
    """Return the section for docs/performance.md."""
    marks = {None: "", True: ", met", False: ", **missed**"}
    rows = [f"| {line.scene} | {line.what} | {line.value} | {line.target}{marks[line.met]} |" for line in lines]
    return "\n".join(
        (
            BEGIN,
            "",
            f"Written by `make prove` on {now.date().isoformat()}: {on}.",
            f"{size.tickets:,} tickets, three times as many messages, {size.articles:,} articles; {rounds} of each.",
            "",
            "| database | figure | value | target |",
            "|---|---|---|---|",
            *(row.replace("  |", " |") for row in rows),
            "",
            END,
        )
    )


def prove(tickets: int = TICKETS, rounds: int = ROUNDS, *, write: bool = True) -> int:
    """Measure, show, and put the section into the page; return an exit status."""
    on, now, size = machine(), datetime.now(UTC), Size(tickets)
    with tempfile.TemporaryDirectory(prefix="towline-big-desk-") as folder:
        figures = asyncio.run(measure_both(Path(folder), size, rounds, now))
    lines = lines_of(figures)
    show(lines)
    if write:
        put_into(PAGE, markdown(lines, size, rounds, on, now), BEGIN, END)
        say(str(PAGE))
    return 0


def main() -> int:
    """Measure as the command line says."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.help_desk", description=__doc__)
    parser.add_argument("--tickets", type=int, default=TICKETS)
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    asked = parser.parse_args()
    return prove(asked.tickets, asked.rounds, write=False)


if __name__ == "__main__":
    sys.exit(main())
