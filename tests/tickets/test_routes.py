"""Every route of the whole application declares what it needs, and the table of rights holds it to that."""

import json
import re
from collections.abc import Iterator

import httpx
import pytest
from fastapi import FastAPI
from fastapi.routing import iter_route_contexts
from starlette.routing import BaseRoute, Mount, Route, WebSocketRoute

from tests.tickets.world import PUBLIC_URL, Caller, Json, World
from tickets.api.offer import Asking
from tickets.domain.access import Action, Requirement, Role, Thing, requirement_of, requires
from tickets.services.gate import Gate
from tickets.web.edge import Edge
from tickets.web.guard import OriginGuard
from tickets.web.once import Once

# docs/http-api.md, row by row.
DOCUMENTED = {
    "GET /tokens",
    "POST /tokens",
    "DELETE /tokens/{token}",
    "GET /webhooks",
    "POST /webhooks",
    "PATCH /webhooks/{webhook}",
    "DELETE /webhooks/{webhook}",
    "POST /webhooks/{webhook}/secret",
    "GET /webhooks/{webhook}/deliveries",
    "POST /webhooks/{webhook}/retry",
    "POST /imports",
    "GET /imports",
    "GET /imports/{ident}",
    "GET /people",
    "GET /people/{person}",
    "GET /people/{person}/export",
    "POST /people/{person}/erase",
    "GET /reports",
    "GET /views",
    "POST /views",
    "PUT /views/{view}",
    "DELETE /views/{view}",
    "POST /bulk",
    "GET /canned-answers",
    "POST /canned-answers",
    "PUT /canned-answers/{ident}",
    "DELETE /canned-answers/{ident}",
    "GET /tickets/{tracking}/canned-answers",
    "POST /tickets/{tracking}/canned-answers/{ident}",
    "GET /assets",
    "POST /assets",
    "POST /assets/import",
    "GET /assets/{asset}",
    "PUT /assets/{asset}",
    "GET /tickets/{tracking}/assets",
    "GET /tickets/{tracking}/assets/suggested",
    "PUT /tickets/{tracking}/assets",
    "GET /fields",
    "POST /fields",
    "PUT /fields/{field}",
    "GET /tickets/{tracking}/fields",
    "PUT /tickets/{tracking}/fields",
    "POST /tickets",
    "GET /tickets",
    "GET /tickets/{tracking}",
    "POST /tickets/{tracking}/messages",
    "POST /tickets/{tracking}/attachments",
    "GET /tickets/{tracking}/attachments/{attachment}",
    "GET /tickets/{tracking}/messages/{entry}/html",
    "POST /tickets/{tracking}/follow-up",
    "POST /tickets/{tracking}/watchers",
    "DELETE /tickets/{tracking}/watchers/{email}",
    "POST /tickets/{tracking}/tags",
    "GET /tags",
    "POST /tickets/{tracking}/links",
    "DELETE /tickets/{tracking}/links/{link}/{other}",
    "POST /tickets/{tracking}/time",
    "GET /tickets/{tracking}/drafts/{field}",
    "PUT /tickets/{tracking}/drafts/{field}",
    "POST /tickets/{tracking}/merge",
    "POST /tickets/{tracking}/unmerge",
    "POST /tickets/{tracking}/split",
    "POST /tickets/{tracking}/claim",
    "POST /tickets/{tracking}/assign",
    "POST /tickets/{tracking}/status",
    "POST /tickets/{tracking}/resolve",
    "POST /tickets/{tracking}/join-code",
    "POST /tickets/{tracking}/join",
    "POST /tickets/{tracking}/session",
    "POST /tickets/{tracking}/consent",
    "GET /articles",
    "POST /articles",
    "GET /articles/suggestions",
    "GET /articles/categories",
    "GET /articles/report",
    "GET /articles/{article}",
    "POST /articles/{article}",
    "POST /articles/{article}/state",
    "GET /articles/{article}/revisions",
    "POST /articles/{article}/restore",
    "POST /articles/{article}/outcome",
    "POST /articles/{article}/files",
    "GET /articles/{article}/files",
    "GET /articles/{article}/files/{file}",
    "DELETE /articles/{article}/files/{file}",
    "GET /articles/{article}/redactions",
    "POST /articles/{article}/redactions/undo",
    "GET /tickets/{tracking}/help",
    "POST /tickets/{tracking}/articles",
    "POST /tickets/{tracking}/article",
    "POST /tickets/{tracking}/triage",
    "GET /tickets/{tracking}/clocks",
    "GET /categories",
    "GET /categories/all",
    "POST /categories",
    "PUT /categories/{ident}",
    "GET /teams",
    "POST /teams",
    "PUT /teams/{ident}",
    "GET /rules",
    "POST /rules",
    "PUT /rules/{ident}",
    "GET /calendars",
    "POST /calendars",
    "PUT /calendars/{ident}",
    "GET /targets",
    "POST /targets",
    "PUT /targets/{ident}",
    "GET /priorities",
    "PUT /priorities",
    "GET /work",
    "GET /technicians/{technician}/work",
    "PUT /technicians/{technician}/work",
    "PUT /technicians/{technician}/availability",
    "POST /technicians/{technician}/absences",
    "DELETE /technicians/{technician}/absences/{absence}",
    "GET /incoming-mail",
    "GET /incoming-mail/{mail}",
    "GET /incoming-mail/{mail}/raw",
    "POST /incoming-mail/{mail}/replay",
    "POST /incoming-mail/{mail}/attach",
    "POST /incoming-mail/{mail}/file",
    "POST /incoming-mail/{mail}/ignore",
    "DELETE /incoming-mail/{mail}",
    "GET /incoming-mail/blocked-addresses",
    "POST /incoming-mail/blocked-addresses/clear",
    "POST /tickets/{tracking}/link",
    "POST /tickets/{tracking}/rating",
    "GET /push",
    "POST /push",
    "DELETE /push/{phone}",
    "POST /my/link",
    "POST /my/requests",
    "GET /mail/templates",
    "GET /mail/templates/{kind}/{language}",
    "PUT /mail/templates/{kind}/{language}",
    "POST /mail/templates/{kind}/{language}/reset",
    "POST /mail/templates/{kind}/{language}/preview",
    "GET /mail/outbox",
    "GET /mail/outbox/numbers",
    "POST /mail/outbox/retry",
    "POST /mail/outbox/{mail}/retry",
    "POST /mail/outbox/{mail}/drop",
    "POST /devices",
    "GET /organisation",
    "GET /technicians",
    "POST /login",
    "POST /logout",
    "POST /live",
    "GET /openapi.json",
}


