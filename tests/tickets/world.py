"""A help desk in process on a real database: clock, switchboard and clients that tests can look into."""

import asyncio
import os
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from sqlalchemy import Engine, event
from sqlalchemy.ext.asyncio import AsyncEngine

from protocol.encoding import pack_b64
from protocol.tracking import TrackingNumber
from tests.tickets.databases import Databases
from tickets import setup
from tickets.app import WATCH, HelpDesk, build_help_desk
from tickets.domain.access import Role
from tickets.domain.views import Credentials
from tickets.keys import create_keys
from tickets.passwords import Passwords
from tickets.ports import MailBell
from tickets.services.technicians import TechnicianService
from tickets.settings import HelpDeskSettings
from tickets.web.asking import COOKIE

PUBLIC_URL = "https://help.towline.example"
PASSWORD = "correct horse"
QUICK = Passwords(memory_kib=8, rounds=1)

Json = dict[str, Any]

A_TICKET: Json = {
    "category": "Printing and scanning",
    "title": "The printer says no",
    "description": "It blinks red and prints nothing.",
    "urgency": "normal",
    "asset": "hardware",
    "email": "maria@office.example",
    "name": "Maria Weber",
}


@dataclass
class FakeClock:
    """A clock that only moves when told to."""

    now_s: float = 1_795_500_000.0

    def at(self) -> float:
        """Seconds since 1970 UTC."""
        return self.now_s

    def forward(self, seconds: float) -> None:
        """Let time pass."""
        self.now_s += seconds


@dataclass
class RecordingSwitchboard:
    """Remembers on whom the help desk hung up."""

    online: set[str] = field(default_factory=set)
    ended: list[tuple[str, str]] = field(default_factory=list)

    def is_online(self, tracking: TrackingNumber) -> bool:
        """Whether the test put this agent online."""
        return tracking in self.online

    async def end(self, tracking: TrackingNumber, code: str) -> None:
        """Remember."""
        self.ended.append((tracking, code))

    async def end_session(self, session: str, code: str) -> None:
        """Remember."""
        self.ended.append((session, code))


def new_key() -> str:
    """Return a fresh X25519 public key in b64."""
    return pack_b64(X25519PrivateKey.generate().public_key().public_bytes_raw())


@dataclass(frozen=True)
class Caller:
    """Somebody who talks to the API with a token, or without."""

    client: httpx.AsyncClient
    token: str | None = None
    id: str = ""

    async def ask(self, method: str, path: str, body: object = None, **headers: str) -> httpx.Response:
        """Send a request under /api/v1."""
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        if self.token is not None:
            sent["authorization"] = f"Bearer {self.token}"
        return await self.client.request(method, f"/api/v1{path}", json=body, headers=sent)

    async def get(self, path: str, **headers: str) -> httpx.Response:
        """GET."""
        return await self.ask("GET", path, **headers)

    async def post(self, path: str, body: object = None, **headers: str) -> httpx.Response:
        """POST."""
        return await self.ask("POST", path, {} if body is None else body, **headers)

    async def must(self, path: str, body: object = None, status: int = 200) -> Json:
        """POST, and fail the test when the answer is not `status`."""
        response = await self.post(path, body)
        assert response.status_code == status, response.text
        found: Json = response.json() if response.content else {}
        return found


@dataclass(frozen=True)
class Filed:
    """A ticket that was filed, and its requester."""

    tracking: str
    requester: Caller


