"""The pages as one ASGI application, which takes every address that nothing else took."""

from collections.abc import Callable
from datetime import datetime
from typing import Final

from sqlalchemy.exc import SQLAlchemyError
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from tickets.domain.errors import DeskError, MethodNotAllowed, NotFound, NotLoggedIn
from tickets.domain.services import DeskServices
from tickets.pages.language import language_of, say, speaking, tongue_of
from tickets.pages.routes.account import Account
from tickets.pages.routes.admin import Admin
from tickets.pages.routes.around import Around
from tickets.pages.routes.articles import Articles
from tickets.pages.routes.assets import AssetPages
from tickets.pages.routes.canned import CannedPages
from tickets.pages.routes.fields import FieldPages
from tickets.pages.routes.finding import Finding
from tickets.pages.routes.importing import Imports
from tickets.pages.routes.incoming_mail import IncomingMailPages
from tickets.pages.routes.languages import Languages
from tickets.pages.routes.mail_admin import MailAdmin
from tickets.pages.routes.mailed import Mailed
from tickets.pages.routes.people import People
from tickets.pages.routes.portal import Portal
from tickets.pages.routes.push import Push
from tickets.pages.routes.queue import Queue
from tickets.pages.routes.reading import Reading
from tickets.pages.routes.reports import Reports
from tickets.pages.routes.spreading import Spreading
from tickets.pages.routes.ticket import Ticket
from tickets.pages.routes.ticket_articles import TicketArticles
from tickets.pages.routes.ticket_things import TicketThings
from tickets.pages.routes.tokens import Tokens
from tickets.pages.routes.webhooks import Webhooks
from tickets.pages.routing import login_address, page
from tickets.pages.site import STATIC, Site, make_environment
from tickets.pages.static_files import StaticFolder, read_folder
from tickets.web.problems import desk_error, headers_of

_PLAIN: Final[dict[type[DeskError], str]] = {
    NotFound: "This address leads nowhere. Check it, or go on from here.",
    MethodNotAllowed: "Open the page that this address belongs to and try again from there.",
}
"""What people read instead of words that are for programs."""


def page_routes(site: Site) -> list[Route]:
    """Return every page and the static files that go with them."""
    static = StaticFolder(read_folder(STATIC))
    return [
        *Portal(site).routes(),
        *Reading(site).routes(),
        *Account(site).routes(),
        *Queue(site).routes(),
        *Finding(site).routes(),
        *Articles(site).routes(),
        *Ticket(site).routes(),
        *Around(site, Ticket(site)).routes(),
        *TicketArticles(site).routes(),
        *TicketThings(site).routes(),
        *AssetPages(site).routes(),
        *CannedPages(site).routes(),
        *FieldPages(site).routes(),
        *Tokens(site).routes(),
        *Reports(site).routes(),
        *Imports(site).routes(),
        *People(site).routes(),
        *Webhooks(site).routes(),
        *Admin(site).routes(),
        *Spreading(site).routes(),
        *MailAdmin(site).routes(),
        *IncomingMailPages(site).routes(),
        *Mailed(site).routes(),
        *Languages(site).routes(),
        *Push(site).routes(),
        page(site, "/static/pages/{path:path}", static.serve),
    ]


def build_pages(desk: DeskServices, now: Callable[[], datetime]) -> Starlette:
    """Return the application; `now()` gives the time of day, aware and in UTC. Mount it at the root, last."""
    site = Site(desk, now, make_environment(now))

    async def explain(request: Request, error: Exception) -> Response:
        known = desk_error(error)
        if isinstance(known, NotLoggedIn) and request.url.path.startswith(("/console", "/admin")):
            return site.go(login_address(request))
        detail = _PLAIN.get(type(known), known.detail)
        with speaking(tongue_of(language_of(request, desk.language))):
            response = site.problem(request, say(known.title), say(detail), known.status)
        response.headers.update(headers_of(known))
        return response

    # The last one also gets the error raised again after its answer, which is how it reaches the log.
    kinds: tuple[type[Exception], ...] = (DeskError, HTTPException, SQLAlchemyError, OSError, Exception)
    return Starlette(routes=page_routes(site), exception_handlers=dict.fromkeys(kinds, explain))
