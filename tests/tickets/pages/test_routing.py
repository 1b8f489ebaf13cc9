"""A page's route asks the table of rights before its endpoint, whatever the endpoint does itself."""

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from tests.tickets.world import World
from tickets.domain.access import Action, Actor, Thing, requirement_of, requires
from tickets.domain.errors import NotAllowed, NotLoggedIn
from tickets.pages.app import page_routes
from tickets.pages.routing import page
from tickets.pages.site import Site, make_environment


async def undeclared(_request: Request, _actor: Actor) -> Response:
    return PlainTextResponse("open")


@requires(Action.LIST, Thing.QUEUE)
async def for_staff(_request: Request, actor: Actor) -> Response:
    return PlainTextResponse(actor.name)


@requires(Action.SEE, Thing.RELAY)
async def for_nobody(_request: Request, _actor: Actor) -> Response:
    return PlainTextResponse("open")


@pytest.fixture
def site(world: World) -> Site:
    return Site(world.desk.services, world.desk._context.now, make_environment(world.desk._context.now))


def test_an_endpoint_that_declares_nothing_becomes_no_route(site: Site) -> None:
    with pytest.raises(TypeError, match="/open declares no"):
        page(site, "/open", undeclared)
    assert requirement_of(page(site, "/queue", for_staff).endpoint) == requirement_of(for_staff)


async def test_the_table_is_asked_before_the_endpoint(world: World, site: Site) -> None:
    ada = await world.technician("Ada")
    app = Starlette(routes=[page(site, "/queue", for_staff), page(site, "/never", for_nobody)])
    headers = {"authorization": f"Bearer {ada.token}"}
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="https://desk.example") as client:
        with pytest.raises(NotLoggedIn):
            await client.get("/queue")
        assert (await client.get("/queue", headers=headers)).text == "Ada"
        with pytest.raises(NotAllowed):
            await client.get("/never", headers=headers)


def test_every_page_declares_what_it_needs(site: Site) -> None:
    routes = page_routes(site)
    assert len(routes) > 30
    assert [route.path for route in routes if requirement_of(route.endpoint) is None] == []
