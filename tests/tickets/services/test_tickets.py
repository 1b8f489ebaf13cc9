"""The services check for themselves, whoever calls them: API, pages, or a part that is still to come."""

from collections.abc import Awaitable, Callable

import pytest

from protocol.tracking import TrackingNumber
from tests.tickets.world import World, new_key
from tickets import setup
from tickets.domain.access import ANONYMOUS, Action, Actor, Role
from tickets.domain.errors import DeskError, NotAllowed, NotLoggedIn, TicketNotFound
from tickets.domain.knowledge import NewArticle
from tickets.domain.services import DeskServices
from tickets.domain.values import DeviceKind, PersonId, Status, TechnicianId
from tickets.domain.views import JoinRequest, NewDevice, QueueQuery

Call = Callable[[DeskServices, Actor, str], Awaitable[object]]

ON_A_TICKET: dict[str, Call] = {
    "get": lambda desk, actor, tracking: desk.tickets.get(actor, tracking),
    "message": lambda desk, actor, tracking: desk.tickets.message(actor, tracking, "x"),
    "note": lambda desk, actor, tracking: desk.tickets.message(actor, tracking, "x", internal=True),
    "assign": lambda desk, actor, tracking: desk.tickets.assign(actor, tracking, None),
    "set_status": lambda desk, actor, tracking: desk.tickets.set_status(actor, tracking, Status.CLOSED),
    "resolve": lambda desk, actor, tracking: desk.tickets.resolve(actor, tracking, "x"),
    "make": lambda desk, actor, tracking: desk.join_codes.make(actor, tracking),
    "join": lambda desk, actor, tracking: desk.join_codes.join(
        actor, tracking, JoinRequest(agent_key=new_key()), address="127.0.0.1"
    ),
    "open": lambda desk, actor, tracking: desk.sessions.open(actor, tracking, new_key()),
}
FOR_STAFF: dict[str, Call] = {
    "queue": lambda desk, actor, _: desk.tickets.queue(actor, QueueQuery()),
    "claim": lambda desk, actor, tracking: desk.tickets.claim(actor, tracking),
    "listed": lambda desk, actor, _: desk.technicians.listed(actor),
    "add": lambda desk, actor, _: desk.articles.add(actor, NewArticle(title="x", body="y")),
    "certify": lambda desk, actor, _: desk.devices.certify(actor, NewDevice(new_key(), DeviceKind.NATIVE)),
    "admit": lambda desk, actor, _: desk.live.admit(actor),
    "logout": lambda desk, actor, _: desk.logins.logout(actor),
}


@pytest.mark.parametrize("name", ON_A_TICKET)
async def test_a_requester_of_another_ticket_is_a_stranger(world: World, name: str) -> None:
    filed, other = await world.ticket(), await world.ticket()
    for actor in (
        ANONYMOUS,
        Actor(role=Role.REQUESTER, person=PersonId("x"), tracking=TrackingNumber(other.tracking)),
        Actor(role=Role.AGENT, tracking=TrackingNumber(other.tracking), agent_key="A" * 43),
    ):
        with pytest.raises(TicketNotFound):
            await ON_A_TICKET[name](world.desk.services, actor, filed.tracking)
        with pytest.raises(TicketNotFound):
            await ON_A_TICKET[name](world.desk.services, actor, "TL-0000-0000")


@pytest.mark.parametrize("name", ON_A_TICKET)
async def test_the_tickets_own_people_get_further(world: World, name: str) -> None:
    """The twin: the same calls on one's own ticket, or with a technician's rights, are not `TicketNotFound`."""
    ada = await world.technician()
    filed = await world.claimed(ada)
    requester = Actor(role=Role.REQUESTER, name="Maria", tracking=TrackingNumber(filed.tracking))
    technician = Actor(role=Role.TECHNICIAN, name="Ada", technician=TechnicianId(ada.id))
    actor = requester if name == "join" else technician
    try:
        await ON_A_TICKET[name](world.desk.services, actor, filed.tracking)
    except DeskError as error:
        assert (name, error.slug) == ("open", "device-unknown")


@pytest.mark.parametrize("name", FOR_STAFF)
async def test_what_is_for_staff_is_refused_to_others(world: World, name: str) -> None:
    filed = await world.ticket()
    requester = Actor(role=Role.REQUESTER, name="Maria", tracking=TrackingNumber(filed.tracking))
    with pytest.raises(NotAllowed):
        await FOR_STAFF[name](world.desk.services, requester, filed.tracking)
    with pytest.raises(NotLoggedIn):
        await FOR_STAFF[name](world.desk.services, ANONYMOUS, filed.tracking)
    ada = await world.technician()
    technician = await world.desk.services.logins.resolve(bearer=ada.token, cookie=None, tracking=None)
    await FOR_STAFF[name](world.desk.services, technician, filed.tracking)


async def test_allowed_says_what_the_buttons_may_offer(world: World) -> None:
    ada = await world.technician("Ada")
    root = await world.technician("Root", Role.ADMIN)
    filed = await world.ticket()
    path = f"/tickets/{filed.tracking}"

    async def allowed(token: str | None) -> set[str]:
        actor = await world.desk.services.logins.resolve(bearer=token, cookie=None, tracking=filed.tracking)
        return set((await world.desk.services.tickets.get(actor, filed.tracking)).allowed)

    assert await allowed(filed.requester.token) == {"read", "reply", "attach", "join"}
    work = {"read", "reply", "note", "attach", "organise"}
    assert await allowed(ada.token) == work | {"merge", "triage", "claim"}
    await ada.must(f"{path}/claim")
    mine = {"hand-over", "set-status", "resolve", "make-join-code", "open-session"}
    assert await allowed(ada.token) == work | {"merge", "triage"} | mine
    assert await allowed(root.token) == work | {"merge", "triage", "take-over", *(mine - {"hand-over", "open-session"})}
    await ada.must(f"{path}/resolve", {"solution": "x"})
    assert await allowed(ada.token) == work | {"merge", "triage", "hand-over", "set-status"}
    assert await allowed(filed.requester.token) == {"read", "reply", "attach"}
    await ada.must(f"{path}/status", {"status": "closed"})
    assert await allowed(ada.token) == work | {"merge", "set-status"}
    assert Action.REPLY not in await allowed(filed.requester.token)


async def test_a_requester_writes_no_note_on_their_own_ticket(world: World) -> None:
    filed = await world.ticket()
    requester = Actor(role=Role.REQUESTER, name="Maria", tracking=TrackingNumber(filed.tracking))
    with pytest.raises(NotAllowed):
        await world.desk.services.tickets.message(requester, filed.tracking, "x", internal=True)
    await world.desk.services.tickets.message(requester, filed.tracking, "x")


async def test_a_ticket_goes_to_nobody_who_may_not_work(world: World) -> None:
    ada, bob = await world.technician("Ada"), await world.technician("Bob")
    filed = await world.claimed(ada)
    path = f"/tickets/{filed.tracking}/assign"
    await setup.disable_technician(world.settings, "bob@help.example")
    refused = await ada.post(path, {"technician": bob.id})
    assert (refused.status_code, refused.json()["type"].rpartition("/")[2]) == (422, "invalid")
    eve = await world.technician("Eve")
    await ada.must(path, {"technician": eve.id})
