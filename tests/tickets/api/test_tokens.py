"""Tokens with scopes: they reach what they say, end when they say, and make nothing stronger."""

from datetime import datetime

import pytest

from tests.tickets.world import Caller, Json, World
from tickets.domain.access import RIGHTS, Role
from tickets.domain.scopes import WHOLE_LOGIN, Scope, parse_scopes, reach_of, scope_of

DAY_S = 86_400


async def narrowed(owner: Caller, *scopes: str, days: int = 10) -> Caller:
    """Return the owner with a token of these scopes."""
    done = await owner.must("/tokens", {"label": "report", "scopes": list(scopes), "days": days}, 201)
    return Caller(owner.client, done["token"], owner.id)


async def test_a_token_reaches_what_its_scope_says_and_no_further(world: World) -> None:
    ada = await world.technician()
    filed = await world.ticket()
    reading, writing = await narrowed(ada, "tickets:read"), await narrowed(ada, "tickets:read", "tickets:write")
    assert (await reading.get(f"/tickets/{filed.tracking}")).status_code == 200
    refused = await reading.post(f"/tickets/{filed.tracking}/claim")
    assert (refused.status_code, refused.json()["type"].rpartition("/")[2]) == (403, "not-allowed")
    assert (await writing.post(f"/tickets/{filed.tracking}/claim")).status_code == 200


async def test_a_session_needs_its_own_scope(world: World) -> None:
    ada = await world.technician()
    filed, key = await world.claimed(ada), await world.device(ada)
    body = {"device_key": key}
    without = await narrowed(ada, "tickets:read", "tickets:write")
    assert (await without.post(f"/tickets/{filed.tracking}/session", body)).status_code == 403
    with_it = await narrowed(ada, "sessions")
    assert (await with_it.post(f"/tickets/{filed.tracking}/session", body)).status_code == 200


async def test_no_scope_certifies_a_device(world: World) -> None:
    ada = await world.technician()
    everything = await narrowed(ada, *Scope)
    assert (await everything.post("/devices", {"public_key": "x", "kind": "browser"})).status_code == 403
    await world.device(ada)


async def test_a_token_makes_none_that_is_stronger(world: World) -> None:
    ada = await world.technician()
    maker = await narrowed(ada, "tokens", "tickets:read", days=5)
    refused = await maker.post("/tokens", {"label": "x", "scopes": ["tickets:write"], "days": 1})
    assert (refused.status_code, refused.json()["type"].rpartition("/")[2]) == (403, "stronger-token")
    made: Json = await maker.must("/tokens", {"label": "x", "scopes": ["tickets:read"], "days": 300}, 201)
    until = datetime.fromisoformat(made["view"]["expires_at"]).timestamp()
    assert until <= world.clock.at() + 5 * DAY_S + 1
    without = await narrowed(ada, "tickets:read")
    assert (await without.post("/tokens", {"label": "x", "scopes": ["tickets:read"]})).status_code == 403


async def test_a_token_ends_with_its_time(world: World) -> None:
    token = await narrowed(await world.technician(), "tickets:read", days=2)
    world.clock.forward(2 * DAY_S - 60)
    assert (await token.get("/tickets")).status_code == 200
    world.clock.forward(120)
    assert (await token.get("/tickets")).status_code == 401


async def test_one_revokes_ones_own_tokens_only(world: World) -> None:
    ada, bob = await world.technician(), await world.technician("Bob")
    token = await narrowed(ada, "tickets:read")
    (listed,) = [item for item in (await ada.get("/tokens")).json()["items"] if item["label"] == "report"]
    assert listed["scopes"] == ["tickets:read"]
    assert "token" not in listed
    assert (await bob.ask("DELETE", f"/tokens/{listed['id']}")).status_code == 404
    assert (await token.get("/tickets")).status_code == 200
    assert (await ada.ask("DELETE", f"/tokens/{listed['id']}")).status_code == 204
    assert (await token.get("/tickets")).status_code == 401


@pytest.mark.parametrize("body", [{}, {"label": "x", "scopes": []}, {"label": "x", "scopes": ["root"]}])
async def test_a_token_needs_scopes_that_exist(world: World, body: Json) -> None:
    ada = await world.technician()
    assert (await ada.post("/tokens", body)).status_code == 422


async def test_the_page_shows_a_token_once(world: World) -> None:
    await world.technician()
    headers = {"cookie": await world.cookie(), "origin": world.settings.public_url}
    form = {"label": "report", "scope:tickets:read": "on", "days": "9"}
    made = await world.client.post("/console/tokens", data=form, headers=headers)
    assert made.status_code == 201
    assert "shown only this once" in made.text
    again = await world.client.get("/console/tokens", headers=headers)
    assert "report" in again.text
    assert "shown only this once" not in again.text


def test_every_right_of_staff_has_a_scope_or_takes_a_whole_login() -> None:
    for role, action, thing in RIGHTS:
        if role in {Role.TECHNICIAN, Role.ADMIN} and (Role.ANONYMOUS, action, thing) not in RIGHTS:
            assert (scope_of(action, thing) is None) == (thing in WHOLE_LOGIN), (action, thing)


def test_a_word_that_is_no_scope_reaches_what_a_stranger_may() -> None:
    assert reach_of(parse_scopes("root tickets")) == reach_of(frozenset())
    assert reach_of(parse_scopes("tickets:read")) > reach_of(frozenset())
