"""Origins: what a cookie may do, and from where."""

import pytest
from starlette.datastructures import Headers

from tests.tickets.databases import Databases
from tests.tickets.world import A_TICKET, PUBLIC_URL, World, make_world
from tickets.web.asking import COOKIE
from tickets.web.guard import is_ours

OURS = frozenset({PUBLIC_URL})
COOKIE_HEADER = {"cookie": f"a=b; {COOKIE}=token"}
BEARER = {"authorization": "Bearer token"}


@pytest.mark.parametrize(
    ("headers", "passes"),
    [
        ({}, True),
        (BEARER, True),
        ({"origin": PUBLIC_URL}, True),
        ({"origin": PUBLIC_URL.upper()}, False),
        ({"origin": "https://evil.example"}, False),
        ({"origin": "null"}, False),
        ({"origin": PUBLIC_URL + ":444"}, False),
        (BEARER | {"origin": "https://evil.example"}, False),
        (COOKIE_HEADER, False),
        (COOKIE_HEADER | BEARER, True),
        (COOKIE_HEADER | {"origin": PUBLIC_URL}, True),
        (COOKIE_HEADER | {"origin": PUBLIC_URL, "sec-fetch-site": "same-origin"}, True),
        (COOKIE_HEADER | {"origin": PUBLIC_URL, "sec-fetch-site": "cross-site"}, False),
        (COOKIE_HEADER | {"origin": PUBLIC_URL, "sec-fetch-site": "same-site"}, False),
        (COOKIE_HEADER | {"origin": PUBLIC_URL, "sec-fetch-site": "none"}, False),
        ({"cookie": f"not{COOKIE}=x"}, True),
    ],
)
def test_what_may_change_something(headers: dict[str, str], passes: bool) -> None:
    assert is_ours("POST", Headers(headers), OURS) is passes
    assert is_ours("DELETE", Headers(headers), OURS) is passes
    assert is_ours("GET", Headers(headers), OURS) is True


async def test_a_cookie_works_with_our_origin_only(world: World) -> None:
    await world.technician()
    filed = await world.ticket()
    cookie, path = await world.cookie(), f"/tickets/{filed.tracking}/claim"
    for origin in ({}, {"origin": "https://evil.example"}):
        refused = await world.stranger.post(path, cookie=cookie, **origin)
        assert (refused.status_code, refused.json()["type"].rpartition("/")[2]) == (403, "wrong-origin")
    assert (await world.stranger.post(path, cookie=cookie, origin=PUBLIC_URL)).status_code == 200


async def test_a_person_is_told_in_words(world: World) -> None:
    headers = {"accept": "text/html", "origin": "https://evil.example"}
    refused = await world.client.post("/console/login", headers=headers, data={"email": "a@example.org"})
    assert refused.status_code == 403
    assert refused.headers["content-type"].startswith("text/plain")
    assert "at its own address" in refused.text
    assert "content-security-policy" in refused.headers
    served = await world.client.post(
        "/console/login", headers=headers | {"origin": PUBLIC_URL}, data={"email": "a@b.c"}
    )
    assert served.status_code != 403


async def test_the_allow_list_is_what_the_settings_say(
    tmp_path_factory: pytest.TempPathFactory, databases: Databases
) -> None:
    origins = ("https://one.example", "https://two.example:8443")
    async with make_world(tmp_path_factory.mktemp("desk"), databases, allowed_origins=origins) as world:
        for origin in origins:
            assert (await world.stranger.post("/tickets", A_TICKET, origin=origin)).status_code == 201
        assert (await world.stranger.post("/tickets", A_TICKET, origin=PUBLIC_URL)).status_code == 403
