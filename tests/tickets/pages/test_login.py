"""Logging in and out, and who is led where."""

import pytest

from tests.tickets.pages.conftest import Staff
from tests.tickets.pages.html import Person
from tests.tickets.world import PASSWORD, PUBLIC_URL, World
from tickets.pages.routes.account import inside
from tickets.web.asking import COOKIE

CONSOLE = ("/console", "/console/new", "/console/articles", "/console/articles/new", "/console/account")


async def test_logging_in_and_out(world: World, staff: Staff) -> None:
    ada = await staff("Ada")
    page = await ada.go("/console/account")
    assert page.one("h1").text == "Ada"
    cookie = ada.client.cookies[COOKIE]
    page = await ada.send("/console/logout")
    assert ada.at.startswith("/console/login")
    assert "You are logged out" in page.text
    await ada.go("/console")
    assert ada.at.startswith("/console/login")
    # The login is over at the server too, not only in that browser.
    answer = await world.client.get("/console", headers={"cookie": f"{COOKIE}={cookie}"})
    assert answer.status_code == 303


async def test_the_cookie_is_out_of_reach(world: World) -> None:
    await world.technician("Ada")
    answer = await world.client.post("/console/login", data={"email": "ada@help.example", "password": PASSWORD})
    cookie = answer.headers["set-cookie"]
    assert cookie.startswith("__Host-towline=")
    for flag in ("HttpOnly", "Secure", "SameSite=lax", "Path=/"):
        assert flag in cookie
    assert "Domain" not in cookie


@pytest.mark.parametrize(
    ("email", "password", "status"),
    [
        ("ada@help.example", "wrong horse", 401),
        ("ada@help.example", f" {PASSWORD}", 401),
        ("eve@help.example", PASSWORD, 401),
        ("ada@help.example", "", 422),
        ("", PASSWORD, 422),
    ],
)
async def test_a_wrong_login_keeps_the_address_and_never_the_password(
    world: World, person: Person, email: str, password: str, status: int
) -> None:
    await world.technician("Ada")
    await person.go("/console/login?next=/console/new")
    page = await person.send("/console/login", email=email, password=password)
    assert person.status == status
    assert page.by_id("faults").text
    assert page.by_id("email").attributes["value"] == email
    assert page.by_id("password").attributes["value"] == ""
    assert COOKIE not in person.client.cookies
    await person.send("/console/login", email="ada@help.example", password=PASSWORD)
    assert person.at == "/console/new"


async def test_too_many_tries_say_how_long_to_wait(world: World, person: Person) -> None:
    await world.technician("Ada")
    await person.go("/console/login")
    for _ in range(world.settings.limits.login_account.count):
        await person.send("/console/login", email="ada@help.example", password="wrong horse")
    page = await person.send("/console/login", email="ada@help.example", password=PASSWORD)
    assert person.status == 429
    assert "Wait" in page.by_id("faults").text
    world.clock.forward(world.settings.limits.login_account.window.total_seconds() + 1)
    await person.send("/console/login", email="ada@help.example", password=PASSWORD)
    assert person.at == "/console"


async def test_strangers_are_led_to_the_login_and_back(world: World, person: Person) -> None:
    ada = await world.technician("Ada")
    filed = await world.claimed(ada)
    session = f"/console/session/{filed.tracking}"
    for path in (*CONSOLE, "/console?view=all", f"/console/tickets/{filed.tracking}", session):
        await person.go(path)
        assert person.at.startswith("/console/login?done=expired&next=/console")
    await person.go(f"/console/tickets/{filed.tracking}?done=sent")
    page = await person.send("/console/login", email="ada@help.example", password=PASSWORD)
    assert page.one("h1").text == "The printer says no"


async def test_strangers_learn_nothing_about_numbers(world: World, person: Person) -> None:
    filed = await world.ticket()
    real = await person.client.get(f"/console/tickets/{filed.tracking}")
    other = await person.client.get("/console/tickets/TL-0000-0000")
    assert real.status_code == other.status_code == 303
    assert real.headers["location"].replace(filed.tracking, "TL-0000-0000") == other.headers["location"]


async def test_a_form_of_somebody_whose_login_ended_leads_back_to_the_ticket(world: World, staff: Staff) -> None:
    ada = await staff("Ada")
    filed = await world.ticket()
    await ada.go(f"/console/tickets/{filed.tracking}")
    world.clock.forward(13 * 3_600)
    await ada.send(f"/console/tickets/{filed.tracking}/messages", text="Hello")
    assert ada.at.startswith("/console/login")
    page = await ada.send("/console/login", email="ada@help.example", password=PASSWORD)
    assert ada.at == f"/console/tickets/{filed.tracking}"
    assert "Hello" not in page.text


async def test_a_requesters_key_opens_no_page_of_the_console(world: World) -> None:
    filed = await world.ticket()
    headers = {"authorization": f"Bearer {filed.requester.token}"}
    answer = await world.client.get(f"/console/tickets/{filed.tracking}", headers=headers)
    assert answer.status_code == 303
    answer = await world.client.get(f"/api/v1/tickets/{filed.tracking}", headers=headers)
    assert answer.status_code == 200


@pytest.mark.parametrize("path", ["/console/logout", "/console/new", "/console/login"])
async def test_another_site_can_not_use_the_login(world: World, staff: Staff, path: str) -> None:
    ada = await staff("Ada")
    for headers in ({"origin": "https://evil.example"}, {"origin": PUBLIC_URL, "sec-fetch-site": "cross-site"}, {}):
        refused = await ada.client.post(path, data={}, headers=headers)
        assert refused.status_code == 403
    taken = await ada.client.post(path, data={}, headers={"origin": PUBLIC_URL, "sec-fetch-site": "same-origin"})
    assert taken.status_code in {303, 422}


async def test_whoever_is_logged_in_needs_no_login_page(staff: Staff) -> None:
    ada = await staff("Ada")
    await ada.go("/console/login?next=/console/articles")
    assert ada.at == "/console/articles"


@pytest.mark.parametrize(
    "wanted",
    [
        "https://evil.example/console",
        "//evil.example/console",
        "/console/../t/x",
        "/console\\@evil.example",
        "/console//evil.example",
        "/consoleevil",
        "/console/login?next=/console/login",
        "/console/logout",
        "/console?a=\r\nset-cookie: x=y",
        "/console/" + "a" * 300,
        "",
    ],
)
def test_the_login_leads_nowhere_else(wanted: str) -> None:
    assert inside(wanted) == "/console"


@pytest.mark.parametrize("wanted", ["/console", "/console/tickets/TL-0000-0000", "/console?view=all&q=printer+2"])
def test_the_login_leads_to_the_page_that_was_wanted(wanted: str) -> None:
    assert inside(wanted) == wanted
