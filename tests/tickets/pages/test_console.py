"""The technician's work, done with forms alone."""

import pytest

from tests.tickets.pages.conftest import Staff
from tests.tickets.pages.html import Element, Person
from tests.tickets.world import PUBLIC_URL, Caller, World
from tickets.domain.access import Role


def titles(page: Element) -> list[str]:
    return [link.text for link in page.all("a", **{"class": "title"})]


def origin() -> dict[str, str]:
    return {"origin": PUBLIC_URL}


def ticket(tracking: str, deed: str = "") -> str:
    return f"/console/tickets/{tracking}{deed}"


async def test_the_queue_shows_mine_unassigned_and_all_the_urgent_first(world: World, staff: Staff) -> None:
    ada = await staff("Ada")
    first = await world.ticket(title="One", urgency="low")
    await world.ticket(title="Two", urgency="critical")
    world.clock.forward(5)
    await world.ticket(title="Three", urgency="low")
    await ada.go("/console?view=all")
    assert titles(ada.page) == ["Two", "One", "Three"]
    await ada.send(ticket(first.tracking, "/claim"))
    assert ada.at == ticket(first.tracking, "?done=claimed")
    assert titles(await ada.go("/console")) == ["One"]
    tabs = [link.text for link in ada.page.one("nav", **{"aria-label": "Which requests"}).all("a")]
    assert tabs == ["Mine 1", "Unassigned 2", "All"]
    assert titles(await ada.go("/console?view=unassigned")) == ["Two", "Three"]
    assert titles(await ada.go("/console?view=nonsense")) == ["One"]
    assert titles(await ada.go("/console?view=all&q=three")) == ["Three"]
    page = await ada.go(f"/console?view=all&q={first.tracking}")
    assert titles(page) == ["One"]
    assert page.one("a", href="/console?view=all&q=" + first.tracking).attributes["aria-current"] == "page"


async def test_an_empty_queue_says_what_to_do(staff: Staff) -> None:
    ada = await staff("Ada")
    page = await ada.go("/console")
    assert "You have no open requests" in page.text
    assert page.one("a", href="/console?view=unassigned", **{"class": "button"}).text == "See what nobody has yet"


async def test_a_long_queue_goes_on_over_pages(world: World, staff: Staff) -> None:
    ada = await staff("Ada")
    for number in range(53):
        await world.ticket(title=f"Number {number}")
    page = await ada.go("/console?view=all")
    assert len(titles(page)) == 50
    (more,) = [link for link in page.all("a") if link.text == "Show more"]
    page = await ada.go(more.attributes["href"])
    assert len(titles(page)) == 3
    await ada.go("/console?view=all&cursor=nonsense")
    assert ada.status == 422


async def test_of_two_who_take_one_the_second_reads_who_has_it(world: World, staff: Staff) -> None:
    ada, bob = await staff("Ada"), await staff("Bob")
    filed = await world.ticket()
    await ada.go("/console?view=unassigned")
    await bob.go("/console?view=unassigned")
    await ada.send(ticket(filed.tracking, "/claim"))
    page = await bob.send(ticket(filed.tracking, "/claim"))
    assert bob.status == 409
    assert "Ada already has this request" in page.text
    assert page.one("h1").text == "The printer says no"


async def test_replies_reach_the_requester_and_notes_do_not(world: World, staff: Staff) -> None:
    ada = await staff("Ada")
    filed = await world.ticket()
    await ada.go(ticket(filed.tracking))
    await ada.send(ticket(filed.tracking, "/messages"), text="Which light?\nRed?")
    assert ada.at == ticket(filed.tracking, "?done=sent")
    page = await ada.send(ticket(filed.tracking, "/messages"), text="Looks like the fuse", internal="yes")
    assert ada.at == ticket(filed.tracking, "?done=noted")
    said = ["".join(map(str, each.parts)) for each in page.all("p", **{"class": "said"})]
    assert "Which light?\nRed?" in said
    assert "Looks like the fuse" in said
    seen = (await filed.requester.get(f"/tickets/{filed.tracking}")).json()
    texts = [entry["text"] for entry in seen["timeline"]]
    assert "Which light?\nRed?" in texts
    assert "Looks like the fuse" not in texts


