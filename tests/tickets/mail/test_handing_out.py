"""Who is written to when rules give a ticket out, nobody can take it, or a target is missed."""

from tests.tickets.mail.desk import MailDesk
from tests.tickets.world import Caller, World
from tickets.domain.access import Role


async def staffed(world: World) -> dict[str, Caller]:
    """Make a team of Ada and Bob, whom Bob leads; Zoe and Root are in none."""
    people = {name: await world.technician(name) for name in ("Ada", "Bob", "Zoe")}
    root = people["Root"] = await world.technician("Root", Role.ADMIN)
    fields = {"name": "Devices", "members": [people["Ada"].id, people["Bob"].id], "lead": people["Bob"].id}
    team = (await root.must("/teams", fields, 201))["id"]
    printing = {"name": "Printing and scanning", "team": team, "position": 60}
    assert (await root.ask("PUT", "/categories/printing", printing)).status_code == 200
    return people


async def told(office: MailDesk, kind: str) -> list[str]:
    """Return who was written to, in mails of a kind, and forget them."""
    return sorted(row["recipient"].partition("@")[0] for row in await office.rows() if row["kind"] == kind)


async def test_the_team_is_told_of_what_somebody_is_to_take(office: MailDesk) -> None:
    people = await staffed(office.world)
    availability = f"/technicians/{people['Bob'].id}/availability"
    assert (await people["Bob"].ask("PUT", availability, {"available": False})).status_code == 200
    await office.world.ticket()
    assert await told(office, "new") == ["ada"]


async def test_whoever_gets_it_is_told_and_nobody_else(office: MailDesk) -> None:
    people = await staffed(office.world)
    await people["Root"].must("/rules", {"name": "In turn", "strategy": "round-robin"}, 201)
    await office.world.ticket()
    assert (await told(office, "assigned"), await told(office, "new")) == (["ada"], [])


async def test_when_nobody_can_take_it_the_whole_team_is_told(office: MailDesk) -> None:
    people = await staffed(office.world)
    await people["Root"].must("/rules", {"name": "In turn", "strategy": "round-robin"}, 201)
    for name in ("Ada", "Bob"):
        availability = f"/technicians/{people[name].id}/availability"
        assert (await people[name].ask("PUT", availability, {"available": False})).status_code == 200
    await office.world.ticket()
    assert (await told(office, "assigned"), await told(office, "new")) == ([], ["ada", "bob"])


async def test_a_warning_for_who_has_it_and_an_escalation_for_the_lead(office: MailDesk) -> None:
    people, world = await staffed(office.world), office.world
    await people["Root"].must("/targets", {"name": "Usual", "first_answer": 60}, 201)
    filed = await world.ticket()
    await people["Ada"].must(f"/tickets/{filed.tracking}/claim")
    other = await world.ticket(category="Computer")
    world.clock.forward(50 * 60)
    await world.desk.escalate()
    # The other ticket is nobody's, and everybody is there.
    assert await told(office, "late") == sorted(["ada", "ada", "bob", "root", "zoe"])
    world.clock.forward(20 * 60)
    before = len(await told(office, "late"))
    await world.desk.escalate()
    await world.desk.escalate()
    rows = [row for row in await office.rows() if row["kind"] == "late"][before:]
    assert {(row["subject"][:12], row["recipient"].partition("@")[0]) for row in rows} == {
        (f"{filed.tracking}:"[:12], "bob"),
        (f"{other.tracking}:"[:12], "root"),
    }
    assert "Late: the first answer is overdue." in rows[0]["text"]
