"""A real relay on a free port, in a thread with a loop of its own, for tests of all packages.

`running_relay(...)` needs no help desk: its gate is a `FakeGate`. `running_server(folder)` is all of it with a
database. The tests of agent and viewer use both the same way.
"""

import asyncio
import base64
import os
import socket
import ssl
import threading
import time
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from concurrent.futures import Future
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import uvloop
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Origin, Subprotocol

from protocol.envelope import SUBPROTOCOL, FromRelay, SessionId, parse_from_relay
from relay.app import Server, build, prepare_data
from relay.clock import SystemClock
from relay.config import Settings, make_settings
from relay.front import Front, Listening
from relay.switch.doorman import Doorman
from relay.switch.endpoints import Endpoints
from relay.switch.limits import SwitchLimits
from relay.switch.switchboard import Switchboard
from relay.switch.testing import FakeAdmission, FakeGate

T = TypeVar("T")

TRACKING = "TL-0000-0000"
AGENT_TOKEN = "a" * 43
AGENT_KEY = "k" * 43
ORIGIN = "https://desk.example"
# How long a test waits for what should happen at once; where it is known not to happen (mutants), less is enough.
SOON_S = float(os.environ.get("TOWLINE_TEST_SOON_S", "10"))


def session_id(number: int) -> SessionId:
    """Return a session id for tests."""
    return SessionId(base64.urlsafe_b64encode(number.to_bytes(16)).decode().rstrip("="))


@dataclass
class RunningRelay:
    """The switch alone behind a real port. `run` carries a coroutine over to the server's loop."""

    gate: FakeGate
    switchboard: Switchboard
    front: Front
    origin: str
    loop: asyncio.AbstractEventLoop
    tls: ssl.SSLContext | None = None
    tickets: int = field(default=0)

    @property
    def url(self) -> str:
        """The server's address for HTTP."""
        return f"{'http' if self.tls is None else 'https'}://127.0.0.1:{self.front.port}"

    @property
    def websocket_url(self) -> str:
        """The server's address for websockets."""
        return self.url.replace("http", "ws", 1)

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Run something in the server's loop and wait for it (from a thread that has no loop running)."""
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(SOON_S)

    async def on_server(self, work: Coroutine[Any, Any, T]) -> T:
        """Run something in the server's loop and await it here."""
        future: Future[T] = asyncio.run_coroutine_threadsafe(work, self.loop)
        return await asyncio.wait_for(asyncio.wrap_future(future), SOON_S)

    def admit_agent(self, tracking: str = TRACKING, token: str = AGENT_TOKEN, key: str = AGENT_KEY) -> None:
        """Let an agent with this token and key in."""
        self.gate.agents[tracking] = (token, key)

    def socket_ticket(self, session: SessionId, tracking: str = TRACKING, lasts_s: float = 3600) -> str:
        """Return a socket ticket for one viewer."""
        self.tickets += 1
        ticket = f"ticket-{self.tickets:036}"
        self.gate.tickets[(tracking, ticket)] = FakeAdmission(session, int(time.time() + lasts_s), tracking)
        return ticket

    @asynccontextmanager
    async def connect(
        self,
        role: str,
        tracking: str = TRACKING,
        *,
        origin: str | None = None,
        subprotocol: str | None = SUBPROTOCOL,
        **options: Any,
    ) -> AsyncIterator[ClientConnection]:
        """Open a websocket as an agent or a viewer would."""
        async with connect(
            f"{self.websocket_url}/relay/{tracking}/{role}",
            origin=Origin(self.origin if origin is None else origin),
            subprotocols=None if subprotocol is None else [Subprotocol(subprotocol)],
            compression=None,
            ssl=self.tls,
            proxy=None,
            **options,
        ) as connection:
            yield connection


