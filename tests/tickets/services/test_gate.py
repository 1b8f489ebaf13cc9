"""What the relay asks the gate, and what it tells it."""

import pytest

from tests.tickets.world import Filed, World, new_key
from tickets import setup
from tickets.domain.access import Role

OTHER_SESSION = "A" * 22


async def test_an_agent_needs_its_tickets_token_and_its_own_key(world: World) -> None:
    gate = world.desk.gate
    first, second = await world.ticket(), await world.ticket()
    key, token = await world.joined(first)
    other_key, other_token = await world.joined(second)
    assert await gate.admit_agent(first.tracking, token, key, None)
    assert first.requester.token is not None
    for tracking, wrong_token, wrong_key in (
        (second.tracking, token, key),
        ("TL-0000-0000", token, key),
        (first.tracking, other_token, key),
        (first.tracking, token, other_key),
        (first.tracking, other_token, other_key),
        (first.tracking, first.requester.token, key),
        (first.tracking, "", key),
        (first.tracking, token[:-1], key),
        (first.tracking, token, "A" * 100_000),
        (first.tracking.lower(), token, key),
    ):
        assert not await gate.admit_agent(tracking, wrong_token, wrong_key, None)


async def test_a_ticket_without_a_computer_admits_none(world: World) -> None:
    filed = await world.ticket()
    assert not await world.desk.gate.admit_agent(filed.tracking, "A" * 43, "", None)
    key, token = await world.joined(filed)
    assert await world.desk.gate.admit_agent(filed.tracking, token, key, None)


async def test_an_agent_opens_sockets_for_open_sessions_of_its_ticket_only(world: World) -> None:
    ada, gate = await world.technician(), world.desk.gate
    filed, other = await world.claimed(ada), await world.claimed(ada)
    key, token = await world.joined(filed)
    session = (await world.session(ada, filed))["session"]
    foreign = (await world.session(ada, other))["session"]
    assert await gate.admit_agent(filed.tracking, token, key, session)
    assert not await gate.admit_agent(filed.tracking, token, key, foreign)
    assert not await gate.admit_agent(filed.tracking, token, key, OTHER_SESSION)
    await gate.session_event(filed.tracking, session, "ended", "done")
    assert not await gate.admit_agent(filed.tracking, token, key, session)


async def test_a_viewer_needs_a_fresh_unused_ticket_for_this_ticket(world: World) -> None:
    ada, gate = await world.technician(), world.desk.gate
    filed, other = await world.claimed(ada), await world.claimed(ada)
    offer = await world.session(ada, filed)
    admission = await gate.admit_viewer(filed.tracking, offer["socket_ticket"])
    assert admission is not None
    assert (admission.session, admission.tracking) == (offer["session"], filed.tracking)
    assert admission.not_after == int(world.clock.now_s) + 12 * 3_600
    assert await gate.admit_viewer(filed.tracking, offer["socket_ticket"]) is None
    wrong_ticket = await world.session(ada, filed)
    assert await gate.admit_viewer(other.tracking, wrong_ticket["socket_ticket"]) is None
    # Shown under another number it is used up all the same.
    assert await gate.admit_viewer(filed.tracking, wrong_ticket["socket_ticket"]) is None
    live = (await ada.must("/live"))["socket_ticket"]
    assert await gate.admit_viewer(filed.tracking, live) is None
    assert await gate.admit_viewer(filed.tracking, "A" * 43) is None


@pytest.mark.parametrize(("age_s", "good"), [(29, True), (30, False)])
async def test_a_socket_ticket_is_good_for_thirty_seconds(world: World, age_s: int, good: bool) -> None:
    ada = await world.technician()
    filed = await world.claimed(ada)
    offer = await world.session(ada, filed)
    world.clock.forward(age_s)
    assert (await world.desk.gate.admit_viewer(filed.tracking, offer["socket_ticket"]) is not None) is good


@pytest.mark.parametrize("how", ["reassigned", "resolved", "closed", "disabled", "nothing"])
async def test_permission_that_went_away_after_the_offer_counts(world: World, how: str) -> None:
    ada, bob = await world.technician("Ada"), await world.technician("Bob")
    filed = await world.claimed(ada)
    key, token = await world.joined(filed)
    offer = await world.session(ada, filed)
    await take_away(world, how, filed, bob.id)
    good = how == "nothing"
    assert (await world.desk.gate.admit_viewer(filed.tracking, offer["socket_ticket"]) is not None) is good
    assert await world.desk.gate.admit_agent(filed.tracking, token, key, offer["session"]) is good


