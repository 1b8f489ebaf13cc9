"""Every route of the API refuses in the same form: wrong methods, media types, bodies, sizes, parameters and fields."""

import json
import re
from collections.abc import AsyncIterator, Iterable, Iterator
from typing import Any

import httpx
import pytest

from tests.tickets.api.promises import furnish
from tests.tickets.world import A_TICKET, Caller, Json, World
from tickets.domain.access import Role
from tickets.web.problems import MAX_BODY_BYTES, TYPE_BASE

BIG = b"[" + b" " * (MAX_BODY_BYTES + 1) + b"]"
METHODS = {"GET", "POST", "PUT", "PATCH", "DELETE"}


class Known(dict[str, str]):
    """What stands in addresses; what is not known is some word."""

    def __missing__(self, name: str) -> str:
        """Return it."""
        return "x"


def operations(document: Json) -> Iterator[tuple[str, str, Json]]:
    for path, found in document["paths"].items():
        for method, operation in found.items():
            yield method.upper(), path, operation


def is_problem(response: httpx.Response, status: int, slug: str) -> None:
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/problem+json"
    problem = response.json()
    assert set(problem) == {"type", "title", "status", "detail"}
    assert (problem["type"], problem["status"]) == (f"{TYPE_BASE}{slug}", status)
    assert problem["detail"]
    assert "Traceback" not in problem["detail"]


async def send(caller: Caller, method: str, path: str, **more: Any) -> httpx.Response:
    headers = {"authorization": f"Bearer {caller.token}", **more.pop("headers", {})}
    return await caller.client.request(method, path, headers=headers, **more)


async def who_may(people: Iterable[Caller], method: str, path: str) -> Caller:
    """Return somebody whose body is read at all."""
    for caller in people:
        if (await send(caller, method, path, content=b"{")).status_code == 422:
            return caller
    raise AssertionError(f"nobody may {method} {path}")


async def pieces() -> AsyncIterator[bytes]:
    """Give a body that is too large, without saying so beforehand."""
    for start in range(0, len(BIG), 65_536):
        yield BIG[start : start + 65_536]


async def test_bodies_are_refused_in_one_form(desk_on_file: World) -> None:
    world = desk_on_file
    desk = await furnish(world)
    people = [desk.people[name] for name in ("admin", "technician", "requester", "agent")]
    refused = 0
    for method, path, operation in operations((await world.stranger.get("/openapi.json")).json()):
        if "application/json" not in operation.get("requestBody", {}).get("content", {}):
            continue
        where = path.format_map(Known(desk.known))
        caller = await who_may(people, method, where)
        for content in (b"{", b"\xff\x00", b"[]", b"null", b"[" * 5_000):
            is_problem(await send(caller, method, where, content=content), 422, "invalid")
        unknown = await send(caller, method, where, json={"no_such_field": 1})
        is_problem(unknown, 422, "invalid")
        assert "unknown field `no_such_field`" in unknown.json()["detail"], where
        for kind in ("text/plain", "application/x-www-form-urlencoded", "application/xml", "multipart/form-data"):
            found = await send(caller, method, where, content=b"{}", headers={"content-type": kind})
            is_problem(found, 415, "wrong-media-type")
        is_problem(await send(caller, method, where, content=BIG), 413, "too-large")
        is_problem(await send(caller, method, where, content=pieces()), 413, "too-large")
        refused += 1
    assert refused > 60


async def test_methods_are_refused_in_one_form(desk_on_file: World) -> None:
    world = desk_on_file
    admin = await world.technician("Root", Role.ADMIN)
    paths = (await world.stranger.get("/openapi.json")).json()["paths"]
    forms = {path: re.compile(re.sub(r"\{\w+\}", "[^/]+", path)) for path in paths}
    for path in paths:
        where = re.sub(r"\{\w+\}", "x", path)
        offered = {method.upper() for other, form in forms.items() if form.fullmatch(where) for method in paths[other]}
        for method in METHODS - offered:
            is_problem(await send(admin, method, where), 405, "method-not-allowed")
    is_problem(await send(admin, "GET", "/api/v1/nothing"), 404, "not-found")