async def test_nothing_written_is_said_beside_the_box(world: World, staff: Staff) -> None:
    ada = await staff("Ada")
    filed = await world.ticket()
    await ada.go(ticket(filed.tracking))
    page = await ada.send(ticket(filed.tracking, "/messages"), text=" ", internal="yes")
    assert ada.status == 422
    assert page.by_id("text-fault").text == "Please write something first."
    assert "checked" in page.one("input", name="internal").attributes
    await ada.send(ticket(filed.tracking, "/messages"), text="Something")
    assert ada.at == ticket(filed.tracking, "?done=noted")


async def test_moving_and_solving(world: World, staff: Staff) -> None:
    ada = await staff("Ada")
    filed = await world.ticket()
    await ada.go(ticket(filed.tracking))
    await ada.send(ticket(filed.tracking, "/claim"))
    page = await ada.send(ticket(filed.tracking, "/status"), "Wait for an answer")
    assert ada.at == ticket(filed.tracking, "?done=moved")
    assert page.all("span", **{"class": "mark waiting"})[0].text == "Waiting for an answer"

    page = await ada.send(ticket(filed.tracking, "/resolve"), solution="")
    assert ada.status == 422
    assert page.by_id("solution-fault").text
    assert "open" in page.one("details", open="").attributes
    page = await ada.send(ticket(filed.tracking, "/resolve"), solution="New fuse.")
    assert ada.at == ticket(filed.tracking, "?done=resolved")
    assert not page.all("form", action=ticket(filed.tracking, "/resolve"))

    page = await ada.send(ticket(filed.tracking, "/article"))
    assert ada.at.startswith("/console/articles/")
    assert page.one("h1").text == "The printer says no"
    assert "New fuse." in page.one("article").text


async def test_a_move_that_is_no_longer_possible_is_explained_on_the_ticket(world: World, staff: Staff) -> None:
    ada = await staff("Ada")
    filed = await world.ticket()
    await ada.go(ticket(filed.tracking))
    await ada.send(ticket(filed.tracking, "/claim"))
    stale = await ada.client.post(ticket(filed.tracking, "/status"), data={"status": "new"}, headers=origin())
    assert stale.status_code == 409
    assert "become new" in stale.text
    nonsense = await ada.client.post(ticket(filed.tracking, "/status"), data={"status": "lost"}, headers=origin())
    assert nonsense.status_code == 422
    page = await ada.send(ticket(filed.tracking, "/status"), "Close")
    assert "This request is closed" in page.text


async def test_handing_over_and_putting_back(world: World, staff: Staff) -> None:
    ada, bob = await staff("Ada"), await staff("Bob")
    filed = await world.ticket()
    await ada.go(ticket(filed.tracking))
    await ada.send(ticket(filed.tracking, "/claim"))
    choices = {option.text: option.attributes["value"] for option in ada.page.by_id("technician").all("option")}
    assert set(choices) == {"Choose one", "Bob", "Nobody: back to the queue"}
    await ada.send(ticket(filed.tracking, "/assign"), technician="")
    assert ada.status == 422
    page = await ada.send(ticket(filed.tracking, "/assign"), technician=choices["Bob"])
    assert ada.at == ticket(filed.tracking, "?done=assigned")
    assert "Ada handed this request to Bob." in page.text
    assert not page.all("form", action=ticket(filed.tracking, "/assign"))
    await bob.go(ticket(filed.tracking))
    page = await bob.send(ticket(filed.tracking, "/assign"), technician="nobody")
    assert "Bob put this request back to nobody." in page.text
    assert page.all("form", action=ticket(filed.tracking, "/claim"))


async def test_only_an_admin_takes_over(world: World, staff: Staff) -> None:
    ada, root = await staff("Ada"), await staff("Root", Role.ADMIN)
    bob = await staff("Bob")
    filed = await world.ticket()
    await ada.go(ticket(filed.tracking))
    await ada.send(ticket(filed.tracking, "/claim"))
    page = await bob.go(ticket(filed.tracking))
    assert not page.all("form", action=ticket(filed.tracking, "/assign"))
    me = (await bob.client.get("/api/v1/technicians")).json()["items"]
    bobs = next(each["id"] for each in me if each["name"] == "Bob")
    refused = await bob.client.post(ticket(filed.tracking, "/assign"), data={"technician": bobs}, headers=origin())
    assert refused.status_code == 403
    page = await root.go(ticket(filed.tracking))
    (form, *_) = page.all("form", action=ticket(filed.tracking, "/assign"))
    assert form.one("button").text == "Take over from Ada"
    taken = await root.client.post(
        ticket(filed.tracking, "/assign"),
        data={"technician": form.one("input", name="technician").attributes["value"]},
        headers=origin(),
    )
    assert taken.headers["location"] == ticket(filed.tracking, "?done=claimed")
    page = await root.go(ticket(filed.tracking))
    assert "Root took this request over from Ada." in page.text


