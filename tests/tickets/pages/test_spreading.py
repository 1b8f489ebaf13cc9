"""The pages of spreading the work, done with forms alone."""

from datetime import UTC, datetime

import pytest

from tests.tickets.pages.conftest import Staff
from tests.tickets.pages.html import Element
from tests.tickets.world import PUBLIC_URL, World
from tickets.domain.access import Role
from tickets.pages.times import due

ADMIN_PAGES = (
    "/admin/categories",
    "/admin/teams",
    "/admin/rules",
    "/admin/targets",
    "/admin/calendars",
    "/admin/priorities",
    "/admin/technicians",
)


def listed(page: Element) -> list[str]:
    return [each.text for each in page.one("ul", **{"class": "plain card"}).all("li")]


async def test_an_admin_sets_everything_up_and_a_request_is_given_out(world: World, staff: Staff) -> None:
    root = await staff("Root", Role.ADMIN)
    ada, bob = await world.technician("Ada"), await world.technician("Bob")
    await root.go("/admin/teams/new")
    await root.send("/admin/teams/new", name="Devices", lead=bob.id, **{f"members:{ada.id}": "yes"})
    assert root.at == "/admin/teams?done=saved"
    assert listed(root.page) == ["DevicesLead: Bob · Members: Ada"]
    team = (await ada.get("/teams")).json()["items"][0]
    await root.go("/admin/categories/printing")
    await root.send("/admin/categories/printing", team=team["id"], skills="Toner , SQL")
    assert "Printing and scanningTeam: Devices · Skills that it takes: Toner, SQL" in listed(root.page)
    await root.go(f"/admin/technicians/{ada.id}")
    await root.send(f"/admin/technicians/{ada.id}", skills="sql, toner", cap="3", hours="Tue 06:00-07:00")
    await root.go("/admin/rules/new")
    await root.send("/admin/rules/new", name="In turn", strategy="round-robin", team=team["id"])
    await root.go("/admin/calendars/new")
    await root.send("/admin/calendars/new", name="Office", zone="Europe/Berlin", hours="Mon-Fri 08:00-16:00")
    calendar = (await ada.get("/calendars")).json()["items"][0]
    await root.go("/admin/targets/new")
    await root.send("/admin/targets/new", name="Usual", first_answer="30", calendar=calendar["id"])
    assert listed(root.page) == [
        "UsualBusiness hours: Office · First answer within: 30 · Warn when so much of it is over: 80"
    ]
    filed = await world.ticket()
    page = await root.go(f"/console/tickets/{filed.tracking}")
    assert "In turn gave this request to Ada." in page.text
    # It is 07:00 in Berlin.
    assert "Due in 1 hour" in page.text
    world.clock.forward(3 * 3_600)
    assert "Late by 1 hour" in (await root.go("/console?view=all")).text
    assert (await root.go("/console?view=all")).one("ul", **{"class": "queue"}).one("li", **{"class": "late"}).text


@pytest.mark.parametrize("path", ADMIN_PAGES)
async def test_admin_pages_are_for_admins(world: World, staff: Staff, path: str) -> None:
    ada, root = await staff("Ada"), await staff("Root", Role.ADMIN)
    someone = await world.technician("Bob")
    for inner in ("", "/new" if path not in ADMIN_PAGES[5:] else f"/{someone.id}" if "tech" in path else ""):
        await ada.go(path + inner)
        assert ada.status == 403
        assert "Admin" not in [link.text for link in (await ada.go("/console")).all("a")]
        await root.go(path + inner)
        assert root.status == 200


async def test_what_is_wrong_stands_beside_its_field(staff: Staff) -> None:
    root = await staff("Root", Role.ADMIN)
    for path, typed, field in (
        ("/admin/calendars/new", {"name": "A", "zone": "UTC", "hours": "sometimes"}, "hours"),
        ("/admin/calendars/new", {"name": "A", "zone": "Moon"}, "zone"),
        ("/admin/rules/new", {"name": "A", "cap": "0"}, "cap"),
        ("/admin/targets/new", {"name": "A", "first_answer": "soon"}, "first_answer"),
        ("/admin/teams/new", {"name": ""}, "name"),
        ("/admin/categories/new", {"name": "computer"}, "name"),
    ):
        await root.go(path)
        page = await root.send(path, **typed)
        assert root.status == 422
        assert page.by_id(f"{field}-fault").text
        for name, value in typed.items():
            assert page.by_id(name).attributes.get("value", value) == value
    await root.go("/admin/categories/other")
    page = await root.send("/admin/categories/other", fallback="")
    assert root.status == 422
    assert "mail that names none goes there" in page.text


