"""Finding tickets: words, filters, orders, kept views, and the same done to several."""

import pytest

from tests.tickets.world import Caller, Filed, World
from tickets.domain.access import Role


async def found(somebody: Caller, query: str) -> list[str]:
    """Return the titles that a list has, in its order."""
    answer = await somebody.get(f"/tickets?{query}")
    assert answer.status_code == 200, answer.text
    return [item["title"] for item in answer.json()["items"]]


async def filed(world: World, title: str, **changes: str) -> Filed:
    world.clock.forward(60)
    return await world.ticket(title=title, **changes)


async def test_everything_about_a_ticket_is_found(world: World) -> None:
    ada = await world.technician()
    one = await filed(world, "Bildschirm flackert", name="Jürgen Müller", email="jm@office.example")
    await filed(world, "Toner leer", name="Maria Weber", description="Müller sagt: Fehler 0x80070005, bitte rasch.")
    await ada.must(f"/tickets/{one.tracking}/messages", {"text": "Die Grafikkarte wurde getauscht."}, 201)
    await ada.must(f"/tickets/{one.tracking}/messages", {"text": "Passwort liegt im Tresor.", "internal": True}, 201)
    await ada.must(f"/tickets/{one.tracking}/tags", {"tags": ["vip"]})
    number = one.tracking
    for line in (
        "bildschirm",
        "grafikkarten",
        "tresor",
        "jurgen",
        "jm@office.example",
        "from:müller",
        "from:jm@office",
        "tag:VIP",
        '"grafikkarte wurde"',
        number,
        number.lower().replace("-", " "),
        f"number:{number[3:7]}",
        number[3:7] + number[8:10],
        "-from:weber",
        "status:new -tag:printer bildschirm",
    ):
        assert await found(ada, f"q={line}") == ["Bildschirm flackert"], line
    assert await found(ada, "q=0x80070005") == ["Toner leer"]
    for line in (
        '"wurde grafikkarte"',
        "from:grafikkarte",
        "tag:vi",
        "bildschirm toner",
        "from:nobody",
        "number:ZZZZZ",
    ):
        assert await found(ada, f"q={line}") == [], line


async def test_the_index_follows_what_happens_and_nothing_that_is_undone(world: World) -> None:
    ada = await world.technician()
    one = await world.claimed(ada)
    refused = await ada.post(f"/tickets/{one.tracking}/messages", {"text": "zebra", "attachments": ["nothing"]})
    assert refused.status_code == 422
    assert await found(ada, "q=zebra") == []
    await ada.must(f"/tickets/{one.tracking}/messages", {"text": "zebra"}, 201)
    assert await found(ada, "q=zebra") == ["The printer says no"]
    await ada.must(f"/tickets/{one.tracking}/resolve", {"solution": "A giraffe held the cable."})
    assert await found(ada, "q=giraffe") == ["The printer says no"]
    assert await found(ada, "q=giraffe status:unsolved") == []


async def test_filters_orders_and_their_pages(world: World) -> None:
    ada, bob = await world.technician("Ada"), await world.technician("Bob")
    one = await filed(world, "One", urgency="low", category="Printing")
    two = await filed(world, "Two", urgency="critical", category="Telephone")
    await filed(world, "Three", urgency="normal", category="Telephone")
    world.clock.forward(1)
    await ada.must(f"/tickets/{one.tracking}/claim")
    world.clock.forward(1)
    await bob.must(f"/tickets/{two.tracking}/claim")
    await ada.must(f"/tickets/{one.tracking}/watchers", {"emails": ["otto@office.example"]})
    expected = {
        "": ["Two", "Three", "One"],
        "sort=newest": ["Three", "Two", "One"],
        "sort=oldest": ["One", "Two", "Three"],
        "sort=changed": ["Two", "One", "Three"],
        "sort=stale": ["Three", "One", "Two"],
        "priority=critical": ["Two"],
        "category=telephone&sort=oldest": ["Two", "Three"],
        "assigned=me": ["One"],
        "assigned=bob": ["Two"],
        "view=unassigned": ["Three"],
        "watcher=otto@office.example": ["One"],
        "channel=api": ["Two", "Three", "One"],
        "channel=phone": [],
        "age=>1d": [],
        "status=resolved": [],
        "q=status:new": ["Three"],
        "q=telephone&assigned=bob": ["Two"],
        "q=priority:low priority:normal&sort=oldest": ["One", "Three"],
        "status=open&q=status:new": [],
    }
    for query, titles in expected.items():
        assert await found(ada, query) == titles, query
    for order in ("queue", "newest", "stale"):
        seen, cursor = list[str](), ""
        while True:
            page = (await ada.get(f"/tickets?limit=1&sort={order}&cursor={cursor}")).json()
            seen += [item["title"] for item in page["items"]]
            cursor = page["next_cursor"]
            if cursor is None:
                break
        assert sorted(seen) == ["One", "Three", "Two"], order
    best = (await ada.get("/tickets?limit=1&q=printer")).json()
    assert len((await ada.get(f"/tickets?limit=2&q=printer&cursor={best['next_cursor']}")).json()["items"]) == 2
    assert (await ada.get(f"/tickets?sort=newest&cursor={best['next_cursor']}")).status_code == 422
    refused = await ada.get("/tickets?q=status:lost")
    assert (refused.status_code, "unsolved" in refused.json()["detail"]) == (422, True)


