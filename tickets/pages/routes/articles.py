"""The knowledge base in the console: find, read, write."""

from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from tickets.domain.access import Action, Actor, Thing, requires
from tickets.domain.errors import DeskError, Invalid
from tickets.domain.views import MAX_TITLE, TicketView
from tickets.pages.forms import Values, check_article, read_form
from tickets.pages.routing import page
from tickets.pages.site import Site


def draft_of(ticket: TicketView) -> dict[str, str]:
    """Return what an article made of a solved ticket starts with; names and addresses stay out."""
    body = f"## What happens\n\n{ticket.description}\n\n## What helps\n\n{ticket.solution or ''}".rstrip()
    return {"title": ticket.title, "category": ticket.category, "body": body}


@dataclass(frozen=True)
class Articles:
    """The console's pages about articles."""

    site: Site

    @requires(Action.READ, Thing.ARTICLES)
    async def listed(self, request: Request, actor: Actor) -> Response:
        """Show what a search found, or the newest articles."""
        q = request.query_params.get("q", "")[:MAX_TITLE]
        found = await self.site.desk.articles.search(actor, q, limit=50)
        return self.site.page(
            request, actor, "console/articles.html", articles=found.items, q=q, articles_at="/console/articles"
        )

    @requires(Action.READ, Thing.ARTICLES)
    async def shown(self, request: Request, actor: Actor) -> Response:
        """Show one article and the address to send to a requester."""
        article = await self.site.desk.articles.get(actor, request.path_params["article"])
        return self.site.page(request, actor, "console/article.html", article=article)

    def _form(
        self, request: Request, actor: Actor, values: Values, faults: dict[str, str], preview: str = ""
    ) -> Response:
        return self.site.page(
            request,
            actor,
            "console/article_new.html",
            status=422 if faults else 200,
            values=values,
            faults=faults,
            preview=preview,
        )

    @requires(Action.ADD, Thing.ARTICLES)
    async def new(self, request: Request, actor: Actor) -> Response:
        """Show the form, filled from a solved ticket when the address names one."""
        source = request.query_params.get("from", "")
        if not source:
            return self._form(request, actor, {}, {})
        try:
            ticket = await self.site.desk.tickets.get(actor, source)
        except DeskError:
            return self._form(request, actor, {}, {})
        return self._form(request, actor, draft_of(ticket), {})

    @requires(Action.ADD, Thing.ARTICLES)
    async def add(self, request: Request, actor: Actor) -> Response:
        """Publish the article, or show how it will look."""
        values = await read_form(request)
        new, faults = check_article(values)
        if new is None:
            return self._form(request, actor, values, faults)
        if values.get("do") == "preview":
            return self._form(request, actor, values, {}, preview=new.body)
        try:
            article = await self.site.desk.articles.add(actor, new)
        except Invalid as error:
            return self._form(request, actor, values, {error.field: error.text})
        return self.site.go(f"/console/articles/{article.id}?done=published")

    def routes(self) -> list[Route]:
        """Return the routes of these pages."""
        return [
            page(self.site, "/console/articles", self.listed, staff_only=True),
            page(self.site, "/console/articles/new", self.new, staff_only=True),
            page(self.site, "/console/articles/new", self.add, "POST", staff_only=True),
            page(self.site, "/console/articles/{article}", self.shown, staff_only=True),
        ]
