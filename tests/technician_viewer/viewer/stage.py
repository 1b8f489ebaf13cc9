"""A server for a real browser: the session page with its real files and headers, a help desk's API, and a relay with an
agent behind it that the test plays.
"""

import asyncio
import contextlib
import secrets
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import uvicorn
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Mount, Route, WebSocketRoute
from starlette.staticfiles import StaticFiles
from starlette.websockets import WebSocket, WebSocketDisconnect

from protocol import messages as m
from protocol.authority import (
    DeviceCertificate,
    GrantKeyCertificate,
    RevocationList,
    SessionGrant,
    Trust,
    organisation_id,
    sign,
)
from protocol.connection import AgentConnection, Closed, Event, Received
from protocol.encoding import pack_b64
from protocol.envelope import (
    SUBPROTOCOL,
    Asking,
    FromRelay,
    Hello,
    Joined,
    ViewerHello,
    Waiting,
    pack_control,
    parse_first_frame,
)
from protocol.handshake import Facts, RefusalReason
from protocol.picture import Encoding, Pixels, encode_deflate, encode_palette, encode_raw, encode_solid
from protocol.rights import Right
from protocol.table import Input, Phase
from relay.pages import ViewerFiles, common_headers
from tickets.pages.site import make_environment
from tickets.web.edge import security_headers

ROOT: Final = Path(__file__).resolve().parents[3]
TRACKING: Final = "TL-0000-0000"
TITLE: Final = "The printer prints stripes"
REQUESTER: Final = "Ada Lovelace"
BOTH: Final = frozenset(Right)
VIEW: Final = frozenset({Right.VIEW})
TICK_S: Final = 0.05
TRANSPORT: Final = "towline.transport"

_ENCODERS: Final[dict[Encoding, Callable[[Pixels], bytes | None]]] = {
    Encoding.SOLID: encode_solid,
    Encoding.RAW: encode_raw,
    Encoding.PALETTE: encode_palette,
    Encoding.DEFLATE: encode_deflate,
}


def make_rect(pixels: Pixels, x: int, y: int, encoding: Encoding) -> m.Rect:
    """Return the rect of BGRX `pixels` at (x, y)."""
    data = _ENCODERS[encoding](pixels)
    assert data is not None, f"{encoding!r} does not fit these pixels"
    return m.Rect(encoding, x, y, pixels.shape[1], pixels.shape[0], data)


@dataclass
class Keys:
    """The organisation, its grant key and the computer that the ticket is about."""

    organisation: Ed25519PrivateKey = field(default_factory=Ed25519PrivateKey.generate)
    grant_key: Ed25519PrivateKey = field(default_factory=Ed25519PrivateKey.generate)
    agent: X25519PrivateKey = field(default_factory=X25519PrivateKey.generate)

    @property
    def id_text(self) -> str:
        """The organisation's id."""
        return pack_b64(organisation_id(self.organisation.public_key()))


@asynccontextmanager
async def _gone() -> AsyncIterator[None]:
    """Forgive that the viewer went while something was on its way to it."""
    with contextlib.suppress(WebSocketDisconnect, RuntimeError):
        yield


