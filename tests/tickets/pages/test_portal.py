"""Asking for help without JavaScript, looking a request up, and the requester's own page."""

import re

import pytest

from protocol.tracking import is_canonical, make_tracking
from tests.tickets.pages.html import Person
from tests.tickets.world import PUBLIC_URL, World
from tickets.domain.views import QueueQuery
from tickets.pages.routes.portal import SENT_COOKIE

REQUEST = {
    "category": "Computer",
    "title": "It beeps",
    "description": "Three times, then nothing.\nSince Monday.",
    "urgency": "high",
    "asset": "hardware",
    "email": "maria@office.example",
    "name": "Maria Weber",
}


async def test_asking_for_help_needs_no_script(world: World, person: Person) -> None:
    await person.go("/")
    page = await person.send("/", **REQUEST)
    assert (person.status, person.at) == (200, "/sent")
    tracking = page.by_id("number").text
    assert is_canonical(tracking)
    link = page.by_id("link").text
    assert re.fullmatch(rf"{PUBLIC_URL}/t/{tracking}#[\w-]{{43}}", link)
    assert page.by_id("join").text == f"towline-agent join {link}"
    assert page.by_id("status").text == f"towline-agent status {link}"
    assert page.one("a", href=link).text == "Open my request"

    token = link.partition("#")[2]
    answer = await world.client.get(f"/api/v1/tickets/{tracking}", headers={"authorization": f"Bearer {token}"})
    found = answer.json()
    assert {name: found[name] for name in ("category", "title", "description", "urgency", "asset")} == {
        name: REQUEST[name] for name in ("category", "title", "description", "urgency", "asset")
    }
    assert found["channel"] == "portal"
    assert found["requester"] == {"name": "Maria Weber", "email": "maria@office.example"}


async def test_the_redirect_after_sending_carries_no_secret(world: World, person: Person) -> None:
    answer = await world.client.post("/", data=REQUEST)
    assert (answer.status_code, answer.headers["location"]) == (303, "/sent")
    cookie = answer.headers["set-cookie"]
    assert cookie.startswith(f"{SENT_COOKIE}=TL-")
    for flag in ("HttpOnly", "Secure", "SameSite=strict", "Path=/", "Max-Age=600"):
        assert flag in cookie
    assert answer.headers["cache-control"] == "no-store"


async def test_sent_without_having_sent(person: Person) -> None:
    page = await person.go("/sent")
    assert person.status == 404
    assert "Nothing is lost" in page.text


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("category", ""),
        ("title", ""),
        ("title", "x" * 201),
        ("description", "  \n "),
        ("urgency", "yesterday"),
        ("urgency", ""),
        ("asset", ""),
        ("email", ""),
        ("email", "maria"),
        ("email", "maria@office"),
        ("email", "a b@office.example"),
        ("email", "@office.example"),
        ("name", "n" * 101),
    ],
)
async def test_a_fault_stands_beside_its_field_and_nothing_is_lost(person: Person, field: str, value: str) -> None:
    await person.go("/")
    page = await person.send("/", **REQUEST | {field: value})
    assert (person.status, person.at) == (422, "/")
    summary = page.by_id("faults")
    assert [link.attributes["href"] for link in summary.all("a")] == [f"#{field}"]
    assert page.by_id(f"{field}-fault").text
    beside = page.by_id(field)
    assert beside.attributes["aria-invalid"] == "true"
    assert f"{field}-fault" in beside.attributes["aria-describedby"]

    page = await person.send("/", **{field: REQUEST[field]})
    assert (person.status, person.at) == (200, "/sent")


async def test_every_fault_is_named_at_once(person: Person) -> None:
    await person.go("/")
    page = await person.send("/")
    faults = [link.attributes["href"] for link in page.by_id("faults").all("a")]
    assert faults == ["#category", "#title", "#description", "#urgency", "#asset", "#email"]


async def test_an_address_that_only_the_service_refuses(person: Person) -> None:
    await person.go("/")
    page = await person.send("/", **REQUEST | {"email": "maria@-.example"})
    assert person.status == 422
    assert page.by_id("email-fault").text
    assert page.by_id("title").attributes["value"] == "It beeps"


async def test_too_many_requests_keep_what_was_typed(world: World, person: Person) -> None:
    count = world.settings.limits.submit_address.count
    for _ in range(count):
        await person.client.post("/", data=REQUEST)
    await person.go("/")
    page = await person.send("/", **REQUEST)
    assert person.status == 429
    assert "Wait" in page.by_id("faults").text
    assert page.by_id("description").text == "Three times, then nothing. Since Monday."
    world.clock.forward(world.settings.limits.submit_address.window.total_seconds() + 1)
    await person.send("/")
    assert person.at == "/sent"


