"""The API client: what it sends, and every answer as a result or as one line."""

import json
import ssl
from collections.abc import AsyncIterator, Callable

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.errors import ApiError, TicketNotFound, Unreachable
from agent.http import MAX_ANSWER_BYTES, Api, Joined, NewTicket
from agent.server import parse_server
from protocol.tracking import TrackingNumber

SERVER = parse_server("https://help.example.org")
TRACKING = TrackingNumber("TL-0000-0000")
TICKET = NewTicket("E-mail", "No mail", "Nothing comes", "high", "software", "uma@example.org")


def api(answer: Callable[[httpx.Request], httpx.Response]) -> Api:
    return Api(SERVER, None, transport=httpx.MockTransport(answer))


def problem(status: int, detail: str, slug: str = "x") -> httpx.Response:
    body = {"type": f"https://towline.example/problems/{slug}", "title": "T", "status": status, "detail": detail}
    return httpx.Response(status, headers={"content-type": "application/problem+json"}, content=json.dumps(body))


async def test_submit_sends_the_fields_and_reads_the_answer() -> None:
    seen: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return httpx.Response(
            201, json={"tracking": TRACKING, "requester_token": "s3cret", "link": "l", "status": "new", "more": 1}
        )

    async with api(answer) as client:
        filed = await client.submit(TICKET)
    assert filed.tracking == TRACKING
    assert "s3cret" not in repr(filed)
    assert str(seen[0].url) == "https://help.example.org/api/v1/tickets"
    assert json.loads(seen[0].content) == {
        "category": "E-mail",
        "title": "No mail",
        "description": "Nothing comes",
        "urgency": "high",
        "asset": "software",
        "email": "uma@example.org",
    }
    assert "authorization" not in seen[0].headers


async def test_a_token_travels_in_the_header_never_in_the_address() -> None:
    seen: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        if request.method == "GET":
            return httpx.Response(200, json={"tracking": TRACKING, "title": "T", "status": "open", "assignee": None})
        return httpx.Response(
            200,
            json={"agent_token": "a", "tracking": TRACKING, "title": "T", "organisation": "o", "server_time": 1},
        )

    async with api(answer) as client:
        assert (await client.ticket(TRACKING, "token")).status == "open"
        await client.join(TRACKING, "key", code="7H2K-M4QP")
    assert seen[0].headers["authorization"] == "Bearer token"
    assert "token" not in str(seen[0].url)
    assert json.loads(seen[1].content) == {"agent_key": "key", "code": "7H2K-M4QP"}
    assert "authorization" not in seen[1].headers


def test_secrets_do_not_show_themselves() -> None:
    assert "s3cret" not in repr(Joined("s3cret", TRACKING, "T", "o", 1))


async def test_problem_documents_become_one_line() -> None:
    async with api(lambda _: problem(409, "Tess has it.\nAsk her.", "other-computer")) as client:
        with pytest.raises(ApiError) as caught:
            await client.join(TRACKING, "key", token="t")
    assert str(caught.value) == "Tess has it. Ask her."
    assert (caught.value.status, caught.value.slug) == (409, "other-computer")


async def test_an_unknown_number_is_its_own_error() -> None:
    async with api(lambda _: problem(404, "")) as client:
        with pytest.raises(TicketNotFound):
            await client.ticket(TRACKING, "t")
    async with api(lambda _: httpx.Response(404, text="<h1>nothing</h1>")) as client:
        with pytest.raises(TicketNotFound, match="tracking number"):
            await client.ticket(TRACKING, "t")


async def test_no_network_no_trust_no_answer() -> None:
    def refuse(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("refused", request=request)

    def distrust(request: httpx.Request) -> httpx.Response:
        cause = ssl.SSLCertVerificationError("bad")
        cause.verify_message = "self-signed certificate"
        raise httpx.ConnectError("tls", request=request) from cause

    def dawdle(request: httpx.Request) -> httpx.Response:
        raise httpx.ReadTimeout("slow", request=request)

    for answer, words in ((refuse, "cannot be reached"), (distrust, "--ca"), (dawdle, "does not answer")):
        async with api(answer) as client:
            with pytest.raises(Unreachable, match=words):
                await client.organisation()


async def test_redirects_are_not_followed() -> None:
    async with api(lambda _: httpx.Response(302, headers={"location": "https://elsewhere.example/"})) as client:
        with pytest.raises(ApiError, match="302"):
            await client.organisation()


# Each example makes a TLS context, which a busy machine takes its time for.
@settings(max_examples=50, deadline=None)
@given(
    st.integers(200, 599),
    st.binary(max_size=200),
    st.sampled_from(["application/json", "application/problem+json", ""]),
)
async def test_any_answer_is_a_result_or_one_line(status: int, body: bytes, kind: str) -> None:
    async with api(lambda _: httpx.Response(status, content=body, headers={"content-type": kind})) as client:
        try:
            await client.organisation()
        except ApiError as error:
            assert "\n" not in str(error)
            assert str(error)


@pytest.mark.parametrize("status", [200, 500])
async def test_an_answer_without_end_is_not_read_to_its_end(status: int) -> None:
    given = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal given
        while given < 10 * MAX_ANSWER_BYTES:
            given += 65_536
            yield b" " * 65_536

    kind = {"content-type": "application/problem+json"}
    async with api(lambda _: httpx.Response(status, headers=kind, content=endless())) as client:
        with pytest.raises(ApiError):
            await client.organisation()
    assert given <= MAX_ANSWER_BYTES + 65_536
    body = json.dumps({"name": "n", "id": "i", "public_key": "k"}).encode().ljust(MAX_ANSWER_BYTES)
    async with api(lambda _: httpx.Response(200, content=body)) as client:
        assert (await client.organisation()).name == "n"