class Agent:
    """The relay's end of one viewer's socket, and the agent behind it."""

    def __init__(self, socket: WebSocket, keys: Keys, session: str) -> None:
        self.socket = socket
        self.session = session
        self.received: list[m.Message] = []
        self.events: list[Event] = []
        self.acknowledge = True
        self.silent = False
        self.close_code: int | None = None
        self.received_bytes = 0
        self._keys = keys
        self._frame = 0
        self._closed = False
        # The test and the heart both send; records must keep their order.
        self._sending = asyncio.Lock()
        self._connection: AgentConnection | None = None

    @property
    def connection(self) -> AgentConnection:
        """The agent's end of the tunnel; there is one from `join` on."""
        assert self._connection is not None
        return self._connection

    @property
    def inputs(self) -> list[Input]:
        """The input among `received`, in order."""
        return [message for message in self.received if isinstance(message, Input)]

    @property
    def keys(self) -> list[tuple[str, str, int, bool]]:
        """Code, text, modifiers and direction of the keys among `received`."""
        return [(k.code, k.text, k.modifiers, k.down) for k in self.received if isinstance(k, m.Key)]

    @property
    def texts(self) -> list[str]:
        """The texts among `received`."""
        return [message.text for message in self.received if isinstance(message, m.Text)]

    @property
    def acks(self) -> list[int]:
        """Numbers of the frames that the viewer says it shows."""
        return [message.frame for message in self.received if isinstance(message, m.FrameAck)]

    @property
    def end(self) -> Closed | None:
        """How the session ended on the agent's side, None while it has not."""
        return next((event for event in self.events if isinstance(event, Closed)), None)

    # --- what a test does

    async def say(self, frame: FromRelay) -> None:
        """Say something as the relay."""
        await self.socket.send_text(pack_control(frame))

    async def wait(self) -> None:
        """Let the viewer wait for the agent."""
        await self.say(Waiting())

    async def join(self) -> None:
        """The agent comes: the pair is complete."""
        self._connection = AgentConnection(
            session=self.session,
            tracking=TRACKING,
            static=self._keys.agent,
            ephemeral=X25519PrivateKey.generate(),
            trust=Trust(self._keys.organisation.public_key(), int(time.time())),
            now=time.monotonic(),
        )
        await self.say(Joined())
        await self.flush()

    async def ask(self) -> None:
        """Come and ask the user."""
        await self.join()
        await eventually(lambda: self.connection.phase is Phase.ASKING)
        await self.say(Asking())

    async def grant(self, rights: frozenset[Right] = BOTH) -> None:
        """Come, ask, and let the user say yes."""
        await self.ask()
        self.connection.grant(rights, Facts("desk", "Linux", "ada", "0.1.0"), time.monotonic())
        await self.flush()

    async def refuse(self, reason: RefusalReason) -> None:
        """Come, ask, and let the user say no."""
        await self.ask()
        self.connection.refuse(reason, time.monotonic())
        await self.flush()

    async def send(self, *messages: m.Message) -> None:
        """Send messages as the agent."""
        for message in messages:
            self.connection.send(message, time.monotonic())
        await self.flush()

    async def show(self, picture: Pixels, *rects: m.Rect) -> int:
        """Send a frame: these rects, or the size and the whole picture; return when the viewer shows it."""
        self._frame += 1
        number = self._frame
        height, width = picture.shape[:2]
        if not rects:
            await self.send(m.Monitors(width, height))
        parts = rects or (make_rect(picture, 0, 0, Encoding.DEFLATE),)
        await self.send(m.FrameBegin(number, not rects), *parts, m.FrameEnd(number, 0, exact=True))
        await eventually(lambda: number in self.acks)
        return number

    async def bye(self, code: m.ByeCode) -> None:
        """End the session as the agent."""
        self.connection.close(code, time.monotonic())
        await self.flush()

    def use_keys(self, keys: Keys) -> None:
        """Be another computer, of another organisation."""
        self._keys = keys

    def drop(self) -> None:
        """Break the line without a word."""
        self._closed = True
        self.socket.scope[TRANSPORT].transport.abort()

    async def close(self, code: int = 1000) -> None:
        """Close the socket as the relay."""
        self._closed = True
        await self.socket.close(code)

    # --- the pump

    async def flush(self) -> None:
        """Send what the connection has, unless the line is silent."""
        if self.silent:
            return
        async with self._sending, _gone():
            for record in self.connection.data_to_send():
                await self.socket.send_bytes(record)

    async def pump(self) -> None:
        """Answer the viewer and keep the heart beating until the socket closes."""
        ticking = asyncio.create_task(self._tick())
        try:
            while (event := await self.socket.receive())["type"] != "websocket.disconnect":
                data = event.get("bytes")
                assert data is not None, "a viewer says nothing in text after its first frame"
                self.received_bytes += len(data)
                if self._connection is not None:
                    await self._take(data)
            self.close_code = event["code"]
        finally:
            ticking.cancel()

    async def _take(self, data: bytes) -> None:
        self.connection.receive_data(data, time.monotonic())
        for event in self.connection.events():
            self.events.append(event)
            if isinstance(event, Received):
                self.received.append(event.message)
                if isinstance(event.message, Input) and self.acknowledge:
                    self.connection.send(m.InputAck(event.message.seq), time.monotonic())
        await self.flush()

    async def _tick(self) -> None:
        while not self._closed:
            await asyncio.sleep(TICK_S)
            if self._connection is not None and not self._closed:
                self._connection.on_deadline(time.monotonic())
                await self.flush()


