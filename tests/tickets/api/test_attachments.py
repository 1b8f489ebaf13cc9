"""Files of tickets: sent, named in a message, fetched; by those who may, and nobody else."""

import hashlib
from pathlib import Path

import httpx
import pytest

from tests.tickets.world import Caller, Filed, Json, World, make_world
from tickets.domain.attachments import MessageExtras, NewFile
from tickets.settings import AttachmentLimits

PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(256))
HTML = b"<!doctype html><script>alert(1)</script>"


async def send(caller: Caller, tracking: str, data: bytes = PNG, name: str = "shot.png") -> httpx.Response:
    headers = {"x-file-name": name, "content-type": "image/png"}
    if caller.token is not None:
        headers["authorization"] = f"Bearer {caller.token}"
    return await caller.client.post(f"/api/v1/tickets/{tracking}/attachments", content=data, headers=headers)


async def sent(caller: Caller, tracking: str, data: bytes = PNG, name: str = "shot.png") -> Json:
    response = await send(caller, tracking, data, name)
    assert response.status_code == 201, response.text
    found: Json = response.json()
    return found


async def said(caller: Caller, filed: Filed, *files: Json, **more: object) -> Json:
    body = {"text": "See the picture.", "attachments": [file["id"] for file in files], **more}
    return await caller.must(f"/tickets/{filed.tracking}/messages", body, 201)


def on_disk(world: World) -> list[Path]:
    return sorted(path for path in world.settings.files_dir.rglob("*") if path.is_file())


async def test_a_file_is_sent_named_in_a_message_and_fetched(world: World) -> None:
    filed = await world.ticket()
    ada = await world.technician()
    file = await sent(filed.requester, filed.tracking)
    assert file == {
        "id": file["id"], "name": "shot.png", "type": "image/png", "size_bytes": len(PNG), "shown": True,
        "inline": False, "internal": False, "cid": "",
    }  # fmt: skip
    entry = await said(filed.requester, filed, file)
    assert entry["attachments"] == [file]
    timeline = (await ada.get(f"/tickets/{filed.tracking}")).json()["timeline"]
    assert [line["attachments"] for line in timeline if line["kind"] == "message"] == [[file]]
    for caller in (filed.requester, ada):
        got = await caller.get(f"/tickets/{filed.tracking}/attachments/{file['id']}")
        assert got.content == PNG
        assert got.headers["content-type"] == "image/png"
        assert got.headers["x-content-type-options"] == "nosniff"
        assert got.headers["content-security-policy"] == "default-src 'none'; sandbox"
        assert got.headers["content-disposition"].startswith("inline;")
    name = hashlib.sha256(PNG).hexdigest()
    assert on_disk(world) == [world.settings.files_dir / name[:2] / name[2:]]


async def test_a_form_sends_a_file_too(world: World) -> None:
    filed = await world.ticket()
    response = await world.client.post(
        f"/api/v1/tickets/{filed.tracking}/attachments",
        files={"file": ("Fehler „rot“.txt", "Grüße\n".encode(), "text/html")},
        headers={"authorization": f"Bearer {filed.requester.token}"},
    )
    assert response.status_code == 201, response.text
    file = response.json()
    assert (file["name"], file["type"], file["shown"]) == ("Fehler „rot“.txt", "text/plain", False)


async def test_what_a_page_must_not_show_is_only_saved(world: World) -> None:
    filed = await world.ticket()
    file = await sent(filed.requester, filed.tracking, HTML, "page.png")
    assert (file["type"], file["shown"]) == ("text/html", False)
    await said(filed.requester, filed, file)
    got = await filed.requester.get(f"/tickets/{filed.tracking}/attachments/{file['id']}")
    assert got.headers["content-type"] == "application/octet-stream"
    assert got.headers["content-disposition"].startswith("attachment;")
    picture = await sent(filed.requester, filed.tracking)
    assert picture["shown"]


