"""The pages as one ASGI application, which takes every address that nothing else took."""

from collections.abc import Callable
from datetime import datetime
from typing import Final

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from tickets.domain.errors import Broken, DeskError, NotLoggedIn, TooManyTries
from tickets.domain.services import DeskServices
from tickets.pages.routes.account import Account
from tickets.pages.routes.articles import Articles
from tickets.pages.routes.portal import Portal
from tickets.pages.routes.queue import Queue
from tickets.pages.routes.reading import Reading
from tickets.pages.routes.ticket import Ticket
from tickets.pages.routing import login_address, page
from tickets.pages.site import STATIC, Site, make_environment
from tickets.pages.static_files import StaticFolder, read_folder

_PLAIN: Final = {
    404: ("There is nothing here", "This address leads nowhere. Check it, or start from one of these:"),
    405: ("This address takes no such request", "Open the page it belongs to and try again from there."),
}


def page_routes(site: Site) -> list[Route]:
    """Return every page and the static files that go with them."""
    static = StaticFolder(read_folder(STATIC))
    return [
        *Portal(site).routes(),
        *Reading(site).routes(),
        *Account(site).routes(),
        *Queue(site).routes(),
        *Articles(site).routes(),
        *Ticket(site).routes(),
        page(site, "/static/pages/{path:path}", static.serve),
    ]


def build_pages(desk: DeskServices, now: Callable[[], datetime]) -> Starlette:
    """Return the application; `now()` gives the time of day, aware and in UTC. Mount it at the root, last."""
    site = Site(desk, now, make_environment(now))

    async def explain(request: Request, error: Exception) -> Response:
        if not isinstance(error, DeskError):
            raise error
        if isinstance(error, NotLoggedIn) and request.url.path.startswith("/console"):
            return site.go(login_address(request))
        response = site.problem(request, error.title, error.detail, error.status)
        if isinstance(error, TooManyTries):
            response.headers["retry-after"] = str(error.retry_after_s)
        return response

    async def explain_plain(request: Request, error: Exception) -> Response:
        if not isinstance(error, HTTPException):
            raise error
        heading, detail = _PLAIN.get(error.status_code, (DeskError.title, error.detail))
        response = site.problem(request, heading, detail, error.status_code)
        response.headers.update(error.headers or {})
        return response

    async def apologise(request: Request, _error: Exception) -> Response:
        broken = Broken()
        return site.problem(request, broken.title, broken.detail, broken.status)

    return Starlette(
        routes=page_routes(site),
        exception_handlers={DeskError: explain, HTTPException: explain_plain, Exception: apologise},
    )