def application(world: World) -> FastAPI:
    app, around = world.desk.asgi, []
    while not isinstance(app, FastAPI):
        around.append(type(app))
        app = vars(app)["app"]
    assert around[:3] == [Edge, OriginGuard, Once]
    return app


def endpoints(routes: list[BaseRoute], above: str = "") -> Iterator[tuple[str, frozenset[str], object]]:
    """Give path, methods and endpoint of every route, also of mounted applications."""
    for context in iter_route_contexts(routes):
        route = context.original_route if hasattr(context, "original_route") else context
        if isinstance(route, Mount):
            yield from endpoints(list(route.routes), above + route.path)
            continue
        path = str(getattr(context, "path", getattr(route, "path", "")))
        endpoint = getattr(route, "endpoint", None)
        methods = frozenset(getattr(route, "methods", None) or {"WEBSOCKET"}) - {"HEAD"}
        yield above + path, methods, endpoint


def test_every_route_declares_what_it_needs(world: World) -> None:
    found = list(endpoints(application(world).routes))
    undeclared = [f"{sorted(methods)} {path}" for path, methods, endpoint in found if requirement_of(endpoint) is None]
    assert undeclared == []
    for gate_method in (Gate.admit_agent, Gate.admit_viewer):
        assert requirement_of(gate_method) is not None
    paths = {path for path, _, _ in found}
    assert {"/live", "/api/v1/tickets", "/console"} <= paths
    assert any(path.startswith("/t/") for path in paths)


def test_a_route_without_a_declaration_is_seen(world: World) -> None:
    app = application(world)

    async def forgotten() -> None: ...

    app.router.routes.append(Route("/forgotten", forgotten))
    app.router.routes.append(WebSocketRoute("/forgotten-too", forgotten))
    found = [path for path, _, endpoint in endpoints(app.routes) if requirement_of(endpoint) is None]
    assert found == ["/forgotten", "/forgotten-too"]


def test_every_declaration_lets_somebody_through(world: World) -> None:
    for path, _, endpoint in endpoints(application(world).routes):
        requirement = requirement_of(endpoint)
        assert isinstance(requirement, Requirement)
        assert list(requirement.roles()), path


async def test_openapi_lists_every_documented_route_and_all_its_references_exist(world: World) -> None:
    document = (await world.stranger.get("/openapi.json")).json()
    listed = {
        f"{method.upper()} {path.removeprefix('/api/v1')}"
        for path, operations in document["paths"].items()
        for method in operations
    }
    assert listed == DOCUMENTED
    references = set(re.findall(r'"\$ref": "#/components/(\w+/\w+)"', json.dumps(document)))
    components = document["components"]
    there = {f"{kind}/{name}" for kind in ("schemas", "responses") for name in components[kind]}
    assert references <= there
    assert {"schemas/NewTicket", "schemas/TagList", "schemas/Problem", "responses/Problem404"} <= references
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            assert {"500", "503"} < set(operation["responses"]), f"{method} {path}"
            assert "default" not in operation["responses"], f"{method} {path}"