async def test_the_matrix(world: World, staff: Staff) -> None:
    root = await staff("Root", Role.ADMIN)
    await root.go("/admin/priorities")
    await root.send("/admin/priorities", **{"low-low": "critical"})
    cells = (await (await world.technician("Ada")).get("/priorities")).json()["items"]
    by_pair = {(cell["urgency"], cell["impact"]): cell["priority"] for cell in cells}
    assert by_pair["low", "low"] == "critical"
    assert by_pair["normal", "normal"] == "normal"


async def test_weighing_a_ticket_and_giving_it_to_a_team(world: World, staff: Staff) -> None:
    ada = await staff("Ada")
    root = await world.technician("Root", Role.ADMIN)
    team = await root.must("/teams", {"name": "Devices"}, 201)
    filed = await world.ticket()
    at = f"/console/tickets/{filed.tracking}"
    await ada.go(at)
    page = await ada.send(f"{at}/triage", urgency="high", impact="high", category="Computer", team=team["id"])
    assert ada.at == f"{at}?done=triaged"
    facts = page.one("dl", **{"class": "facts"}).text
    for words in ("Devices", "Urgent", "Many people", "Computer"):
        assert words in facts
    await ada.send(f"{at}/triage", urgency="never")
    assert ada.status == 422
    # Nobody but who has it, or an admin.
    bob = await world.technician("Bob")
    await bob.must(f"/tickets/{filed.tracking}/claim")
    await ada.go(at)
    assert not ada.page.all("form", action=f"{at}/triage")


async def test_here_or_away_and_absences_from_the_account_page(world: World, staff: Staff) -> None:
    ada = await staff("Ada")
    await ada.go("/console/account")
    assert "Is given no requests." in (await ada.send("/console/account/presence", "no more")).text
    assert "Can be given requests." in (await ada.send("/console/account/presence", "again")).text
    page = await ada.send("/console/account/absences", from_at="2026-12-24T08:00", to_at="2026-12-23T08:00")
    assert ada.status == 422
    assert page.by_id("to_at-fault").text
    page = await ada.send("/console/account/absences", to_at="2026-12-27T08:00", reason="Skiing")
    assert (ada.at, "Skiing" in page.text) == ("/console/account?done=saved", True)
    work = (await (await world.technician("Bob")).get("/work")).json()["items"]
    [absence] = work[0]["absences"]
    page = await ada.send(f"/console/account/absences/{absence['id']}/remove")
    assert "Skiing" not in page.text


async def test_an_admin_says_it_for_somebody_and_a_colleague_can_not(world: World, staff: Staff) -> None:
    root, bob = await staff("Root", Role.ADMIN), await staff("Bob")
    ada = await world.technician("Ada")
    at = f"/admin/technicians/{ada.id}"
    await root.go(at)
    assert "Is given no requests." in (await root.send(f"{at}/presence", "no more")).text
    refused = await bob.client.post(f"{at}/presence", data={"do": "here"}, headers={"origin": PUBLIC_URL})
    assert refused.status_code == 403
    assert (await ada.get(f"/technicians/{ada.id}/work")).json()["available"] is False
    page = await root.send(f"{at}/absences", from_at="2026-12-24T08:00", to_at="2026-12-27T08:00")
    assert "24 Dec 2026" in page.text


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(59, "Due in 0 minutes"), (61, "Due in 1 minute"), (7_200, "Due in 2 hours"), (40 * 86_400, "Due in 40 days"),
     (0, "Late by 0 minutes"), (-3_600, "Late by 1 hour"), (-90 * 86_400, "Late by 90 days")],
)  # fmt: skip
def test_how_long_there_is(seconds: int, said: str) -> None:
    now = datetime(2026, 11, 24, tzinfo=UTC)
    assert due(datetime.fromtimestamp(now.timestamp() + seconds, UTC), now) == said