async def test_what_was_written_into_a_form_that_is_gone_is_not_lost(world: World, staff: Staff) -> None:
    ada = await staff("Ada")
    root = await world.technician("Root", Role.ADMIN)
    filed = await world.ticket()
    await ada.go(ticket(filed.tracking))
    await ada.send(ticket(filed.tracking, "/claim"))
    await root.must(f"/tickets/{filed.tracking}/assign", {"technician": root.id})
    page = await ada.send(ticket(filed.tracking, "/resolve"), solution="New <fuse>.")
    assert ada.status == 403
    assert page.by_id("unsent").text == "New <fuse>."
    page = await ada.send(ticket(filed.tracking, "/messages"), text=" ")
    assert not [each for each in page.walk() if each.attributes.get("id") == "unsent"]


async def test_a_join_code_is_shown_large_and_works(world: World, staff: Staff) -> None:
    ada = await staff("Ada")
    filed = await world.ticket()
    page = await ada.go(ticket(filed.tracking))
    assert not page.all("form", action=ticket(filed.tracking, "/join-code"))
    await ada.send(ticket(filed.tracking, "/claim"))
    page = await ada.send(ticket(filed.tracking, "/join-code"))
    code = page.by_id("code").text
    assert f"towline-agent join {PUBLIC_URL}/t/{filed.tracking} --code {code}" in page.text
    assert page.one("main").attributes["data-from"] == ticket(filed.tracking)
    body = {"agent_key": "A" * 43, "code": code}
    joined = await world.client.post(f"/api/v1/tickets/{filed.tracking}/join", json=body)
    assert joined.status_code == 200
    # A reload of that address leads to the ticket and makes no new code.
    await ada.go(ticket(filed.tracking, "/join-code"))
    assert ada.at == ticket(filed.tracking)


async def test_connect_is_offered_to_who_may_and_only_while_an_agent_is_online(world: World, staff: Staff) -> None:
    ada, bob = await staff("Ada"), await staff("Bob")
    filed = await world.ticket()
    address = f"/console/session/{filed.tracking}"
    world.switchboard.online.add(filed.tracking)
    page = await ada.go(ticket(filed.tracking))
    assert not page.all("a", href=address)
    page = await ada.send(ticket(filed.tracking, "/claim"))
    assert page.one("a", href=address).text == "Connect"
    page = await bob.go(ticket(filed.tracking))
    assert not page.all("a", href=address)
    assert "Ada has this request and can connect" in page.text
    world.switchboard.online.clear()
    page = await ada.go(ticket(filed.tracking))
    assert not page.all("a", href=address)
    assert page.all("form", action=ticket(filed.tracking, "/join-code"))


async def test_the_viewer_opens_for_the_assigned_technician_only(world: World, staff: Staff) -> None:
    ada, bob = await staff("Ada"), await staff("Bob")
    filed = await world.ticket()
    address = f"/console/session/{filed.tracking}"
    page = await ada.go(address)
    assert ada.status == 403
    assert "Take it first" in page.text
    await ada.go(ticket(filed.tracking))
    await ada.send(ticket(filed.tracking, "/claim"))
    page = await ada.go(address)
    assert ada.status == 200
    assert page.one("script", src="/static/viewer/page.js").attributes["type"] == "module"
    page = await bob.go(address)
    assert bob.status == 403
    assert "Ada has this request" in page.text
    assert not page.all("script", src="/static/viewer/page.js")
    await ada.go(ticket(filed.tracking))
    await ada.send(ticket(filed.tracking, "/status"), "Close")
    page = await ada.go(address)
    assert ada.status == 403
    assert "Reopen it" in page.text


async def test_filing_for_a_caller(world: World, staff: Staff) -> None:
    ada = await staff("Ada")
    await ada.go("/console/new")
    values = {"category": "Computer", "title": "No sound", "description": "None", "urgency": "low", "asset": "hardware"}
    page = await ada.send("/console/new", **values)
    assert ada.status == 422
    assert page.by_id("email-fault").text
    page = await ada.send("/console/new", email="caller@office.example")
    assert ada.at.endswith("?done=filed")
    assert page.one("h1").text == "No sound"
    assert "Telephone" in page.text
    assert "Ada filed this for caller@office.example." in page.text


