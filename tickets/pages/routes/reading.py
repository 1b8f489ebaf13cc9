"""The knowledge base as everybody may read it."""

from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from tickets.domain.access import Action, Actor, Thing, requires
from tickets.domain.views import MAX_TITLE
from tickets.pages.routing import page
from tickets.pages.site import Site


@dataclass(frozen=True)
class Reading:
    """Published articles."""

    site: Site

    @requires(Action.READ, Thing.ARTICLES)
    async def listed(self, request: Request, actor: Actor) -> Response:
        """Show what a search found, or the newest articles."""
        q = request.query_params.get("q", "")[:MAX_TITLE]
        found = await self.site.desk.articles.search(actor, q, limit=50)
        return self.site.page(
            request, actor, "articles.html", private=False, articles=found.items, q=q, articles_at="/articles"
        )

    @requires(Action.READ, Thing.ARTICLES)
    async def shown(self, request: Request, actor: Actor) -> Response:
        """Show one article."""
        article = await self.site.desk.articles.get(actor, request.path_params["article"])
        return self.site.page(request, actor, "article.html", private=False, article=article)

    def routes(self) -> list[Route]:
        """Return the routes of these pages."""
        return [
            page(self.site, "/articles", self.listed),
            page(self.site, "/articles/{article}", self.shown),
        ]
