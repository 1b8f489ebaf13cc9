"""Articles: who sees which, what is kept, what comes of them."""

import pytest

from tests.tickets.world import Caller, Filed, Json, World

PRINTER: Json = {"title": "Printer prints blank pages", "body": "Shake the toner.\n\nThen print a test page."}


async def article(ada: Caller, **changes: str) -> Json:
    return await ada.must("/articles", PRINTER | changes, 201)


async def titles(caller: Caller, where: str) -> list[str]:
    response = await caller.get(where)
    assert response.status_code == 200, response.text
    return [item["title"] for item in response.json()["items"]]


async def solved(world: World, ada: Caller, solution: str = "New toner.", **changes: str) -> Filed:
    filed = await world.ticket(**changes)
    await ada.must(f"/tickets/{filed.tracking}/claim")
    await ada.must(f"/tickets/{filed.tracking}/resolve", {"solution": solution})
    return filed


@pytest.mark.parametrize(
    ("state", "visibility", "seen"),
    [
        ("published", "public", True),
        ("published", "internal", False),
        ("draft", "public", False),
        ("review", "public", False),
        ("archived", "public", False),
    ],
)
async def test_who_is_no_technician_knows_of_published_public_ones_only(
    world: World, state: str, visibility: str, seen: bool
) -> None:
    ada = await world.technician()
    filed = await world.ticket()
    made = await article(ada, state=state, visibility=visibility)
    for caller in (world.stranger, filed.requester):
        assert bool(await titles(caller, "/articles?q=toner")) is seen
        assert bool(await titles(caller, "/articles")) is seen
        assert bool(await titles(caller, f"/articles?state={state}")) is seen
        assert bool(await titles(caller, "/articles/suggestions?title=blank+pages+from+the+printer")) is seen
        read = await caller.get(f"/articles/{made['id']}")
        judged = await caller.post(f"/articles/{made['id']}/outcome", {"outcome": "helped"})
        assert (read.status_code, judged.status_code) == ((200, 204) if seen else (404, 404))
        if not seen:
            assert read.content == (await caller.get("/articles/none")).content
    assert (await ada.get(f"/articles/{made['id']}")).status_code == 200
    assert bool(await titles(ada, "/articles?q=toner")) is (state != "archived")
    assert await titles(ada, f"/articles?state={state}&q=toner") == [PRINTER["title"]]


async def test_a_search_for_what_everybody_may_read_tells_nothing_of_the_rest(world: World) -> None:
    ada = await world.technician()
    await article(ada)
    await article(ada, title="Door code of the server room", visibility="internal")
    assert await titles(world.stranger, "/articles?q=door+code") == []
    assert await titles(ada, "/articles?q=door+code") == ["Door code of the server room"]
    categories = (await world.stranger.get("/articles/categories")).json()
    assert categories == {"items": []}


async def test_categories_narrow_the_list(world: World) -> None:
    ada = await world.technician()
    await article(ada, category="Printing")
    await article(ada, title="Blank screen", category="Screens")
    assert await titles(world.stranger, "/articles?category=Screens") == ["Blank screen"]
    assert await titles(world.stranger, "/articles?q=blank&category=Printing") == [PRINTER["title"]]
    found = (await world.stranger.get("/articles/categories")).json()["items"]
    assert found == [{"name": "Printing", "articles": 1}, {"name": "Screens", "articles": 1}]


async def test_a_change_is_a_revision_and_can_be_taken_back(world: World) -> None:
    ada, bob = await world.technician("Ada"), await world.technician("Bob")
    made = await article(ada)
    where = f"/articles/{made['id']}"
    changed = await bob.must(
        where, {"revision": 1, "body": "Buy toner.\n\nThen print a test page.", "note": "No shaking"}
    )
    assert (changed["revision"], changed["title"]) == (2, PRINTER["title"])
    assert await titles(world.stranger, "/articles?q=shake") == []
    assert await titles(world.stranger, "/articles?q=buy") == [PRINTER["title"]]
    newest, first = (await ada.get(f"{where}/revisions")).json()["items"]
    assert (newest["number"], newest["author"], newest["note"]) == (2, "Bob", "No shaking")
    changes = [line for line in newest["changes"] if line["sign"] in "+-"]
    assert changes == [{"sign": "-", "text": "Shake the toner."}, {"sign": "+", "text": "Buy toner."}]
    assert (first["number"], first["author"], first["changes"]) == (1, "Ada", [])
    restored = await ada.must(f"{where}/restore", {"number": 1, "revision": 2})
    assert (restored["revision"], restored["body"]) == (3, PRINTER["body"])
    assert await titles(world.stranger, "/articles?q=shake") == [PRINTER["title"]]
    assert (await ada.post(f"{where}/restore", {"number": 9, "revision": 3})).status_code == 404


