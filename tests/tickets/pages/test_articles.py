"""The pages of the knowledge base: reading, judging, writing together, making one of a ticket."""

from tests.tickets.pages.conftest import Staff
from tests.tickets.pages.html import Person
from tests.tickets.pages.test_files import PICTURE
from tests.tickets.world import PUBLIC_URL, World

PRINTER = {"title": "Printer prints blank pages", "body": "Shake the toner.", "category": "Printing"}


async def test_a_reader_says_whether_it_helped(world: World, person: Person) -> None:
    ada = await world.technician("Ada")
    article = (await ada.must("/articles", PRINTER, 201))["id"]
    await person.go(f"/articles/{article}")
    page = await person.send(f"/articles/{article}/outcome", "This solved my problem")
    assert person.at == f"/articles/{article}?done=thanks"
    assert "Thank you" in page.text
    page = await person.send(f"/articles/{article}/outcome", "It did not help")
    assert page.one("a", href="/", **{"class": "button main"}).text == "Ask for help"
    report = (await ada.get("/articles/report")).json()["articles"][0]
    assert (report["opened"], report["solved"], report["not_helped"]) == (1, 1, 1)


async def test_the_public_pages_show_nothing_internal_to_technicians_either(world: World, staff: Staff) -> None:
    ada = await staff("Ada")
    api = await world.technician("Api")
    internal = (await api.must("/articles", PRINTER | {"visibility": "internal"}, 201))["id"]
    assert "Printer prints" not in (await ada.go("/articles?q=printer")).text
    await ada.go(f"/articles/{internal}")
    assert ada.status == 404
    page = await ada.go("/console/articles?q=printer")
    assert "Technicians only" in page.one("a", href=f"/console/articles/{internal}").text


async def test_two_who_write_at_once_lose_nothing(world: World, staff: Staff) -> None:
    ada = await staff("Ada")
    bob = await world.technician("Bob")
    article = (await bob.must("/articles", PRINTER, 201))["id"]
    edit = f"/console/articles/{article}/edit"
    await ada.go(edit)
    await bob.must(f"/articles/{article}", {"revision": 1, "body": "Buy toner."})
    page = await ada.send(edit, "Save", body="Shake it gently.")
    assert ada.status == 409
    assert "Buy toner." in page.text
    assert "Shake it gently." in page.by_id("body").text
    await ada.send(edit, "Save", body="Shake it gently, or buy toner.")
    assert ada.at == f"/console/articles/{article}?done=saved"
    page = await ada.go(f"/console/articles/{article}/revisions")
    assert page.all("ins")[0].text == "Added: Shake it gently, or buy toner."
    assert [each.text for each in page.all("del")] == ["Taken away: Buy toner.", "Taken away: Shake the toner."]
    page = await ada.send(f"/console/articles/{article}/restore", "Bring it back: Revision 1")
    assert "Shake the toner." in page.one("article").text


async def test_a_draft_is_published_by_a_button(world: World, staff: Staff, person: Person) -> None:
    ada = await staff("Ada")
    await ada.go("/console/articles/new")
    await ada.send("/console/articles/new", "Keep as a draft", title="Fuse", body="Swap it.")
    assert ada.at.endswith("?done=drafted")
    article = ada.at.removeprefix("/console/articles/").removesuffix("?done=drafted")
    await person.go(f"/articles/{article}")
    assert person.status == 404
    await ada.send(f"/console/articles/{article}/state", "Publish for everybody")
    await person.go(f"/articles/{article}")
    assert person.status == 200


async def test_a_draft_of_a_ticket_is_looked_through(world: World, staff: Staff) -> None:
    ada = await staff("Ada")
    api = await world.technician("Api")
    other = (await api.must("/articles", PRINTER, 201))["id"]
    filed = await world.claimed(api)
    await api.must(f"/tickets/{filed.tracking}/resolve", {"solution": "Set 192.168.7.23 in the printer. Maria knows."})
    await ada.go(f"/console/tickets/{filed.tracking}")
    page = await ada.send(f"/console/tickets/{filed.tracking}/article")
    draft = ada.at
    assert "192.168.7.23" in page.one("table").text
    assert "192.168.7.23" not in page.one("article").text
    assert page.all("a", href=f"/console/articles/{other}/edit?add={draft.rpartition('/')[2]}")
    page = await ada.send(f"{draft}/undo", "Put it back: [IP 1]")
    assert "192.168.7.23" in page.one("article").text
    assert "Maria" not in page.one("article").text
    page = await ada.go(f"/console/articles/{other}/edit?add={draft.rpartition('/')[2]}")
    body = page.by_id("body").text
    assert "Shake the toner." in body
    assert "Set 192.168.7.23" in body