@contextmanager
def running_relay(
    limits: SwitchLimits | None = None,
    certificate: Path | None = None,
    key: Path | None = None,
    ca: Path | None = None,
    origin: str = ORIGIN,
) -> Iterator[RunningRelay]:
    """Run a switch with a fake gate; with certificate, key and ca it speaks TLS."""
    gate = FakeGate()
    switchboard = Switchboard(SystemClock(), limits or SwitchLimits())
    endpoints = Endpoints(switchboard, gate, Doorman(frozenset({origin}), switchboard.limits))
    front = Front(
        endpoints,
        Listening("127.0.0.1", 0, certificate, key),
        lambda: switchboard.go_away(1_000),
    )
    tls = None if ca is None else ssl.create_default_context(cafile=str(ca))
    with in_thread(lambda: serve(switchboard, front, gate)) as loop:
        yield RunningRelay(gate, switchboard, front, origin, loop, tls)


@asynccontextmanager
async def serve(switchboard: Switchboard, front: Front, gate: FakeGate) -> AsyncIterator[None]:
    """Run a front in this loop."""
    switchboard.start(gate)
    await front.start()
    try:
        yield
    finally:
        await front.stop()
        await switchboard.stop()


@contextmanager
def in_thread(server: Callable[[], Any]) -> Iterator[asyncio.AbstractEventLoop]:
    """Keep an asynchronous context open in a uvloop of its own; what goes wrong at start or stop is raised here."""
    started: Future[asyncio.AbstractEventLoop] = Future()
    stopping: list[asyncio.Event] = []
    failures: list[BaseException] = []

    async def main() -> None:
        stop = asyncio.Event()
        stopping.append(stop)
        async with server():
            started.set_result(asyncio.get_running_loop())
            await stop.wait()

    def work() -> None:
        try:
            with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
                runner.run(main())
        except BaseException as error:  # noqa: BLE001 - carried over to the test, which raises it
            failures.append(error)
            if not started.done():
                started.set_exception(error)

    thread = threading.Thread(target=work, name="server-under-test", daemon=True)
    thread.start()
    loop = started.result(SOON_S)
    try:
        yield loop
    finally:
        if not loop.is_closed():
            loop.call_soon_threadsafe(stopping[0].set)
        # What a test sent may still have to be read.
        thread.join(3 * SOON_S)
    assert not thread.is_alive(), "the server did not stop"
    if failures:
        raise failures[0]


@dataclass
class RunningServer:
    """The whole server: switch, API and pages over a private CA, with a database in a folder."""

    settings: Settings
    server: Server
    loop: asyncio.AbstractEventLoop

    @property
    def url(self) -> str:
        """The server's address."""
        return self.settings.server.public_url

    @property
    def ca(self) -> Path:
        """The root certificate to trust."""
        return self.settings.ca_file

    def tls(self) -> ssl.SSLContext:
        """Return a client's context that trusts this server."""
        return ssl.create_default_context(cafile=str(self.ca))

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Run something in the server's loop and wait for it (from a thread that has no loop running)."""
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(SOON_S)


def free_port() -> int:
    """Return a port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def server_settings(folder: Path, **server: Any) -> Settings:
    """Return settings for a server with its data in `folder`, on a free port of this machine."""
    port = free_port()
    values = {"public_url": f"https://127.0.0.1:{port}", "bind": "127.0.0.1", "port": port, **server}
    return make_settings({"server": values, "organisation": {"name": "Test desk"}}, {}, folder)


@contextmanager
def running_server(folder: Path, **server: Any) -> Iterator[RunningServer]:
    """Run the whole server with a new database; `relay.app.add_technician(settings, …)` adds people."""
    settings = server_settings(folder, **server)
    asyncio.run(prepare_data(settings))
    built = build(settings)
    with in_thread(built.running) as loop:
        yield RunningServer(settings, built, loop)


async def control(connection: ClientConnection) -> FromRelay:
    """Return the next frame of the relay, which has to be text."""
    frame = await asyncio.wait_for(connection.recv(), SOON_S)
    assert isinstance(frame, str), "a record came where a control frame was expected"
    return parse_from_relay(frame)


async def close_code(connection: ClientConnection) -> int:
    """Read until the server closes, and return the code it closed with."""
    try:
        async with asyncio.timeout(SOON_S):
            while True:
                await connection.recv()
    except ConnectionClosed as closed:
        return 1006 if closed.rcvd is None else closed.rcvd.code


async def until(condition: Callable[[], object], seconds: float = SOON_S) -> None:
    """Wait until something is true."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        await asyncio.sleep(0.01)
