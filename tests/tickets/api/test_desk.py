"""Logins, colleagues, articles, organisation."""

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from protocol.authority import DeviceCertificate, RevocationList, verify
from protocol.encoding import parse_b64
from tests.tickets.databases import Databases
from tests.tickets.world import PASSWORD, Caller, World, make_world
from tickets import setup


async def login(world: World, password: str = PASSWORD, email: str = "ada@help.example") -> int:
    return (await world.stranger.post("/login", {"email": email, "password": password})).status_code


async def test_a_login_gives_a_token_that_ends_with_the_logout(world: World) -> None:
    ada = await world.technician()
    assert (await ada.get("/technicians")).status_code == 200
    assert (await ada.post("/logout")).status_code == 204
    assert (await ada.get("/technicians")).status_code == 401


async def test_wrong_password_and_unknown_address_are_the_same(world: World) -> None:
    await world.technician()
    body = {"email": "ada@help.example", "password": "wrong"}
    answers = {
        (response.status_code, response.content)
        for response in (
            await world.stranger.post("/login", body),
            await world.stranger.post("/login", body | {"email": "bob@help.example"}),
            await world.stranger.post("/login", body | {"email": "not an address"}),
        )
    }
    assert len(answers) == 1
    assert next(iter(answers))[0] == 401
    assert await login(world, email=" ADA@help.example ") == 200


async def test_logins_are_throttled_by_account_and_forgiven_by_time(world: World) -> None:
    await world.technician()
    limit = world.settings.limits.login_account
    for _ in range(limit.count):
        assert await login(world, "wrong") == 401
    assert await login(world) == 429
    async with world.somebody_at("203.0.113.5") as far:
        response = await far.post("/api/v1/login", json={"email": "ada@help.example", "password": PASSWORD})
        assert response.status_code == 429
    await world.technician("Bob")
    world.clock.forward(limit.window.total_seconds())
    assert await login(world) == 200


async def test_a_good_login_forgives_misses(world: World) -> None:
    await world.technician()
    for _ in range(3):
        for _ in range(world.settings.limits.login_account.count - 1):
            assert await login(world, "wrong") == 401
        assert await login(world) == 200


async def test_logins_are_throttled_by_address(world: World) -> None:
    await world.technician()
    for number in range(world.settings.limits.login_address.count):
        assert await login(world, "wrong", f"nobody{number}@help.example") == 401
    assert await login(world) == 429
    async with world.somebody_at("203.0.113.5") as far:
        response = await far.post("/api/v1/login", json={"email": "ada@help.example", "password": PASSWORD})
    assert response.status_code == 200


async def test_a_restart_forgives_nothing(world: World, databases: Databases) -> None:
    await world.technician()
    for _ in range(world.settings.limits.login_account.count):
        assert await login(world, "wrong") == 401
    async with make_world(world.settings.data_dir, databases) as again:
        assert await login(again) == 429


@pytest.mark.parametrize(("days", "status"), [(29.9, 200), (30, 401)])
async def test_an_api_token_is_good_for_thirty_days(world: World, days: float, status: int) -> None:
    ada = await world.technician()
    world.clock.forward(days * 86_400)
    assert (await ada.get("/technicians")).status_code == status


@pytest.mark.parametrize(("hours", "status"), [(11.9, 200), (12, 401)])
async def test_a_cookie_is_good_for_twelve_hours(world: World, hours: float, status: int) -> None:
    await world.technician()
    cookie = await world.cookie()
    world.clock.forward(hours * 3_600)
    assert (await world.stranger.get("/technicians", cookie=cookie)).status_code == status


async def test_cookie_and_token_do_not_pass_for_each_other(world: World) -> None:
    ada = await world.technician()
    cookie = await world.cookie()
    as_token = Caller(world.client, cookie.partition("=")[2])
    assert (await as_token.get("/technicians")).status_code == 401
    assert (await world.stranger.get("/technicians", cookie=f"__Host-towline={ada.token}")).status_code == 401
    assert (await world.stranger.get("/technicians", cookie=cookie)).status_code == 200
    assert (await ada.get("/technicians")).status_code == 200


