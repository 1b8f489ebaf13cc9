"""The knowledge base: finding, reading, writing articles, and using them on tickets."""

from http import HTTPStatus
from typing import Annotated, Final

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response

from tickets.api.offer import Address, Asking, Desk, answer, body_of, offer, parse_query
from tickets.domain.access import Action, Thing
from tickets.domain.knowledge import (
    ArticleCategories,
    ArticleChange,
    ArticleList,
    ArticleMove,
    ArticleQuery,
    ArticleUse,
    ArticleView,
    Help,
    Judged,
    KnowledgeReport,
    NewArticle,
    PutBack,
    RedactionList,
    Restoring,
    RevisionList,
    TitleQuery,
)

router: Final = APIRouter(tags=["articles"])
STAFF_TICKETS: Final = (Thing.ASSIGNED_TICKET, Thing.UNASSIGNED_TICKET, Thing.FOREIGN_TICKET)


@offer(
    router, "GET", "/articles", Action.READ, Thing.ARTICLES,
    summary="Search the knowledge base", query=ArticleQuery, gives=ArticleList,
)  # fmt: skip
async def search_articles(request: Request, desk: Desk, actor: Asking) -> Response:
    """What meets most words of `q` comes first; without `q` the newest."""
    return answer(await desk.articles.search(actor, parse_query(request, ArticleQuery)))


@offer(
    router, "GET", "/articles/suggestions", Action.READ, Thing.ARTICLES,
    summary="What may help with a problem", query=TitleQuery, gives=ArticleList,
)  # fmt: skip
async def suggest_articles(request: Request, desk: Desk, actor: Asking, address: Address) -> Response:
    """A few published articles for a title that is being typed."""
    title = parse_query(request, TitleQuery).title
    return answer(await desk.articles.suggest(actor, title, address=address))


@offer(
    router, "GET", "/articles/categories", Action.READ, Thing.ARTICLES,
    summary="List the categories of articles", gives=ArticleCategories,
)  # fmt: skip
async def list_article_categories(desk: Desk, actor: Asking) -> Response:
    """With how many articles each has."""
    return answer(await desk.articles.categories(actor))


@offer(
    router, "GET", "/articles/report", Action.LIST, Thing.INTERNAL_ARTICLES,
    summary="How the knowledge base does", gives=KnowledgeReport,
)  # fmt: skip
async def report_articles(desk: Desk, actor: Asking) -> Response:
    """Articles by what came of them, and searches that found nothing."""
    return answer(await desk.knowledge.report(actor))


@offer(
    router, "POST", "/articles", Action.ADD, Thing.ARTICLES,
    summary="Add an article", takes=NewArticle, gives=ArticleView, status=HTTPStatus.CREATED,
)  # fmt: skip
async def add_article(desk: Desk, actor: Asking, new: Annotated[NewArticle, Depends(body_of(NewArticle))]) -> Response:
    """The body is Markdown. Published for everybody, unless `state` or `visibility` say otherwise."""
    return answer(await desk.articles.add(actor, new), HTTPStatus.CREATED)


@offer(
    router, "GET", "/articles/{article}", Action.READ, Thing.ARTICLES, summary="Read an article", gives=ArticleView,
)  # fmt: skip
async def get_article(desk: Desk, actor: Asking, article: str) -> Response:
    """Whoever is no technician finds published, public ones only."""
    return answer(await desk.articles.get(actor, article))


@offer(
    router, "POST", "/articles/{article}", Action.EDIT, Thing.ARTICLES,
    summary="Write the next revision", takes=ArticleChange, gives=ArticleView,
)  # fmt: skip
async def change_article(
    desk: Desk, actor: Asking, article: str, change: Annotated[ArticleChange, Depends(body_of(ArticleChange))]
) -> Response:
    """`revision` is the one that was read: saving over somebody else's change is refused."""
    return answer(await desk.articles.change(actor, article, change))