async def test_nobody_saves_over_somebody_elses_change(world: World) -> None:
    ada, bob = await world.technician("Ada"), await world.technician("Bob")
    where = f"/articles/{(await article(ada))['id']}"
    await bob.must(where, {"revision": 1, "title": "Bob's"})
    refused = await ada.post(where, {"revision": 1, "title": "Ada's"})
    assert (refused.status_code, refused.json()["type"].rpartition("/")[2]) == (409, "edit-conflict")
    assert "2" in refused.json()["detail"]
    assert (await ada.post(f"{where}/restore", {"number": 1, "revision": 1})).status_code == 409
    assert (await ada.must(where, {"revision": 2, "title": "Ada's"}))["title"] == "Ada's"


async def test_an_article_goes_through_its_states(world: World) -> None:
    ada = await world.technician()
    where = f"/articles/{(await article(ada, state='draft'))['id']}"
    await ada.must(f"{where}/state", {"state": "review"})
    assert (await world.stranger.get(where)).status_code == 404
    await ada.must(f"{where}/state", {"state": "published"})
    assert (await world.stranger.get(where)).status_code == 200
    await ada.must(f"{where}/state", {"state": "published", "visibility": "internal"})
    assert (await world.stranger.get(where)).status_code == 404
    await ada.must(f"{where}/state", {"state": "archived", "visibility": "public"})
    assert (await world.stranger.get(where)).status_code == 404


async def numbers(ada: Caller, ident: str) -> dict[str, int]:
    report = (await ada.get("/articles/report")).json()
    (found,) = (one for one in report["articles"] if one["id"] == ident)
    return {name: count for name, count in found.items() if isinstance(count, int) and count}


async def test_what_came_of_an_article_is_counted(world: World) -> None:
    ada = await world.technician()
    made = await article(ada)
    title = "/articles/suggestions?title=The+printer+prints+blank"
    assert await titles(world.stranger, title) == [PRINTER["title"]]
    # Typing on shows the same again.
    assert await titles(world.stranger, title + "+pages") == [PRINTER["title"]]
    assert await titles(ada, title) == [PRINTER["title"]]
    for outcome in ("opened", "solved", "helped", "not-helped", "helped"):
        await world.stranger.must(f"/articles/{made['id']}/outcome", {"outcome": outcome}, 204)
    assert (await world.stranger.post(f"/articles/{made['id']}/outcome", {"outcome": "used"})).status_code == 422
    assert await numbers(ada, made["id"]) == {"shown": 1, "opened": 1, "solved": 1, "helped": 2, "not_helped": 1}
    world.clock.forward(601)
    await titles(world.stranger, title)
    assert (await numbers(ada, made["id"]))["shown"] == 2


async def test_one_place_counts_twenty_times_a_day(world: World) -> None:
    ada = await world.technician()
    made = await article(ada)
    for _ in range(22):
        await world.stranger.must(f"/articles/{made['id']}/outcome", {"outcome": "solved"}, 204)
    assert await numbers(ada, made["id"]) == {"solved": 20}
    async with world.somebody_at("203.0.113.9") as far:
        await Caller(far).must(f"/articles/{made['id']}/outcome", {"outcome": "solved"}, 204)
    assert await numbers(ada, made["id"]) == {"solved": 21}


async def test_searches_that_find_nothing_are_listed_without_anything_personal(world: World) -> None:
    ada = await world.technician()
    await article(ada)
    for q in ("zeppelin", "Zeppelin", "maria@office.example+zebra", "toner"):
        await world.stranger.get(f"/articles?q={q}")
    await world.stranger.get("/articles/suggestions?title=unheard+of")
    searches = (await ada.get("/articles/report")).json()["searches"]
    assert [(one["q"], one["count"]) for one in searches] == [("zeppelin", 2), ("[e-mail 1] zebra", 1)]


async def test_help_stands_beside_a_ticket_with_the_reason(world: World) -> None:
    ada = await world.technician()
    made = await article(ada, visibility="internal")
    await article(ada, state="draft")
    old = await solved(world, ada, title="Blank pages again", description="All white.")
    await solved(world, ada, title="Mouse jumps")
    filed = await world.ticket(title="Our printer gives blank pages")
    found = (await ada.get(f"/tickets/{filed.tracking}/help")).json()
    (shown,) = found["articles"]
    assert (shown["id"], set(shown["words"])) == (made["id"], {"printer", "blank", "pages"})
    assert [(one["tracking"], one["solution"]) for one in found["tickets"]] == [(old.tracking, "New toner.")]
    assert set(found["tickets"][0]["words"]) >= {"blank", "pages"}
    assert found["used"] == []
    assert (await filed.requester.get(f"/tickets/{filed.tracking}/help")).status_code == 403
    itself = (await ada.get(f"/tickets/{old.tracking}/help")).json()["tickets"]
    assert old.tracking not in {one["tracking"] for one in itself}


