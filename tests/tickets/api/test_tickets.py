"""`/api/v1/tickets…`: filing, the queue, answering, moving."""

import asyncio
from pathlib import Path

import pytest

from tests.tickets.databases import Databases
from tests.tickets.world import A_TICKET, Caller, World, make_world, recorded_statements
from tickets.domain.access import Role
from tickets.settings import Limit, Limits

SLUG = "https://towline.example/problems/"


async def test_a_ticket_is_filed_and_found_with_its_own_token(world: World) -> None:
    done = await world.stranger.must("/tickets", A_TICKET, 201)
    token, tracking = done["requester_token"], done["tracking"]
    assert len(token) == 43
    assert done["link"] == f"https://help.towline.example/t/{tracking}#{token}"
    assert done["status"] == "new"
    found = (await Caller(world.client, token).get(f"/tickets/{tracking}")).json()
    assert {name: found[name] for name in ("title", "description", "category", "urgency", "asset")} == {
        name: A_TICKET[name] for name in ("title", "description", "category", "urgency", "asset")
    }
    assert found["requester"] == {"name": "Maria Weber", "email": "maria@office.example"}
    assert found["assignee"] is None
    assert [line["kind"] for line in found["timeline"]] == ["submitted"]
    assert found["created_at"].endswith("Z")


async def test_a_technician_files_for_a_caller(world: World) -> None:
    ada = await world.technician("Ada")
    done = await ada.must("/tickets", A_TICKET, 201)
    found = (await ada.get(f"/tickets/{done['tracking']}")).json()
    assert found["channel"] == "phone"
    assert found["timeline"][0]["who"] == "Ada"


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"urgency": "yesterday"}, "urgency"),
        ({"asset": "cat"}, "asset"),
        ({"title": ""}, "title"),
        ({"title": " \t "}, "title"),
        ({"title": "x" * 201}, "title"),
        ({"description": 7}, "description"),
        ({"email": "nobody"}, "email"),
    ],
)
async def test_a_ticket_with_one_wrong_field_is_refused_with_its_name(
    world: World, change: dict[str, object], field: str
) -> None:
    response = await world.stranger.post("/tickets", A_TICKET | change)
    assert response.status_code == 422
    problem = response.json()
    assert problem["type"] == f"{SLUG}invalid"
    assert response.headers["content-type"] == "application/problem+json"
    assert field in problem["detail"]
    assert "\n" not in problem["detail"]
    assert (await world.stranger.post("/tickets", A_TICKET)).status_code == 201


async def test_strangers_learn_nothing_from_tracking_numbers(world: World) -> None:
    """Unknown, foreign and mistyped numbers get the same bytes, whatever is asked and with whatever token."""
    mine, other = await world.ticket(), await world.ticket()
    ada = await world.technician()
    closed = await world.claimed(ada)
    await ada.must(f"/tickets/{closed.tracking}/status", {"status": "closed"})
    forged = Caller(world.client, "A" * 43)
    answers = set()
    for caller in (world.stranger, mine.requester, forged):
        for tracking in (other.tracking, closed.tracking, "TL-0000-0000", "TL-0000-0001", "nonsense"):
            for response in (
                await caller.get(f"/tickets/{tracking}"),
                await caller.post(f"/tickets/{tracking}/messages", {"text": "hello"}),
                await caller.post(f"/tickets/{tracking}/claim"),
                await caller.post(f"/tickets/{tracking}/join", {"agent_key": "A" * 43}),
                await caller.post(f"/tickets/{tracking}/join", {"agent_key": "A" * 43, "code": "ABCD-EFGH"}),
            ):
                answers.add((response.status_code, response.content, tuple(sorted(response.headers.items()))))
        world.clock.forward(3_600)
    assert len(answers) == 1
    assert next(iter(answers))[0] == 404
    assert (await mine.requester.get(f"/tickets/{mine.tracking}")).status_code == 200


