"""The queue's filters, views and deeds, and what a ticket's page offers besides, done with forms alone."""

from tests.tickets.pages.conftest import Staff
from tests.tickets.pages.html import Person, parse_html
from tests.tickets.world import A_TICKET, PUBLIC_URL, World
from tickets.domain.access import Role


async def test_a_list_is_narrowed_kept_and_removed(world: World, staff: Staff) -> None:
    ada = await staff("Ada")
    await world.ticket(title="One", urgency="high")
    await world.ticket(title="Two", urgency="low")
    page = await ada.go("/console?view=all&priority=high&sort=newest&status=nonsense")
    assert [link.text for link in page.all("a", **{"class": "title"})] == ["One"]
    page = await ada.go("/console?view=all&q=status:lost")
    assert (ada.status, "unsolved" in page.text) == (422, True)
    query = "view=all&priority=high&cursor=x"
    page = await ada.send("/console/views", name="Urgent", query=query, shared="nobody")
    assert ada.at.startswith("/console?view=all&priority=high")
    (kept,) = [link for link in page.all("a", **{"class": "chip"}) if link.text.startswith("Urgent")]
    assert (kept.text, kept.attributes["href"]) == ("Urgent 1", "/console?view=all&priority=high")
    (form,) = [each for each in page.all("form") if each.attributes["action"].endswith("/remove")]
    page = await ada.send(form.attributes["action"])
    assert "Urgent 1" not in page.text


async def test_ticked_requests_are_done_one_by_one(world: World, staff: Staff) -> None:
    ada = await staff("Ada")
    one, two = await world.ticket(title="One"), await world.ticket(title="Two")
    await ada.go("/console?view=all")
    await ada.send("/console/tickets/" + one.tracking + "/claim")
    await ada.go("/console?view=all")
    ticked = {f"t.{each.tracking}": "yes" for each in (one, two)}
    page = await ada.send("/console/bulk", "Move", status="waiting", back="view=all&evil=%0d%0a", **ticked)
    assert page.one("h1").text == "1 of 2 done"
    assert "You may not do this" in page.text
    await ada.go("/console?view=all")
    page = await ada.send("/console/bulk", "Move", status="waiting")
    assert (ada.status, "Tick the requests" in page.text) == (422, True)


async def test_canned_answers_assets_and_fields_need_no_script(world: World, staff: Staff, person: Person) -> None:
    admin = await staff("Eve", Role.ADMIN)
    page = await admin.go("/console/answers/new")
    page = await admin.send("/console/answers/new", name="Bad", text="Hello {nobody}")
    assert (admin.status, "{requester.name}" in page.text) == (422, True)
    await admin.send("/console/answers/new", name="Hello", text="Hello {requester.name}", shared="yes")
    await admin.go("/admin/fields/new")
    field = {"key": "room", "label": "Room", "kind": "text", "required": "submit", "active": "yes"}
    await admin.send("/admin/fields/new", category="Printing and scanning", **field)
    await admin.go("/console/assets/new")
    await admin.send("/console/assets/new", name="Laser", kind="hardware", inventory="INV-1")
    await person.go("/")
    request = {**{name: str(value) for name, value in A_TICKET.items()}, "category": "Printing and scanning"}
    page = await person.send("/", **request)
    assert person.status == 422
    sets = [each for each in page.all("fieldset") if "data-fields-of" in each.attributes]
    assert [each.attributes["data-fields-of"] for each in sets] == ["Printing and scanning"]
    assert "hidden" not in sets[0].attributes
    await person.send("/", **request, **{"f.room": "B 12"})
    assert person.at == "/sent"
    (filed,) = (await admin.go("/console?view=all")).all("a", **{"class": "title"})
    at = filed.attributes["href"]
    page = await admin.go(at)
    assert "B 12" in page.text
    (option,) = [each for each in page.one("select", id="canned").all("option") if each.text == "Hello"]
    typed = {"canned": option.attributes["value"], "text": "Good day."}
    answer = await admin.client.post(f"{at}/canned", data=typed, headers={"origin": PUBLIC_URL})
    assert parse_html(answer.text).one("textarea", id="text").text == "Good day. Hello Maria Weber"
    page = await admin.send(f"{at}/assets", more="inv-1")
    assert page.one("section", **{"aria-labelledby": "assets-heading"}).one("a").text.startswith("Laser")
    page = await admin.send(f"{at}/assets", more="inv-2")
    assert (admin.status, "No asset has that" in page.text) == (422, True)
    page = await admin.send(f"{at}/fields", **{"f.room": "C 3"})
    assert "C 3" in page.text
