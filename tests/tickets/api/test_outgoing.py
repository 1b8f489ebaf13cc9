"""Wordings and the outbox over the API."""

import pytest

from tests.tickets.world import Caller, Json, World
from tickets.domain.access import Role

AT = "/mail/templates/confirmation/en"


async def wording(admin: Caller, **changes: object) -> Json:
    """Return what a client would send back after reading it."""
    found: Json = (await admin.get(AT)).json()
    return {name: found[name] for name in ("subject", "text", "html", "revision")} | changes


async def put(admin: Caller, body: Json, status: int = 200, at: str = AT) -> Json:
    """Save a wording."""
    answer = await admin.ask("PUT", at, body)
    assert answer.status_code == status, answer.text
    found: Json = answer.json()
    return found


async def test_a_wording_is_changed_and_given_back(world: World) -> None:
    root = await world.technician("Root", Role.ADMIN)
    before = (await root.get(AT)).json()
    assert (before["built_in"], before["revision"], before["changed_at"]) == (True, 0, None)
    assert "link" in before["names"]
    assert "button" in before["filters"]
    saved = await put(root, await wording(root, subject="{{ tracking }}: got it\r\n", text="Hello {{ requester }}"))
    assert (saved["subject"], saved["revision"], saved["built_in"]) == ("{{ tracking }}: got it", 1, False)
    assert saved["changed_by"] == "Root"
    listed = (await root.get("/mail/templates")).json()["items"]
    assert [each["kind"] for each in listed if not each["built_in"]] == ["confirmation"]
    done = await root.must(f"{AT}/reset", {"revision": 1})
    assert (done["text"], done["built_in"], done["revision"]) == (before["text"], True, 2)


async def test_nobodys_change_is_lost(world: World) -> None:
    root = await world.technician("Root", Role.ADMIN)
    mine, theirs = await wording(root, text="Mine"), await wording(root, text="Theirs")
    await put(root, theirs)
    refused = await put(root, mine, 409)
    assert refused["type"].endswith("edit-conflict")
    assert (await root.post(f"{AT}/reset", {"revision": 0})).status_code == 409
    await put(root, mine | {"revision": 1})
    assert (await root.get(AT)).json()["text"] == "Mine"


async def test_what_is_wrong_is_named_with_its_line(world: World) -> None:
    root = await world.technician("Root", Role.ADMIN)
    refused = await put(root, await wording(root, html="<p>\n{{ secret }}</p>"), 422)
    assert refused["detail"].startswith("html: line 2: there is no {{ secret }} in this mail.")
    assert (await root.get(AT)).json()["revision"] == 0
    await put(root, await wording(root, html="<p>\n{{ title }}</p>"))


async def test_a_preview_saves_nothing_and_shows_no_marks(world: World) -> None:
    root = await world.technician("Root", Role.ADMIN)
    shown = await root.must(f"{AT}/preview", await wording(root, text="Hello {{ requester }}: {{ link }}"))
    assert shown["text"].startswith("Hello Maria Weber: https://help.example.org/t/")
    assert "\x01" not in shown["text"] + shown["html"]
    assert (await root.get(AT)).json()["built_in"]


@pytest.mark.parametrize("at", ["/mail/templates/nonsense/en", "/mail/templates/reply/xx", "/mail/templates/Reply/en"])
async def test_there_is_no_other_mail(world: World, at: str) -> None:
    root = await world.technician("Root", Role.ADMIN)
    assert (await root.get(at)).status_code == 404
    assert (await root.get("/mail/templates/reply/de")).status_code == 200


@pytest.mark.parametrize("mail", ["1", "x", "-1", "9" * 30, "%C2%B2"])
async def test_mail_that_there_is_not(world: World, mail: str) -> None:
    root = await world.technician("Root", Role.ADMIN)
    for what in ("retry", "drop"):
        assert (await root.post(f"/mail/outbox/{mail}/{what}")).status_code == 404
    assert (await root.must("/mail/outbox/retry"))["count"] == 0


async def test_technicians_change_no_wording(world: World) -> None:
    ada = await world.technician("Ada")
    root = await world.technician("Root", Role.ADMIN)
    body = await wording(root, text="Hello")
    for caller, status in ((ada, 403), (world.stranger, 401), (root, 200)):
        assert (await caller.ask("PUT", AT, body)).status_code == status
