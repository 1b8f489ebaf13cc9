"""A help desk that knows one technician and one ticket, in a thread: API and relay on one port, a fake agent behind."""

import asyncio
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect
from websockets.exceptions import ConnectionClosedOK

from protocol.encoding import pack_b64
from protocol.envelope import SUBPROTOCOL, CloseCode, ViewerHello, parse_first_frame
from tests.technician_viewer.fake_agent import TRACKING, FakeAgent, Script, World

EMAIL, PASSWORD, TOKEN = "ada@example.org", "correct horse", "T" * 43
TICKET: dict[str, Any] = {
    "tracking": TRACKING,
    "title": "Printer [bold]says\x1b[31m no",
    "category": "printing",
    "urgency": "high",
    "asset": "hardware",
    "status": "open",
    "requester": {"name": "", "email": "user@example.org"},
    "assignee": {"id": "t1", "name": "Ada"},
    "channel": "portal",
    "created_at": "2026-11-24T10:00:00Z",
    "updated_at": "2026-11-24T10:00:00Z",
    "agent_online": True,
}


def problem(slug: str, status: int, detail: str) -> Response:
    """Return a problem document (RFC 9457)."""
    return JSONResponse(
        {"type": f"https://towline.example/problems/{slug}", "title": "No", "status": status, "detail": detail},
        status_code=status,
        media_type="application/problem+json",
    )


class _Socket:
    """A starlette websocket as the fake agent wants it."""

    def __init__(self, socket: WebSocket) -> None:
        self._socket = socket

    async def recv(self) -> str | bytes:
        message = await self._socket.receive()
        if message["type"] == "websocket.disconnect":
            raise ConnectionClosedOK(None, None)
        text: str | bytes | None = message.get("text")
        data: bytes = message.get("bytes") or b""
        return data if text is None else text

    async def send(self, message: str | bytes) -> None:
        try:
            if isinstance(message, str):
                await self._socket.send_text(message)
            else:
                await self._socket.send_bytes(message)
        except (WebSocketDisconnect, RuntimeError) as error:
            raise ConnectionClosedOK(None, None) from error


@dataclass
class FakeServer:
    """What it knows, and what was asked of it."""

    script: Script
    world: World = field(default_factory=World)
    organisation: str = ""
    port: int = 0
    certified: set[str] = field(default_factory=set)
    certificates: int = 0
    asked: list[tuple[str, str]] = field(default_factory=list)
    agents: list[FakeAgent] = field(default_factory=list)
    # Changes an answer before it is sent: path -> answer.
    answers: dict[str, Callable[[], Response]] = field(default_factory=dict)

    @property
    def origin(self) -> str:
        """The server's address."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def agent(self) -> FakeAgent:
        """The agent of the only viewer."""
        (agent,) = self.agents
        return agent

    async def api(self, request: Request) -> Response:
        """Answer like the help desk."""
        path = request.url.path.removeprefix("/api/v1")
        self.asked.append((request.method, path))
        if path in self.answers:
            return self.answers[path]()
        body = await request.json() if await request.body() else {}
        if path == "/organisation":
            return JSONResponse({"name": "Example", "id": self._offer()["organisation"], "public_key": "", "mode": "x"})
        if path == "/login":
            if (body["email"], body["password"]) != (EMAIL, PASSWORD):
                return problem("login-failed", 401, "Check the e-mail address and the password.")
            return JSONResponse({"token": TOKEN, "technician": {"id": "t1", "name": "Ada", "role": "technician"}})
        if request.headers.get("Authorization") != f"Bearer {TOKEN}":
            return problem("not-logged-in", 401, "Log in first, or send a token that is still good.")
        return self._for_technician(path, body)

    def _for_technician(self, path: str, body: dict[str, Any]) -> Response:
        if path == "/logout":
            return Response(status_code=204)
        if path == "/devices":
            self.certificates += 1
            self.certified.add(body["public_key"])
            return JSONResponse({"certificate": "YQ", "not_after": "2026-12-24T10:00:00Z"})
        if path == "/tickets":
            return JSONResponse({"items": [TICKET], "next_cursor": None})
        if path == f"/tickets/{TRACKING}/session":
            if body["device_key"] not in self.certified:
                return problem("device-unknown", 409, "Send the device's public key to POST /api/v1/devices first.")
            return JSONResponse(self._offer(body["device_key"]))
        return problem("ticket-not-found", 404, "Check the tracking number.")

    def _offer(self, device_key: str | None = None) -> dict[str, Any]:
        offer = self.world.offer(credentials=self.world.credentials(device_key=device_key))
        papers = offer.credentials
        assert offer.agent_key is not None
        return {
            "session": offer.session,
            "socket_ticket": offer.socket_ticket,
            "grant": pack_b64(papers.grant),
            "grant_key_certificate": pack_b64(papers.grant_key_certificate),
            "certificate": pack_b64(papers.certificate),
            "revocations": pack_b64(papers.revocations),
            "organisation": self.organisation or pack_b64(offer.organisation),
            "organisation_name": "Example",
            "agent_key": pack_b64(offer.agent_key),
            "agent_online": True,
            "tracking": TRACKING,
            "title": "Printer",
            "rights": ["control", "view"],
        }

    async def viewer(self, socket: WebSocket) -> None:
        """Be the relay for one viewer."""
        await socket.accept(SUBPROTOCOL)
        assert isinstance(parse_first_frame(await socket.receive_text()), ViewerHello)
        agent = FakeAgent(_Socket(socket), self.world)
        self.agents.append(agent)
        try:
            await agent.say_hello()
            await self.script(agent)
            await socket.close(CloseCode.DONE)
        except (ConnectionClosedOK, RuntimeError):
            return


@contextmanager
def fake_server(script: Script, **knowledge: Any) -> Iterator[FakeServer]:
    """Run a FakeServer on a free port of 127.0.0.1."""
    server = FakeServer(script, **knowledge)
    routes = [
        Route("/api/v1/{path:path}", server.api, methods=["GET", "POST"]),
        WebSocketRoute("/relay/{tracking}/viewer", server.viewer),
    ]
    started = threading.Event()

    class Server(uvicorn.Server):
        async def startup(self, sockets: Any = None) -> None:
            await super().startup(sockets)
            server.port = self.servers[0].sockets[0].getsockname()[1]
            started.set()

    running = Server(
        uvicorn.Config(
            Starlette(routes=routes),
            host="127.0.0.1",
            port=0,
            log_config=None,
            ws="websockets-sansio",
            lifespan="off",
            timeout_graceful_shutdown=1,
        )
    )
    thread = threading.Thread(target=lambda: asyncio.run(running.serve()))
    thread.start()
    try:
        assert started.wait(10)
        yield server
    finally:
        running.should_exit = True
        thread.join(10)
        assert not thread.is_alive()
