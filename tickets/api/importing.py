"""`/imports`: technicians, requesters and articles from CSV."""

from http import HTTPStatus
from typing import Final

from fastapi import APIRouter, Request
from fastapi.responses import Response

from tickets.api.offer import Asking, Desk, answer, offer, parse_query
from tickets.domain.access import Action, Thing
from tickets.domain.importing import ImportList, ImportQuery, ImportView

router: Final = APIRouter(tags=["imports"])
_CSV: Final = {"requestBody": {"required": True, "content": {"text/csv": {"schema": {"type": "string"}}}}}


@offer(
    router, "POST", "/imports", Action.ADD, Thing.PEOPLE,
    summary="Read a CSV file in", query=ImportQuery, gives=ImportView, status=HTTPStatus.ACCEPTED, described=_CSV,
)  # fmt: skip
async def begin_import(request: Request, desk: Desk, actor: Asking) -> Response:
    """The body is the file, in UTF-8. The answer says where to look how far it is."""
    query = parse_query(request, ImportQuery)
    return answer(await desk.imports.begin(actor, query, await request.body()), HTTPStatus.ACCEPTED)


@offer(router, "GET", "/imports", Action.LIST, Thing.PEOPLE, summary="List imports", gives=ImportList)
async def list_imports(desk: Desk, actor: Asking) -> Response:
    """The last thirty, the newest first."""
    return answer(await desk.imports.listed(actor))


@offer(router, "GET", "/imports/{ident}", Action.LIST, Thing.PEOPLE, summary="Look at an import", gives=ImportView)
async def get_import(ident: str, desk: Desk, actor: Asking) -> Response:
    """How far it is, and which lines could not be taken in."""
    return answer(await desk.imports.get(actor, ident))