@offer(
    router, "POST", "/articles/{article}/state", Action.EDIT, Thing.ARTICLES,
    summary="Publish, archive, …", takes=ArticleMove, gives=ArticleView,
)  # fmt: skip
async def move_article(
    desk: Desk, actor: Asking, article: str, move: Annotated[ArticleMove, Depends(body_of(ArticleMove))]
) -> Response:
    """Any state to any other."""
    return answer(await desk.articles.move(actor, article, move))


@offer(
    router, "GET", "/articles/{article}/revisions", Action.READ, Thing.INTERNAL_ARTICLES,
    summary="List the revisions", gives=RevisionList,
)  # fmt: skip
async def list_revisions(desk: Desk, actor: Asking, article: str) -> Response:
    """The newest first, each with what it changed."""
    return answer(await desk.articles.revisions(actor, article))


@offer(
    router, "POST", "/articles/{article}/restore", Action.EDIT, Thing.ARTICLES,
    summary="Bring an old revision back", takes=Restoring, gives=ArticleView,
)  # fmt: skip
async def restore_revision(
    desk: Desk, actor: Asking, article: str, restoring: Annotated[Restoring, Depends(body_of(Restoring))]
) -> Response:
    """As a new revision; nothing is lost."""
    return answer(await desk.articles.restore(actor, article, restoring))


@offer(
    router, "POST", "/articles/{article}/outcome", Action.JUDGE, Thing.ARTICLES,
    summary="Say whether it helped", takes=Judged, status=HTTPStatus.NO_CONTENT,
)  # fmt: skip
async def judge_article(
    desk: Desk, actor: Asking, address: Address, article: str, judged: Annotated[Judged, Depends(body_of(Judged))]
) -> Response:
    """Counted, not kept: nobody can tell who said what."""
    await desk.articles.judge(actor, article, judged.outcome, address=address)
    return Response(status_code=HTTPStatus.NO_CONTENT)


@offer(
    router, "GET", "/articles/{article}/redactions", Action.READ, Thing.INTERNAL_ARTICLES,
    summary="List what was taken out of a draft", gives=RedactionList,
)  # fmt: skip
async def list_redactions(desk: Desk, actor: Asking, article: str) -> Response:
    """Until the article is published; then it is forgotten."""
    return answer(await desk.knowledge.redactions(actor, article))


@offer(
    router, "POST", "/articles/{article}/redactions/undo", Action.EDIT, Thing.ARTICLES,
    summary="Put back what was taken out", takes=PutBack, gives=ArticleView,
)  # fmt: skip
async def undo_redaction(
    desk: Desk, actor: Asking, article: str, back: Annotated[PutBack, Depends(body_of(PutBack))]
) -> Response:
    """One placeholder, wherever it stands."""
    return answer(await desk.knowledge.undo(actor, article, back.placeholder))


@offer(
    router, "GET", "/tickets/{tracking}/help", Action.READ, *STAFF_TICKETS,
    summary="What may help with a ticket", gives=Help,
)  # fmt: skip
async def help_with_ticket(desk: Desk, actor: Asking, tracking: str) -> Response:
    """Articles, solved tickets that look like it, and what was used already."""
    return answer(await desk.knowledge.help(actor, tracking))


@offer(
    router, "POST", "/tickets/{tracking}/articles", Action.NOTE, *STAFF_TICKETS,
    summary="Use an article on a ticket", takes=ArticleUse, status=HTTPStatus.NO_CONTENT,
)  # fmt: skip
async def use_article(
    desk: Desk, actor: Asking, tracking: str, use: Annotated[ArticleUse, Depends(body_of(ArticleUse))]
) -> Response:
    """`sent` answers the requester with it; `solved` says that it was the solution."""
    await desk.knowledge.use(actor, tracking, use)
    return Response(status_code=HTTPStatus.NO_CONTENT)


@offer(
    router, "POST", "/tickets/{tracking}/article", Action.READ, *STAFF_TICKETS,
    summary="Make an article of a solved ticket", gives=ArticleView, status=HTTPStatus.CREATED,
)  # fmt: skip
async def draft_article(desk: Desk, actor: Asking, tracking: str) -> Response:
    """A draft, without names, addresses, hosts and numbers."""
    return answer(await desk.knowledge.draft_from(actor, tracking), HTTPStatus.CREATED)
