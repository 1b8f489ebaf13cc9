"""The whole server on a real port."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import InvalidStatus
from websockets.typing import Origin, Subprotocol

from protocol.encoding import pack_b64
from protocol.envelope import (
    SUBPROTOCOL,
    AgentHello,
    AgentSession,
    CloseCode,
    Control,
    Ended,
    Hello,
    Joined,
    ViewerHello,
    ViewerWaiting,
    pack_control,
)
from relay.app import add_technician, list_technicians, viewer_folder
from tests.relay.support import AGENT_KEY, AGENT_TOKEN, TRACKING, RunningServer, close_code, control, running_server


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    with running_server(tmp_path_factory.mktemp("server")) as running:
        yield running


@pytest.fixture
def client(server: RunningServer) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=server.url, verify=server.tls(), trust_env=False) as made:
        yield made


def test_pages_and_api_answer(client: httpx.Client) -> None:
    assert "<!doctype html>" in client.get("/").text
    assert client.get("/api/v1/organisation").json()["name"] == "Test desk"
    assert client.get("/healthz").text == "ok\n"
    assert client.get("/readyz").text == "ready\n"


def test_viewer_files_are_modules_of_this_server_only(client: httpx.Client) -> None:
    name = min(viewer_folder().glob("*.js")).name
    answer = client.get(f"/static/viewer/{name}")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/javascript; charset=utf-8"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["cache-control"] == "no-cache"
    assert answer.text == (viewer_folder() / name).read_text(encoding="utf-8")
    again = client.get(f"/static/viewer/{name}", headers={"if-none-match": answer.headers["etag"]})
    assert again.status_code == 304


@pytest.mark.parametrize(
    "path",
    [
        "/static/viewer/",
        "/static/viewer/../cli.py",
        "/static/viewer/%2e%2e/cli.py",
        "/static/viewer/..%2fcli.py",
        "/static/viewer//etc/passwd",
        "/static/viewer/%2fetc%2fpasswd",
        "/static/viewer/x\\..\\..\\cli.py",
        "/static/viewer/%00.js",
        "/static/viewer/__init__.py",
    ],
)
def test_nothing_else_is_served_as_viewer_file(server: RunningServer, path: str) -> None:
    # A raw target, since clients tidy dots away.
    async def status() -> bytes:
        reader, writer = await asyncio.open_connection(
            "127.0.0.1", server.settings.server.port, ssl=server.tls(), server_hostname="127.0.0.1"
        )
        writer.write(f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n".encode())
        answer = await asyncio.wait_for(reader.read(), 10)
        writer.close()
        return answer

    answer = asyncio.run(status())
    assert answer.split(b" ", 2)[1] in (b"404", b"400"), answer[:200]
    assert b"root:" not in answer


def test_metrics_are_for_this_machine_only(client: httpx.Client, server: RunningServer) -> None:
    assert "towline_relay_agents 0.0" in client.get("/metrics").text
    assert client.get("/metrics", headers={"x-forwarded-for": "192.0.2.1"}).status_code == 404
    assert client.get("/metrics", headers={"host": "desk.example"}).status_code == 404
    assert client.post("/metrics").status_code == 405


def test_relay_paths_want_a_websocket(client: httpx.Client) -> None:
    assert client.get(f"/relay/{TRACKING}/agent").status_code == 426


async def test_agent_without_a_ticket_is_refused(server: RunningServer) -> None:
    async with connect(
        f"{server.url.replace('https', 'wss')}/relay/{TRACKING}/agent",
        origin=Origin(server.url),
        subprotocols=[Subprotocol(SUBPROTOCOL)],
        compression=None,
        ssl=server.tls(),
        proxy=None,
    ) as agent:
        await agent.send(pack_control(AgentHello(token=AGENT_TOKEN, agent_key=AGENT_KEY)))
        assert await close_code(agent) == CloseCode.REFUSED


async def test_other_websockets_are_refused_without_a_traceback(server: RunningServer) -> None:
    with pytest.raises(InvalidStatus):
        async with connect(
            f"{server.url.replace('https', 'wss')}/nothing", origin=Origin(server.url), ssl=server.tls(), proxy=None
        ):
            pass


def test_technicians(server: RunningServer) -> None:
    asyncio.run(add_technician(server.settings, "ada@example.org", "Ada", "correct horse battery", "admin"))
    assert ("ada@example.org", "admin") in [
        (each.email, each.role) for each in asyncio.run(list_technicians(server.settings))
    ]


def test_secrets_are_readable_by_their_owner_only(server: RunningServer) -> None:
    def mode(path: Path) -> int:
        return path.stat().st_mode & 0o777

    data = server.settings.data_dir
    assert mode(data) == 0o700
    assert mode(data / "tls" / "ca.key") == mode(data / "tls" / "server.key") == 0o600
    assert mode(server.ca) == 0o644


async def test_a_filed_ticket_leads_to_a_joined_pair(server: RunningServer) -> None:
    await add_technician(server.settings, "bob@example.org", "Bob", "correct horse battery", "technician")
    agent_key, device_key = (pack_b64(X25519PrivateKey.generate().public_key().public_bytes_raw()) for _ in range(2))
    async with httpx.AsyncClient(base_url=f"{server.url}/api/v1", verify=server.tls(), trust_env=False) as client:

        async def post(path: str, token: str | None = None, **body: str | None) -> dict[str, Any]:
            headers = {} if token is None else {"authorization": f"Bearer {token}"}
            answer = await client.post(path, json=body, headers=headers)
            assert answer.status_code < 300, answer.text
            values: dict[str, Any] = answer.json()
            return values

        ticket = await post(
            "/tickets",
            category="Programs",
            title="It broke",
            description="It does not start.",
            urgency="high",
            asset="software",
            email="user@example.org",
        )
        tracking = ticket["tracking"]
        technician = (await post("/login", email="bob@example.org", password="correct horse battery"))["token"]
        await post(f"/tickets/{tracking}/claim", technician)
        joined = await post(f"/tickets/{tracking}/join", ticket["requester_token"], agent_key=agent_key)
        hello = AgentHello(token=joined["agent_token"], agent_key=agent_key)
        async with socket_of(server, tracking, "agent", hello) as on_control:
            await post("/devices", technician, public_key=device_key, kind="native")
            session = await post(f"/tickets/{tracking}/session", technician, device_key=device_key)
            assert session["agent_online"]
            first = ViewerHello(ticket=session["socket_ticket"])
            async with socket_of(server, tracking, "viewer", first) as watching:
                assert await control(on_control) == ViewerWaiting(session=session["session"])
                again = AgentSession(token=joined["agent_token"], agent_key=agent_key, session=session["session"])
                async with socket_of(server, tracking, "agent", again) as sharing:
                    assert await control(sharing) == await control(watching) == Joined()
                    await sharing.send(b"record")
                    assert await watching.recv() == b"record"
                    # Who loses the ticket loses the session, and the agent stays.
                    await post(f"/tickets/{tracking}/assign", technician, technician=None)
                    for connection in (on_control, watching, sharing):
                        assert isinstance(await control(connection), Ended)
                    assert await close_code(watching) == CloseCode.ENDED
            async with socket_of(server, tracking, "viewer", first, welcome=False) as late:
                assert await close_code(late) == CloseCode.REFUSED


@asynccontextmanager
async def socket_of(
    server: RunningServer, tracking: str, role: str, first: Control, *, welcome: bool = True
) -> AsyncIterator[ClientConnection]:
    async with connect(
        f"{server.url.replace('https', 'wss')}/relay/{tracking}/{role}",
        origin=Origin(server.url),
        subprotocols=[Subprotocol(SUBPROTOCOL)],
        compression=None,
        ssl=server.tls(),
        proxy=None,
    ) as connection:
        await connection.send(pack_control(first))
        if welcome:
            assert isinstance(await control(connection), Hello)
        yield connection