@dataclass
class Stage:
    """The server, what it was asked, and what it shall answer."""

    origin: str
    keys: Keys = field(default_factory=Keys)
    rights: tuple[str, ...] = ("control", "view")
    mode: str = "server-trusted"
    # What `POST …/session` answers instead of an offer: status and the end of the problem's type.
    problem: tuple[int, str] | None = None
    forget_device_once: bool = False
    pinned: X25519PrivateKey | None = None
    refuse_tickets: bool = False
    devices: list[str] = field(default_factory=list)
    agents: asyncio.Queue[Agent] = field(default_factory=asyncio.Queue)
    sockets: dict[str, str] = field(default_factory=dict)
    faults: list[BaseException] = field(default_factory=list)

    @property
    def url(self) -> str:
        """The session page's address."""
        return f"{self.origin}/console/session/{TRACKING}"

    async def viewer(self) -> Agent:
        """Return the relay's end of the next viewer that comes."""
        async with asyncio.timeout(10):
            return await self.agents.get()

    # --- answers

    def _problem(self, status: int, slug: str) -> Response:
        document = {"type": f"https://towline.example/problems/{slug}", "title": slug, "status": status}
        return JSONResponse({**document, "detail": f"Because {slug}."}, status, media_type="application/problem+json")

    def _check_origin(self, request: Request) -> None:
        assert request.headers["origin"] == self.origin
        assert request.headers["sec-fetch-site"] == "same-origin"

    async def page(self, _request: Request) -> Response:
        """Return the session page as the pages of the help desk do."""
        html = make_environment(lambda: datetime.now(UTC)).get_template("session.html").render(
            tracking=TRACKING, title=TITLE, requester=REQUESTER, site_name="Helpdesk", my_id="t1", technician="Grace",
            lang="en", browser_words="",
        )  # fmt: skip
        return HTMLResponse(html, headers=security_headers(self.origin))

    async def certify(self, request: Request) -> Response:
        """Certify a browser's key."""
        self._check_origin(request)
        body = await request.json()
        assert body["kind"] == "browser"
        self.devices.append(body["public_key"])
        until = time.gmtime(time.time() + 30 * 86_400)
        return JSONResponse({"certificate": "AA", "not_after": time.strftime("%Y-%m-%dT%H:%M:%SZ", until)})

    async def offer(self, request: Request) -> Response:
        """Hand out a session."""
        self._check_origin(request)
        if self.problem is not None:
            return self._problem(*self.problem)
        device = (await request.json())["device_key"]
        if self.forget_device_once or device not in self.devices:
            self.forget_device_once = False
            return self._problem(409, "device-unknown")
        session, ticket = pack_b64(secrets.token_bytes(16)), pack_b64(secrets.token_bytes(32))
        self.sockets[ticket] = session
        at = int(time.time())
        grant_key = pack_b64(self.keys.grant_key.public_key().public_bytes_raw())
        names = (self.keys.id_text, "s1")
        device_paper = DeviceCertificate(*names, "t1", "Grace", device, "browser", at, at + 3_600)
        grant = SessionGrant(self.keys.id_text, session, TRACKING, "t1", device, self.rights, at, at + 3_600)
        pinned = (self.pinned or self.keys.agent).public_key().public_bytes_raw()
        return JSONResponse(
            {
                "session": session,
                "socket_ticket": ticket,
                "grant": pack_b64(sign(self.keys.grant_key, grant)),
                "grant_key_certificate": pack_b64(
                    sign(self.keys.organisation, GrantKeyCertificate(*names, grant_key, at, at + 3_600))
                ),
                "certificate": pack_b64(sign(self.keys.organisation, device_paper)),
                "revocations": pack_b64(sign(self.keys.organisation, RevocationList(self.keys.id_text, 1, at))),
                "organisation": self.keys.id_text,
                "organisation_name": "Helpdesk",
                "agent_key": pack_b64(pinned),
                "agent_online": True,
                "tracking": TRACKING,
                "title": TITLE,
                "rights": list(self.rights),
            }
        )

    async def organisation(self, _request: Request) -> Response:
        """Tell the organisation's mode."""
        return JSONResponse({"name": "Helpdesk", "id": self.keys.id_text, "mode": self.mode})

    async def relay(self, socket: WebSocket) -> None:
        """Take a viewer in and keep its socket until it closes."""
        assert socket.headers["origin"] == self.origin
        assert socket.scope["subprotocols"] == [SUBPROTOCOL]
        assert "cookie" not in socket.headers
        await socket.accept(SUBPROTOCOL)
        first = parse_first_frame(await socket.receive_text())
        assert isinstance(first, ViewerHello)
        session = self.sockets.pop(first.ticket, None)
        if session is None or self.refuse_tickets:
            await socket.close(4401)
            return
        agent = Agent(socket, self.keys, session)
        await agent.say(Hello(int(time.time())))
        self.agents.put_nowait(agent)
        try:
            await agent.pump()
        except asyncio.CancelledError:  # the server stops
            raise
        except BaseException as fault:
            self.faults.append(fault)
            raise

    def app(self) -> Starlette:
        """Return the server's routes."""
        files = ViewerFiles(ROOT / "technician_viewer" / "web", common_headers(self.origin, host_is_loopback=True))
        return Starlette(
            routes=[
                Route("/console/session/{tracking}", self.page),
                Route("/api/v1/devices", self.certify, methods=["POST"]),
                Route("/api/v1/tickets/{tracking}/session", self.offer, methods=["POST"]),
                Route("/api/v1/organisation", self.organisation),
                Mount("/static/viewer", files),
                Mount("/static/pages", StaticFiles(directory=ROOT / "tickets" / "pages" / "static")),
                Route("/{rest:path}", lambda _request: HTMLResponse("<title>elsewhere</title>")),
                WebSocketRoute(f"/relay/{TRACKING}/viewer", self.relay),
            ]
        )


