"""How a page's endpoint becomes a route: the table of rights is asked before it, whoever wrote it."""

from collections.abc import Awaitable, Callable
from typing import Final
from urllib.parse import quote

from starlette.middleware import Middleware
from starlette.middleware.body_limit import RequestBodyLimitMiddleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from tickets.domain.access import Actor, check, requirement_of, requires
from tickets.pages.language import language_of, speaking, tongue_of
from tickets.pages.site import Site
from tickets.web.asking import actor_of

Endpoint = Callable[[Request, Actor], Awaitable[Response]]

LOGIN_PAGE: Final = "/console/login"


def login_address(request: Request) -> str:
    """Return the login page's address, which leads back to the page that was wanted.

    A form that could not be taken leads to the page it stood on: what was typed there is still in that browser.
    """
    wanted = request.url.path
    if request.method == "GET" and request.url.query:
        wanted += f"?{request.url.query}"
    return f"{LOGIN_PAGE}?done=expired&next={quote(wanted, safe='/')}"


def page(
    site: Site,
    path: str,
    endpoint: Endpoint,
    *methods: str,
    staff_only: bool = False,
    max_body: int | None = None,
) -> Route:
    """Return the route of an endpoint that declared with `requires` what it needs.

    On a `staff_only` page a stranger is led to the login, with the same answer for every address. `max_body` takes
    the place of the general limit.
    Raises TypeError when nothing is declared.
    """
    requirement = requirement_of(endpoint)
    if requirement is None:
        raise TypeError(f"{path} declares no (action, thing)")

    @requires(requirement.action, *requirement.things)
    async def answer(request: Request) -> Response:
        with speaking(tongue_of(language_of(request, site.desk.language))):
            return await answered(request)

    async def answered(request: Request) -> Response:
        actor = await actor_of(request, site.desk)
        request.state.actor = actor
        if staff_only and not actor.is_staff:
            return site.go(login_address(request))
        check(actor, requirement.action, *requirement.things)
        return await endpoint(request, actor)

    limit = [] if max_body is None else [Middleware(RequestBodyLimitMiddleware, max_body_size=max_body)]
    return Route(path, answer, methods=list(methods or ("GET",)), middleware=limit)
