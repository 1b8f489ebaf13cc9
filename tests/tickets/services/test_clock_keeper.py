"""Clocks on real tickets: who starts, pauses and ends them, and what happens when they run out."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from tests.tickets.world import Caller, Filed, Json, World
from tickets.domain.access import Role

AT = datetime(2026, 11, 24, 6, tzinfo=UTC)
MINUTE = 60


async def targets(world: World, **changes: object) -> Caller:
    """Set targets of 60, 30 and 240 minutes; returns an admin."""
    root = await world.technician("Root", Role.ADMIN)
    fields = {"name": "Usual", "first_answer": 60, "next_answer": 30, "solution": 240} | changes
    await root.must("/targets", fields, 201)
    return root


async def clocks(caller: Caller, filed: Filed) -> dict[str, tuple[str, int | None, bool]]:
    """Return state, due minute since AT, and whether it was missed, of each clock; the last of a kind counts."""
    items = (await caller.get(f"/tickets/{filed.tracking}/clocks")).json()["items"]
    return {item["kind"]: (item["state"], minutes(item["due_at"]), item["breached_at"] is not None) for item in items}


def minutes(moment: str | None) -> int | None:
    return None if moment is None else round((datetime.fromisoformat(moment) - AT).total_seconds() / MINUTE)


async def ticket(caller: Caller, filed: Filed) -> Json:
    found: Json = (await caller.get(f"/tickets/{filed.tracking}")).json()
    return found


async def test_a_ticket_from_its_first_to_its_last_answer(world: World) -> None:
    root = await targets(world)
    ada = await world.technician()
    filed = await world.ticket()
    assert await clocks(root, filed) == {"first-answer": ("running", 60, False), "solution": ("running", 240, False)}
    assert minutes((await ticket(root, filed))["due_at"]) == 60
    await ada.must(f"/tickets/{filed.tracking}/claim")
    # A note is no answer.
    await ada.must(f"/tickets/{filed.tracking}/messages", {"text": "Hm.", "internal": True}, 201)
    assert (await clocks(root, filed))["first-answer"][0] == "running"
    world.clock.forward(20 * MINUTE)
    await ada.must(f"/tickets/{filed.tracking}/messages", {"text": "Is it on?"}, 201)
    assert (await clocks(root, filed))["first-answer"] == ("met", None, False)
    assert minutes((await ticket(root, filed))["due_at"]) == 240
    # While the requester is waited for, nothing counts.
    await ada.must(f"/tickets/{filed.tracking}/status", {"status": "waiting"})
    assert (await clocks(root, filed))["solution"] == ("paused", None, False)
    assert (await ticket(root, filed))["due_at"] is None
    world.clock.forward(500 * MINUTE)
    await filed.requester.must(f"/tickets/{filed.tracking}/messages", {"text": "Yes."}, 201)
    assert await clocks(root, filed) == {
        "first-answer": ("met", None, False),
        "solution": ("running", 740, False),
        "next-answer": ("running", 550, False),
    }
    # A second word does not start it anew.
    world.clock.forward(10 * MINUTE)
    await filed.requester.must(f"/tickets/{filed.tracking}/messages", {"text": "Hello?"}, 201)
    assert (await clocks(root, filed))["next-answer"] == ("running", 550, False)
    await ada.must(f"/tickets/{filed.tracking}/resolve", {"solution": "Switched on."})
    ended = await clocks(root, filed)
    assert {state for state, _, _ in ended.values()} == {"met"}
    assert (await ticket(root, filed))["due_at"] is None


async def test_what_is_opened_again_has_what_was_left(world: World) -> None:
    root = await targets(world)
    ada = await world.technician()
    filed = await world.claimed(ada)
    world.clock.forward(100 * MINUTE)
    await ada.must(f"/tickets/{filed.tracking}/resolve", {"solution": "Done."})
    assert (await clocks(root, filed))["first-answer"] == ("met", None, True)
    world.clock.forward(1_000 * MINUTE)
    await filed.requester.must(f"/tickets/{filed.tracking}/messages", {"text": "No."}, 201)
    again = await clocks(root, filed)
    assert again["solution"] == ("running", 1_240, False)
    assert again["next-answer"] == ("running", 1_130, False)
    await ada.must(f"/tickets/{filed.tracking}/status", {"status": "closed"})
    assert (await clocks(root, filed))["solution"] == ("stopped", None, False)


async def test_business_hours_and_their_time_zone(world: World) -> None:
    root = await world.technician("Root", Role.ADMIN)
    office = await root.must(
        "/calendars", {"name": "Office", "zone": "Europe/Berlin", "hours": "Mon-Fri 09:00-17:00"}, 201
    )
    await root.must("/targets", {"name": "T", "solution": 60, "first_answer": 600, "calendar": office["id"]}, 201)
    # It is 07:00 in Berlin: the office opens in two hours, and ten hours of it end on the next day.
    assert await clocks(root, await world.ticket()) == {
        "first-answer": ("running", 120 + 24 * 60 + 120, False),
        "solution": ("running", 180, False),
    }


async def test_the_queue_shows_what_is_late_first(world: World) -> None:
    root = await world.technician("Root", Role.ADMIN)
    await root.must("/targets", {"name": "Quick", "category": "computer", "solution": 30}, 201)
    unmeasured, late, soon = [
        await world.ticket(category=word) for word in ("Telephone", "Computer", "Computer")
    ]  # fmt: skip
    world.clock.forward(60)
    later = await world.ticket(category="Computer")
    high = await world.ticket(category="Telephone", urgency="high")
    expected = [each.tracking for each in (high, late, soon, later, unmeasured)]
    found, cursor = [], ""
    for _ in expected:
        page = (await root.get(f"/tickets?limit=1&cursor={cursor}")).json()
        found += [item["tracking"] for item in page["items"]]
        cursor = page["next_cursor"] or ""
    assert sorted(found[1:3]) == sorted(expected[1:3])
    assert [found[0], *found[3:]] == [expected[0], *expected[3:]]
    assert cursor == ""


async def test_targets_that_change_change_clocks(world: World) -> None:
    root = await world.technician("Root", Role.ADMIN)
    filed = await world.ticket()
    assert await clocks(root, filed) == {}
    made = await root.must("/targets", {"name": "Usual", "solution": 100}, 201)
    await world.desk.escalate()
    assert await clocks(root, filed) == {"solution": ("running", 100, False)}
    world.clock.forward(10 * MINUTE)
    fields = {"name": "Usual", "solution": 50, "first_answer": 20}
    assert (await root.ask("PUT", f"/targets/{made['id']}", fields)).status_code == 200
    await world.desk.escalate()
    assert await clocks(root, filed) == {"solution": ("running", 50, False), "first-answer": ("running", 30, False)}
    assert (await root.ask("PUT", f"/targets/{made['id']}", fields | {"active": False})).status_code == 200
    await world.desk.escalate()
    assert {state for state, _, _ in (await clocks(root, filed)).values()} == {"dropped"}
    assert (await ticket(root, filed))["due_at"] is None


async def test_another_priority_has_other_targets(world: World) -> None:
    root = await targets(world)
    await root.must("/targets", {"name": "At once", "priority": "critical", "solution": 20, "position": 0}, 201)
    every = (await root.get("/targets")).json()["items"]
    usual = next(each for each in every if each["name"] == "Usual")
    assert (await root.ask("PUT", f"/targets/{usual['id']}", usual | {"position": 10})).status_code == 200
    filed = await world.ticket()
    world.clock.forward(5 * MINUTE)
    await root.must(f"/tickets/{filed.tracking}/triage", {"urgency": "critical"})
    assert await clocks(root, filed) == {"first-answer": ("dropped", None, False), "solution": ("running", 20, False)}


@pytest.mark.parametrize("rounds", [(47, 1, 11, 1, 5), (61, 0, 0)])
async def test_a_warning_and_an_escalation_each_once_also_after_a_downtime(
    world: World, rounds: tuple[int, ...]
) -> None:
    """The target is 60 minutes, the warning comes at 48; in the second case the worker was away for both."""
    root = await targets(world, next_answer=None, solution=None)
    filed = await world.ticket()
    for forward in rounds:
        world.clock.forward(forward * MINUTE)
        await asyncio.gather(world.desk.escalate(), world.desk.escalate())
    lines = [line for line in (await ticket(root, filed))["timeline"] if line["kind"] == "escalated"]
    warning, late = "Nearly late: the first answer is due soon.", "Late: the first answer is overdue."
    assert [line["text"] for line in lines] == ([warning, late] if len(rounds) == 5 else [late])
    assert all(line["internal"] for line in lines)
    assert (await clocks(root, filed))["first-answer"] == ("running", 60, True)
    seen = (await filed.requester.get(f"/tickets/{filed.tracking}")).json()
    assert "escalated" not in [line["kind"] for line in seen["timeline"]]


async def test_nothing_is_escalated_while_the_requester_is_waited_for_or_after_the_answer(world: World) -> None:
    root = await targets(world)
    ada = await world.technician()
    waiting, answered, forgotten = [await world.claimed(ada) for _ in range(3)]
    await ada.must(f"/tickets/{waiting.tracking}/status", {"status": "waiting"})
    await ada.must(f"/tickets/{answered.tracking}/messages", {"text": "Soon."}, 201)
    world.clock.forward(70 * MINUTE)
    await world.desk.escalate()
    told = [each for each in (waiting, answered, forgotten) if "escalated" in await world.timeline(root, each)]
    assert told == [forgotten]


async def test_a_missed_target_raises_the_priority_and_gives_it_to_somebody_else(world: World) -> None:
    root = await targets(world, raise_priority=True, reassign=True)
    ada, bob = await world.technician("Ada"), await world.technician("Bob")
    team = await root.must("/teams", {"name": "Devices", "members": [ada.id, bob.id]}, 201)
    await root.must("/rules", {"name": "In turn", "strategy": "round-robin", "team": team["id"]}, 201)
    filed = await world.ticket()
    moved = await root.must(f"/tickets/{filed.tracking}/triage", {"team": team["id"]})
    assert moved["assignee"]["name"] == "Ada"
    world.clock.forward(61 * MINUTE)
    await world.desk.escalate()
    late = await ticket(root, filed)
    assert (late["priority"], late["assignee"]["name"]) == ("high", "Bob")
    # With nobody else there it stays where it is.
    await setup_absence(bob, ada)
    world.clock.forward(200 * MINUTE)
    await world.desk.escalate()
    assert (await ticket(root, filed))["assignee"]["name"] == "Bob"


async def setup_absence(asking: Caller, *away: Caller) -> None:
    """Let technicians be away from now on."""
    for each in away:
        body = {"from_at": AT.isoformat(), "to_at": (AT + timedelta(days=3)).isoformat()}
        await each.must(f"/technicians/{each.id}/absences", body, 201)
    assert asking not in away


@pytest.mark.parametrize("reassign", [True, False])
async def test_an_absence_passes_tickets_on_where_the_rule_says_so(world: World, reassign: bool) -> None:
    root = await world.technician("Root", Role.ADMIN)
    ada, bob = await world.technician("Ada"), await world.technician("Bob")
    team = await root.must("/teams", {"name": "Devices", "members": [ada.id, bob.id]}, 201)
    rule = {"name": "In turn", "strategy": "round-robin", "team": team["id"], "reassign": reassign}
    await root.must("/rules", rule, 201)
    filed = await world.ticket()
    await root.must(f"/tickets/{filed.tracking}/triage", {"team": team["id"]})
    span = {"from_at": (AT + timedelta(hours=1)).isoformat(), "to_at": (AT + timedelta(hours=9)).isoformat()}
    await ada.must(f"/technicians/{ada.id}/absences", span, 201)
    await world.desk.escalate()
    assert (await ticket(root, filed))["assignee"]["name"] == "Ada"
    world.clock.forward(3_600)
    await world.desk.escalate()
    assert (await ticket(root, filed))["assignee"]["name"] == ("Bob" if reassign else "Ada")
    # Once: what comes back to her by hand stays with her.
    await root.must(f"/tickets/{filed.tracking}/assign", {"technician": ada.id})
    await world.desk.escalate()
    assert (await ticket(root, filed))["assignee"]["name"] == "Ada"