@dataclass(frozen=True)
class World:
    """Everything a test needs."""

    settings: HelpDeskSettings
    desk: HelpDesk
    clock: FakeClock
    switchboard: RecordingSwitchboard
    client: httpx.AsyncClient

    @property
    def stranger(self) -> Caller:
        """Somebody without a token."""
        return Caller(self.client)

    def somebody_at(self, address: str) -> httpx.AsyncClient:
        """Return a client that comes from another network address."""
        transport = httpx.ASGITransport(self.desk.asgi, client=(address, 40_000))
        return httpx.AsyncClient(transport=transport, base_url=PUBLIC_URL)

    async def technician(self, name: str = "Ada", role: Role = Role.TECHNICIAN) -> Caller:
        """Add a technician and log in with an API token."""
        email = f"{name.lower()}@help.example"
        # On the desk's own connections: the admin's command, which opens some, has tests of its own.
        added = await TechnicianService(self.desk._context).add(email, name, PASSWORD, role)
        done = await self.stranger.must("/login", {"email": email, "password": PASSWORD})
        return Caller(self.client, done["token"], added.id)

    async def cookie(self, name: str = "Ada") -> str:
        """Log a technician who was added in as a browser would be; returns the Cookie header."""
        credentials = Credentials(email=f"{name.lower()}@help.example", password=PASSWORD)
        done = await self.desk.services.logins.login(credentials, address="127.0.0.1", by_cookie=True)
        return f"{COOKIE}={done.token}"

    async def ticket(self, **changes: str) -> Filed:
        """File a ticket as a stranger."""
        done = await self.stranger.must("/tickets", A_TICKET | changes, 201)
        return Filed(done["tracking"], Caller(self.client, done["requester_token"]))

    async def claimed(self, technician: Caller) -> Filed:
        """File a ticket and let `technician` take it."""
        filed = await self.ticket()
        await technician.must(f"/tickets/{filed.tracking}/claim")
        return filed

    async def device(self, technician: Caller) -> str:
        """Certify a device of `technician` and return its key."""
        key = new_key()
        await technician.must("/devices", {"public_key": key, "kind": "browser"})
        return key

    async def session(self, technician: Caller, filed: Filed) -> Json:
        """Open a session on a ticket that `technician` has."""
        key = await self.device(technician)
        return await technician.must(f"/tickets/{filed.tracking}/session", {"device_key": key})

    async def joined(self, filed: Filed) -> tuple[str, str]:
        """Join an agent with the requester token; returns its key and its token."""
        key = new_key()
        done = await filed.requester.must(f"/tickets/{filed.tracking}/join", {"agent_key": key})
        return key, done["agent_token"]

    async def timeline(self, technician: Caller, filed: Filed) -> list[str]:
        """Return the kinds of the ticket's timeline as a technician sees it."""
        ticket = (await technician.get(f"/tickets/{filed.tracking}")).json()
        return [line["kind"] for line in ticket["timeline"]]


@contextmanager
def recorded_statements(world: World) -> Iterator[list[str]]:
    """Give a list that fills with the SQL that requests run; what the watch over permissions asks is left out."""
    statements: list[str] = []
    engines = {database_engine(world, name) for name in ("_reader", "_writer")}

    def record(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        task = asyncio.current_task()
        if task is None or task.get_name() != WATCH:
            statements.append(statement)

    for engine in engines:
        event.listen(engine, "before_cursor_execute", record)
    try:
        yield statements
    finally:
        for engine in engines:
            event.remove(engine, "before_cursor_execute", record)


def database_engine(world: World, name: str) -> Engine:
    """Return an engine of the world's database."""
    engine: AsyncEngine = getattr(world.desk._context.database, name)
    return engine.sync_engine


@asynccontextmanager
async def make_world(
    folder: Path, databases: Databases | None = None, bell: MailBell | None = None, **settings: Any
) -> AsyncIterator[World]:
    """Set a help desk up in `folder` and open it; its database is a copy from `databases`, or made anew in SQLite."""
    url = "" if databases is None else await databases.migrated(folder)
    given = {"public_url": PUBLIC_URL, "organisation_name": "Office Help", "database_url": url, **settings}
    chosen = HelpDeskSettings(data_dir=folder, **given)
    if databases is None:
        await setup.initialise(chosen)
    else:
        create_keys(chosen.keys_dir, os.urandom)
    clock, switchboard = FakeClock(), RecordingSwitchboard()
    desk = build_help_desk(chosen, switchboard=switchboard, bell=bell, clock=clock, passwords=QUICK)
    await desk.open()
    try:
        transport = httpx.ASGITransport(desk.asgi)
        async with httpx.AsyncClient(transport=transport, base_url=PUBLIC_URL) as client:
            yield World(chosen, desk, clock, switchboard, client)
    finally:
        await desk.close()