async def test_a_wrong_number_costs_the_same_statements_as_a_foreign_one(world: World) -> None:
    """Time itself is too noisy to compare; what is asked of the database and hashed is not."""
    mine, other = await world.ticket(), await world.ticket()
    ada = await world.technician()
    closed = await world.claimed(ada)
    await ada.must(f"/tickets/{closed.tracking}/status", {"status": "closed"})
    # The first miss makes the counters that later ones only raise.
    await world.stranger.post("/tickets/nonsense/join", {"agent_key": "A" * 43, "code": "ABCD-EFGH"})
    costs = []
    for tracking in (other.tracking, closed.tracking, "TL-0000-0000", "nonsense"):
        with recorded_statements(world) as statements:
            await mine.requester.get(f"/tickets/{tracking}")
            await mine.requester.post(f"/tickets/{tracking}/join", {"agent_key": "A" * 43})
            await mine.requester.post(f"/tickets/{tracking}/join", {"agent_key": "A" * 43, "code": "ABCD-EFGH"})
        costs.append(tuple(statements))
    assert len(set(costs)) == 1
    with recorded_statements(world) as statements:
        await mine.requester.get(f"/tickets/{mine.tracking}")
    assert tuple(statements) != costs[0]


async def test_a_requester_sees_no_internal_note_and_a_technician_does(world: World) -> None:
    ada, filed = await world.technician(), await world.ticket()
    await ada.must(f"/tickets/{filed.tracking}/messages", {"text": "known trouble maker", "internal": True}, 201)
    await ada.must(f"/tickets/{filed.tracking}/messages", {"text": "We are on it."}, 201)
    seen = (await filed.requester.get(f"/tickets/{filed.tracking}")).text
    assert "trouble maker" not in seen
    assert "We are on it." in seen
    assert "trouble maker" in (await ada.get(f"/tickets/{filed.tracking}")).text
    refused = await filed.requester.post(f"/tickets/{filed.tracking}/messages", {"text": "x", "internal": True})
    assert refused.status_code == 403
    assert (await filed.requester.post(f"/tickets/{filed.tracking}/messages", {"text": "x"})).status_code == 201


async def test_exactly_one_of_many_claims_wins(world: World) -> None:
    callers = [await world.technician(name) for name in ("Ada", "Bob", "Cleo", "Dan", "Eve")]
    filed = await world.ticket()
    answers = await asyncio.gather(*(caller.post(f"/tickets/{filed.tracking}/claim") for caller in callers))
    codes = sorted(answer.status_code for answer in answers)
    assert codes == [200, 409, 409, 409, 409]
    winner = next(answer.json()["assignee"]["name"] for answer in answers if answer.status_code == 200)
    for answer in answers:
        if answer.status_code == 409:
            assert answer.json()["type"] == f"{SLUG}already-claimed"
            assert answer.json()["detail"].startswith(winner)
    assert (await world.timeline(callers[0], filed)).count("claimed") == 1


async def test_claiming_twice_changes_nothing(world: World) -> None:
    ada = await world.technician()
    filed = await world.claimed(ada)
    again = await ada.must(f"/tickets/{filed.tracking}/claim")
    assert again["assignee"]["name"] == "Ada"
    assert (await world.timeline(ada, filed)).count("claimed") == 1


async def test_hand_over_take_over_and_back_to_nobody(world: World) -> None:
    ada, bob = await world.technician("Ada"), await world.technician("Bob")
    root = await world.technician("Root", Role.ADMIN)
    filed = await world.claimed(ada)
    path = f"/tickets/{filed.tracking}/assign"
    refused = await bob.post(path, {"technician": bob.id})
    assert refused.status_code == 403
    assert (await ada.must(path, {"technician": bob.id}))["assignee"]["name"] == "Bob"
    assert (await ada.post(path, {"technician": ada.id})).status_code == 403
    assert (await root.must(path, {"technician": root.id}))["assignee"]["name"] == "Root"
    assert (await root.must(path, {"technician": None}))["assignee"] is None
    assert (await root.must(path, {"technician": ada.id}))["assignee"]["name"] == "Ada"
    kinds = await world.timeline(ada, filed)
    assert kinds[-4:] == ["handed-over", "taken-over", "unassigned", "assigned"]
    unknown = await root.post(path, {"technician": "nobody"})
    assert unknown.status_code == 422


async def test_the_status_moves_by_the_table(world: World) -> None:
    ada, bob = await world.technician("Ada"), await world.technician("Bob")
    filed = await world.claimed(ada)
    path = f"/tickets/{filed.tracking}/status"
    assert (await bob.post(path, {"status": "waiting"})).status_code == 403
    assert (await filed.requester.post(path, {"status": "waiting"})).status_code == 403
    assert (await ada.must(path, {"status": "waiting"}))["status"] == "waiting"
    illegal = await ada.post(path, {"status": "resolved"})
    assert illegal.status_code == 409
    assert illegal.json()["type"] == f"{SLUG}illegal-move"
    assert (await ada.must(path, {"status": "open"}))["next_statuses"] == ["waiting", "closed"]


