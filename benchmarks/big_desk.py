"""A desk that has been in use for years, written in bulk: `python -m benchmarks.big_desk FOLDER [--tickets N]`.

N tickets with 3 N messages, N / 20 requesters and N / 20 articles, the same ones for the same seed; SQLite in
FOLDER, or the PostgreSQL that `--database` names. Everybody's password is PASSWORD.
"""

import argparse
import asyncio
import os
import random
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Connection, Table, select
from sqlalchemy.ext.asyncio import AsyncConnection

from benchmarks.phrases import CATEGORIES, FIRST_NAMES, LAST_NAMES, MODELS, PLACES, Writer
from protocol.encoding import pack_b64
from protocol.tracking import make_tracking
from tickets.domain.access import Role
from tickets.domain.priority import PRIORITY_RANK, Impact, Priority
from tickets.domain.values import URGENCY_RANK, Asset, Channel, EntryKind, Status, Urgency
from tickets.keys import create_keys
from tickets.passwords import Passwords
from tickets.settings import HelpDeskSettings
from tickets.store import schema, ticket_documents
from tickets.store.database import Database
from tickets.store.migrate import migrate
from tickets.store.search.bulk import rebuild
from tickets.text import fold

TICKETS: Final = 100_000
PASSWORD: Final = "correct horse battery"  # noqa: S105 of a desk that serves nobody
PUBLIC_URL: Final = "https://help.towline.example"
TECHNICIANS: Final = 30
YEARS: Final = 4
BATCH: Final = 5_000
# Cheap to check, since a benchmark logs in often.
_PASSWORDS: Final = Passwords(memory_kib=8, rounds=1)
# Of a desk in good order nearly everything is done.
_DONE_SHARE: Final = 0.975
_URGENCIES: Final = {Urgency.LOW: 18, Urgency.NORMAL: 62, Urgency.HIGH: 16, Urgency.CRITICAL: 4}
_CHANNELS: Final = {Channel.PORTAL: 55, Channel.PHONE: 25, Channel.AGENT: 12, Channel.API: 8}
_ASSETS: Final = {Asset.HARDWARE: 35, Asset.SOFTWARE: 38, Asset.NETWORK: 14, Asset.SERVER: 5, Asset.OTHER: 8}
_TAGS: Final = ("vip", "windows-update", "warranty", "onsite", "training", "recurring", "supplier", "new-starter")
_TAGGED_SHARE: Final = 0.25
_WATCHED_SHARE: Final = 0.1
_ASSET_SHARE: Final = 0.5
_TEAMS: Final = ("First line", "Networks", "Business programs")
_CATEGORY_WEIGHTS: Final = (18, 20, 14, 11, 12, 12, 4, 7, 2)

Row = dict[str, Any]