async def test_the_same_bytes_lie_there_once(world: World) -> None:
    one, two = await world.ticket(), await world.ticket()
    for filed in (one, two):
        await said(filed.requester, filed, await sent(filed.requester, filed.tracking))
    assert len(on_disk(world)) == 1


async def test_a_file_of_another_ticket_is_not_there(world: World) -> None:
    mine, other = await world.ticket(), await world.ticket(email="otto@office.example")
    ada = await world.technician()
    file = await sent(other.requester, other.tracking)
    await said(other.requester, other, file)
    for caller in (mine.requester, ada):
        assert (await caller.get(f"/tickets/{mine.tracking}/attachments/{file['id']}")).status_code == 404
    assert (await mine.requester.get(f"/tickets/{other.tracking}/attachments/{file['id']}")).status_code == 404
    assert (await world.stranger.get(f"/tickets/{other.tracking}/attachments/{file['id']}")).status_code == 404
    assert (await other.requester.get(f"/tickets/{other.tracking}/attachments/{file['id']}")).status_code == 200


async def test_a_file_of_another_ticket_goes_into_no_message(world: World) -> None:
    mine, other = await world.ticket(), await world.ticket(email="otto@office.example")
    file = await sent(other.requester, other.tracking)
    refused = await mine.requester.post(
        f"/tickets/{mine.tracking}/messages", {"text": "Mine?", "attachments": [file["id"]]}
    )
    assert refused.status_code == 422
    await said(other.requester, other, file)


async def test_files_that_somebody_else_sent_go_into_no_message(world: World) -> None:
    filed = await world.ticket()
    ada = await world.technician()
    file = await sent(ada, filed.tracking)
    body = {"text": "Mine?", "attachments": [file["id"]]}
    assert (await filed.requester.post(f"/tickets/{filed.tracking}/messages", body)).status_code == 422
    assert (await ada.post(f"/tickets/{filed.tracking}/messages", body)).status_code == 201
    # Taken already.
    assert (await ada.post(f"/tickets/{filed.tracking}/messages", body)).status_code == 422


async def test_files_of_internal_notes_are_for_technicians(world: World) -> None:
    filed = await world.ticket()
    ada = await world.technician()
    secret, public = await sent(ada, filed.tracking), await sent(ada, filed.tracking, PNG + b"2")
    path = f"/tickets/{filed.tracking}/attachments"
    # Before a message took it, it is nobody's but its sender's.
    assert (await filed.requester.get(f"{path}/{public['id']}")).status_code == 404
    await said(ada, filed, secret, internal=True)
    await said(ada, filed, public)
    assert (await filed.requester.get(f"{path}/{secret['id']}")).status_code == 404
    assert (await filed.requester.get(f"{path}/{public['id']}")).status_code == 200
    assert (await ada.get(f"{path}/{secret['id']}")).status_code == 200
    seen = (await filed.requester.get(f"/tickets/{filed.tracking}")).json()["timeline"]
    assert [file["id"] for line in seen for file in line["attachments"]] == [public["id"]]


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("../../etc/passwd", "passwd"),
        ("..\\..\\boot.ini", "boot.ini"),
        ("/etc/cron.d/x", "x"),
        ("a\x00b.txt", "a b.txt"),
        ("CON.txt", "_CON.txt"),
        ("...", "file"),
        ("evil\u202egnp.exe", "evil gnp.exe"),
        ("x" * 300 + ".pdf", "x" * 116 + ".pdf"),
        ('quo"te;\r\nSet-Cookie: a=b.txt', "quo te; Set-Cookie a=b.txt"),
    ],
)
async def test_a_name_is_only_a_name(world: World, given: str, kept: str) -> None:
    filed = await world.ticket()
    response = await world.client.post(
        f"/api/v1/tickets/{filed.tracking}/attachments",
        content=PNG,
        headers={
            "x-file-name": "".join(f"%{byte:02x}" for byte in given.encode()),
            "authorization": f"Bearer {filed.requester.token}",
        },
    )
    assert response.json()["name"] == kept
    got = await filed.requester.get(f"/tickets/{filed.tracking}/attachments/{response.json()['id']}")
    assert "set-cookie" not in got.headers
    assert len(on_disk(world)) == 1


