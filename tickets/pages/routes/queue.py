"""The technician's queue, and filing a request for a caller."""

from dataclasses import dataclass
from typing import Final
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from tickets.domain.access import Action, Actor, Thing, requires
from tickets.domain.errors import Invalid, TooManyTries
from tickets.domain.finding import HELP, ME, NOBODY
from tickets.domain.saved_views import DEFAULT_VIEWS
from tickets.domain.values import WORKABLE, Channel, QueueView
from tickets.domain.views import QueuePage, QueueQuery
from tickets.pages import words
from tickets.pages.finding import (
    AGES,
    FILTERS,
    SHARED,
    SORT,
    address_of,
    chosen,
    query_of,
)
from tickets.pages.forms import Values, check_request, read_form
from tickets.pages.language import gettext
from tickets.pages.routing import page
from tickets.pages.site import Site
from tickets.pages.spreading import PRIORITY, category_options
from tickets.web.asking import address_of as client_of

FIRST_VIEW: Final = QueueView.MINE
MOST_COUNTED: Final = 99


def _words_for(count: int) -> str:
    """Say how many there are, as far as it matters; nothing when there are none."""
    return "" if not count else f"{MOST_COUNTED}+" if count > MOST_COUNTED else str(count)


@dataclass(frozen=True)
class Queue:
    """The queue's pages."""

    site: Site

    @requires(Action.LIST, Thing.QUEUE)
    async def shown(self, request: Request, actor: Actor) -> Response:
        """Show one view of the queue."""
        desk, query = self.site.desk, query_of(request.query_params, FIRST_VIEW)
        refusal: Invalid | None = None
        found = QueuePage((), None)
        try:
            found = await desk.tickets.queue(actor, query)
        except Invalid as error:
            if error.field == "cursor":
                raise
            refusal = error
        kept = await desk.saved_views.listed(actor)
        counted = tuple(QueueQuery(view=each) for each in (QueueView.MINE, QueueView.UNASSIGNED))
        counts = await desk.saved_views.counts(actor, counted)
        here, said = address_of(query), query_of({}, QueueView.ALL)
        more = f"/console?{here}&{urlencode({'cursor': found.next_cursor})}" if found.next_cursor else ""
        return self.site.page(
            request,
            actor,
            "console/queue.html",
            status=refusal.status if refusal else 200,
            refusal=refusal,
            view=query.view,
            views=words.VIEWS,
            plain=address_of(query, view="") == address_of(said, view=""),
            counts=dict(zip((QueueView.MINE, QueueView.UNASSIGNED), map(_words_for, counts), strict=True)),
            view_words=next(name for view, name in words.VIEWS if view == query.view),
            address=here,
            tab=lambda view: address_of(query, view=view),
            saved=tuple((each, _words_for(each.count)) for each in kept.items),
            default_views=DEFAULT_VIEWS,
            q=query.q,
            chosen=chosen(query),
            options=await self._options(actor),
            filters=FILTERS,
            sort_words=SORT,
            shared_words=SHARED,
            help=HELP,
            items=found.items,
            more=more,
            nothing=words.NOTHING_FOUND if chosen(query) or query.q else words.NOTHING[query.view],
            workable=WORKABLE,
            colleagues=(await desk.technicians.listed(actor)).items,
        )

    async def _options(self, actor: Actor) -> dict[str, tuple[tuple[str, str], ...]]:
        """Return what each filter can be set to; those without options are typed."""
        desk = self.site.desk
        teams = tuple((team.id, team.name) for team in await desk.teams.listed(actor) if team.active)
        colleagues = (await desk.technicians.listed(actor)).items
        return {
            "status": tuple(words.STATUS.items()),
            "priority": tuple(PRIORITY.items()),
            "category": await category_options(desk, actor),
            "team": teams,
            "assigned": (
                (ME, gettext("Me")),
                (NOBODY, gettext("Nobody")),
                *((each.id, each.name) for each in colleagues),
            ),
            "channel": tuple(words.CHANNEL.items()),
            "watcher": ((ME, gettext("I am told")),),
            "age": tuple(AGES),
        }

    async def _form(
        self, request: Request, actor: Actor, values: Values, faults: dict[str, str], status: int = 200
    ) -> Response:
        categories = await category_options(self.site.desk, actor)
        return self.site.page(
            request,
            actor,
            "console/new.html",
            status=status,
            categories=categories,
            fields=[each for each in (await self.site.desk.fields.listed(actor)).items if each.active],
            values=values,
            faults=faults,
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
            sent = await self.site.desk.tickets.submit(actor, new, channel=Channel.PHONE, address=client_of(request))
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