async def test_an_article_is_sent_and_written_down(world: World) -> None:
    ada = await world.technician()
    made = await article(ada)
    filed = await world.claimed(ada)
    where = f"/tickets/{filed.tracking}/articles"
    await ada.must(where, {"article": made["id"], "use": "sent", "text": "Try this:"}, 204)
    said = (await filed.requester.get(f"/tickets/{filed.tracking}")).json()["timeline"][-1]
    assert said["kind"] == "message"
    assert said["text"].startswith("Try this:\n\nPrinter prints blank pages\n")
    assert said["text"].endswith(f"/articles/{made['id']}")
    used = (await ada.get(f"/tickets/{filed.tracking}/help")).json()["used"]
    assert used == [{"id": made["id"], "title": made["title"], "use": "sent"}]
    assert await numbers(ada, made["id"]) == {"sent": 1}


async def test_what_the_requester_can_not_read_is_not_sent(world: World) -> None:
    ada = await world.technician()
    made = await article(ada, visibility="internal")
    filed = await world.claimed(ada)
    where = f"/tickets/{filed.tracking}/articles"
    assert (await ada.post(where, {"article": made["id"], "use": "sent"})).status_code == 422
    assert "message" not in await world.timeline(ada, filed)
    await ada.must(f"/articles/{made['id']}/state", {"state": "published", "visibility": "public"})
    assert (await ada.post(where, {"article": made["id"], "use": "sent"})).status_code == 204
    assert "message" in await world.timeline(ada, filed)


@pytest.mark.parametrize("by", ["status", "message"])
async def test_a_ticket_that_comes_back_counts_against_its_articles(world: World, by: str) -> None:
    ada = await world.technician()
    made = await article(ada)
    filed = await world.claimed(ada)
    where = f"/tickets/{filed.tracking}"
    await ada.must(f"{where}/articles", {"article": made["id"], "use": "solved"}, 204)
    await ada.must(f"{where}/articles", {"article": made["id"], "use": "solved"}, 204)
    # Moves before it was solved are no reopening.
    await ada.must(f"{where}/status", {"status": "waiting"})
    await ada.must(f"{where}/status", {"status": "open"})
    await ada.must(f"{where}/resolve", {"solution": "Toner."})
    assert await numbers(ada, made["id"]) == {"used": 1}
    assert (await world.timeline(ada, filed)).count("article-used") == 1
    assert "article-used" not in await world.timeline(filed.requester, filed)
    for _ in range(2):
        if by == "status":
            await ada.must(f"{where}/status", {"status": "open"})
        else:
            await filed.requester.must(f"{where}/messages", {"text": "Again!"}, 201)
        await ada.must(f"{where}/resolve", {"solution": "Toner."})
    assert await numbers(ada, made["id"]) == {"used": 1, "reopened": 1}


async def test_a_solved_ticket_becomes_a_redacted_draft(world: World) -> None:
    ada = await world.technician("Ada")
    filed = await solved(
        world,
        ada,
        title="Maria's printer on PC-0417 is blank",
        description="Call me: +49 30 1234567. Error 0x80070005.\nMaria Weber, maria@office.example",
        solution="Set 192.168.7.23 in the driver. Password: hunter2",
    )
    draft = await ada.must(f"/tickets/{filed.tracking}/article", None, 201)
    assert (draft["state"], draft["source"]) == ("draft", filed.tracking)
    whole = f"{draft['title']}\n{draft['body']}"
    for gone in ("Maria", "Weber", "PC-0417", "1234567", "office.example", "192.168", "hunter2"):
        assert gone not in whole
    assert "0x80070005" in whole
    where = f"/articles/{draft['id']}"
    listed = (await ada.get(f"{where}/redactions")).json()["items"]
    by_found = {one["found"]: one for one in listed}
    assert by_found["PC-0417"]["kind"] == "host"
    assert by_found["Maria"]["lines"][0] == 0
    assert by_found["hunter2"]["reason"]
    again = await ada.must(f"/tickets/{filed.tracking}/article", None, 201)
    assert again["id"] == draft["id"]

    back = await ada.must(f"{where}/redactions/undo", {"placeholder": by_found["192.168.7.23"]["placeholder"]})
    assert "192.168.7.23" in back["body"]
    assert (await ada.post(f"{where}/redactions/undo", {"placeholder": "[IP 1]"})).status_code == 404
    await ada.must(f"{where}/state", {"state": "published"})
    assert (await ada.get(f"{where}/redactions")).json()["items"] == []
    assert (await world.stranger.get(where)).json()["source"] is None


async def test_a_ticket_without_a_solution_becomes_no_article(world: World) -> None:
    ada = await world.technician()
    filed = await world.claimed(ada)
    refused = await ada.post(f"/tickets/{filed.tracking}/article")
    assert (refused.status_code, refused.json()["type"].rpartition("/")[2]) == (409, "no-solution")
    await ada.must(f"/tickets/{filed.tracking}/resolve", {"solution": "Toner."})
    assert (await ada.post(f"/tickets/{filed.tracking}/article")).status_code == 201
    assert (await filed.requester.post(f"/tickets/{filed.tracking}/article")).status_code in {403, 404}