async def test_a_disabled_technician_can_do_nothing(world: World) -> None:
    ada, bob = await world.technician("Ada"), await world.technician("Bob")
    filed = await world.claimed(ada)
    device = await ada.must("/devices", {"public_key": "A" * 43, "kind": "browser"})
    await setup.disable_technician(world.settings, "ada@help.example")
    assert (await ada.get("/technicians")).status_code == 401
    assert await login(world) == 401
    names = [item["name"] for item in (await bob.get("/technicians")).json()["items"]]
    assert names == ["Bob"]
    organisation = (await world.stranger.get("/organisation")).json()
    key = Ed25519PublicKey.from_public_bytes(parse_b64(organisation["public_key"]))
    certificate = verify(key, parse_b64(device["certificate"]), DeviceCertificate)
    revoked = verify(key, parse_b64(organisation["revocations"]), RevocationList)
    assert revoked.serials == (certificate.serial,)
    assert revoked.sequence == 1
    assert (await bob.get(f"/tickets/{filed.tracking}")).json()["assignee"]["name"] == "Ada"


async def test_a_new_password_ends_all_logins(world: World) -> None:
    ada = await world.technician()
    await setup.reset_password(world.settings, "ada@help.example", "a fresh password")
    assert (await ada.get("/technicians")).status_code == 401
    assert await login(world) == 401
    assert await login(world, "a fresh password") == 200


async def test_articles_are_found_by_words_best_first(world: World) -> None:
    ada = await world.technician()
    await ada.must("/articles", {"title": "Drucker", "body": "Der Toner ist leer."}, 201)
    await ada.must("/articles", {"title": "Toner wechseln", "body": "Klappe auf. Große Straße."}, 201)
    found = (await world.stranger.get("/articles?q=TONER")).json()["items"]
    assert [article["title"] for article in found] == ["Toner wechseln", "Drucker"]
    assert len((await world.stranger.get("/articles?q=strasse+grosse")).json()["items"]) == 1
    assert len((await world.stranger.get("/articles?q=toner+maus")).json()["items"]) == 2
    assert len((await world.stranger.get("/articles")).json()["items"]) == 2
    assert (await world.stranger.get("/articles?q=%25")).json()["items"] == []


async def test_articles_are_written_by_technicians(world: World) -> None:
    ada, filed = await world.technician(), await world.ticket()
    body = {"title": "x", "body": "y"}
    assert (await world.stranger.post("/articles", body)).status_code == 401
    assert (await filed.requester.post("/articles", body)).status_code == 401
    assert (await ada.post("/articles", body)).status_code == 201


async def test_the_organisation_is_public(world: World) -> None:
    found = (await world.stranger.get("/organisation")).json()
    assert found["name"] == "Office Help"
    assert found["mode"] == "server-trusted"
    key = Ed25519PublicKey.from_public_bytes(parse_b64(found["public_key"], 32))
    revocations = verify(key, parse_b64(found["revocations"]), RevocationList)
    assert (revocations.organisation, revocations.sequence, revocations.serials) == (found["id"], 0, ())


async def test_addresses_that_do_not_exist(world: World) -> None:
    response = await world.stranger.get("/nothing")
    assert (response.status_code, response.json()["type"].rpartition("/")[2]) == (404, "not-found")
    response = await world.stranger.ask("DELETE", "/tickets")
    assert (response.status_code, response.json()["type"].rpartition("/")[2]) == (405, "method-not-allowed")


async def test_a_body_over_the_limit_is_refused(world: World) -> None:
    ada = await world.technician()
    large = {"title": "x", "body": "y" * 600_000}
    response = await ada.post("/articles", large)
    assert (response.status_code, response.json()["type"].rpartition("/")[2]) == (413, "too-large")
    assert (await ada.post("/articles", large | {"body": "y" * 100_000})).status_code == 201
