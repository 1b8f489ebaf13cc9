"""A relay and an agent in one websocket server: it speaks for a real AgentConnection and shows a synthetic screen."""

import asyncio
import secrets
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

from protocol import messages as m
from protocol.authority import (
    Credentials,
    DeviceCertificate,
    GrantKeyCertificate,
    RevocationList,
    SessionGrant,
    Trust,
    organisation_id,
    sign,
)
from protocol.connection import AgentConnection, Closed, ConsentNeeded, Event, Received
from protocol.encoding import pack_b64
from protocol.envelope import SUBPROTOCOL, Asking, Hello, Joined, ViewerHello, pack_control, parse_first_frame
from protocol.handshake import Facts, RefusalReason
from protocol.picture import Encoding, Pixels, encode_deflate, encode_palette, encode_raw, encode_solid
from protocol.rights import Right
from protocol.table import Input, Phase
from technician_viewer.client import SessionClient
from technician_viewer.offer import SessionOffer
from technician_viewer.transport import Server, parse_server

TRACKING = "TL-0000-0000"
BOTH = frozenset(Right)
FACTS = Facts(hostname="desk", system="Linux", user="ada", agent_version="0.1.0")


@dataclass
class World:
    """An organisation, an agent's key and a technician's device that fit together."""

    organisation: Ed25519PrivateKey = field(default_factory=Ed25519PrivateKey.generate)
    grant_key: Ed25519PrivateKey = field(default_factory=Ed25519PrivateKey.generate)
    agent: X25519PrivateKey = field(default_factory=X25519PrivateKey.generate)
    device: X25519PrivateKey = field(default_factory=X25519PrivateKey.generate)
    session: str = field(default_factory=lambda: pack_b64(secrets.token_bytes(16)))
    at: int = field(default_factory=lambda: int(time.time()))

    def credentials(
        self, rights: tuple[str, ...] = ("control", "view"), *, device_key: str | None = None
    ) -> Credentials:
        """Return papers that the agent accepts, for `device` or for the key given in b64."""
        organisation = pack_b64(organisation_id(self.organisation.public_key()))
        device = device_key or pack_b64(self.device.public_key().public_bytes_raw())
        until = self.at + 3_600
        return Credentials(
            certificate=sign(
                self.organisation,
                DeviceCertificate(organisation, "d1", "t1", "Ada", device, "native", self.at, until),
            ),
            grant=sign(
                self.grant_key,
                SessionGrant(organisation, self.session, TRACKING, "t1", device, rights, self.at, until),
            ),
            grant_key_certificate=sign(
                self.organisation,
                GrantKeyCertificate(
                    organisation, "g1", pack_b64(self.grant_key.public_key().public_bytes_raw()), self.at, until
                ),
            ),
            revocations=sign(self.organisation, RevocationList(organisation, 1, self.at)),
        )

    def offer(self, *, agent_key: bytes | None = None, credentials: Credentials | None = None) -> SessionOffer:
        """Return what the server would hand out."""
        return SessionOffer(
            tracking=TRACKING,
            session=self.session,
            socket_ticket="s" * 43,
            organisation=organisation_id(self.organisation.public_key()),
            credentials=credentials or self.credentials(),
            agent_key=self.agent.public_key().public_bytes_raw() if agent_key is None else agent_key,
        )

    def connection(self) -> AgentConnection:
        """Return the agent's end."""
        return AgentConnection(
            session=self.session,
            tracking=TRACKING,
            static=self.agent,
            ephemeral=X25519PrivateKey.generate(),
            trust=Trust(self.organisation.public_key(), self.at),
            now=time.monotonic(),
        )


def make_rect(pixels: Pixels, x: int, y: int, encoding: Encoding = Encoding.DEFLATE) -> m.Rect:
    """Return the rect of BGRX `pixels` at (x, y)."""
    data = {
        Encoding.SOLID: encode_solid,
        Encoding.RAW: encode_raw,
        Encoding.PALETTE: encode_palette,
        Encoding.DEFLATE: encode_deflate,
    }[encoding](pixels)
    assert data is not None
    return m.Rect(encoding, x, y, pixels.shape[1], pixels.shape[0], data)


class Socket(Protocol):
    """The server's end of a websocket; raises ConnectionClosed."""

    async def recv(self) -> str | bytes: ...

    async def send(self, message: str | bytes) -> None: ...