async def test_what_a_query_does_not_have_is_passed_over(world: World) -> None:
    ada = await world.technician()
    await world.ticket()
    expected = (await ada.get("/tickets")).json()
    assert (await ada.get("/tickets?no_such=1&status=&limit=")).json() == expected
    is_problem(await send(ada, "GET", "/api/v1/tickets?limit=0"), 422, "invalid")
    assert (await ada.get("/tickets?limit=5&q=printer")).status_code == 200
    is_problem(await send(ada, "GET", "/api/v1/tickets?limit=5&limit=6"), 422, "invalid")


async def test_what_was_got_can_be_put_back(world: World) -> None:
    root = await world.technician("Root", Role.ADMIN)
    team = await root.must("/teams", {"name": "Networks"}, 201)
    path = f"/teams/{team['id']}"
    assert (await root.ask("PUT", path, team | {"name": "Lines"})).json()["name"] == "Lines"
    refused = await root.ask("PUT", path, team | {"nmae": "Lines"})
    is_problem(refused, 422, "invalid")
    is_problem(await root.post("/teams", {"name": "Phones", "id": team["id"]}), 422, "invalid")


async def test_a_json_that_says_so_in_another_way_is_read(world: World) -> None:
    for kind in ("application/json; charset=utf-8", "Application/JSON", "application/merge-patch+json"):
        body = json.dumps(A_TICKET).encode()
        answer = await world.client.post("/api/v1/tickets", content=body, headers={"content-type": kind})
        assert answer.status_code == 201


@pytest.mark.parametrize(
    ("from_at", "to_at", "status"),
    [
        ("2026-12-01T00:00:00Z", "2026-12-02T00:00:00Z", 201),
        ("2026-12-01T00:00:00", "2026-12-02T00:00:00Z", 422),
        ("2026-12-01T00:00:00Z", "9999-12-31T23:59:59-12:00", 422),
        ("0001-01-01T00:00:00+14:00", "2026-12-02T00:00:00Z", 422),
        ("2026-02-30T00:00:00Z", "2026-12-02T00:00:00Z", 422),
    ],
)
async def test_times_that_no_other_time_zone_has(world: World, from_at: str, to_at: str, status: int) -> None:
    ada = await world.technician()
    answer = await ada.post(f"/technicians/{ada.id}/absences", {"from_at": from_at, "to_at": to_at})
    assert answer.status_code == status, answer.text
    # One such time that was kept would break this list for everybody.
    assert (await ada.get("/work")).status_code == 200


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/incoming-mail?before=9223372036854775808", 422),
        ("/incoming-mail?before=-1", 422),
        ("/incoming-mail?before=4611686018427387904", 200),
        ("/incoming-mail/999999999999999999", 404),
        ("/incoming-mail/9223372036854775808", 404),
        ("/incoming-mail/\u0661", 404),
        ("/mail/outbox?before=9223372036854775808", 422),
        ("/mail/outbox?before=-1", 422),
        ("/mail/outbox?before=7", 200),
        ("/tickets?cursor=AAAA", 422),
        ("/tickets?cursor=%00%ff", 422),
        ("/tickets?cursor=WyJxdWV1ZSIsIDFlOTk5XQ", 422),
        ("/assets?cursor=AAAA", 422),
        ("/reports?days=99999999999999999999", 422),
        ("/reports?days=7", 200),
        ("/tickets?age=99999999d", 422),
        ("/tickets?q=%00%22%27*", 200),
        ("/articles?q=%00%22%27*", 200),
    ],
)
async def test_numbers_and_cursors_that_are_none(world: World, path: str, status: int) -> None:
    root = await world.technician("Root", Role.ADMIN)
    answer = await root.get(path)
    assert answer.status_code == status, answer.text
    if status >= 400:
        is_problem(answer, status, "not-found" if status == 404 else "invalid")


