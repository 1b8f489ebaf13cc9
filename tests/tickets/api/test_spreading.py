"""Who gets a new ticket, and in which order they come: through the API, on both databases."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.tickets.world import A_TICKET, PASSWORD, QUICK, Caller, Filed, Json, World
from tickets import setup
from tickets.domain.access import Role
from tickets.domain.values import TechnicianId
from tickets.domain.views import Credentials
from tickets.store import people as people_store
from tickets.store.people import TechnicianRow

AT = datetime(2026, 11, 24, 6, tzinfo=UTC)
"""Where the clock of a world stands: a Tuesday."""


async def put(caller: Caller, path: str, body: object, status: int = 200) -> Json:
    answer = await caller.ask("PUT", path, body)
    assert answer.status_code == status, answer.text
    found: Json = answer.json()
    return found


async def assignee(caller: Caller, filed: Filed) -> str | None:
    ticket = (await caller.get(f"/tickets/{filed.tracking}")).json()
    found: str | None = None if ticket["assignee"] is None else ticket["assignee"]["name"]
    return found


async def staffed(world: World, strategy: str, **rule: Any) -> tuple[Caller, dict[str, Caller], str]:
    """Make a team of Ada and Bob whose tickets go out by a strategy; Zoe is in no team."""
    root = await world.technician("Root", Role.ADMIN)
    people = {name: await world.technician(name) for name in ("Ada", "Bob", "Zoe")}
    members = [people["Ada"].id, people["Bob"].id]
    team = (await root.must("/teams", {"name": "Devices", "members": members, "lead": people["Bob"].id}, 201))["id"]
    await put_category(root, "Printing and scanning", team=team)
    await root.must("/rules", {"name": "In turn", "strategy": strategy, "team": team, **rule}, 201)
    return root, people, team


async def put_category(root: Caller, name: str, **changes: object) -> Json:
    every = (await root.get("/categories/all")).json()["items"]
    found = next(each for each in every if each["name"] == name)
    return await put(root, f"/categories/{found['id']}", {**found, **changes})


async def test_without_rules_nobody_gets_it_and_the_category_says_whose_work_it_is(world: World) -> None:
    root, _, team = await staffed(world, "manual")
    filed = await world.ticket()
    ticket = (await root.get(f"/tickets/{filed.tracking}")).json()
    assert (ticket["assignee"], ticket["status"]) == (None, "new")
    assert ticket["team"] == {"id": team, "name": "Devices"}
    other = await world.ticket(category="Computer")
    assert (await root.get(f"/tickets/{other.tracking}")).json()["team"] is None
    assert [each["tracking"] for each in (await root.get(f"/tickets?team={team}")).json()["items"]] == [filed.tracking]
    # Whose work it is inside is no business of the requester.
    seen = (await filed.requester.get(f"/tickets/{filed.tracking}")).json()
    assert (seen["team"], seen["due_at"], seen["priority"]) == (None, None, "normal")


async def test_round_robin_goes_through_the_team(world: World) -> None:
    root, _, _ = await staffed(world, "round-robin")
    given_to = [await assignee(root, await world.ticket()) for _ in range(3)]
    assert given_to == ["Ada", "Bob", "Ada"]
    filed = await world.ticket()
    assert await world.timeline(root, filed) == ["submitted", "assigned"]
    assert (await root.get(f"/tickets/{filed.tracking}")).json()["status"] == "open"


async def test_the_least_loaded_up_to_the_cap_then_the_team_is_told(world: World) -> None:
    root, people, _ = await staffed(world, "least-loaded", cap=2)
    busy = await world.ticket(category="Computer")
    await people["Ada"].must(f"/tickets/{busy.tracking}/claim")
    given_to = [await assignee(root, await world.ticket()) for _ in range(3)]
    assert given_to == ["Bob", "Ada", "Bob"]
    full = await world.ticket()
    assert await assignee(root, full) is None
    assert await world.timeline(root, full) == ["submitted", "queued"]
    await people["Ada"].must(f"/tickets/{busy.tracking}/resolve", {"solution": "Done."})
    assert await assignee(root, await world.ticket()) == "Ada"


@pytest.mark.parametrize("reason", ["away", "absent", "hours", "skills", "cap", "disabled"])
async def test_who_can_not_take_it_now_is_left_out(world: World, reason: str) -> None:
    root, people, _ = await staffed(world, "round-robin")
    ada = people["Ada"]
    await put_category(root, "Printing and scanning", skills=["Toner"] if reason == "skills" else [])
    work = f"/technicians/{ada.id}/work"
    bob_work = f"/technicians/{people['Bob'].id}/work"
    await put(root, bob_work, {"skills": ["toner", "SQL"], "hours": "Tue 06:00-07:00"})
    if reason == "away":
        await put(ada, f"/technicians/{ada.id}/availability", {"available": False})
    elif reason == "absent":
        span = {"from_at": AT.isoformat(), "to_at": (AT + timedelta(hours=1)).isoformat(), "reason": "Dentist"}
        await ada.must(f"/technicians/{ada.id}/absences", span, 201)
    elif reason == "hours":
        await put(root, work, {"hours": "Tue 07:00-08:00"})
    elif reason == "skills":
        await put(root, work, {"skills": ["SQL"]})
    elif reason == "cap":
        await put(root, work, {"cap": 1})
        busy = await world.ticket(category="Computer")
        await ada.must(f"/tickets/{busy.tracking}/claim")
    else:
        await setup.disable_technician(world.settings, "ada@help.example")
    assert [await assignee(root, await world.ticket()) for _ in range(2)] == ["Bob", "Bob"]
    # The twin: nothing is wrong any more.
    world.clock.forward(3_600)
    await put(root, bob_work, {"skills": ["toner"]})
    if reason != "disabled":
        await put(ada, f"/technicians/{ada.id}/availability", {"available": True})
        await put(root, work, {"skills": ["TONER"]})
        assert await assignee(root, await world.ticket()) == "Ada"


async def test_two_hundred_technicians_claim_one_ticket(world: World) -> None:
    """Through tokens, routes and transactions of the whole application."""
    hashed = await QUICK.hash(PASSWORD)
    async with world.desk._context.database.write() as connection:
        for number in range(200):
            row = TechnicianRow(
                id=TechnicianId(f"t{number}"),
                email=f"t{number}@help.example",
                name=f"Technician {number}",
                role=Role.TECHNICIAN,
                password_hash=hashed,
                available=True,
                created_at=AT,
                disabled_at=None,
            )
            await people_store.add_technician(connection, row)

    async def logged_in(number: int) -> Caller:
        credentials = Credentials(email=f"t{number}@help.example", password=PASSWORD)
        login = await world.desk.services.logins.login(credentials, address=f"10.0.{number}.1", by_cookie=False)
        return Caller(world.client, login.token, f"t{number}")

    callers = [await logged_in(number) for number in range(200)]
    filed = await world.ticket()
    answers = await asyncio.gather(*(caller.post(f"/tickets/{filed.tracking}/claim") for caller in callers))
    won = [answer.json() for answer in answers if answer.status_code == 200]
    assert len(won) == 1
    name = won[0]["assignee"]["name"]
    lost = [answer.json()["detail"] for answer in answers if answer.status_code == 409]
    assert lost == [f"{name} already has this request."] * 199
    assert await assignee(callers[0], filed) == name


async def test_many_tickets_at_once_respect_the_cap(world: World) -> None:
    root, _, _ = await staffed(world, "round-robin", cap=3)
    filed = await asyncio.gather(*(world.ticket() for _ in range(10)))
    given_to = [await assignee(root, each) for each in filed]
    assert sorted(given_to, key=str) == ["Ada"] * 3 + ["Bob"] * 3 + [None] * 4


async def test_urgency_and_impact_make_the_priority_and_the_order(world: World) -> None:
    root = await world.technician("Root", Role.ADMIN)
    ada = await world.technician()
    low, high, normal = [await world.ticket(urgency=word) for word in ("low", "high", "normal")]
    changed = await ada.must(f"/tickets/{low.tracking}/triage", {"urgency": "critical", "impact": "high"})
    assert (changed["urgency"], changed["impact"], changed["priority"]) == ("critical", "high", "critical")
    order = [each["tracking"] for each in (await ada.get("/tickets")).json()["items"]]
    assert order == [low.tracking, high.tracking, normal.tracking]
    assert (await world.timeline(ada, low))[-1] == "triaged"
    # What changes nothing is not told.
    await ada.must(f"/tickets/{low.tracking}/triage", {"urgency": "critical"})
    assert (await world.timeline(ada, low)).count("triaged") == 1
    # Another matrix is for what comes.
    cells = [{"urgency": "normal", "impact": "normal", "priority": "critical"}]
    matrix = await put(root, "/priorities", {"items": cells})
    assert len(matrix["items"]) == 12
    assert (await ada.get(f"/tickets/{(await world.ticket()).tracking}")).json()["priority"] == "critical"
    assert (await ada.get(f"/tickets/{normal.tracking}")).json()["priority"] == "normal"


async def test_a_category_weighs_what_is_filed_under_it(world: World) -> None:
    root = await world.technician("Root", Role.ADMIN)
    await put_category(root, "Computer", impact="high")
    await put_category(root, "Telephone", priority="low")
    found = []
    for category in ("computer", "Tele", "E-mail and calendar"):
        filed = await world.ticket(category=category)
        ticket = (await root.get(f"/tickets/{filed.tracking}")).json()
        found.append((ticket["category"], ticket["impact"], ticket["priority"]))
    assert found == [
        ("Computer", "high", "high"),
        ("Telephone", "normal", "low"),
        ("E-mail and calendar", "normal", "normal"),
    ]


async def test_an_unknown_category_is_refused_with_the_list_and_an_internal_one_to_strangers(world: World) -> None:
    root = await world.technician("Root", Role.ADMIN)
    await root.must("/categories", {"name": "Payroll", "portal": False, "position": 900}, 201)
    refused = await world.stranger.post("/tickets", A_TICKET | {"category": "Coffee"})
    assert refused.status_code == 422
    assert "Printing and scanning" in refused.json()["detail"]
    assert "Payroll" not in refused.json()["detail"]
    assert (await world.stranger.post("/tickets", A_TICKET | {"category": "Payroll"})).status_code == 422
    assert (await root.post("/tickets", A_TICKET | {"category": "Payroll"})).status_code == 201
    offered = [each["name"] for each in (await world.stranger.get("/categories")).json()["items"]]
    assert "Payroll" not in offered
    assert offered[0] == "Computer"
    assert "Payroll" in [each["name"] for each in (await root.get("/categories")).json()["items"]]


async def test_to_another_team_where_the_rules_are_asked_again(world: World) -> None:
    root, people, team = await staffed(world, "round-robin")
    zoe = people["Zoe"]
    filed = await world.ticket(category="Computer")
    await zoe.must(f"/tickets/{filed.tracking}/claim")
    session = await world.session(zoe, filed)
    # Nobody else hands it over, but an admin.
    assert (await people["Ada"].post(f"/tickets/{filed.tracking}/triage", {"team": team})).status_code == 403
    moved = await zoe.must(f"/tickets/{filed.tracking}/triage", {"team": team})
    assert (moved["team"]["name"], moved["assignee"]["name"]) == ("Devices", "Ada")
    assert (session["session"], "reassigned") in world.switchboard.ended
    assert (await world.timeline(root, filed))[-3:] == ["triaged", "session-ended", "assigned"]
    out = await root.must(f"/tickets/{filed.tracking}/triage", {"team": None})
    assert (out["team"], out["assignee"]) == (None, None)
    assert (await root.post(f"/tickets/{filed.tracking}/triage", {"team": "nowhere"})).status_code == 422


async def test_a_closed_ticket_is_not_weighed(world: World) -> None:
    ada = await world.technician()
    filed = await world.claimed(ada)
    assert (await ada.post(f"/tickets/{filed.tracking}/triage", {"impact": "low"})).status_code == 200
    await ada.must(f"/tickets/{filed.tracking}/status", {"status": "closed"})
    refused = await ada.post(f"/tickets/{filed.tracking}/triage", {"impact": "high"})
    assert (refused.status_code, refused.json()["type"].rpartition("/")[2]) == (409, "ticket-closed")


async def test_ones_own_work_and_others(world: World) -> None:
    root = await world.technician("Root", Role.ADMIN)
    ada, bob = await world.technician("Ada"), await world.technician("Bob")
    span = {"from_at": AT.isoformat(), "to_at": (AT + timedelta(days=1)).isoformat()}
    for caller, status in ((ada, 200), (root, 200), (bob, 403)):
        availability = f"/technicians/{ada.id}/availability"
        assert (await caller.ask("PUT", availability, {"available": True})).status_code == status
        made = await caller.post(f"/technicians/{ada.id}/absences", span)
        assert made.status_code == (201 if status == 200 else status)
        if status == 200:
            removed = f"/technicians/{ada.id}/absences/{made.json()['id']}"
            assert (await bob.ask("DELETE", removed)).status_code == 403
            assert (await caller.ask("DELETE", removed)).status_code == 204
            assert (await caller.ask("DELETE", removed)).status_code == 404
        # Skills, hours and caps are for admins.
        work = await caller.ask("PUT", f"/technicians/{ada.id}/work", {"cap": 3})
        assert work.status_code == (200 if caller is root else 403)
    shown = (await bob.get(f"/technicians/{ada.id}/work")).json()
    assert (shown["cap"], shown["load"], shown["at_work"], shown["absences"]) == (3, 0, True, [])
    assert (await root.ask("PUT", "/technicians/nobody/work", {})).status_code == 404


@pytest.mark.parametrize(
    ("body", "wrong"),
    [
        ({"from_at": "2026-12-01T08:00:00Z", "to_at": "2026-12-01T08:00:00Z"}, "to_at"),
        ({"from_at": "2026-12-01T08:00:00", "to_at": "2026-12-02T08:00:00Z"}, "from_at"),
        ({"from_at": "2026-01-01T08:00:00Z", "to_at": "2026-01-02T08:00:00Z"}, "to_at"),
    ],
)
async def test_an_absence_that_is_none(world: World, body: Json, wrong: str) -> None:
    ada = await world.technician()
    refused = await ada.post(f"/technicians/{ada.id}/absences", body)
    assert refused.status_code == 422
    assert refused.json()["detail"].startswith(wrong)
    right = {"from_at": "2026-12-01T08:00:00Z", "to_at": "2026-12-02T08:00:00Z"}
    assert (await ada.post(f"/technicians/{ada.id}/absences", right)).status_code == 201


@pytest.mark.parametrize(
    ("path", "wrong", "right"),
    [
        ("/teams", {"name": "A", "members": ["nobody"]}, {"name": "A"}),
        ("/teams", {"name": "A", "address": "nowhere"}, {"name": "A", "address": "devices@help.example"}),
        ("/rules", {"name": "A", "team": "nothing"}, {"name": "A"}),
        ("/rules", {"name": "A", "cap": 0}, {"name": "A", "cap": 1}),
        ("/calendars", {"name": "A", "hours": "never"}, {"name": "A", "hours": "Mon 09:00-10:00"}),
        ("/calendars", {"name": "A", "zone": "Moon"}, {"name": "A", "zone": "Europe/Berlin"}),
        ("/targets", {"name": "A", "calendar": "none"}, {"name": "A", "first_answer": 30}),
        ("/categories", {"name": "A", "parent": "none"}, {"name": "A", "parent": "computer"}),
    ],
)
async def test_what_can_not_be_kept_is_refused_and_names_are_unique(
    world: World, path: str, wrong: Json, right: Json
) -> None:
    root = await world.technician("Root", Role.ADMIN)
    assert (await root.post(path, wrong)).status_code == 422
    made = await root.must(path, right, 201)
    assert (await root.post(path, right)).status_code == 409
    assert (await root.ask("PUT", f"{path}/{made['id']}", right | {"active": False})).json()["active"] is False
    assert (await root.ask("PUT", f"{path}/nothing", right | {"name": "B"})).status_code == 404


async def test_one_category_takes_what_names_none_and_one_is_there_for_people(world: World) -> None:
    root = await world.technician("Root", Role.ADMIN)
    other = {"name": "Something else", "position": 90}
    assert (await root.ask("PUT", "/categories/other", other)).status_code == 422
    await put(root, "/categories/computer", {"name": "Computer", "fallback": True})
    assert (await put(root, "/categories/other", other))["fallback"] is False
    every = (await root.get("/categories/all")).json()["items"]
    assert [each["id"] for each in every if each["fallback"]] == ["computer"]
    assert (await root.ask("PUT", "/categories/computer", {"name": "C", "parent": "computer"})).status_code == 422
