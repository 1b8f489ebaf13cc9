"""Articles on a ticket's page: send one, say that it was the solution, make one of the ticket."""

from dataclasses import dataclass
from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from tickets.domain.access import Action, Actor, Thing, requires
from tickets.domain.errors import Invalid, NoSolution
from tickets.domain.knowledge import ArticleUse, Use
from tickets.pages.forms import read_form
from tickets.pages.routing import page
from tickets.pages.site import Site

STAFF_TICKETS: Final = (Thing.ASSIGNED_TICKET, Thing.UNASSIGNED_TICKET, Thing.FOREIGN_TICKET)


@dataclass(frozen=True)
class TicketArticles:
    """What the forms of the list of articles beside a ticket post."""

    site: Site

    def _back(self, request: Request, done: str) -> Response:
        return self.site.go(f"/console/tickets/{request.path_params['tracking']}?done={done}")

    @requires(Action.NOTE, *STAFF_TICKETS)
    async def use(self, request: Request, actor: Actor) -> Response:
        """Send an article to the requester, or say that it was the solution."""
        values = await read_form(request)
        how = next((use for use in Use if values.get(use)), None)
        if how is None:
            raise Invalid("use", "Choose what to do with the article.")
        use = ArticleUse(values[how][:64], how)
        await self.site.desk.knowledge.use(actor, request.path_params["tracking"], use)
        return self._back(request, "article-sent" if use.use is Use.SENT else "article-used")

    @requires(Action.ADD, Thing.ARTICLES)
    async def draft(self, request: Request, actor: Actor) -> Response:
        """Make a draft of the ticket and show what has to be looked at."""
        try:
            article = await self.site.desk.knowledge.draft_from(actor, request.path_params["tracking"])
        except NoSolution:
            return self._back(request, "no-solution")
        return self.site.go(f"/console/articles/{article.id}")

    @requires(Action.READ, *STAFF_TICKETS)
    async def back(self, request: Request, _actor: Actor) -> Response:
        """Lead from a form's address to the ticket."""
        return self.site.go(f"/console/tickets/{request.path_params['tracking']}")

    def routes(self) -> list[Route]:
        """Return the routes of these pages."""
        at = "/console/tickets/{tracking}"
        deeds = {"articles": self.use, "article": self.draft}
        return [
            *(page(self.site, f"{at}/{name}", deed, "POST", staff_only=True) for name, deed in deeds.items()),
            *(page(self.site, f"{at}/{name}", self.back, staff_only=True) for name in deeds),
        ]