@dataclass(frozen=True)
class Size:
    """How much of everything."""

    tickets: int = TICKETS
    seed: int = 3

    @property
    def people(self) -> int:
        """Requesters."""
        return max(1, self.tickets // 20)

    @property
    def articles(self) -> int:
        """Articles."""
        return self.tickets // 20


@dataclass(frozen=True)
class _Person:
    id: str
    email: str
    name: str


@dataclass(frozen=True)
class _Case:
    ticket: str
    person: _Person
    technician: _Person | None
    language: str
    solution: str | None


@dataclass
class _Rows:
    """Rows that wait to be written together."""

    waiting: dict[str, list[Row]] = field(default_factory=dict)

    def add(self, table: Table, **values: Any) -> None:
        """Let a row wait."""
        self.waiting.setdefault(table.name, []).append(values)


class Desk:
    """Makes the rows of one desk."""

    def __init__(self, size: Size, now: datetime, password_hash: str) -> None:
        """`now` is when the newest ticket came."""
        self.size: Final = size
        self._now: Final = now
        self._password_hash: Final = password_hash
        self._rng: Final = random.Random(size.seed)  # noqa: S311 texts, no secrets
        self._writer: Final = Writer(self._rng)
        self._people: Final = [self._person(number) for number in range(size.people)]
        self._technicians: Final = [self._person(number, "help.example") for number in range(TECHNICIANS)]
        self._teams: Final = [self._id() for _ in _TEAMS]
        self._assets: Final = [self._id() for _ in range(2 * size.people)]
        self._trackings: Final[set[str]] = set()

    def rows(self) -> Iterator[_Rows]:
        """Give everything, in an order in which each row finds those that it names, in stretches of a few thousand."""
        yield self._everybody()
        for kind, count in ((self._ticket, self.size.tickets), (self._article, self.size.articles)):
            for start in range(0, count, BATCH):
                rows = _Rows()
                for number in range(start, min(start + BATCH, count)):
                    kind(rows, number / count)
                yield rows

    def _id(self) -> str:
        return pack_b64(self._rng.randbytes(16))

    def _person(self, number: int, domain: str = "office.example") -> _Person:
        name = f"{self._rng.choice(FIRST_NAMES)} {self._rng.choice(LAST_NAMES)}"
        local = name.casefold().encode("ascii", "ignore").decode("ascii").replace(" ", ".")
        return _Person(self._id(), f"{local}.{number}@{domain}", name)

    def _everybody(self) -> _Rows:
        rows, born = _Rows(), self._now - timedelta(days=366 * YEARS)
        for number, person in enumerate(self._technicians):
            rows.add(
                schema.technicians,
                id=person.id,
                email=("admin@help.example", "technician@help.example")[number] if number < 2 else person.email,
                name=person.name,
                role=Role.TECHNICIAN if number else Role.ADMIN,
                password_hash=self._password_hash,
                available=number % 5 != 4,
                created_at=born,
                disabled_at=None,
            )
        for team, name in zip(self._teams, _TEAMS, strict=True):
            rows.add(schema.teams, id=team, name=name, address="", lead=None, active=True)
        for number, person in enumerate(self._technicians):
            team = self._teams[number % len(self._teams)]
            rows.add(schema.team_members, team_id=team, technician_id=person.id)
        for person in self._people:
            rows.add(schema.people, id=person.id, email=person.email, created_at=born)
        for number, ident in enumerate(self._assets):
            self._asset(rows, number, ident, born)
        return rows

    def _asset(self, rows: _Rows, number: int, ident: str, at: datetime) -> None:
        rng = self._rng
        name, serial, inventory = self._writer.host(), f"{rng.getrandbits(40):010X}", f"INV-{number:06d}"
        rows.add(
            schema.assets,
            id=ident,
            name=name,
            kind=self._weighted(_ASSETS),
            serial=serial,
            inventory=inventory,
            location=rng.choice(PLACES),
            owner_id=rng.choice(self._people).id,
            notes=rng.choice(MODELS),
            search_text=fold(f"{name} {serial} {inventory}"),
            created_at=at,
            updated_at=at,
        )

    def _moment(self, share: float) -> datetime:
        """Return a moment of a working day, `share` of the way from the beginning to now."""
        at = self._now - timedelta(days=365 * YEARS * (1 - share))
        day = at.replace(hour=6, minute=0, second=0, microsecond=0) - timedelta(days=max(0, at.weekday() - 4))
        return min(day + timedelta(seconds=self._rng.triangular(0, 12 * 3_600, 3 * 3_600)), self._now)

    def _weighted(self, weights: dict[Any, int]) -> Any:
        return self._rng.choices(tuple(weights), tuple(weights.values()))[0]

    def _status(self, share: float) -> Status:
        """Return where a ticket stands: old ones are closed, new ones are worked on."""
        if share < _DONE_SHARE:
            # A few stay open for ever.
            return Status.CLOSED if self._rng.random() < 0.998 else Status.WAITING
        return self._rng.choices(
            (Status.NEW, Status.OPEN, Status.WAITING, Status.RESOLVED, Status.CLOSED), (20, 35, 15, 20, 10)
        )[0]

    def _ticket(self, rows: _Rows, share: float) -> None:
        rng, writer, language = self._rng, self._writer, self._writer.language()
        category = rng.choices(CATEGORIES, _CATEGORY_WEIGHTS)[0]
        # Some ask all the time, most hardly ever.
        person = self._people[int(len(self._people) * rng.random() ** 2)]
        status = self._status(share)
        technician = None if status is Status.NEW else rng.choice(self._technicians)
        urgency, at = self._weighted(_URGENCIES), self._moment(share)
        ident, tracking = self._id(), make_tracking(rng.randbytes)
        while tracking in self._trackings:
            tracking = make_tracking(rng.randbytes)
        self._trackings.add(tracking)
        done = status in (Status.RESOLVED, Status.CLOSED)
        solution = writer.answered(language) if done else None
        talk = self._talk(_Case(ident, person, technician, language, solution), at)
        rows.add(
            schema.tickets,
            id=ident,
            tracking=tracking,
            title=writer.title(category, language),
            description=writer.asked(language),
            category=category,
            urgency=urgency,
            urgency_rank=URGENCY_RANK[urgency],
            asset=self._weighted(_ASSETS),
            status=status,
            channel=self._weighted(_CHANNELS),
            requester_id=person.id,
            requester_name=person.name,
            requester_generation=1,
            assignee_id=None if technician is None else technician.id,
            solution=solution,
            created_at=at,
            updated_at=talk[-1]["at"],
            impact=Impact.NORMAL,
            priority=Priority(urgency),
            priority_rank=PRIORITY_RANK[Priority(urgency)],
            team_id=self._teams[CATEGORIES.index(category) % len(self._teams)],
            settled_at=talk[-1]["at"] if done else None,
        )
        for line in talk:
            rows.add(schema.timeline, **line)
        if rng.random() < _TAGGED_SHARE:
            for tag in rng.sample(_TAGS, rng.randint(1, 2)):
                rows.add(schema.ticket_tags, ticket_id=ident, tag=tag)
        if rng.random() < _WATCHED_SHARE:
            watcher = rng.choice(self._people)
            rows.add(schema.watchers, ticket_id=ident, email=watcher.email, name=watcher.name, added_at=at)
        if rng.random() < _ASSET_SHARE:
            rows.add(schema.ticket_assets, ticket_id=ident, asset_id=self._assets[rng.randrange(len(self._assets))])

    def _talk(self, case: _Case, at: datetime) -> list[Row]:
        """Return the timeline: three messages on average, now and then a very long one."""
        rng, writer, lines = self._rng, self._writer, list[Row]()
        person, technician, language, solution = case.person, case.technician, case.language, case.solution

        def line(kind: EntryKind, who: _Person, role: Role, text: str, *, internal: bool = False) -> None:
            nonlocal at
            lines.append(
                {"ticket_id": case.ticket, "at": at, "kind": kind, "who": who.name, "role": role, "actor_id": who.id,
                 "text": text, "internal": internal}
            )  # fmt: skip
            at = min(at + timedelta(seconds=rng.expovariate(1 / 14_400)), self._now)

        line(EntryKind.SUBMITTED, person, Role.REQUESTER, f"{person.name} filed this request.")
        if technician is not None:
            line(EntryKind.CLAIMED, technician, Role.TECHNICIAN, f"{technician.name} took this request.")
        count = 60 if rng.random() < 0.001 else rng.choices((0, 1, 2, 3, 4, 5, 8, 12), (8, 15, 22, 22, 14, 10, 6, 3))[0]
        for _ in range(count):
            roll = rng.random()
            if roll < 0.45 or technician is None:
                line(EntryKind.MESSAGE, person, Role.REQUESTER, writer.asked(language))
            elif roll < 0.85:
                line(EntryKind.MESSAGE, technician, Role.TECHNICIAN, writer.answered(language))
            else:
                line(EntryKind.NOTE, technician, Role.TECHNICIAN, writer.answered(language), internal=True)
        if solution is not None and technician is not None:
            line(EntryKind.RESOLVED, technician, Role.TECHNICIAN, solution)
        return lines

    def _article(self, rows: _Rows, share: float) -> None:
        language, category = self._writer.language(), self._rng.choices(CATEGORIES, _CATEGORY_WEIGHTS)[0]
        at = self._moment(share)
        rows.add(
            schema.articles,
            id=self._id(),
            title=self._writer.title(category, language),
            body=self._writer.article(language),
            category=category,
            author_id=self._rng.choice(self._technicians).id,
            created_at=at,
            updated_at=at,
            state="published",
            visibility="public",
            revision=1,
            published_at=at,
        )


async def fill(database: Database, size: Size, now: datetime) -> dict[str, int]:
    """Write a desk into an empty migrated database; return how many rows each table got."""
    counts: dict[str, int] = {}
    tables = schema.METADATA.tables
    for rows in Desk(size, now, await _PASSWORDS.hash(PASSWORD)).rows():
        async with database.write() as connection:
            for name, values in rows.waiting.items():
                await _write(connection, tables[name], values)
                counts[name] = counts.get(name, 0) + len(values)
    async with database.rebuild() as connection:
        await ticket_documents.write_all(connection)
        await connection.run_sync(_index_articles)
        await connection.exec_driver_sql("ANALYZE")
    return counts


async def _write(connection: AsyncConnection, table: Table, rows: list[Row]) -> None:
    """Insert rows that have the same columns, on PostgreSQL by COPY."""
    if connection.dialect.name == "sqlite":
        await connection.execute(table.insert(), rows)
        return
    columns = [table.c[name] for name in rows[0]]
    kept = [column.type.dialect_impl(connection.dialect).bind_processor(connection.dialect) for column in columns]
    records = [
        tuple(value if keep is None else keep(value) for value, keep in zip(row.values(), kept, strict=True))
        for row in rows
    ]
    raw = await connection.get_raw_connection()
    driver: Any = raw.driver_connection
    await driver.copy_records_to_table(table.name, records=records, columns=list(rows[0]))


def _index_articles(connection: Connection) -> None:
    rows = connection.execute(select(schema.articles).order_by(schema.articles.c.created_at))
    documents = ((row.id, row.visibility, row.title, f"{row.category} {row.body}") for row in rows)
    rebuild(connection, schema.ARTICLE_INDEX, documents)


async def make(settings: HelpDeskSettings, size: Size, now: datetime) -> dict[str, int]:
    """Make keys, tables and a desk; return how many rows each table got."""
    settings.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    create_keys(settings.keys_dir, os.urandom)
    database = Database(settings.database)
    try:
        await migrate(database)
        return await fill(database, size, now)
    finally:
        await database.close()


def main() -> int:
    """Make the desk that the command line asks for."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.big_desk", description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--tickets", type=int, default=TICKETS)
    parser.add_argument("--database", default="", help="the URL of an empty PostgreSQL database")
    asked = parser.parse_args()
    began = time.monotonic()
    settings = HelpDeskSettings(asked.folder, PUBLIC_URL, database_url=asked.database, organisation_name="Big desk")
    counts = asyncio.run(make(settings, Size(asked.tickets), datetime.now(UTC)))
    for name, count in counts.items():
        sys.stdout.write(f"{count:>9,} {name}\n")
    sys.stdout.write(f"{time.monotonic() - began:.0f} s; log in as admin@help.example with {PASSWORD!r}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
