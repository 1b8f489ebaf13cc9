"""The technician's queue, and filing a request for a caller."""

from dataclasses import dataclass
from typing import Final
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from tickets.domain.access import Action, Actor, Thing, requires
from tickets.domain.errors import Invalid, TooManyTries
from tickets.domain.values import WORKABLE, Channel, QueueView
from tickets.domain.views import MAX_TITLE, QueueQuery
from tickets.pages import words
from tickets.pages.forms import Values, check_request, read_form
from tickets.pages.routing import page
from tickets.pages.site import Site
from tickets.pages.spreading import category_options
from tickets.web.asking import address_of

FIRST_VIEW: Final = QueueView.MINE
MOST_COUNTED: Final = 99


def view_of(text: str) -> QueueView:
    """Return the view that an address names; mine when it names none."""
    try:
        return QueueView(text)
    except ValueError:
        return FIRST_VIEW


@dataclass(frozen=True)
class Queue:
    """The queue's pages."""

    site: Site

    @requires(Action.LIST, Thing.QUEUE)
    async def shown(self, request: Request, actor: Actor) -> Response:
        """Show one view of the queue, the most urgent and oldest first."""
        view = view_of(request.query_params.get("view", ""))
        q = request.query_params.get("q", "")[:MAX_TITLE]
        query = QueueQuery(view=view, q=q, cursor=request.query_params.get("cursor", "")[:200])
        found = await self.site.desk.tickets.queue(actor, query)
        counts = {each: await self._count(actor, each) for each in (QueueView.MINE, QueueView.UNASSIGNED)}
        more = f"/console?{urlencode({'view': view, 'q': q, 'cursor': found.next_cursor})}" if found.next_cursor else ""
        return self.site.page(
            request,
            actor,
            "console/queue.html",
            view=view,
            views=words.VIEWS,
            counts=counts,
            view_words=dict(words.VIEWS)[view],
            q=q,
            items=found.items,
            more=more,
            nothing=words.NOTHING_FOUND if q else words.NOTHING[view],
            workable=WORKABLE,
        )

    async def _count(self, actor: Actor, view: QueueView) -> str:
        """Say how many are in a view, as far as it matters; nothing when it is empty."""
        found = await self.site.desk.tickets.queue(actor, QueueQuery(view=view, limit=MOST_COUNTED))
        return f"{len(found.items)}{'+' if found.next_cursor else ''}" if found.items else ""

    async def _form(
        self, request: Request, actor: Actor, values: Values, faults: dict[str, str], status: int = 200
    ) -> Response:
        categories = await category_options(self.site.desk, actor)
        return self.site.page(
            request, actor, "console/new.html", status=status, categories=categories, values=values, faults=faults
        )

    @requires(Action.SEE, Thing.CONSOLE)
    async def new(self, request: Request, actor: Actor) -> Response:
        """Show the form for a caller's request."""
        return await self._form(request, actor, {}, {})

    @requires(Action.SUBMIT, Thing.TICKETS)
    async def file(self, request: Request, actor: Actor) -> Response:
        """File the request as one that came by telephone."""
        values = await read_form(request)
        new, faults = check_request(values)
        if new is None:
            return await self._form(request, actor, values, faults, 422)
        try:
            sent = await self.site.desk.tickets.submit(actor, new, channel=Channel.PHONE, address=address_of(request))
        except Invalid as error:
            return await self._form(request, actor, values, {error.field: error.text}, 422)
        except TooManyTries as error:
            return await self._form(request, actor, values, {"": str(error)}, 429)
        return self.site.go(f"/console/tickets/{sent.tracking}?done=filed")

    def routes(self) -> list[Route]:
        """Return the routes of these pages."""
        return [
            page(self.site, "/console", self.shown, staff_only=True),
            page(self.site, "/console/new", self.new, staff_only=True),
            page(self.site, "/console/new", self.file, "POST", staff_only=True),
        ]