async def test_limits_hold(tmp_path: Path) -> None:
    limits = AttachmentLimits(file_bytes=1_000, ticket_bytes=2_500, message_count=2)
    async with make_world(tmp_path / "data", attachments=limits) as world:
        filed = await world.ticket()
        too_large = await send(filed.requester, filed.tracking, b"x" * 1_001)
        assert too_large.status_code == 413
        assert on_disk(world) == []
        assert (await send(filed.requester, filed.tracking, b"")).status_code == 422
        files = [await sent(filed.requester, filed.tracking, letter * 1_000) for letter in (b"a", b"b")]
        assert (await send(filed.requester, filed.tracking, b"c" * 501)).status_code == 422
        await said(filed.requester, filed, *files)
        assert (await send(filed.requester, filed.tracking, b"c" * 500)).status_code == 201


async def test_half_a_body_leaves_nothing(world: World) -> None:
    filed = await world.ticket()
    response = await world.client.post(
        f"/api/v1/tickets/{filed.tracking}/attachments",
        content=b"--x\r\nContent-Disposition: form-data; name=file; filename=a.txt\r\n\r\nhalf",
        headers={"content-type": "multipart/form-data; boundary=x", "authorization": f"Bearer {filed.requester.token}"},
    )
    assert response.status_code == 422
    assert on_disk(world) == []


async def test_a_stranger_sends_nothing(world: World) -> None:
    filed = await world.ticket()
    assert (await send(world.stranger, filed.tracking)).status_code == 404
    assert on_disk(world) == []
    assert (await send(filed.requester, filed.tracking)).status_code == 201


async def test_what_no_message_took_is_cleared_away(world: World) -> None:
    filed = await world.ticket()
    kept, left = await sent(filed.requester, filed.tracking), await sent(filed.requester, filed.tracking, PNG + b"2")
    await said(filed.requester, filed, kept)
    await world.desk.housekeep()
    assert len(on_disk(world)) == 2
    world.clock.forward(86_401)
    await world.desk.housekeep()
    assert (await filed.requester.get(f"/tickets/{filed.tracking}/attachments/{left['id']}")).status_code == 404
    assert [path.read_bytes() for path in on_disk(world)] == [PNG]


async def test_html_of_a_mail_is_shown_in_a_sandbox_with_its_pictures(world: World) -> None:
    filed = await world.ticket()
    ada = await world.technician()
    files = world.desk._context.files
    html = '<p onclick="x()">Hi <img src="cid:logo@mail"><img src="https://spy.example/a.png"></p><script>x()</script>'
    actor = await world.desk.services.logins.resolve(bearer=filed.requester.token, cookie=None, tracking=filed.tracking)
    extras = MessageExtras(
        html=html,
        quoted="> before",
        attachments=(NewFile(await files.put(PNG), "logo.png", "image/png", "<logo@mail>", inline=True),),
    )
    entry = await world.desk.services.tickets.message(actor, filed.tracking, "Hi", extras=extras)
    assert (entry.quoted, entry.has_html) == ("> before", True)
    got = await ada.get(f"/tickets/{filed.tracking}/messages/{entry.id}/html")
    assert got.status_code == 200
    assert "data:image/png;base64," in got.text
    assert "onclick" not in got.text
    assert "<script" not in got.text
    assert ' src="https://spy.example' not in got.text
    assert "sandbox" in got.headers["content-security-policy"]
    assert (await ada.get(f"/tickets/{filed.tracking}/messages/999999/html")).status_code == 404
    other = await world.ticket(email="otto@office.example")
    assert (await ada.get(f"/tickets/{other.tracking}/messages/{entry.id}/html")).status_code == 404
