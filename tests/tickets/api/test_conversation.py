"""What is around a ticket, over the API: watchers, tags, links, time, drafts; merging, undoing it, splitting."""

import pytest

from tests.tickets.api.test_attachments import said, sent
from tests.tickets.world import A_TICKET, Caller, Filed, World
from tickets.domain.access import Role
from tickets.services.surroundings import clean_tag


async def kinds(caller: Caller, tracking: str) -> list[str]:
    return [line["kind"] for line in (await caller.get(f"/tickets/{tracking}")).json()["timeline"]]


async def test_watchers_are_told_and_told_no_more(world: World) -> None:
    filed = await world.ticket()
    ada = await world.technician()
    await world.technician("Bob")
    path = f"/tickets/{filed.tracking}/watchers"
    added = await ada.must(path, {"emails": ["Otto@Office.example", "bob@help.example", A_TICKET["email"]]})
    assert added["items"] == [
        {"email": "bob@help.example", "name": "Bob", "staff": True},
        {"email": "otto@office.example", "name": "otto@office.example", "staff": False},
    ]
    seen = (await filed.requester.get(f"/tickets/{filed.tracking}")).json()
    # Which colleagues look on is the team's own matter; who adds whom is, too.
    assert [each["email"] for each in seen["watchers"]] == ["otto@office.example"]
    assert "watchers" not in await kinds(filed.requester, filed.tracking)
    assert (await kinds(ada, filed.tracking))[-1] == "watchers"
    left = await ada.ask("DELETE", f"{path}/otto@office.example")
    assert [each["email"] for each in left.json()["items"]] == ["bob@help.example"]
    assert (await ada.ask("DELETE", f"{path}/otto@office.example")).status_code == 404
    assert (await ada.post(path, {"emails": ["nobody"]})).status_code == 422


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("watchers", {"emails": ["otto@office.example"]}),
        ("tags", {"tags": ["vpn"]}),
        ("links", {"link": "related", "other": "{other}"}),
        ("time", {"minutes": 5}),
        ("merge", {"into": "{other}"}),
        ("split", {"entry": "1"}),
    ],
)
async def test_requesters_and_strangers_organise_nothing(world: World, path: str, body: dict[str, object]) -> None:
    filed, other = await world.ticket(), await world.ticket()
    ada = await world.technician()
    sent_body = {name: other.tracking if value == "{other}" else value for name, value in body.items()}
    if path == "split":
        line = await filed.requester.must(f"/tickets/{filed.tracking}/messages", {"text": "And my mouse?"}, 201)
        sent_body = {"entry": line["id"]}
    at = f"/tickets/{filed.tracking}/{path}"
    assert (await filed.requester.post(at, sent_body)).status_code == 403
    assert (await world.stranger.post(at, sent_body)).status_code == 404
    assert (await ada.post(at, sent_body)).status_code in {200, 201}


async def test_tags_are_kept_in_one_form_and_completed(world: World) -> None:
    filed, other = await world.ticket(), await world.ticket()
    ada = await world.technician()
    tags = await ada.must(f"/tickets/{filed.tracking}/tags", {"tags": ["VPN", " Größe XL ", "vpn"]})
    assert tags == {"items": ["grosse-xl", "vpn"]}
    await ada.must(f"/tickets/{other.tracking}/tags", {"tags": ["vpn"]})
    assert (await ada.get("/tags?q=V")).json() == {"items": ["vpn"]}
    assert (await ada.get("/tags")).json() == {"items": ["vpn", "grosse-xl"]}
    assert (await filed.requester.get("/tags")).status_code in {401, 403}
    await ada.must(f"/tickets/{filed.tracking}/tags", {"tags": ["printer"]})
    line = (await ada.get(f"/tickets/{filed.tracking}")).json()
    assert line["tags"] == ["printer"]
    assert line["timeline"][-1]["text"] == "Ada changed the tags: +printer, −grosse-xl, −vpn."
    assert (await filed.requester.get(f"/tickets/{filed.tracking}")).json()["tags"] == []
    assert (await ada.post(f"/tickets/{filed.tracking}/tags", {"tags": ["!!"]})).status_code == 422


