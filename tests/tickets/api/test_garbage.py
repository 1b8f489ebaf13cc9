"""Garbage into every route that reads something: a documented refusal every time, never a 500."""

import json
from urllib.parse import quote, urlencode

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.tickets.world import A_TICKET, Caller, World
from tickets.domain.access import Role
from tickets.web.asking import COOKIE

PATHS = (
    "/tickets",
    "/tickets/{tracking}/messages",
    "/tickets/{tracking}/claim",
    "/tickets/{tracking}/assign",
    "/tickets/{tracking}/status",
    "/tickets/{tracking}/resolve",
    "/tickets/{tracking}/join-code",
    "/tickets/{tracking}/join",
    "/tickets/{tracking}/session",
    "/tickets/{tracking}/consent",
    "/articles",
    "/devices",
    "/login",
    "/live",
    "/tickets/{tracking}/link",
    "/tickets/{tracking}/rating",
    "/my/link",
    "/my/requests",
    "/mail/templates/reply/en/preview",
    "/mail/templates/reply/en/reset",
    "/mail/outbox/retry",
    "/push",
)
FIELDS = (
    *A_TICKET,
    *("text", "internal", "technician", "status", "solution", "agent_key", "code", "device_key", "body"),
    *("public_key", "kind", "password", "label", "session", "answer"),
    *("rating", "comment", "key", "subject", "html", "revision", "endpoint", "p256dh", "auth"),
    *("rights", "beforehand"),
)
VALUES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=60),
    st.sampled_from(["high", "hardware", "a@b.example", "A" * 43, "open", "browser", "\ud800", "\x00", "0000-0000"]),
    st.lists(st.integers(), max_size=3),
    st.dictionaries(st.text(max_size=5), st.integers(), max_size=3),
)
OBJECTS = st.one_of(
    st.dictionaries(st.sampled_from(FIELDS), VALUES, max_size=8),
    st.fixed_dictionaries(dict.fromkeys(A_TICKET, VALUES)),
    VALUES,
)
BODIES = st.one_of(st.binary(max_size=200), OBJECTS.map(lambda value: json.dumps(value).encode()))
TEXTS = st.text(alphabet=st.characters(exclude_categories=["Cs"]), max_size=30)
SEGMENTS = st.one_of(TEXTS, st.sampled_from(["TL-0000-0000", "..", "%00", "TL 0000 0000", "💥"]))
FINE = {200, 201, 204, 401, 403, 404, 405, 409, 410, 413, 422, 429}


def must_be_fine(response: httpx.Response) -> None:
    assert response.status_code in FINE, response.text
    if response.status_code >= 400:
        assert response.headers["content-type"] == "application/problem+json"
        problem = response.json()
        assert set(problem) == {"type", "title", "status", "detail"}
        assert "\n" not in problem["detail"]
        assert "Traceback" not in response.text


async def send(caller: Caller, method: str, url: str, body: bytes | None = None) -> None:
    headers = {} if caller.token is None else {"authorization": f"Bearer {caller.token}"}
    must_be_fine(await caller.client.request(method, f"/api/v1{url}", content=body, headers=headers))


@pytest.fixture
async def callers(world: World) -> tuple[str, tuple[Caller, ...]]:
    """A claimed ticket, and one caller of each kind."""
    ada = await world.technician()
    filed = await world.claimed(ada)
    return filed.tracking, (world.stranger, filed.requester, ada, await world.technician("Root", Role.ADMIN))


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(path=st.sampled_from(PATHS), bodies=st.lists(BODIES, min_size=4, max_size=4))
async def test_garbage_bodies(
    world: World, callers: tuple[str, tuple[Caller, ...]], path: str, bodies: list[bytes]
) -> None:
    world.clock.forward(1)
    tracking, everybody = callers
    for caller, body in zip(everybody, bodies, strict=True):
        await send(caller, "POST", path.format(tracking=tracking), body)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(segment=SEGMENTS, query=st.dictionaries(st.sampled_from(["q", "view", "status", "cursor", "limit"]), TEXTS))
async def test_garbage_addresses(callers: tuple[str, tuple[Caller, ...]], segment: str, query: dict[str, str]) -> None:
    ada = callers[1][2]
    quoted, asked = quote(segment, safe=""), urlencode(query)
    await send(ada, "GET", f"/tickets/{quoted}")
    await send(ada, "POST", f"/tickets/{quoted}/claim")
    await send(ada, "GET", f"/tickets?{asked}")
    await send(ada, "GET", f"/articles?{asked}")
    await send(ada, "GET", f"/{quoted}")


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(token=st.text(alphabet=st.characters(min_codepoint=33, max_codepoint=255), max_size=600))
async def test_garbage_tokens(world: World, callers: tuple[str, tuple[Caller, ...]], token: str) -> None:
    tracking = callers[0]
    for name, value in (
        ("authorization", f"Bearer {token}"),
        ("authorization", token),
        ("cookie", f"{COOKIE}={token}"),
    ):
        headers = [(name.encode(), value.encode("latin-1"))]
        for path in ("/technicians", f"/tickets/{tracking}"):
            response = await world.client.get(f"/api/v1{path}", headers=headers)
            assert response.status_code in {401, 404}


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"[" * 100_000, b'{"title": "\\ud800"}', b"\xff\xfe", b"null", b'"x"', b"1e999", b'{"a":' * 50_000],
)
async def test_bodies_that_break_parsers(world: World, body: bytes) -> None:
    response = await world.client.post("/api/v1/tickets", content=body)
    must_be_fine(response)
    assert response.status_code == 422
    assert (await world.stranger.post("/tickets", A_TICKET)).status_code == 201


async def test_characters_that_a_database_would_choke_on(world: World) -> None:
    ada = await world.technician()
    body = A_TICKET | {"title": "a\x00b\u202ec", "description": "x\x00\r\ny\x1b[31m", "name": "\u2066Eve"}
    done = await world.stranger.must("/tickets", body, 201)
    found = (await ada.get(f"/tickets/{done['tracking']}")).json()
    assert (found["title"], found["description"], found["requester"]["name"]) == ("a b c", "x\ny[31m", "Eve")


async def test_json_that_is_nested_too_deep(world: World) -> None:
    root = await world.technician("Root", Role.ADMIN)
    headers = {"authorization": f"Bearer {root.token}"}
    for depth in (50_000, 5):
        body = b'{"a":' * depth + b"1" + b"}" * depth
        for method, path in (("POST", "/tickets"), ("PUT", "/priorities")):
            answer = await world.client.request(method, f"/api/v1{path}", content=body, headers=headers)
            assert answer.status_code == 422
