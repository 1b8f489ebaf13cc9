"""What the agent tells of its user's decision: who may, what is written, and that it is written once."""

from datetime import timedelta
from pathlib import Path

import pytest

from tests.tickets.databases import Databases
from tests.tickets.world import Caller, Filed, Json, World, make_world
from tickets.domain.access import Role
from tickets.services.hub import Changed
from tickets.settings import Limit, Limits

KINDS = {"session-allowed", "session-refused", "session-narrowed"}
BEFOREHAND = "Nobody was asked: the consent was given beforehand, with --allow or to an earlier question."
ALLOWED: Json = {"answer": "allowed", "rights": ["view", "control"]}


async def asked(world: World, technician: Caller) -> tuple[Filed, Caller, str]:
    """Return a claimed ticket, its agent and a session on it."""
    filed = await world.claimed(technician)
    _, token = await world.joined(filed)
    return filed, Caller(world.client, token), (await world.session(technician, filed))["session"]


async def tell(caller: Caller, filed: Filed, session: str, told: Json) -> tuple[int, str]:
    """Report, and return the status with the slug of the problem."""
    response = await caller.post(f"/tickets/{filed.tracking}/consent", {"session": session} | told)
    slug = response.json()["type"].rpartition("/")[2] if response.content else ""
    return response.status_code, slug


async def lines(caller: Caller, filed: Filed) -> list[Json]:
    """Return what the timeline tells of consent, as `caller` sees it."""
    ticket = (await caller.get(f"/tickets/{filed.tracking}")).json()
    return [line for line in ticket["timeline"] if line["kind"] in KINDS]


@pytest.mark.parametrize(
    ("told", "kind", "words"),
    [
        (ALLOWED, "session-allowed", "Ada may look and control."),
        ({"answer": "allowed", "rights": ["view"]}, "session-allowed", "Ada may look."),
        (
            ALLOWED | {"beforehand": True},
            "session-allowed",
            f"Ada may look and control. {BEFOREHAND}",
        ),
        ({"answer": "declined"}, "session-refused", "the user said no to Ada."),
        (
            {"answer": "declined", "beforehand": True},
            "session-refused",
            "no to Ada. Nobody was asked: the consent given beforehand does not cover this.",
        ),
        ({"answer": "timeout"}, "session-refused", "the user did not answer Ada, which counts as no."),
        (
            {"answer": "busy"},
            "session-refused",
            "Ada was turned away without a question, because of another one or too many before.",
        ),
        ({"answer": "narrowed", "rights": ["view"]}, "session-narrowed", "Ada may now only look."),
    ],
)
async def test_requester_and_technician_read_what_was_decided(world: World, told: Json, kind: str, words: str) -> None:
    ada = await world.technician()
    filed, agent, session = await asked(world, ada)
    assert await tell(agent, filed, session, told) == (204, "")
    for caller in (ada, filed.requester, agent):
        (line,) = await lines(caller, filed)
        assert line["kind"] == kind
        assert line["text"] == f"Maria Weber’s computer: {words}"
        assert (line["who"], line["role"], line["internal"]) == ("Maria Weber", "agent", False)


async def test_only_the_tickets_own_agent_may_tell(world: World) -> None:
    ada = await world.technician("Ada")
    root = await world.technician("Root", Role.ADMIN)
    filed, agent, session = await asked(world, ada)
    _, other_agent, _ = await asked(world, ada)
    for caller, status in (
        (world.stranger, 404),
        (other_agent, 404),
        (filed.requester, 403),
        (ada, 403),
        (root, 403),
    ):
        assert (await tell(caller, filed, session, ALLOWED))[0] == status
    assert await lines(ada, filed) == []
    assert (await tell(agent, filed, session, ALLOWED))[0] == 204
    assert len(await lines(ada, filed)) == 1


async def test_only_of_sessions_of_the_ticket(world: World) -> None:
    ada = await world.technician()
    filed, agent, session = await asked(world, ada)
    _, _, foreign = await asked(world, ada)
    for unknown in (foreign, "A" * 22, "nonsense"):
        assert await tell(agent, filed, unknown, ALLOWED) == (404, "not-found")
    assert await lines(ada, filed) == []
    assert (await tell(agent, filed, session, ALLOWED))[0] == 204


async def test_a_computer_that_took_over_tells_nothing_of_sessions_before(world: World) -> None:
    ada = await world.technician()
    filed, first, session = await asked(world, ada)
    code = (await ada.must(f"/tickets/{filed.tracking}/join-code"))["code"]
    body = {"agent_key": await world.device(ada), "code": code}
    done = await world.stranger.must(f"/tickets/{filed.tracking}/join", body)
    second = Caller(world.client, done["agent_token"])
    assert (await tell(first, filed, session, ALLOWED))[0] == 404
    assert await tell(second, filed, session, ALLOWED) == (404, "not-found")
    own = (await world.session(ada, filed))["session"]
    assert (await tell(second, filed, own, ALLOWED))[0] == 204