def test_a_tag_has_one_form() -> None:
    assert clean_tag("  Größe  XL ") == clean_tag("grösse-xl") == "grosse-xl"


async def test_links_are_seen_from_both_sides(world: World) -> None:
    one, two = await world.ticket(), await world.ticket(title="The other one")
    ada = await world.technician()
    path = f"/tickets/{one.tracking}/links"
    found = await ada.must(path, {"link": "duplicate-of", "other": two.tracking.lower()})
    assert found["items"] == [
        {"link": "duplicate-of", "tracking": two.tracking, "title": "The other one", "status": "new"}
    ]
    other = (await ada.get(f"/tickets/{two.tracking}")).json()
    assert [(link["link"], link["tracking"]) for link in other["links"]] == [("has-duplicate", one.tracking)]
    for wrong in (one.tracking, "TL-0000-0000", "x"):
        assert (await ada.post(path, {"link": "related", "other": wrong})).status_code == 422
    gone = await ada.ask("DELETE", f"/tickets/{two.tracking}/links/has-duplicate/{one.tracking}")
    assert gone.json() == {"items": []}
    assert (await ada.ask("DELETE", f"{path}/duplicate-of/{two.tracking}")).status_code == 404
    assert (await ada.ask("DELETE", f"{path}/nonsense/{two.tracking}")).status_code == 404


async def test_time_is_summed_by_technician(world: World) -> None:
    filed = await world.ticket()
    ada, bob = await world.technician(), await world.technician("Bob")
    await ada.must(f"/tickets/{filed.tracking}/time", {"minutes": 10, "note": "Phone"})
    await bob.must(f"/tickets/{filed.tracking}/time", {"minutes": 5})
    spent = await ada.must(f"/tickets/{filed.tracking}/time", {"minutes": 1})
    expected = [{"technician": "Ada", "minutes": 11}, {"technician": "Bob", "minutes": 5}]
    assert spent == {"minutes": 16, "by": expected}
    assert (await filed.requester.get(f"/tickets/{filed.tracking}")).json()["time_spent"] is None
    assert (await ada.post(f"/tickets/{filed.tracking}/time", {"minutes": 0})).status_code == 422


async def test_drafts_are_ones_own_and_gone_when_sent(world: World) -> None:
    filed = await world.ticket()
    ada, bob = await world.technician(), await world.technician("Bob")
    path = f"/tickets/{filed.tracking}/drafts/text"
    kept = await ada.ask("PUT", path, {"text": "Half a sent"})
    assert kept.status_code == 200, kept.text
    assert (await ada.get(path)).json()["text"] == "Half a sent"
    assert (await bob.get(path)).json()["text"] == ""
    assert (await filed.requester.get(path)).status_code == 403
    assert (await ada.get(f"/tickets/{filed.tracking}/drafts/other")).status_code == 404
    await ada.must(f"/tickets/{filed.tracking}/messages", {"text": "A whole sentence."}, 201)
    assert (await ada.get(path)).json() == {"field": "text", "text": "", "updated_at": None}