async def test_resolve_reopen_by_answer_close(world: World) -> None:
    ada = await world.technician()
    filed = await world.claimed(ada)
    path = f"/tickets/{filed.tracking}"
    done = await ada.must(f"{path}/resolve", {"solution": "New ink."})
    assert (done["status"], done["solution"]) == ("resolved", "New ink.")
    assert (await ada.post(f"{path}/resolve", {"solution": "again"})).status_code == 409
    await filed.requester.must(f"{path}/messages", {"text": "Still red."}, 201)
    assert (await filed.requester.get(path)).json()["status"] == "open"
    await ada.must(f"{path}/status", {"status": "closed"})
    late = await filed.requester.post(f"{path}/messages", {"text": "Hello?"})
    assert late.status_code == 409
    assert late.json()["type"] == f"{SLUG}ticket-closed"
    seen = (await filed.requester.get(path)).json()
    assert seen["status"] == "closed"
    assert seen["allowed"] == ["read", "follow-up"]


async def test_the_queue_is_sorted_filtered_and_paged(world: World) -> None:
    ada = await world.technician()
    for number, urgency in enumerate(("low", "critical", "normal", "high", "critical")):
        await world.ticket(title=f"Ticket {number} ärgerlich (row-{number})", urgency=urgency)
        world.clock.forward(1)
    found: list[str] = []
    cursor = ""
    for _ in range(3):
        page = (await ada.get(f"/tickets?limit=2&cursor={cursor}")).json()
        found += [item["title"][7] for item in page["items"]]
        cursor = page["next_cursor"] or ""
    assert found == ["1", "4", "3", "2", "0"]
    assert page["next_cursor"] is None
    one = (await ada.get("/tickets?q=ARGERLICH+row-3")).json()["items"]
    assert [item["title"][7] for item in one] == ["3"]
    await ada.must(f"/tickets/{one[0]['tracking']}/claim")
    assert len((await ada.get("/tickets?view=mine")).json()["items"]) == 1
    assert len((await ada.get("/tickets?view=unassigned")).json()["items"]) == 4
    await ada.must(f"/tickets/{one[0]['tracking']}/resolve", {"solution": "x"})
    assert len((await ada.get("/tickets")).json()["items"]) == 4
    assert len((await ada.get("/tickets?status=resolved")).json()["items"]) == 1


@pytest.mark.parametrize(
    "query", ["cursor=nonsense", "cursor=WzEsMl0", "limit=0", "limit=x", "view=yours", "status=odd"]
)
async def test_a_wrong_query_is_refused(world: World, query: str) -> None:
    ada = await world.technician()
    assert (await ada.get(f"/tickets?{query}")).status_code == 422
    assert (await ada.get("/tickets?limit=1")).status_code == 200


async def test_the_queue_is_for_technicians(world: World) -> None:
    filed = await world.ticket()
    assert (await world.stranger.get("/tickets")).status_code == 401
    assert (await filed.requester.get("/tickets")).status_code == 401
    assert (await (await world.technician()).get("/tickets")).status_code == 200


async def test_wild_cards_in_a_search_are_plain_characters(world: World) -> None:
    ada = await world.technician()
    await world.ticket(title="100% CPU")
    await world.ticket(title="1000 CPU")
    assert len((await ada.get("/tickets?q=100")).json()["items"]) == 2
    for wild in ("1%250", "1_0", "1*0", '"1%250"', "number:TL%25", "from:%25@office"):
        assert (await ada.get(f"/tickets?q={wild}")).json()["items"] == [], wild


async def test_filing_is_limited_by_address_block(tmp_path: Path, databases: Databases) -> None:
    limits = Limits(submit_address=Limit(3, Limits().submit_address.window))
    async with make_world(tmp_path / "data", databases, limits=limits) as world:
        async with world.somebody_at("203.0.113.9") as near, world.somebody_at("203.0.113.77") as neighbour:
            for _ in range(3):
                assert (await near.post("/api/v1/tickets", json=A_TICKET)).status_code == 201
            late = await neighbour.post("/api/v1/tickets", json=A_TICKET)
        assert late.status_code == 429
        assert int(late.headers["retry-after"]) > 0
        async with world.somebody_at("198.51.100.1") as far:
            assert (await far.post("/api/v1/tickets", json=A_TICKET)).status_code == 201
        world.clock.forward(601)
        async with world.somebody_at("203.0.113.9") as near:
            assert (await near.post("/api/v1/tickets", json=A_TICKET)).status_code == 201