async def test_what_is_known_stands_beside_the_ticket(world: World, staff: Staff) -> None:
    ada = await staff("Ada")
    api = await world.technician("Api")
    article = await api.must("/articles", {"title": "Printer light codes", "body": "Red is bad."}, 201)
    await api.must("/articles", {"title": "Coffee", "body": "Black."}, 201)
    old = await world.claimed(api)
    await api.must(f"/tickets/{old.tracking}/resolve", {"solution": "Fuse."})
    filed = await world.ticket(title="My printer is dead")
    page = await ada.go(ticket(filed.tracking))
    assert "Printer light codes" in page.one("a", href=f"/console/articles/{article['id']}").text
    assert "Has: printer" in page.one("a", href=f"/console/articles/{article['id']}").text
    assert f"The printer says no{old.tracking}" in page.one("a", href=ticket(old.tracking)).text
    assert "Fuse." in page.text
    assert "Coffee" not in page.text


async def test_writing_an_article(staff: Staff) -> None:
    ada = await staff("Ada")
    await ada.go("/console/articles/new")
    page = await ada.send("/console/articles/new", "Publish", title="", body="")
    assert ada.status == 422
    assert {link.attributes["href"] for link in page.by_id("faults").all("a")} == {"#title", "#body"}
    page = await ada.send("/console/articles/new", "Look at it first", title="Fuse", body="**Swap** it.\n\n    code")
    assert page.one("strong").text == "Swap"
    page = await ada.send("/console/articles/new", "Publish")
    assert ada.at.endswith("?done=published")
    assert page.one("h1").text == "Fuse"
    assert page.one("code").text == "code"
    assert [each.text for each in (await ada.go("/console/articles?q=fuse")).all("li")] == ["FuseSwap it. code"]


async def test_a_ticket_that_is_not_there(staff: Staff) -> None:
    ada = await staff("Ada")
    page = await ada.go("/console/tickets/TL-0000-0000")
    assert ada.status == 404
    assert page.one("a", href="/console", **{"class": "button main"}).text == "To the queue"


async def test_a_number_may_be_spoken(world: World, staff: Staff) -> None:
    ada = await staff("Ada")
    filed = await world.ticket()
    page = await ada.go(f"/console/tickets/{filed.tracking.lower()}")
    assert page.one("h1").text == "The printer says no"


@pytest.mark.parametrize("deed", ["claim", "messages", "assign", "status", "resolve", "join-code"])
async def test_reloading_a_forms_address_leads_to_the_ticket(world: World, staff: Staff, deed: str) -> None:
    ada = await staff("Ada")
    filed = await world.ticket()
    await ada.go(ticket(filed.tracking, f"/{deed}"))
    assert ada.at == ticket(filed.tracking)


async def test_a_fault_of_ours_shows_no_traceback(world: World, staff: Staff, monkeypatch: pytest.MonkeyPatch) -> None:
    ada = await staff("Ada")

    async def broken(*_parts: object, **_named: object) -> None:
        raise ZeroDivisionError("a secret")

    with monkeypatch.context() as patched:
        patched.setattr(world.desk.services.articles, "search", broken)
        page = await ada.go("/console/articles")
        assert ada.status == 500
        assert page.one("h1").text == "Something broke on our side"
        assert page.one("a", href="/console/new").text == "New"
        assert "Zero" not in page.text
        assert "secret" not in page.text
    await ada.go("/console/articles")
    assert ada.status == 200


async def test_the_broken_database_is_told_in_plain_words(world: World, person: Person) -> None:
    await person.go("/articles")
    assert person.status == 200
    (world.settings.data_dir / "towline.db").write_bytes(b"this is no database" * 1_000)
    await world.desk._context.database.close()
    page = await person.go("/articles")
    assert person.status == 503
    assert "Try again in a minute" in page.text
    assert "sqlite" not in page.text.lower()


async def test_what_the_user_decided_is_a_plain_line_of_the_timeline(world: World, staff: Staff) -> None:
    ada = await world.technician("Ada")
    filed = await world.claimed(ada)
    _, token = await world.joined(filed)
    session = (await world.session(ada, filed))["session"]
    bob = await staff("Bob")
    decided = "Maria Weber’s computer: the user said no to Ada."
    assert decided not in (await bob.go(ticket(filed.tracking))).text
    told = {"session": session, "answer": "declined"}
    await Caller(world.client, token).must(f"/tickets/{filed.tracking}/consent", told, 204)
    page = await bob.go(ticket(filed.tracking))
    assert [decided in line.text for line in page.all("li", **{"class": "event"})].count(True) == 1
