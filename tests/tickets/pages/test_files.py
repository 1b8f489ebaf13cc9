"""Files and what is around a ticket with forms alone; pasting, and noticing each other, in Chromium."""

import base64
import zlib
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import Browser, expect

from tests.tickets.pages.conftest import Staff
from tests.tickets.pages.html import Person
from tests.tickets.pages.served import CHROMIUM, chromium, open_window, served_world
from tests.tickets.pages.test_portal import REQUEST
from tests.tickets.world import PUBLIC_URL, World
from tickets.domain.access import Actor
from tickets.domain.views import QueueQuery


def chunk(kind: bytes, data: bytes) -> bytes:
    return len(data).to_bytes(4, "big") + kind + data + zlib.crc32(kind + data).to_bytes(4, "big")


# One red pixel.
PICTURE = (
    b"\x89PNG\r\n\x1a\n"
    + chunk(b"IHDR", b"\x00\x00\x00\x01\x00\x00\x00\x01\x08\x02\x00\x00\x00")
    + chunk(b"IDAT", zlib.compress(b"\x00\xff\x00\x00"))
    + chunk(b"IEND", b"")
)


async def test_the_portal_takes_files_without_a_script(world: World, person: Person) -> None:
    ada = await world.technician()
    files = [
        ("attachments", ("red.png", PICTURE, "image/png")),
        ("attachments", ("log.txt", b"no paper\n", "text/plain")),
    ]
    sent = await person.client.post("/", data=REQUEST, files=files, headers={"origin": PUBLIC_URL})
    assert (sent.status_code, sent.headers["location"]) == (303, "/sent")
    (ticket,) = (await ada.get("/tickets")).json()["items"]
    timeline = (await ada.get(f"/tickets/{ticket['tracking']}")).json()["timeline"]
    found = [(file["name"], file["shown"]) for file in timeline[0]["attachments"]]
    assert sorted(found) == [("log.txt", False), ("red.png", True)]
    empty = [("attachments", ("", b"", "application/octet-stream"))]
    sent = await person.client.post("/", data=REQUEST, files=empty, headers={"origin": PUBLIC_URL})
    assert sent.status_code == 303


async def test_a_form_with_faults_keeps_no_file_and_says_so(world: World, person: Person) -> None:
    files = {"attachments": ("red.png", PICTURE, "image/png")}
    wrong = await person.client.post("/", data=REQUEST | {"title": ""}, files=files, headers={"origin": PUBLIC_URL})
    assert wrong.status_code == 422
    assert "Please choose the files again." in wrong.text
    assert [path for path in world.settings.files_dir.rglob("*") if path.is_file()] == []
    assert (await world.desk.services.tickets.queue(await actor(world), QueueQuery())).items == ()


async def actor(world: World) -> Actor:
    ada = await world.technician()
    return await world.desk.services.logins.resolve(bearer=ada.token, cookie=None, tracking=None)


async def test_a_reply_takes_files_without_a_script(world: World, staff: Staff) -> None:
    ada = await staff("Ada")
    filed = await world.ticket()
    path = f"/console/tickets/{filed.tracking}"
    files = {"attachments": ("red.png", PICTURE, "image/png")}
    sent = await ada.client.post(
        f"{path}/messages", data={"text": "Like this."}, files=files, headers={"origin": PUBLIC_URL}
    )
    assert sent.headers["location"] == f"{path}?done=sent"
    page = await ada.go(path)
    (image,) = [image for image in page.all("img") if image.attributes.get("alt") == "red.png"]
    got = await ada.client.get(image.attributes["src"])
    assert got.content == PICTURE
    refused = await ada.client.post(f"{path}/messages", data={"text": ""}, files=files, headers={"origin": PUBLIC_URL})
    assert refused.status_code == 422


