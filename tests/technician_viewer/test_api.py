"""The API client: where a token goes, how much is read, and for which ticket an offer is."""

import json
from collections.abc import AsyncIterator, Callable
from functools import partial

import httpx
import pytest

from technician_viewer.api import MAX_ANSWER_BYTES, Api
from technician_viewer.errors import ApiError, ViewerError
from technician_viewer.transport import parse_server

TRACKING = "TL-0000-0000"
OTHER = "TL-0000-0012"
TOKEN = "t" * 43
OFFER = {
    "session": "A" * 22,
    "socket_ticket": "s" * 43,
    "grant": "",
    "grant_key_certificate": "",
    "certificate": "",
    "revocations": "",
    "organisation": "A" * 43,
}


def api(answer: Callable[[httpx.Request], httpx.Response]) -> Api:
    """Return a client whose server is `answer`."""
    made = Api(parse_server("https://help.example.org"), token=TOKEN)
    made._client._transport = httpx.MockTransport(answer)
    return made


async def test_a_redirect_gets_no_token() -> None:
    asked: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        return httpx.Response(302, headers={"location": "https://help.example.org/elsewhere"})

    async with api(answer) as client:
        with pytest.raises(ApiError, match="302"):
            await client.queue()
    assert [request.url.path for request in asked] == ["/api/v1/tickets"]
    assert asked[0].headers["authorization"] == f"Bearer {TOKEN}"
    assert TOKEN not in str(asked[0].url)


async def test_an_answer_without_end_is_not_read_to_its_end() -> None:
    given = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal given
        while given < 3 * MAX_ANSWER_BYTES:
            given += 65_536
            yield b" " * 65_536

    async with api(lambda _: httpx.Response(200, content=endless())) as client:
        with pytest.raises(ViewerError):
            await client.queue()
    assert given <= MAX_ANSWER_BYTES + 65_536
    body = json.dumps({"items": []}).encode().ljust(MAX_ANSWER_BYTES)
    async with api(lambda _: httpx.Response(200, content=body)) as client:
        assert (await client.queue()).items == ()


def _always(answer: httpx.Response, _: httpx.Request) -> httpx.Response:
    return answer


async def test_an_offer_for_another_ticket_is_refused() -> None:
    for offered in (OTHER, TRACKING):
        answer = httpx.Response(200, json={**OFFER, "tracking": offered})
        async with api(partial(_always, answer)) as client:
            if offered == OTHER:
                with pytest.raises(ViewerError) as caught:
                    await client.session(TRACKING, bytes(32))
                assert caught.value.code == "wrong-ticket"
            else:
                offer = await client.session(TRACKING, bytes(32))
                assert offer.tracking == TRACKING
                assert "s" * 43 not in repr(offer)
