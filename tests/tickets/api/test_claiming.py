"""Two hundred technicians reach for one ticket at the same moment, over two hundred connections to a real server."""

import asyncio
import json
import socket
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from datetime import timedelta

import uvicorn

from tests.tickets.world import Json, World
from tickets.domain.access import Role
from tickets.domain.values import TechnicianId
from tickets.keys import hash_token
from tickets.store import logins as login_store
from tickets.store import people as people_store
from tickets.store.people import TechnicianRow

TECHNICIANS = 200
LONGEST_S = 10.0
"""For everybody together, on a busy machine; alone it takes a fraction."""


class _Server(uvicorn.Server):
    """A server that leaves the signals to pytest."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Capture nothing."""
        yield


@asynccontextmanager
async def served(world: World) -> AsyncIterator[int]:
    """Serve the desk on a free port."""
    listening = socket.socket()
    listening.bind(("127.0.0.1", 0))
    listening.listen(512)
    config = uvicorn.Config(world.desk.asgi, log_level="error", ws="none", lifespan="off")
    server = _Server(config)
    task = asyncio.create_task(server.serve(sockets=[listening]))
    try:
        yield int(listening.getsockname()[1])
    finally:
        server.should_exit = True
        await task
        listening.close()


@dataclass(frozen=True)
class Answer:
    """What one of them was told, and after how long."""

    status: int
    body: Json
    took_s: float


class Line:
    """A connection that is open and waits."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, token: str) -> None:
        self._reader = reader
        self._writer = writer
        self._token = token

    @classmethod
    async def open(cls, port: int, token: str) -> "Line":
        """Connect."""
        return cls(*await asyncio.open_connection("127.0.0.1", port), token)

    async def claim(self, tracking: str) -> Answer:
        """Ask for the ticket, and close."""
        started = time.perf_counter()
        head = f"POST /api/v1/tickets/{tracking}/claim HTTP/1.1\r\nHost: desk\r\nConnection: close\r\n"
        self._writer.write(f"{head}Authorization: Bearer {self._token}\r\nContent-Length: 0\r\n\r\n".encode())
        answer = await self._reader.read()
        self._writer.close()
        await self._writer.wait_closed()
        top, _, body = answer.partition(b"\r\n\r\n")
        return Answer(int(top.split()[1]), json.loads(body), time.perf_counter() - started)


async def staff(world: World) -> list[str]:
    """Put two hundred technicians with a login each into the database; returns their tokens."""
    context = world.desk._context
    now, tokens = context.now(), []
    async with context.database.write() as connection:
        for number in range(TECHNICIANS):
            ident, token = TechnicianId(context.new_id()), context.new_token()
            row = TechnicianRow(
                id=ident, email=f"t{number}@help.example", name=f"Technician {number}", role=Role.TECHNICIAN,
                password_hash="-", available=True, created_at=now, disabled_at=None,
            )  # fmt: skip
            await people_store.add_technician(connection, row)
            await login_store.add(
                connection, ident=context.new_id(), technician=ident, kind=login_store.API,
                token_hash=hash_token(token), label="", now=now, expires_at=now + timedelta(days=1),
            )  # fmt: skip
            tokens.append(token)
    return tokens


async def test_one_of_two_hundred_gets_it_and_all_others_are_told_who(world: World) -> None:
    tokens = await staff(world)
    filed = await world.ticket()
    async with served(world) as port:
        lines = [await Line.open(port, token) for token in tokens]
        answers = await asyncio.gather(*(line.claim(filed.tracking) for line in lines))
    (won,) = [answer for answer in answers if answer.status == 200]
    winner = won.body["assignee"]["name"]
    lost = [answer for answer in answers if answer.status == 409]
    assert len(lost) == TECHNICIANS - 1
    assert {answer.body["detail"] for answer in lost} == {f"{winner} already has this request."}
    assert max(answer.took_s for answer in answers) < LONGEST_S
    admin = await world.technician("Root", Role.ADMIN)
    assert (await world.timeline(admin, filed)).count("claimed") == 1
    assert (await admin.get(f"/tickets/{filed.tracking}")).json()["assignee"]["name"] == winner


async def test_whoever_reaches_for_another_ticket_gets_that(world: World) -> None:
    tokens = (await staff(world))[:10]
    filed = [await world.ticket() for _ in tokens]
    async with served(world) as port:
        lines = [await Line.open(port, token) for token in tokens]
        pairs = zip(lines, filed, strict=True)
        answers = await asyncio.gather(*(line.claim(ticket.tracking) for line, ticket in pairs))
    assert {answer.status for answer in answers} == {200}
    assert len({answer.body["assignee"]["id"] for answer in answers}) == len(tokens)
