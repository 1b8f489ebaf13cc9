"""The knowledge base as everybody may read it."""

from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from tickets.domain.access import ANONYMOUS, Action, Actor, Thing, requires
from tickets.domain.errors import Invalid
from tickets.domain.knowledge import MAX_LINE, MAX_TITLE, ArticleQuery, Judgement
from tickets.pages.forms import read_form
from tickets.pages.routing import page
from tickets.pages.site import Site
from tickets.web.asking import address_of

_JUDGEMENTS = {"solved": Judgement.SOLVED, "helped": Judgement.HELPED, "not-helped": Judgement.NOT_HELPED}


@dataclass(frozen=True)
class Reading:
    """Published articles. They are shown as to a stranger, whoever is logged in: the pages are the same for all."""

    site: Site

    @requires(Action.READ, Thing.ARTICLES)
    async def listed(self, request: Request, _actor: Actor) -> Response:
        """Show what a search found, or the newest articles."""
        q = request.query_params.get("q", "")[:MAX_TITLE]
        category = request.query_params.get("category", "")[:MAX_LINE]
        articles = self.site.desk.articles
        found = await articles.search(ANONYMOUS, ArticleQuery(q=q, category=category, limit=50))
        return self.site.page(
            request,
            ANONYMOUS,
            "articles.html",
            private=False,
            articles=found.items,
            article_categories=(await articles.categories(ANONYMOUS)).items,
            q=q,
            category=category,
            state="",
            articles_at="/articles",
        )

    @requires(Action.READ, Thing.ARTICLES)
    async def shown(self, request: Request, actor: Actor) -> Response:
        """Show one article."""
        articles, ident = self.site.desk.articles, request.path_params["article"]
        if actor.is_staff:
            article = await articles.get(ANONYMOUS, ident)
        else:
            article = await articles.read(ANONYMOUS, ident, address=address_of(request))
        files = (await self.site.desk.article_files.listed(ANONYMOUS, ident)).items
        return self.site.page(request, ANONYMOUS, "article.html", private=False, article=article, files=files)

    @requires(Action.JUDGE, Thing.ARTICLES)
    async def judge(self, request: Request, _actor: Actor) -> Response:
        """Count what the reader says of an article."""
        judgement = _JUDGEMENTS.get((await read_form(request)).get("outcome", ""))
        if judgement is None:
            raise Invalid("outcome", "choose one of the buttons.")
        ident = request.path_params["article"]
        await self.site.desk.articles.judge(ANONYMOUS, ident, judgement, address=address_of(request))
        return self.site.go(f"/articles/{ident}?done={'thanks' if judgement is not Judgement.NOT_HELPED else 'sorry'}")

    def routes(self) -> list[Route]:
        """Return the routes of these pages."""
        return [
            page(self.site, "/articles", self.listed),
            page(self.site, "/articles/{article}", self.shown),
            page(self.site, "/articles/{article}/outcome", self.judge, "POST"),
        ]