class _Server(uvicorn.Server):
    """A server that leaves the signals to pytest."""

    @contextlib.contextmanager
    def capture_signals(self) -> Any:
        yield


@asynccontextmanager
async def running_stage() -> AsyncIterator[Stage]:
    """Serve a stage on a free port of 127.0.0.1."""
    stage = Stage("")

    async def app(scope: Any, receive: Any, send: Any) -> None:
        # uvicorn's protocol object, for breaking a line in the middle.
        await inner({**scope, TRANSPORT: getattr(send, "__self__", None)}, receive, send)

    config = uvicorn.Config(
        app, host="127.0.0.1", port=0, lifespan="off", ws="websockets-sansio", log_level="critical", access_log=False
    )
    server = _Server(config)
    serving = asyncio.create_task(server.serve())
    await eventually(lambda: server.started)
    port = server.servers[0].sockets[0].getsockname()[1]
    stage.origin = f"http://127.0.0.1:{port}"
    inner = stage.app()
    try:
        yield stage
    finally:
        server.should_exit = server.force_exit = True
        await serving
    if stage.faults:
        raise ExceptionGroup("the server failed", [e for e in stage.faults if isinstance(e, Exception)])


async def eventually(good: Callable[[], bool], timeout_s: float = 10.0) -> None:
    """Wait until `good`, with a deadline."""
    async with asyncio.timeout(timeout_s):
        while not good():  # noqa: ASYNC110 the test polls on purpose: what it waits for is in another process
            await asyncio.sleep(0.005)
