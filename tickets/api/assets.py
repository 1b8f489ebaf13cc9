"""`/assets`: things that are looked after, and what requests are about."""

from http import HTTPStatus
from typing import Annotated, Final

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response

from tickets.api.offer import Asking, Desk, answer, body_of, offer, parse_query
from tickets.domain.access import ANY_TICKET, Action, Thing
from tickets.domain.assets import (
    AssetFields,
    AssetList,
    AssetQuery,
    AssetsImported,
    AssetTable,
    AssetView,
    AssetWithTickets,
    TicketAssets,
)

router: Final = APIRouter(tags=["assets"])

_Body = Annotated[AssetFields, Depends(body_of(AssetFields))]


@offer(
    router, "GET", "/assets", Action.LIST, Thing.ASSETS,
    summary="List assets", query=AssetQuery, gives=AssetList,
)  # fmt: skip
async def list_assets(request: Request, desk: Desk, actor: Asking) -> Response:
    """By name; those with all words of `q` in name, numbers, place or owner."""
    return answer(await desk.assets.listed(actor, parse_query(request, AssetQuery)))


@offer(
    router, "POST", "/assets", Action.ADD, Thing.ASSETS,
    summary="Add an asset", takes=AssetFields, gives=AssetView, status=HTTPStatus.CREATED,
)  # fmt: skip
async def add_asset(desk: Desk, actor: Asking, new: _Body) -> Response:
    """An inventory number is good for one thing only."""
    return answer(await desk.assets.add(actor, new), HTTPStatus.CREATED)


@offer(
    router, "POST", "/assets/import", Action.ADD, Thing.ASSETS,
    summary="Add assets from a table", takes=AssetTable, gives=AssetsImported,
)  # fmt: skip
async def load_assets(
    desk: Desk, actor: Asking, table: Annotated[AssetTable, Depends(body_of(AssetTable))]
) -> Response:
    """What is there by inventory or serial number is changed. With a wrong line nothing at all is done."""
    return answer(await desk.assets.load(actor, table))


@offer(
    router, "GET", "/assets/{asset}", Action.READ, Thing.ASSETS,
    summary="Get an asset and its tickets", gives=AssetWithTickets,
)  # fmt: skip
async def get_asset(asset: str, desk: Desk, actor: Asking) -> Response:
    """The newest tickets first, at most 50."""
    return answer(await desk.assets.get(actor, asset))


@offer(
    router, "PUT", "/assets/{asset}", Action.CHANGE, Thing.ASSETS,
    summary="Change an asset", takes=AssetFields, gives=AssetView,
)  # fmt: skip
async def change_asset(asset: str, desk: Desk, actor: Asking, new: _Body) -> Response:
    """All fields as they shall be."""
    return answer(await desk.assets.change(actor, asset, new))


@offer(
    router, "GET", "/tickets/{tracking}/assets", Action.READ, Thing.ASSETS,
    summary="What a ticket is about", gives=AssetList,
)  # fmt: skip
async def list_ticket_assets(tracking: str, desk: Desk, actor: Asking) -> Response:
    """The things that somebody put on it, or that its computer is."""
    return answer(await desk.assets.of_ticket(actor, tracking))


@offer(
    router, "GET", "/tickets/{tracking}/assets/suggested", Action.READ, Thing.ASSETS,
    summary="What a ticket may be about", gives=AssetList,
)  # fmt: skip
async def suggest_ticket_assets(tracking: str, desk: Desk, actor: Asking) -> Response:
    """The requester's own things, and the computer that joined the ticket."""
    return answer(await desk.assets.suggested(actor, tracking))


@offer(
    router, "PUT", "/tickets/{tracking}/assets", Action.ORGANISE, *ANY_TICKET,
    summary="Say what a ticket is about", takes=TicketAssets, gives=AssetList,
)  # fmt: skip
async def put_ticket_assets(
    tracking: str, desk: Desk, actor: Asking, new: Annotated[TicketAssets, Depends(body_of(TicketAssets))]
) -> Response:
    """All of them by their ids; none takes all off."""
    return answer(await desk.assets.put_on(actor, tracking, new))