async def test_all_of_a_ticket_goes_into_another_and_both_numbers_lead_there(world: World) -> None:
    into, filed = (
        await world.ticket(),
        await world.ticket(email="otto@office.example", name="Otto", title="Printer, too"),
    )
    ada = await world.technician()
    file = await sent(filed.requester, filed.tracking)
    await said(filed.requester, filed, file)
    await ada.must(f"/tickets/{filed.tracking}/tags", {"tags": ["printer"]})
    await ada.must(f"/tickets/{filed.tracking}/time", {"minutes": 5})
    assert await ada.must(f"/tickets/{filed.tracking}/merge", {"into": into.tracking}) == {"tracking": into.tracking}
    for caller, number in ((ada, filed.tracking), (filed.requester, filed.tracking), (into.requester, into.tracking)):
        found = (await caller.get(f"/tickets/{number}")).json()
        assert found["tracking"] == into.tracking
        texts = [line["text"] for line in found["timeline"]]
        assert "Printer, too\n\nIt blinks red and prints nothing." in texts
        assert "See the picture." in texts
    ticket = (await ada.get(f"/tickets/{into.tracking}")).json()
    assert ticket["tags"] == ["printer"]
    assert ticket["time_spent"]["minutes"] == 5
    assert [each["email"] for each in ticket["watchers"]] == ["otto@office.example"]
    assert (await filed.requester.get(f"/tickets/{filed.tracking}/attachments/{file['id']}")).status_code == 200
    answer = await filed.requester.must(f"/tickets/{filed.tracking}/messages", {"text": "Still broken."}, 201)
    assert answer["who"] == "Otto"
    assert "Still broken." in str((await into.requester.get(f"/tickets/{into.tracking}")).json())


async def test_only_its_own_number_leads_into_a_merged_ticket(world: World) -> None:
    into, filed = await world.ticket(), await world.ticket(email="otto@office.example")
    ada = await world.technician()
    await ada.must(f"/tickets/{filed.tracking}/merge", {"into": into.tracking})
    assert (await into.requester.get(f"/tickets/{filed.tracking}")).status_code == 404
    assert (await filed.requester.get(f"/tickets/{into.tracking}")).status_code == 404
    assert (await world.stranger.get(f"/tickets/{filed.tracking}")).status_code == 404
    assert (await filed.requester.get(f"/tickets/{filed.tracking}")).status_code == 200


async def test_a_merge_ends_sessions_and_can_be_undone_for_a_day(world: World) -> None:
    ada = await world.technician()
    into, filed = await world.ticket(), await world.claimed(ada)
    await world.joined(filed)
    session = await world.session(ada, filed)
    await said(filed.requester, filed)
    before = await kinds(ada, filed.tracking)
    await ada.must(f"/tickets/{filed.tracking}/merge", {"into": into.tracking})
    assert (filed.tracking, "closed") in world.switchboard.ended
    assert (session["session"], "closed") in world.switchboard.ended
    world.clock.forward(86_399)
    assert await ada.must(f"/tickets/{filed.tracking}/unmerge") == {"tracking": filed.tracking}
    back = (await ada.get(f"/tickets/{filed.tracking}")).json()
    assert (back["tracking"], back["status"]) == (filed.tracking, "open")
    assert [line["kind"] for line in back["timeline"]][: len(before)] == before
    assert "See the picture." not in str((await ada.get(f"/tickets/{into.tracking}")).json())
    assert (await ada.post(f"/tickets/{filed.tracking}/unmerge")).status_code == 404
    await ada.must(f"/tickets/{filed.tracking}/merge", {"into": into.tracking})
    world.clock.forward(86_400)
    assert (await ada.post(f"/tickets/{filed.tracking}/unmerge")).status_code == 404


async def test_what_must_not_be_merged(world: World) -> None:
    ada, bob = await world.technician(), await world.technician("Bob")
    root = await world.technician("Root", Role.ADMIN)
    mine, theirs = await world.claimed(ada), await world.claimed(bob)
    path = f"/tickets/{mine.tracking}/merge"
    assert (await ada.post(path, {"into": mine.tracking})).status_code == 422
    assert (await ada.post(path, {"into": "TL-0000-0000"})).status_code == 422
    # Neither into a colleague's ticket nor a colleague's into one's own.
    assert (await ada.post(path, {"into": theirs.tracking})).status_code == 403
    assert (await ada.post(f"/tickets/{theirs.tracking}/merge", {"into": mine.tracking})).status_code == 403
    closed = await world.claimed(ada)
    await ada.must(f"/tickets/{closed.tracking}/status", {"status": "closed"})
    assert (await ada.post(path, {"into": closed.tracking})).status_code == 409
    await root.must(path, {"into": theirs.tracking})


