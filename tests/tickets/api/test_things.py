"""Assets, extra fields and canned answers."""

from tests.tickets.world import A_TICKET, World
from tickets.domain.access import Role

TABLE = """Name;Kind;Serial;Inventory;Location;Owner;Retired
NB-12;hardware;S-1;INV-1;Görlitz;maria@office.example;
Router;network;S-2;INV-2;;;yes
;;;;;;
NB-12 neu;;S-9;INV-1;Hall;;
"""


async def test_assets_by_hand_from_a_table_and_on_tickets(world: World) -> None:
    ada = await world.technician()
    done = await ada.must("/assets/import", {"csv": TABLE.replace("Name;Kind", "\ufeffname;kind")})
    assert done == {"added": 2, "changed": 1, "wrong": []}
    (laptop,) = (await ada.get("/assets?q=gorlitz%20nb")).json()["items"] or (await ada.get("/assets?q=nb")).json()[
        "items"
    ]
    assert (laptop["name"], laptop["serial"], laptop["owner"]) == ("NB-12 neu", "S-9", "")
    assert [each["name"] for each in (await ada.get("/assets?retired=true")).json()["items"]] == ["NB-12 neu", "Router"]
    wrong = await ada.must("/assets/import", {"csv": "name,kind\nGood,hardware\nBad,spoon\n,network"})
    assert ([line["line"] for line in wrong["wrong"]], wrong["added"]) == ([3, 4], 0)
    assert (await ada.must("/assets/import", {"csv": "serial\n1"}))["wrong"][0]["line"] == 1
    assert (await ada.get("/assets?q=good")).json()["items"] == []
    body = {"name": "Screen", "inventory": "INV-3", "owner": "maria@office.example"}
    screen = await ada.must("/assets", body, 201)
    assert (await ada.post("/assets", body)).status_code == 409
    assert (await ada.ask("PUT", f"/assets/{screen['id']}", body)).status_code == 200
    assert (await ada.ask("PUT", f"/assets/{laptop['id']}", body)).status_code == 409
    filed = await world.ticket()
    at = f"/tickets/{filed.tracking}/assets"
    assert [each["name"] for each in (await ada.get(f"{at}/suggested")).json()["items"]] == ["Screen"]
    put = await ada.ask("PUT", at, {"assets": [laptop["id"]]})
    assert [each["name"] for each in put.json()["items"]] == ["NB-12 neu"]
    assert (await ada.ask("PUT", at, {"assets": ["nothing"]})).status_code == 404
    for line in ("asset:inv-1", "INV-1", "s-9"):
        found = (await ada.get(f"/tickets?q={line}")).json()["items"]
        assert [each["tracking"] for each in found] == [filed.tracking], line
    shown = (await ada.get(f"/assets/{laptop['id']}")).json()
    assert [each["tracking"] for each in shown["tickets"]] == [filed.tracking]
    # The agent that joins a ticket about one thing makes that thing known; the next ticket that it joins is about it.
    key, _ = await world.joined(filed)
    again = await world.ticket(title="Again")
    assert (await ada.get(f"/tickets/{again.tracking}/assets")).json()["items"] == []
    await again.requester.must(f"/tickets/{again.tracking}/join", {"agent_key": key})
    about = (await ada.get(f"/tickets/{again.tracking}/assets")).json()["items"]
    assert [(each["name"], each["computer"]) for each in about] == [("NB-12 neu", True)]
    assert (await ada.ask("PUT", at, {"assets": []})).json()["items"] == []
    assert len((await ada.get("/tickets?q=asset:inv-1")).json()["items"]) == 1