async def test_a_view_is_its_owners_until_it_is_shared(world: World) -> None:
    one = await world.technician("Cleo")
    two = await world.technician("Dan")
    admin = await world.technician("Eve", Role.ADMIN)
    await world.ticket()
    kept = await one.must("/views", {"name": "Fresh", "query": "?status=new&cursor=x&sort=newest"}, 201)
    assert (kept["query"], kept["count"], kept["mine"]) == ("status=new&sort=newest", 1, True)
    assert [view["name"] for view in (await one.get("/views")).json()["items"]] == ["Fresh"]
    at, body = f"/views/{kept['id']}", {"name": "Mine now", "query": "status=open"}
    for other in (two, admin):
        assert (await other.get("/views")).json()["items"] == []
        assert (await other.ask("PUT", at, body)).status_code == 404
        assert (await other.ask("DELETE", at)).status_code == 404
    shared = {"name": "Fresh", "query": "status=new", "shared": "all"}
    assert (await one.ask("PUT", at, shared)).status_code == 200
    assert [view["owner"] for view in (await two.get("/views")).json()["items"]] == ["Cleo"]
    assert (await two.ask("PUT", at, body)).status_code == 403
    assert (await two.ask("DELETE", at)).status_code == 403
    assert (await admin.ask("PUT", at, shared)).status_code == 200
    assert (await one.ask("PUT", at, {**shared, "shared": "team"})).status_code == 200
    assert (await two.get("/views")).json()["items"] == []
    members = [caller.id for caller in (one, two)]
    await admin.must("/teams", {"name": "First line", "members": members}, 201)
    assert [view["name"] for view in (await two.get("/views")).json()["items"]] == ["Fresh"]
    assert (await one.ask("DELETE", at)).status_code == 204
    for query in ("q=status:lost", "view=lost", "sort=lost"):
        assert (await one.post("/views", {"name": "Lost", "query": query})).status_code == 422, query


async def test_each_ticket_of_a_bulk_deed_is_checked_by_itself(world: World) -> None:
    ada, bob = await world.technician("Ada"), await world.technician("Bob")
    admin = await world.technician("Eve", Role.ADMIN)
    mine, free, foreign = await world.claimed(ada), await world.ticket(), await world.claimed(bob)
    numbers = [mine.tracking, free.tracking, foreign.tracking, "TL-0000-0000"]

    async def done(who: Caller, **wanted: object) -> list[object]:
        answer = await who.must("/bulk", {"tickets": numbers, **wanted})
        assert [each["tracking"] for each in answer["items"]] == numbers
        return [each["problem"] or True for each in answer["items"]]

    assert await done(ada, deed="status", status="waiting") == [True, "not-allowed", "not-allowed", "ticket-not-found"]
    assert await done(ada, deed="tag", tag="moved") == [True, True, True, "ticket-not-found"]
    assert await done(ada, deed="untag", tag="Moved") == [True, True, True, "ticket-not-found"]
    assert await done(ada, deed="resolve", text="It was the cable.") == [
        True, "not-allowed", "not-allowed", "ticket-not-found",
    ]  # fmt: skip
    assert await done(ada, deed="assign", technician=ada.id) == [True, True, "not-allowed", "ticket-not-found"]
    assert await done(admin, deed="assign", technician=bob.id) == [True, True, True, "ticket-not-found"]
    merged = await done(admin, deed="merge", into=free.tracking)
    assert merged == [True, "invalid", True, "ticket-not-found"]
    for wrong in (
        {"deed": "status"},
        {"deed": "tag", "tag": " "},
        {"deed": "merge"},
        {"deed": "resolve"},
        {"deed": "eat"},
    ):
        assert (await ada.post("/bulk", {"tickets": numbers, **wrong})).status_code == 422, wrong


@pytest.mark.parametrize("many", [101, 0])
async def test_a_bulk_deed_has_between_one_and_a_hundred_tickets(world: World, many: int) -> None:
    ada = await world.technician()
    answer = await ada.post("/bulk", {"tickets": ["TL-0000-0000"] * many, "deed": "assign"})
    assert answer.status_code == 422
