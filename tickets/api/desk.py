"""Logins, colleagues, articles, the organisation, live events and the description of it all."""

import asyncio
from http import HTTPStatus
from typing import Annotated, Final

import msgspec
from fastapi import APIRouter, Depends, FastAPI, Request
from fastapi.responses import Response

from tickets.api.offer import Address, Asking, Desk, answer, body_of, offer
from tickets.domain.access import Action, Thing
from tickets.domain.views import (
    Credentials,
    LiveTicket,
    LoggedIn,
    OrganisationView,
    TechnicianList,
)

router: Final = APIRouter(tags=["desk"])


@offer(
    router, "POST", "/login", Action.LOG_IN, Thing.LOGIN,
    summary="Get an API token", takes=Credentials, gives=LoggedIn,
    refuses=(HTTPStatus.UNAUTHORIZED, HTTPStatus.TOO_MANY_REQUESTS),
)  # fmt: skip
async def login(
    desk: Desk, _actor: Asking, address: Address, new: Annotated[Credentials, Depends(body_of(Credentials))]
) -> Response:
    """With a technician's e-mail address and password; good for 30 days."""
    return answer(await desk.logins.login(new, address=address, by_cookie=False))


@offer(
    router, "POST", "/logout", Action.LOG_OUT, Thing.LOGIN,
    summary="Revoke the token or cookie used", status=HTTPStatus.NO_CONTENT,
)  # fmt: skip
async def logout(desk: Desk, actor: Asking) -> Response:
    """At once, for this login only."""
    await desk.logins.logout(actor)
    return Response(status_code=HTTPStatus.NO_CONTENT)


@offer(
    router, "GET", "/technicians", Action.LIST, Thing.TECHNICIANS,
    summary="List technicians", gives=TechnicianList,
)  # fmt: skip
async def list_technicians(desk: Desk, actor: Asking) -> Response:
    """Everybody who can be given a ticket."""
    return answer(await desk.technicians.listed(actor))


@offer(
    router, "GET", "/organisation", Action.SEE, Thing.ORGANISATION,
    summary="Who runs this help desk", gives=OrganisationView,
)  # fmt: skip
async def get_organisation(desk: Desk, _actor: Asking) -> Response:
    """Name, public key and signed revocation list, for agents and viewers to pin."""
    return answer(await desk.organisation.shown())


@offer(
    router, "POST", "/live", Action.LISTEN, Thing.LIVE,
    summary="Get a socket ticket for live events", gives=LiveTicket,
)  # fmt: skip
async def admit_live(desk: Desk, actor: Asking) -> Response:
    """For the first frame on the websocket `/live`; 30 seconds, one use."""
    return answer(await desk.live.admit(actor))


@offer(
    router, "GET", "/openapi.json", Action.SEE, Thing.ORGANISATION, summary="This description",
)  # fmt: skip
async def get_openapi(request: Request, _actor: Asking) -> Response:
    """OpenAPI 3.1."""
    # In a thread: the first time takes longer than others should wait.
    return Response(await asyncio.to_thread(_written, request.app), media_type="application/json")


def _written(app: FastAPI) -> bytes:
    return msgspec.json.encode(app.openapi())
