"""Files of articles: added by technicians, had by whoever may read the article, and by nobody else."""

from pathlib import Path

import httpx

from tests.tickets.world import Caller, Json, World, make_world
from tickets.settings import AttachmentLimits

PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(256))
ARTICLE = {"title": "The printer prints nothing", "body": "![the menu](file:menu.png)"}


async def send(caller: Caller, article: str, data: bytes = PNG, name: str = "menu.png") -> httpx.Response:
    headers = {"x-file-name": name, "content-type": "image/png"}
    if caller.token is not None:
        headers["authorization"] = f"Bearer {caller.token}"
    return await caller.client.post(f"/api/v1/articles/{article}/files", content=data, headers=headers)


async def sent(caller: Caller, article: str, data: bytes = PNG, name: str = "menu.png") -> Json:
    response = await send(caller, article, data, name)
    assert response.status_code == 201, response.text
    found: Json = response.json()
    return found


async def written(caller: Caller, **more: object) -> str:
    return str((await caller.must("/articles", ARTICLE | more, 201))["id"])


def on_disk(world: World) -> list[Path]:
    return sorted(path for path in world.settings.files_dir.rglob("*") if path.is_file())


async def status(caller: Caller, article: str, file: Json) -> int:
    return (await caller.get(f"/articles/{article}/files/{file['id']}")).status_code


async def test_a_file_of_a_public_article_is_for_everybody(world: World) -> None:
    ada = await world.technician()
    article = await written(ada)
    file = await sent(ada, article)
    assert file == {"id": file["id"], "name": "menu.png", "type": "image/png", "size_bytes": len(PNG), "shown": True}
    for caller in (world.stranger, ada, (await world.ticket()).requester):
        assert (await caller.get(f"/articles/{article}/files")).json() == {"items": [file]}
        got = await caller.get(f"/articles/{article}/files/{file['id']}")
        assert got.content == PNG
        assert got.headers["content-type"] == "image/png"
        assert got.headers["content-security-policy"] == "default-src 'none'; sandbox"
        assert got.headers["content-disposition"].startswith("inline;")


async def test_a_file_is_seen_by_whoever_may_read_its_article(world: World) -> None:
    ada = await world.technician()
    requester = (await world.ticket()).requester
    article = await written(ada, state="draft")
    file = await sent(ada, article)
    moves = (("draft", "public", 404), ("published", "internal", 404), ("published", "public", 200))
    for state, visibility, expected in (*moves, ("archived", "public", 404)):
        await ada.must(f"/articles/{article}/state", {"state": state, "visibility": visibility})
        for caller in (world.stranger, requester):
            assert await status(caller, article, file) == expected
            assert (await caller.get(f"/articles/{article}/files")).status_code == expected
        assert await status(ada, article, file) == 200


async def test_a_public_article_leads_to_no_file_of_another(world: World) -> None:
    ada = await world.technician()
    public, internal = await written(ada), await written(ada, visibility="internal")
    secret, shown = await sent(ada, internal, PNG + b"2"), await sent(ada, public)
    for caller in (world.stranger, ada):
        assert await status(caller, public, secret) == 404
        assert await status(caller, public, shown) == 200
    assert (await ada.ask("DELETE", f"/articles/{public}/files/{secret['id']}")).status_code == 404
    assert await status(ada, internal, secret) == 200


async def test_only_technicians_add_and_take_away(world: World) -> None:
    ada = await world.technician()
    article = await written(ada)
    file = await sent(ada, article)
    requester = (await world.ticket()).requester
    for caller in (world.stranger, requester):
        assert (await send(caller, article)).status_code == 401
        assert (await caller.ask("DELETE", f"/articles/{article}/files/{file['id']}")).status_code == 401
    assert (await ada.ask("DELETE", f"/articles/{article}/files/{file['id']}")).status_code == 204
    assert await status(ada, article, file) == 404
    assert (await ada.ask("DELETE", f"/articles/{article}/files/{file['id']}")).status_code == 404
    assert (await send(ada, "nowhere")).status_code == 404


async def test_two_files_of_one_name_get_two(world: World) -> None:
    ada = await world.technician()
    article, other = await written(ada), await written(ada)
    names = [(await sent(ada, article, name=name))["name"] for name in ("a.png", "a.png", "..\\x/a.png", "b")]
    assert names == ["a.png", "a-2.png", "a-3.png", "b"]
    assert (await sent(ada, other, name="a.png"))["name"] == "a.png"
    assert len(on_disk(world)) == 1


async def test_what_a_page_must_not_show_is_only_saved(world: World) -> None:
    ada = await world.technician()
    article = await written(ada)
    file = await sent(ada, article, b"<svg xmlns='http://www.w3.org/2000/svg'><script>x()</script></svg>", "x.png")
    assert not file["shown"]
    got = await world.stranger.get(f"/articles/{article}/files/{file['id']}")
    assert got.headers["content-type"] == "application/octet-stream"
    assert got.headers["content-disposition"].startswith("attachment;")
    assert (await sent(ada, article))["shown"]


async def test_an_article_has_room_for_so_much(tmp_path: Path) -> None:
    limits = AttachmentLimits(file_bytes=1_000, ticket_bytes=1_500)
    async with make_world(tmp_path / "data", attachments=limits) as world:
        ada = await world.technician()
        article = await written(ada)
        assert (await send(ada, article, b"")).status_code == 422
        assert (await send(ada, article, b"a" * 1_001)).status_code == 413
        await sent(ada, article, b"a" * 1_000)
        assert (await send(ada, article, b"b" * 501)).status_code == 422
        assert len(on_disk(world)) == 1
        await sent(ada, article, b"b" * 500)


async def test_revisions_leave_files_alone(world: World) -> None:
    ada = await world.technician()
    article = await written(ada)
    file = await sent(ada, article)
    await ada.must(f"/articles/{article}", {"revision": 1, "body": "No picture."})
    await ada.must(f"/articles/{article}/restore", {"number": 1, "revision": 2})
    assert (await world.stranger.get(f"/articles/{article}/files")).json() == {"items": [file]}


async def test_bytes_that_an_article_has_are_kept_and_others_cleared_away(world: World) -> None:
    ada = await world.technician()
    article = await written(ada)
    kept, gone = await sent(ada, article), await sent(ada, article, PNG + b"2", "old.png")
    await ada.ask("DELETE", f"/articles/{article}/files/{gone['id']}")
    world.clock.forward(86_401)
    await world.desk.housekeep()
    assert [path.read_bytes() for path in on_disk(world)] == [PNG]
    assert await status(world.stranger, article, kept) == 200