async def test_a_no_may_be_told_after_the_session_that_it_ended(world: World) -> None:
    ada = await world.technician()
    filed, agent, session = await asked(world, ada)
    world.clock.forward(20)
    await world.desk.gate.session_event(filed.tracking, session, "ended", "done")
    await ada.must(f"/tickets/{filed.tracking}/resolve", {"solution": "Not needed."})
    assert (await tell(agent, filed, session, {"answer": "declined"}))[0] == 204
    assert len(await lines(ada, filed)) == 1


async def test_the_same_again_adds_nothing_and_another_answer_is_refused(world: World) -> None:
    ada = await world.technician()
    filed, agent, session = await asked(world, ada)
    for told in (
        ALLOWED,
        ALLOWED,
        {
            "answer": "allowed",
            "rights": [
                "control",
                "view",
            ][::-1],
        },
    ):
        assert (await tell(agent, filed, session, told))[0] == 204
    assert len(await lines(ada, filed)) == 1
    for told in ({"answer": "declined"}, {"answer": "allowed", "rights": ["view"]}):
        assert await tell(agent, filed, session, told) == (409, "answered-already")
    assert len(await lines(ada, filed)) == 1
    following = (await world.session(ada, filed))["session"]
    assert (await tell(agent, filed, following, {"answer": "declined"}))[0] == 204
    assert [line["kind"] for line in await lines(ada, filed)] == ["session-allowed", "session-refused"]


async def test_rights_only_narrow(world: World) -> None:
    ada = await world.technician()
    filed, agent, session = await asked(world, ada)
    assert (await tell(agent, filed, session, ALLOWED))[0] == 204
    same = {"answer": "narrowed", "rights": ["view", "control"]}
    assert await tell(agent, filed, session, same) == (409, "answered-already")
    less = {"answer": "narrowed", "rights": ["view"]}
    for _ in range(2):
        assert (await tell(agent, filed, session, less))[0] == 204
    assert await tell(agent, filed, session, same) == (409, "answered-already")
    assert [line["kind"] for line in await lines(ada, filed)] == ["session-allowed", "session-narrowed"]
    refused = (await world.session(ada, filed))["session"]
    assert (await tell(agent, filed, refused, {"answer": "declined"}))[0] == 204
    assert await tell(agent, filed, refused, less) == (409, "answered-already")


@pytest.mark.parametrize(
    "told",
    [
        {"answer": "allowed"},
        {"answer": "narrowed", "rights": []},
        {"answer": "declined", "rights": ["view"]},
        {"answer": "perhaps"},
        {"answer": "allowed", "rights": ["everything"]},
        {"answer": "allowed", "rights": ["view"] * 3},
        {},
    ],
)
async def test_rights_must_fit_the_answer(world: World, told: Json) -> None:
    ada = await world.technician()
    filed, agent, session = await asked(world, ada)
    assert await tell(agent, filed, session, told) == (422, "invalid")
    assert (await tell(agent, filed, session, {"answer": "allowed", "rights": ["view"]}))[0] == 204
    assert len(await lines(ada, filed)) == 1


async def test_no_more_than_the_session_offers(tmp_path: Path, databases: Databases) -> None:
    async with make_world(tmp_path / "data", databases, session_rights=("view",)) as world:
        ada = await world.technician()
        filed, agent, session = await asked(world, ada)
        assert await tell(agent, filed, session, ALLOWED) == (422, "invalid")
        assert (await tell(agent, filed, session, {"answer": "allowed", "rights": ["view"]}))[0] == 204


async def test_tells_are_bounded_refused_ones_too(tmp_path: Path, databases: Databases) -> None:
    limits = Limits(consent_ticket=Limit(3, timedelta(minutes=10)))
    async with make_world(tmp_path / "data", databases, limits=limits) as world:
        ada = await world.technician()
        filed, agent, session = await asked(world, ada)
        for _ in range(3):
            assert (await tell(agent, filed, "A" * 22, ALLOWED))[0] == 404
        assert await tell(agent, filed, session, ALLOWED) == (429, "too-many-tries")
        other, other_agent, other_session = await asked(world, ada)
        assert (await tell(other_agent, other, other_session, ALLOWED))[0] == 204
        world.clock.forward(601)
        assert (await tell(agent, filed, session, ALLOWED))[0] == 204


async def test_open_pages_are_told_once(world: World) -> None:
    ada = await world.technician()
    filed, agent, session = await asked(world, ada)
    hub = world.desk._context.hub
    for expected in ([Changed("ticket", filed.tracking)], []):
        with hub.subscribed("page") as page:
            assert (await tell(agent, filed, session, ALLOWED))[0] == 204
            page.close()
            assert [event async for event in page.events()] == expected