async def test_an_article_is_sent_from_the_ticket(world: World, staff: Staff) -> None:
    ada = await staff("Ada")
    api = await world.technician("Api")
    article = (await api.must("/articles", PRINTER, 201))["id"]
    filed = await world.ticket(title="Blank pages from the printer")
    where = f"/console/tickets/{filed.tracking}"
    await ada.go(where)
    page = await ada.send(f"{where}/articles", f"Send it to the requester: {PRINTER['title']}")
    assert ada.at == f"{where}?done=article-sent"
    assert f"/articles/{article}" in page.text
    page = await ada.send(f"{where}/articles", f"It was the solution: {PRINTER['title']}")
    assert "Solved with" in page.text


async def test_what_is_missing_is_listed_and_ticked_off(world: World, staff: Staff, person: Person) -> None:
    ada = await staff("Ada")
    page = await person.go("/articles?q=zeppelin")
    assert "No article has any of these words" in page.text
    page = await ada.go("/console/articles/report")
    assert "zeppelin" in page.text
    page = await ada.send("/console/articles/report", "Done: zeppelin")
    assert "zeppelin" not in page.text


async def test_files_come_with_the_form_and_nothing_typed_is_lost(world: World, staff: Staff, person: Person) -> None:
    ada = await staff("Ada")
    api = await world.technician("Api")
    article = (await api.must("/articles", PRINTER, 201))["id"]
    edit, origin = f"/console/articles/{article}/edit", {"origin": PUBLIC_URL}
    typed = {"title": "Blank pages", "body": "![The menu](file:menu.png)", "revision": "1", "visibility": "public"}
    files = [("files", ("menu.png", PICTURE, "image/png")), ("files", ("form.txt", b"Fill in\n", "text/plain"))]
    sent = await ada.client.post(edit, data=typed | {"do": "files"}, files=files, headers=origin)
    assert sent.status_code == 200
    assert "![The menu](file:menu.png)" in sent.text
    assert (await api.get(f"/articles/{article}")).json()["revision"] == 1
    page = await ada.go(edit)
    await ada.send(edit, "Save", body=typed["body"])
    page = await person.go(f"/articles/{article}")
    (image,) = page.one("article").all("img")
    assert image.attributes["alt"] == "The menu"
    assert (await person.client.get(image.attributes["src"])).content == PICTURE
    listed = page.one("ul", **{"class": "files"}).all("a")
    assert [(each.text, each.attributes["download"]) for each in listed] == [("form.txt", "form.txt")]
    page = await ada.go(edit)
    (gone, _) = [each.attributes["value"] for each in page.all("button", name="remove")]
    again = await ada.client.post(edit, data=typed | {"body": "Half a", "remove": gone}, headers=origin)
    assert "Half a" in again.text
    assert len((await api.get(f"/articles/{article}/files")).json()["items"]) == 1


async def test_a_new_article_takes_files(world: World, staff: Staff) -> None:
    ada = await staff("Ada")
    api = await world.technician("Api")
    new, origin = "/console/articles/new", {"origin": PUBLIC_URL}
    files = {"files": ("menu.png", PICTURE, "image/png")}
    looked = await ada.client.post(new, data=PRINTER | {"do": "preview"}, files=files, headers=origin)
    assert looked.status_code == 422
    assert "Please choose the files again." in looked.text
    kept = await ada.client.post(new, data=PRINTER | {"do": "draft"}, files=files, headers=origin)
    article = kept.headers["location"].removeprefix("/console/articles/").removesuffix("?done=drafted")
    (file,) = (await api.get(f"/articles/{article}/files")).json()["items"]
    assert file["name"] == "menu.png"