async def test_a_message_and_what_follows_become_a_ticket(world: World) -> None:
    filed: Filed = await world.ticket()
    ada = await world.technician()
    await filed.requester.must(f"/tickets/{filed.tracking}/messages", {"text": "It is on."}, 201)
    file = await sent(filed.requester, filed.tracking)
    first = await said(filed.requester, filed, file)
    note = await ada.must(f"/tickets/{filed.tracking}/messages", {"text": "Odd.", "internal": True}, 201)
    assert (await ada.post(f"/tickets/{filed.tracking}/split", {"entry": note["id"]})).status_code == 422
    other = await world.ticket()
    assert (await ada.post(f"/tickets/{other.tracking}/split", {"entry": first["id"]})).status_code == 422
    body = {"entry": first["id"], "title": "The picture"}
    done = await ada.must(f"/tickets/{filed.tracking}/split", body, 201)
    fresh = (await ada.get(f"/tickets/{done['tracking']}")).json()
    assert (fresh["title"], fresh["description"]) == ("The picture", "See the picture.")
    assert fresh["requester"]["email"] == A_TICKET["email"]
    assert [(link["link"], link["tracking"]) for link in fresh["links"]] == [("follow-up-of", filed.tracking)]
    assert [f["id"] for line in fresh["timeline"] for f in line["attachments"]] == [file["id"]]
    assert {"split", "note", "submitted"} <= {line["kind"] for line in fresh["timeline"]}
    left = (await ada.get(f"/tickets/{filed.tracking}")).json()["timeline"]
    assert [line["text"] for line in left if line["kind"] in {"message", "note"}] == ["It is on."]
    assert (await ada.get(f"/tickets/{done['tracking']}/attachments/{file['id']}")).status_code == 200


async def test_an_answer_in_time_opens_again_and_later_it_is_a_request_of_its_own(world: World) -> None:
    ada = await world.technician()
    filed = await world.claimed(ada)
    path = f"/tickets/{filed.tracking}"
    await ada.must(f"{path}/resolve", {"solution": "Switched it on."})
    world.clock.forward(14 * 86_400 - 1)
    await filed.requester.must(f"{path}/messages", {"text": "No."}, 201)
    assert (await ada.get(path)).json()["status"] == "open"
    await ada.must(f"{path}/resolve", {"solution": "Now."})
    world.clock.forward(14 * 86_400)
    assert (await filed.requester.post(f"{path}/messages", {"text": "Again."})).status_code == 409
    await world.desk.housekeep()
    ticket = (await filed.requester.get(path)).json()
    assert ticket["status"] == "closed"
    assert ticket["timeline"][-1]["text"] == "Closed by itself: nobody answered for 14 days."
    assert "follow-up" in ticket["allowed"]
    assert (await ada.post(f"{path}/follow-up", {"text": "Again."})).status_code == 403
    done = await filed.requester.must(f"{path}/follow-up", {"text": "It is off again."}, 201)
    again = Caller(world.client, done["requester_token"])
    fresh = (await again.get(f"/tickets/{done['tracking']}")).json()
    assert (fresh["title"], fresh["description"]) == (ticket["title"], "It is off again.")
    links = (await ada.get(f"/tickets/{done['tracking']}")).json()["links"]
    assert [(link["link"], link["tracking"]) for link in links] == [("follow-up-of", filed.tracking)]


async def test_only_what_is_closed_is_followed_up(world: World) -> None:
    filed, other = await world.ticket(), await world.ticket(email="otto@office.example")
    assert (await filed.requester.post(f"/tickets/{filed.tracking}/follow-up", {"text": "x"})).status_code == 409
    assert (await filed.requester.post(f"/tickets/{other.tracking}/follow-up", {"text": "x"})).status_code == 404