async def test_extra_fields_are_asked_checked_shown_and_found(world: World) -> None:
    admin, ada = await world.technician("Eve", Role.ADMIN), await world.technician("Ada")
    room = {"category": "Printing", "key": "room", "label": "Room", "required": "submit"}
    kept = await admin.must("/fields", room, 201)
    await admin.must("/fields", {**room, "key": "cost", "label": "Cost", "kind": "number", "internal": True,
                                 "required": "resolve"}, 201)  # fmt: skip
    assert (await ada.post("/fields", room)).status_code == 403
    assert (await admin.post("/fields", room)).status_code == 409
    assert (await admin.post("/fields", {**room, "category": ""})).status_code == 409
    assert [each["key"] for each in (await world.stranger.get("/fields")).json()["items"]] == ["room"]
    missing = await world.stranger.post("/tickets", A_TICKET)
    assert (missing.status_code, "Room" in missing.json()["detail"]) == (422, True)
    for wrong in ({"room": "1", "floor": "2"}, {"room": "1", "cost": "2"}):
        assert (await world.stranger.post("/tickets", {**A_TICKET, "fields": wrong})).status_code == 422, wrong
    assert (await world.stranger.post("/tickets", {**A_TICKET, "category": "Telephone"})).status_code == 201
    done = await world.stranger.must("/tickets", {**A_TICKET, "fields": {"room": "Besenkammer"}}, 201)
    at = f"/tickets/{done['tracking']}"
    found = (await ada.get("/tickets?q=besenkammer")).json()["items"]
    assert [each["tracking"] for each in found] == [done["tracking"]]
    await ada.must(f"{at}/claim")
    refused = await ada.post(f"{at}/resolve", {"solution": "Done."})
    assert (refused.status_code, "Cost" in refused.json()["detail"]) == (422, True)
    assert (await ada.ask("PUT", f"{at}/fields", {"fields": {"cost": "much"}})).status_code == 422
    put = await ada.ask("PUT", f"{at}/fields", {"fields": {"cost": "12,5"}})
    assert {each["key"]: each["value"] for each in put.json()["items"]} == {"room": "Besenkammer", "cost": "12.5"}
    requester = type(ada)(world.client, done["requester_token"])
    assert [each["key"] for each in (await requester.get(f"{at}/fields")).json()["items"]] == ["room"]
    assert (await requester.ask("PUT", f"{at}/fields", {"fields": {"room": "x"}})).status_code == 403
    await ada.must(f"{at}/resolve", {"solution": "Done."})
    retired = await admin.ask("PUT", f"/fields/{kept['id']}", {**room, "active": False})
    assert retired.status_code == 200
    assert (await world.stranger.post("/tickets", A_TICKET)).status_code == 201


async def test_canned_answers_are_ones_own_or_everybodys(world: World) -> None:
    ada, bob = await world.technician("Ada"), await world.technician("Bob")
    admin = await world.technician("Eve", Role.ADMIN)
    text = "Hello {requester.name}, about {ticket.number}: {technician.name}, {organisation}"
    mine = await ada.must("/canned-answers", {"name": "Hello", "text": text}, 201)
    unknown = await ada.post("/canned-answers", {"name": "No", "text": "{requester.password}"})
    assert (unknown.status_code, "{requester.password}" in unknown.json()["detail"]) == (422, True)
    shared = {"name": "Phone", "text": "We call you.", "shared": True, "category": "Telephone"}
    assert (await ada.post("/canned-answers", shared)).status_code == 403
    everybodys = await admin.must("/canned-answers", shared, 201)
    filed = await world.ticket(name="{organisation} Weber")
    at = f"/tickets/{filed.tracking}/canned-answers"
    offered = (await ada.get(at)).json()["items"]
    assert [each["text"] for each in offered] == [
        f"Hello {{organisation}} Weber, about {filed.tracking}: Ada, Office Help"
    ]
    used = await ada.must(f"{at}/{mine['id']}")
    assert used["text"] == offered[0]["text"]
    assert [(each["name"], each["uses"]) for each in (await ada.get("/canned-answers")).json()["items"]] == [
        ("Hello", 1),
        ("Phone", 0),
    ]
    assert [each["name"] for each in (await bob.get("/canned-answers")).json()["items"]] == ["Phone"]
    new = {"name": "Hi", "text": "Hi"}
    for who, ident, status in ((bob, mine["id"], 404), (bob, everybodys["id"], 403), (ada, everybodys["id"], 403)):
        assert (await who.ask("PUT", f"/canned-answers/{ident}", new)).status_code == status
        assert (await who.ask("DELETE", f"/canned-answers/{ident}")).status_code == status
    assert (await bob.post(f"{at}/{mine['id']}")).status_code == 404
    assert (await ada.ask("PUT", f"/canned-answers/{mine['id']}", {**new, "shared": True})).status_code == 403
    assert (await ada.ask("PUT", f"/canned-answers/{mine['id']}", new)).status_code == 200
    assert (await ada.ask("DELETE", f"/canned-answers/{mine['id']}")).status_code == 204
    assert (await admin.ask("DELETE", f"/canned-answers/{everybodys['id']}")).status_code == 204