async def take_away(world: World, how: str, filed: Filed, to: str) -> None:
    path = f"/tickets/{filed.tracking}"
    root = await world.technician("Root", Role.ADMIN)
    if how == "reassigned":
        await root.must(f"{path}/assign", {"technician": to})
    elif how == "resolved":
        await root.must(f"{path}/resolve", {"solution": "x"})
    elif how == "closed":
        await root.must(f"{path}/status", {"status": "closed"})
    elif how == "disabled":
        await setup.disable_technician(world.settings, "ada@help.example")


async def test_permission_taken_away_by_another_process_ends_the_session(world: World) -> None:
    ada, bob = await world.technician("Ada"), await world.technician("Bob")
    filed = await world.claimed(ada)
    offer = await world.session(ada, filed)
    await world.desk.reconcile()
    assert world.switchboard.ended == []
    await setup.disable_technician(world.settings, "ada@help.example")
    await world.desk.reconcile()
    await world.desk.reconcile()
    assert world.switchboard.ended == [(offer["session"], "technician-disabled")]
    assert (await world.timeline(bob, filed)).count("session-ended") == 1


@pytest.mark.parametrize(("hours", "ended"), [(11.9, False), (12.1, True)])
async def test_a_session_has_an_end(world: World, hours: float, ended: bool) -> None:
    ada = await world.technician()
    offer = await world.session(ada, await world.claimed(ada))
    world.clock.forward(hours * 3_600)
    await world.desk.reconcile()
    assert ((offer["session"], "expired") in world.switchboard.ended) is ended


async def test_coming_and_going_is_told_once_in_a_while(world: World) -> None:
    ada, gate = await world.technician(), world.desk.gate
    filed = await world.claimed(ada)
    await world.joined(filed)
    for _ in range(5):
        await gate.agent_came(filed.tracking)
        world.clock.forward(5)
        await gate.agent_left(filed.tracking)
        world.clock.forward(5)
    assert (await world.timeline(ada, filed)).count("agent-online") == 1
    world.clock.forward(3_600)
    await gate.agent_came(filed.tracking)
    world.clock.forward(3_600)
    await gate.agent_left(filed.tracking)
    kinds = await world.timeline(ada, filed)
    assert kinds.count("agent-online") == 2
    assert kinds.count("agent-offline") == 1


async def test_the_life_of_a_session_is_on_the_timeline(world: World) -> None:
    ada, gate = await world.technician(), world.desk.gate
    filed = await world.claimed(ada)
    session = (await world.session(ada, filed))["session"]
    await gate.session_event(filed.tracking, session, "joined", None)
    await gate.session_event(filed.tracking, session, "asking", None)
    await gate.session_event(filed.tracking, session, "ended", "done")
    await gate.session_event(filed.tracking, session, "ended", "done")
    kinds = await world.timeline(ada, filed)
    assert kinds[-4:] == ["session-opened", "session-joined", "session-asked", "session-ended"]


async def test_the_relay_may_report_what_the_desk_never_heard_of(world: World) -> None:
    await world.desk.gate.agent_came("TL-0000-0000")
    await world.desk.gate.agent_left("TL-0000-0000")
    await world.desk.gate.session_event("TL-0000-0000", OTHER_SESSION, "ended", "x" * 500)


async def test_presence_is_what_the_switchboard_says(world: World) -> None:
    ada, filed = await world.technician(), await world.ticket()
    await filed.requester.must(f"/tickets/{filed.tracking}/join", {"agent_key": new_key()})
    assert (await ada.get(f"/tickets/{filed.tracking}")).json()["agent_online"] is False
    world.switchboard.online.add(filed.tracking)
    assert (await ada.get(f"/tickets/{filed.tracking}")).json()["agent_online"] is True
    assert (await ada.get("/tickets")).json()["items"][0]["agent_online"] is True


@pytest.mark.parametrize("how", ["resolved", "closed", "nothing"])
async def test_the_end_of_a_ticket_hangs_up(world: World, how: str) -> None:
    ada, bob = await world.technician("Ada"), await world.technician("Bob")
    filed = await world.claimed(ada)
    key, token = await world.joined(filed)
    session = (await world.session(ada, filed))["session"]
    await take_away(world, how, filed, bob.id)
    ended = [] if how == "nothing" else [(session, how), (filed.tracking, how)]
    assert world.switchboard.ended == ended
    # Nobody needs to come back for it either.
    assert await world.desk.gate.admit_agent(filed.tracking, token, key, None) is (how == "nothing")


async def test_a_session_that_ended_admits_no_viewer(world: World) -> None:
    ada, gate = await world.technician(), world.desk.gate
    filed = await world.claimed(ada)
    for ended in (True, False):
        offer = await world.session(ada, filed)
        if ended:
            await gate.session_event(filed.tracking, offer["session"], "ended", "done")
        assert (await gate.admit_viewer(filed.tracking, offer["socket_ticket"]) is None) is ended