def test_openapi_and_application_list_the_same(world: World) -> None:
    served = {
        f"{method} {path.removeprefix('/api/v1')}"
        for path, methods, _ in endpoints(application(world).routes)
        if path.startswith("/api/v1/")
        for method in methods
    }
    assert served == DOCUMENTED


BODIES: Json = {
    "/views": {"name": "Urgent", "query": "priority=high"},
    "/bulk": {"tickets": ["TL-0000-0000"], "deed": "assign"},
    "/canned-answers": {"name": "Hello", "text": "Hello {requester.name}"},
    "/assets/import": {"csv": "name\nRouter"},
    "/tickets/{tracking}/assets": {"assets": []},
    "/assets": {"name": "Router"},
    "/tickets/{tracking}/fields": {"fields": {}},
    "/fields": {"key": "room", "label": "Room"},
    "/messages": {"text": "x"},
    "/follow-up": {"text": "x"},
    "/watchers": {"emails": ["otto@office.example"]},
    "/tags": {"tags": ["vpn"]},
    "/links": {"link": "related", "other": "TL-0000-0000"},
    "/time": {"minutes": 1},
    "/drafts/text": {"text": "x"},
    "/merge": {"into": "TL-0000-0000"},
    "/split": {"entry": "1"},
    "/assign": {"technician": None},
    "/status": {"status": "waiting"},
    "/resolve": {"solution": "x"},
    "/join": {"agent_key": "A" * 43},
    "/session": {"device_key": "A" * 43},
    "/consent": {"session": "A" * 22, "answer": "declined"},
    "}/articles": {"article": "x", "use": "solved"},
    "/articles": {"title": "x", "body": "y"},
    "/articles/{article}": {"revision": 1, "title": "z"},
    "/state": {"state": "published"},
    "/restore": {"number": 1, "revision": 1},
    "/outcome": {"outcome": "helped"},
    "/undo": {"placeholder": "[person 1]"},
    "/triage": {"urgency": "high"},
    "/categories": {"name": "Coffee"},
    "/teams": {"name": "First line"},
    "/rules": {"name": "Everything"},
    "/calendars": {"name": "Office"},
    "/targets": {"name": "Usual"},
    "/priorities": {"items": []},
    "/devices": {"public_key": "A" * 43, "kind": "native"},
}
# What each caller gets from routes that are not for them; a pass is anything else.
REFUSALS = {401, 403, 404}
# route: who passes, among stranger, requester of the ticket, technician who has it, another one, admin
PASSES = {
    "GET /tickets": "have other admin",
    "GET /tickets/{tracking}": "requester have other admin",
    "POST /tickets/{tracking}/messages": "requester have other admin",
    "POST /tickets/{tracking}/follow-up": "requester",
    "POST /tickets/{tracking}/attachments": "requester have other admin",
    "POST /tickets/{tracking}/watchers": "have other admin",
    "POST /tickets/{tracking}/tags": "have other admin",
    "GET /tags": "have other admin",
    "POST /tickets/{tracking}/links": "have other admin",
    "POST /tickets/{tracking}/time": "have other admin",
    "GET /tickets/{tracking}/drafts/text": "have other admin",
    "PUT /tickets/{tracking}/drafts/text": "have other admin",
    "POST /tickets/{tracking}/merge": "have admin",
    "POST /tickets/{tracking}/split": "have admin",
    "POST /tickets/{tracking}/claim": "have other admin",
    "POST /tickets/{tracking}/assign": "have admin",
    "POST /tickets/{tracking}/status": "have admin",
    "POST /tickets/{tracking}/resolve": "have admin",
    "POST /tickets/{tracking}/join-code": "have admin",
    "POST /tickets/{tracking}/join": "requester",
    "POST /tickets/{tracking}/session": "have",
    # Its agent, which is none of these callers: tests/tickets/api/test_consent.py.
    "POST /tickets/{tracking}/consent": "",
    "GET /articles": "stranger requester have other admin",
    "POST /articles": "have other admin",
    "GET /articles/suggestions": "stranger requester have other admin",
    "GET /articles/categories": "stranger requester have other admin",
    "GET /articles/report": "have other admin",
    "GET /articles/{article}": "stranger requester have other admin",
    "POST /articles/{article}": "have other admin",
    "POST /articles/{article}/state": "have other admin",
    "GET /articles/{article}/revisions": "have other admin",
    "POST /articles/{article}/restore": "have other admin",
    "POST /articles/{article}/outcome": "stranger requester have other admin",
    "GET /articles/{article}/redactions": "have other admin",
    "GET /tickets/{tracking}/help": "have other admin",
    "POST /tickets/{tracking}/triage": "have admin",
    "GET /tickets/{tracking}/clocks": "have other admin",
    "GET /categories": "stranger requester have other admin",
    "GET /categories/all": "admin",
    "POST /categories": "admin",
    "GET /teams": "have other admin",
    "POST /teams": "admin",
    "GET /rules": "have other admin",
    "POST /rules": "admin",
    "GET /calendars": "have other admin",
    "POST /calendars": "admin",
    "GET /targets": "have other admin",
    "POST /targets": "admin",
    "GET /priorities": "have other admin",
    "PUT /priorities": "admin",
    "GET /work": "have other admin",
    "GET /mail/templates": "admin",
    "GET /mail/templates/reply/en": "admin",
    "POST /mail/templates/reply/en/preview": "admin",
    "POST /mail/templates/reply/en/reset": "admin",
    "GET /mail/outbox": "admin",
    "GET /mail/outbox/numbers": "admin",
    "POST /mail/outbox/retry": "admin",
    "GET /views": "have other admin",
    "POST /views": "have other admin",
    "POST /bulk": "have other admin",
    "GET /canned-answers": "have other admin",
    "POST /canned-answers": "have other admin",
    "GET /tickets/{tracking}/canned-answers": "have other admin",
    "GET /assets": "have other admin",
    "POST /assets": "have other admin",
    "POST /assets/import": "have other admin",
    "GET /tickets/{tracking}/assets": "have other admin",
    "GET /tickets/{tracking}/assets/suggested": "have other admin",
    "PUT /tickets/{tracking}/assets": "have other admin",
    "GET /fields": "stranger requester have other admin",
    "POST /fields": "admin",
    "GET /tickets/{tracking}/fields": "requester have other admin",
    "PUT /tickets/{tracking}/fields": "have other admin",
    "POST /devices": "have other admin",
    "GET /organisation": "stranger requester have other admin",
    "GET /technicians": "have other admin",
    "POST /live": "have other admin",
    "GET /tokens": "have other admin",
    "POST /tokens": "have other admin",
    "GET /webhooks": "admin",
    "POST /webhooks": "admin",
    "GET /people": "admin",
    "GET /imports": "admin",
    "POST /imports": "admin",
    "GET /reports": "have other admin",
    "GET /articles/{article}/files": "stranger requester have other admin",
}