class FakeAgent:
    """What one connected viewer talks to; `received` are its messages, in order."""

    def __init__(self, socket: Socket, world: World) -> None:
        self.socket = socket
        self.world = world
        self.connection = world.connection()
        self.received: list[m.Message] = []
        self.events: list[Event] = []
        self.acknowledge = True
        self._frame = 0

    @property
    def inputs(self) -> list[m.Message]:
        """The input among `received`."""
        return [message for message in self.received if isinstance(message, Input)]

    @property
    def acks(self) -> list[m.FrameAck]:
        """The frame acknowledgements among `received`."""
        return [message for message in self.received if isinstance(message, m.FrameAck)]

    async def say_hello(self) -> None:
        """Say what the relay says until the user is asked."""
        await self.socket.send(pack_control(Hello(self.world.at)))
        await self.socket.send(pack_control(Joined()))
        await self.flush()
        await self.socket.send(pack_control(Asking()))

    async def flush(self) -> None:
        """Send what the connection has."""
        for record in self.connection.data_to_send():
            await self.socket.send(record)

    async def send(self, *messages: m.Message) -> None:
        """Send messages."""
        for message in messages:
            self.connection.send(message, time.monotonic())
        await self.flush()

    async def show(self, picture: Pixels, *rects: m.Rect, exact: bool = True) -> int:
        """Send a frame: these rects, or the whole picture after its size; return its number."""
        self._frame += 1
        height, width = picture.shape[:2]
        if not rects:
            await self.send(m.Monitors(width, height))
        await self.send(
            m.FrameBegin(self._frame, not rects),
            *(rects or (make_rect(picture, 0, 0),)),
            m.FrameEnd(self._frame, 0, exact),
        )
        return self._frame

    async def grant(self, rights: frozenset[Right] = BOTH) -> None:
        """Wait for message 2, then say yes."""
        await self.read_until(lambda: self.connection.phase is not Phase.HANDSHAKE)
        self.connection.grant(rights, FACTS, time.monotonic())
        await self.flush()

    async def refuse(self, reason: RefusalReason) -> None:
        """Wait for message 2, then say no."""
        await self.read_until(lambda: self.connection.phase is not Phase.HANDSHAKE)
        self.connection.refuse(reason, time.monotonic())
        await self.flush()

    async def narrow(self, rights: frozenset[Right]) -> None:
        """Take rights away."""
        self.connection.narrow(rights, time.monotonic())
        await self.flush()

    async def read_until(self, good: Callable[[], bool]) -> None:
        """Answer the viewer until `good`."""
        while not good():
            await self.read_one()

    async def read_one(self) -> None:
        """Take one websocket message and acknowledge the input in it."""
        data = await self.socket.recv()
        assert isinstance(data, bytes), "a viewer says nothing in text after its first frame"
        self.connection.receive_data(data, time.monotonic())
        for event in self.connection.events():
            self.events.append(event)
            if isinstance(event, Received):
                self.received.append(event.message)
                if isinstance(event.message, Input) and self.acknowledge:
                    self.connection.send(m.InputAck(event.message.seq), time.monotonic())
        await self.flush()

    async def serve(self) -> None:
        """Answer until the viewer is gone or said bye."""
        try:
            await self.read_until(lambda: self.connection.phase is Phase.CLOSED)
        except ConnectionClosed:
            self.connection.connection_lost()

    @property
    def closed(self) -> Closed | None:
        """How the session ended on the agent's side, None while it has not."""
        return next((event for event in self.events if isinstance(event, Closed)), None)

    @property
    def asked(self) -> bool:
        """Whether the viewer's papers were accepted, so that a user would be asked."""
        return any(isinstance(event, ConsentNeeded) for event in self.events)


Script = Callable[[FakeAgent], Awaitable[None]]


@dataclass
class Stage:
    """A running fake relay: how to get in, and the agents of the viewers that came."""

    world: World
    server: Server
    agents: list[FakeAgent] = field(default_factory=list)
    sockets: list[ServerConnection] = field(default_factory=list)

    @property
    def socket(self) -> ServerConnection:
        """The websocket of the only viewer."""
        (socket,) = self.sockets
        return socket

    @property
    def agent(self) -> FakeAgent:
        """The agent of the only viewer."""
        (agent,) = self.agents
        return agent

    def client(self, offer: SessionOffer | None = None) -> SessionClient:
        """Return a client that is not yet connected."""
        return SessionClient(offer or self.world.offer(), self.world.device, server=self.server)


@asynccontextmanager
async def stage(script: Script, world: World | None = None, *, hello: bool = True) -> AsyncIterator[Stage]:
    """Run a relay that accepts every viewer, and `script` as the agent behind it."""
    made = world or World()
    faults: list[BaseException] = []

    async def handle(socket: ServerConnection) -> None:
        first = await socket.recv()
        assert isinstance(first, str)
        assert isinstance(parse_first_frame(first), ViewerHello)
        assert socket.request is not None
        assert socket.request.path == f"/relay/{TRACKING}/viewer"
        assert socket.request.headers["Origin"] == running.server.origin
        assert "Sec-WebSocket-Extensions" not in socket.request.headers
        agent = FakeAgent(socket, made)
        running.agents.append(agent)
        running.sockets.append(socket)
        if hello:
            await agent.say_hello()
        try:
            await script(agent)
        except ConnectionClosed:
            pass
        except BaseException as fault:
            faults.append(fault)
            raise

    async with serve(
        handle,
        "127.0.0.1",
        0,
        subprotocols=[Subprotocol(SUBPROTOCOL)],
        compression=None,
        max_size=65_535,
        ping_interval=None,
    ) as server:
        port = next(iter(server.sockets)).getsockname()[1]
        running = Stage(made, parse_server(f"http://127.0.0.1:{port}"))
        yield running
    assert faults == []


def scene(width: int = 320, height: int = 200, seed: int = 1) -> Pixels:
    """Return a picture with flat parts, stripes and noise in it."""
    random = np.random.default_rng(seed)
    picture = np.zeros((height, width, 4), np.uint8)
    picture[..., 3] = 255
    picture[: height // 2, :, 0] = 200
    picture[::7, :, 1] = 90
    picture[height // 2 :, width // 2 :, :3] = random.integers(0, 256, (height - height // 2, width - width // 2, 3))
    return picture


async def eventually(good: Callable[[], bool], timeout_s: float = 5.0) -> None:
    """Wait until `good`, with a deadline."""
    async with asyncio.timeout(timeout_s):
        while not good():  # noqa: ASYNC110
            await asyncio.sleep(0.005)
