"""Security headers on every answer; no traceback to anybody."""

import json
from collections.abc import AsyncIterator

import httpx
import pytest
from sqlalchemy.exc import OperationalError
from starlette.types import Receive, Scope, Send
from structlog.testing import capture_logs

from tests.tickets.world import A_TICKET, PUBLIC_URL, World
from tickets.web.edge import Edge, security_headers

A_BODY = json.dumps(A_TICKET).encode()


@pytest.mark.parametrize("path", ["/", "/api/v1/organisation", "/api/v1/nothing", "/nothing", "/console"])
async def test_every_answer_carries_the_security_headers(world: World, path: str) -> None:
    headers = (await world.client.get(path)).headers
    policy = headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["strict-transport-security"] == "max-age=31536000"
    assert headers["cross-origin-opener-policy"] == "same-origin"
    assert headers["referrer-policy"] == "same-origin"


@pytest.mark.parametrize("url", ["https://localhost:8443", "https://127.0.0.1:8443", "https://[::1]:8443"])
def test_a_loopback_name_is_shared_with_other_programs_and_promises_nothing_for_them(url: str) -> None:
    assert "strict-transport-security" not in security_headers(url)
    assert "strict-transport-security" in security_headers("https://192.0.2.7:8443")


def test_plain_http_promises_no_https() -> None:
    headers = security_headers("http://127.0.0.1:8000")
    assert "strict-transport-security" not in headers
    assert "ws://127.0.0.1:8000" in headers["content-security-policy"]


@pytest.mark.parametrize(
    ("error", "status", "slug"),
    [
        (RuntimeError("secret detail"), 500, "broken"),
        (OperationalError("SELECT secret", {}, Exception("database is locked")), 503, "unavailable"),
    ],
)
async def test_what_goes_wrong_unforeseen_becomes_a_problem(error: Exception, status: int, slug: str) -> None:
    async def broken(_scope: Scope, _receive: Receive, _send: Send) -> None:
        raise error

    transport = httpx.ASGITransport(Edge(broken, PUBLIC_URL))
    async with httpx.AsyncClient(transport=transport, base_url=PUBLIC_URL) as client:
        response = await client.get("/")
    assert (response.status_code, response.json()["type"].rpartition("/")[2]) == (status, slug)
    assert "secret" not in response.text
    assert "content-security-policy" in response.headers


async def test_an_unforeseen_error_inside_the_application_becomes_a_problem(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken() -> None:
        raise RuntimeError("secret detail")

    monkeypatch.setattr(world.desk.services.organisation, "shown", broken)
    with capture_logs() as logged:
        response = await world.stranger.get("/organisation")
    assert (response.status_code, response.json()["type"].rpartition("/")[2]) == (500, "broken")
    assert "secret" not in response.text
    assert [(line["event"], str(line["exc_info"])) for line in logged] == [("request failed", "secret detail")]


async def test_a_body_that_does_not_say_its_length_is_cut_off(world: World) -> None:
    async def endless() -> AsyncIterator[bytes]:
        for _ in range(100):
            yield b"x" * 10_000

    response = await world.client.post("/api/v1/tickets", content=endless())
    assert (response.status_code, response.json()["type"].rpartition("/")[2]) == (413, "too-large")


async def test_a_body_that_says_its_length_is_refused_before_it_is_read(world: World) -> None:
    read: list[str] = []

    async def body() -> AsyncIterator[bytes]:
        read.append("body")
        yield A_BODY

    for size, status in ((10_000_000, 413), (len(A_BODY), 201)):
        response = await world.client.post("/api/v1/tickets", content=body(), headers={"content-length": str(size)})
        assert (response.status_code, bool(read)) == (status, status == 201)