async def test_what_is_around_a_ticket_is_done_with_forms(world: World, staff: Staff) -> None:
    ada = await staff("Ada")
    filed, other = await world.ticket(), await world.ticket(title="The other")
    path = f"/console/tickets/{filed.tracking}"
    for deed, fields in {
        "tags": {"tags": "VPN, printer"},
        "watchers": {"emails": "otto@office.example"},
        "links": {"link": "related", "other": other.tracking},
        "time": {"minutes": "12", "note": "On the phone"},
    }.items():
        await ada.go(path)
        await ada.send(f"{path}/{deed}", **fields)
        assert ada.at == f"{path}?done=saved", deed
    text = (await ada.go(path)).text
    for words in ("printer", "vpn", "otto@office.example", "The other", "12 minutes"):
        assert words in text
    page = await ada.send(f"{path}/time", minutes="many")
    assert (ada.status, "whole minutes" in page.text) == (422, True)
    await ada.send(f"{path}/unwatch", email="otto@office.example")
    await ada.send(f"{path}/unlink", link="related", other=other.tracking)
    text = (await ada.go(path)).text
    assert "No links." in text
    await ada.send(f"{path}/merge", into=other.tracking)
    assert ada.at == f"/console/tickets/{other.tracking}?done=merged"
    await ada.send(f"/console/tickets/{other.tracking}/unmerge", tracking=filed.tracking)
    assert ada.at == f"{path}?done=unmerged"
    line = await filed.requester.must(f"/tickets/{filed.tracking}/messages", {"text": "And my mouse?"}, 201)
    await ada.go(path)
    await ada.send(f"{path}/split", entry=line["id"], title="Mouse")
    assert ada.page.one("h1").text == "Mouse"


PASTE = """async (data) => {
  const bytes = Uint8Array.from(atob(data), (char) => char.charCodeAt(0));
  const clipboard = new DataTransfer();
  clipboard.items.add(new File([bytes], "pasted.png", { type: "image/png" }));
  const event = new ClipboardEvent("paste", { clipboardData: clipboard, bubbles: true, cancelable: true });
  document.querySelector("#text").dispatchEvent(event);
}"""


@pytest.fixture
async def served(tmp_path: Path) -> AsyncIterator[World]:
    """A help desk that listens."""
    async with served_world(tmp_path / "data") as made:
        yield made


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    """A browser."""
    async with chromium() as opened:
        yield opened


@pytest.mark.browser
@pytest.mark.skipif(not CHROMIUM.exists(), reason="Chromium is missing: tools/system-packages test installs it")
async def test_pictures_are_pasted_and_colleagues_see_each_other(served: World, browser: Browser) -> None:
    await served.technician("Ada")
    await served.technician("Bob")
    filed = await served.ticket()
    url, pasted = served.settings.public_url, base64.b64encode(PICTURE).decode()
    maria = await open_window(browser, url)
    page = await maria.go(f"/t/{filed.tracking}#{filed.requester.token}")
    await page.locator("#text").fill("It looks like this.")
    await page.evaluate(PASTE, pasted)
    await expect(page.locator("[data-files-list] li")).to_have_count(1)
    await page.get_by_role("button", name="Send", exact=True).click()
    await expect(page.locator(".pictures img")).to_have_js_property("naturalWidth", 1)

    ada, bob = await open_window(browser, url), await open_window(browser, url)
    for window, name in ((ada, "Ada"), (bob, "Bob")):
        await window.log_in(name)
        await window.go(f"/console/tickets/{filed.tracking}")
    await expect(ada.page.locator("[data-company]")).to_have_text("Bob has this request open.")
    await expect(ada.page.locator(".pictures img")).to_have_js_property("naturalWidth", 1)
    await bob.page.locator("#text").press_sequentially("I see")
    await expect(ada.page.locator("[data-company]")).to_have_text("Bob is writing an answer.")
    await bob.page.evaluate(PASTE, pasted)
    await expect(bob.page.locator("[data-files-list] li")).to_have_count(1)
    await bob.page.get_by_role("button", name="Send", exact=True).click()
    await bob.page.wait_for_url("**done=sent")
    # Without a reload.
    await expect(ada.page.locator(".pictures img")).to_have_count(2)
    await bob.page.goto("about:blank")
    await expect(ada.page.locator("[data-company]")).to_be_hidden()
    # What Ada types is on the server, should she go on elsewhere.
    await ada.page.locator("#text").fill("Half a sent")
    async with ada.page.expect_response("**/drafts/text"):
        pass
    again = await open_window(browser, url)
    await again.log_in("Ada")
    await again.go(f"/console/tickets/{filed.tracking}")
    await expect(again.page.locator("#text")).to_have_value("Half a sent")
    for window in (maria, ada, bob):
        assert window.complaints == []