@pytest.mark.parametrize("route", PASSES)
async def test_who_passes_which_route(world: World, route: str) -> None:
    have = await world.technician("Ada")
    callers: dict[str, Caller] = {
        "stranger": world.stranger,
        "have": have,
        "other": await world.technician("Bob"),
        "admin": await world.technician("Root", Role.ADMIN),
    }
    method, path = route.split()
    passed = set()
    for name in (*callers, "requester"):
        filed = await world.claimed(have)
        caller = callers.get(name, filed.requester)
        body: object = next((body for end, body in BODIES.items() if path.endswith(end)), {})
        article = (await have.must("/articles", {"title": "x", "body": "y"}, 201))["id"]
        where = path.format(tracking=filed.tracking, article=article)
        response = await caller.ask(method, where, body if method in {"POST", "PUT"} else None)
        if response.status_code not in REFUSALS:
            passed.add(name)
    assert passed == set(PASSES[route].split())


async def test_the_pages_ask_the_same_table(world: World) -> None:
    await world.technician("Ada")
    cookie = await world.cookie("Ada")
    refused = await world.client.get("/console")
    assert refused.status_code == 303
    assert refused.headers["location"].startswith("/console/login")
    assert (await world.client.get("/console", headers={"cookie": cookie})).status_code == 200
    assert PUBLIC_URL.startswith("https://")


async def test_an_undeclared_route_lets_nobody_through(world: World) -> None:
    app = application(world)

    async def forgotten(_actor: Asking) -> dict[str, str]:
        return {"secret": "shown"}

    app.add_api_route("/forgotten", forgotten)
    app.add_api_route("/declared", requires(Action.SEE, Thing.ORGANISATION)(_declared))
    # In front of the pages, which answer everything else.
    app.router.routes[:0] = [app.router.routes.pop(), app.router.routes.pop()]
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="https://desk.example") as client:
        answer = await client.get("/forgotten")
        assert (answer.status_code, "secret" in answer.text) == (403, False)
        assert (await client.get("/declared")).json() == {"open": "to everybody"}


async def _declared(_actor: Asking) -> dict[str, str]:
    return {"open": "to everybody"}