async def test_a_technician_who_asks_for_help_is_a_requester_like_any_other(world: World) -> None:
    await world.technician("Ada")
    cookie = await world.cookie("Ada")
    answer = await world.client.post("/", data=REQUEST, headers={"cookie": cookie, "origin": PUBLIC_URL})
    assert answer.headers["location"] == "/sent"
    listed = await world.desk.services.logins.resolve(bearer=None, cookie=cookie.partition("=")[2], tracking=None)
    queue = await world.desk.services.tickets.queue(listed, QueueQuery())
    assert [ticket.channel for ticket in queue.items] == ["portal"]


async def test_another_site_can_not_send_the_form(world: World) -> None:
    refused = await world.client.post("/", data=REQUEST, headers={"origin": "https://evil.example"})
    assert refused.status_code == 403
    taken = await world.client.post("/", data=REQUEST, headers={"origin": PUBLIC_URL})
    assert taken.status_code == 303


async def test_looking_up_leads_to_the_ticket_with_the_key_in_the_fragment(world: World, person: Person) -> None:
    filed = await world.ticket()
    spoken = filed.tracking.replace("-", " ").lower()
    for values in (
        {"tracking": spoken, "key": filed.requester.token or ""},
        {"tracking": filed.tracking, "key": f"{PUBLIC_URL}/t/{filed.tracking}#{filed.requester.token}"},
        {"tracking": f"{PUBLIC_URL}/t/{filed.tracking}#{filed.requester.token}", "key": ""},
    ):
        answer = await person.client.post("/lookup", data=values)
        assert answer.status_code == 303
        assert answer.headers["location"] == f"/t/{filed.tracking}#{filed.requester.token}"


@pytest.mark.parametrize(("tracking", "wrong"), [("TL-1234", True), ("TL-0000-0000", False), ("", True)])
async def test_looking_up_says_what_is_wrong(person: Person, tracking: str, wrong: bool) -> None:
    await person.go("/lookup")
    page = await person.send("/lookup", tracking=tracking, key="short")
    assert person.status == 422
    assert bool(page.by_id("tracking-verdict").text) == wrong
    assert page.by_id("tracking").attributes["value"] == tracking
    assert page.by_id("key").attributes["aria-invalid"] == "true"
    assert "short" not in page.text


async def test_the_requesters_page_is_the_same_for_every_number(world: World, person: Person) -> None:
    mine, closed = await world.ticket(), await world.ticket()
    admin = await world.technician("Ada")
    await admin.must(f"/tickets/{closed.tracking}/claim")
    await admin.must(f"/tickets/{closed.tracking}/status", {"status": "closed"})
    unknown = make_tracking(lambda count: bytes(range(count)))
    numbers = (mine.tracking, closed.tracking, unknown, "no-number", "%3Cscript%3E")
    answers = [await person.client.get(f"/t/{number}") for number in numbers]
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.content for answer in answers}) == 1
    assert len({tuple(sorted(answer.headers.items())) for answer in answers}) == 1
    # The same key that the page would use does tell them apart.
    assert (await mine.requester.get(f"/tickets/{mine.tracking}")).status_code == 200
    assert (await mine.requester.get(f"/tickets/{unknown}")).status_code == 404


async def test_the_requesters_page_says_that_it_needs_scripts(person: Person) -> None:
    page = await person.go("/t/TL-0000-0000")
    assert "needs JavaScript" in page.by_id("unscripted").text
    assert "hidden" not in page.by_id("unscripted").attributes


async def test_published_articles_are_for_everybody(world: World, person: Person) -> None:
    ada = await world.technician("Ada")
    article = await ada.must("/articles", {"title": "Beeps explained", "body": "# Count them\n\n**Three**"}, 201)
    page = await person.go("/articles?q=beeps")
    link = page.one("a", href=f"/articles/{article['id']}")
    assert link.text == "Beeps explainedCount them Three"
    page = await person.go(link.attributes["href"])
    assert page.one("h1").text == "Beeps explained"
    assert page.one("article").one("h2").text == "Count them"
    assert page.one("article").one("strong").text == "Three"
    assert "No article has any of these words" in (await person.go("/articles?q=unicorn")).text


async def test_what_is_not_there_says_where_to_go(person: Person) -> None:
    for path in ("/nothing", "/articles/none", "/static"):
        page = await person.go(path)
        assert person.status == 404
        assert [link.text for link in page.by_id("main").all("a")] == ["Ask for help", "Look up a request"]
        assert page.one("h1").text == "There is nothing here"
    answer = await person.client.post("/sent", data={})
    assert answer.status_code == 405
    assert "Open the page" in answer.text