async def test_ids_of_other_things_are_not_found(world: World) -> None:
    root = await world.technician("Root", Role.ADMIN)
    filed = await world.ticket()
    article = await root.must("/articles", {"title": "x", "body": "y"}, 201)
    team = await root.must("/teams", {"name": "Networks"}, 201)
    others = (root.id, article["id"], team["id"], filed.tracking, "x" * 64, "%00", "..%2f..%2fetc%2fpasswd")
    kinds = {"articles": article["id"], "people": "", "assets": "", "imports": "", "technicians": root.id}
    for kind, own in kinds.items():
        for other in others:
            path = f"/{kind}/{other}" + ("/work" if kind == "technicians" else "")
            assert (await root.get(path)).status_code == (200 if other == own else 404), path
    for other in others:
        path = f"/tickets/{filed.tracking}/attachments/{other}"
        assert (await root.get(path)).status_code == 404


async def test_ten_thousand_of_something(world: World) -> None:
    root = await world.technician("Root", Role.ADMIN)
    path = f"/tickets/{(await world.ticket()).tracking}"
    many = [f"a{number}" for number in range(10_000)]
    for end, body in (
        ("/tags", {"tags": many}),
        ("/watchers", {"emails": [f"{one}@office.example" for one in many]}),
        ("/messages", {"text": "x", "attachments": many}),
    ):
        is_problem(await root.post(path + end, body), 422, "invalid")
    is_problem(await root.ask("PUT", f"{path}/assets", {"assets": many}), 422, "invalid")
    is_problem(await root.ask("PUT", f"{path}/fields", {"fields": dict.fromkeys(many, "x")}), 422, "invalid")
    is_problem(await root.post("/bulk", {"tickets": many, "deed": "assign"}), 422, "invalid")
    is_problem(await root.ask("PUT", "/priorities", {"items": [{}] * 10_000}), 422, "invalid")


async def test_a_file_that_is_cut_off_is_not_kept(world: World) -> None:
    filed = await world.ticket()
    path = f"/api/v1/tickets/{filed.tracking}/attachments"
    whole = b'--b\r\nContent-Disposition: form-data; name="file"; filename="a.txt"\r\n\r\nhello\r\n--b--\r\n'
    headers = {"content-type": "multipart/form-data; boundary=b"}
    assert (await send(filed.requester, "POST", path, content=whole, headers=headers)).status_code == 201
    kept = [one for one in world.settings.files_dir.rglob("*") if one.is_file()]
    for end in (1, 20, 60, len(whole) - 12, len(whole) - 6):
        is_problem(await send(filed.requester, "POST", path, content=whole[:end], headers=headers), 422, "invalid")
    assert [one for one in world.settings.files_dir.rglob("*") if one.is_file()] == kept


async def test_characters_that_no_name_has(world: World) -> None:
    root = await world.technician("Root", Role.ADMIN)
    path = f"/tickets/{(await world.ticket()).tracking}"
    for where in ("/articles/a%00", "/people/%00", f"{path}/attachments/%00", "/tickets/%00", "/assets/%00"):
        assert (await root.get(where)).status_code == 404, where
    for where in (
        "/tags?q=%00", "/people?q=%00", "/assets?q=%00&owner=%00", "/articles?category=%00",
        *(f"/tickets?{name}=%00" for name in ("team", "category", "assigned", "tag", "asset", "watcher", "q", "age")),
    ):  # fmt: skip
        assert (await root.get(where)).status_code in {200, 422}, where
    for character in ("\0", "\ud800"):
        for where, body in (
            (f"{path}/assign", {"technician": character}),
            (f"{path}/triage", {"team": character}),
            (f"{path}/merge", {"into": character}),
            (f"{path}/split", {"entry": character}),
            (f"{path}/tags", {"tags": [character]}),
            (f"{path}/watchers", {"emails": [f"a{character}@b.example"]}),
            (f"{path}/messages", {"text": "x", "attachments": [character]}),
            ("/canned-answers", {"name": character, "text": character}),
            ("/views", {"name": character, "query": f"tag={character}"}),
            ("/rules", {"name": "x", "category": character}),
            ("/fields", {"key": character, "label": character}),
            ("/my/requests", {"key": character}),
            ("/login", {"email": f"a{character}@b.example", "password": character}),
        ):
            content = json.dumps(body).encode()
            answer = await send(root, "POST", f"/api/v1{where}", content=content)
            assert answer.status_code in {401, 404, 410, 422}, f"{where}: {answer.text}"
