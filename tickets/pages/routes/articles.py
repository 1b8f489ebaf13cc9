"""The knowledge base in the console: find, read, write."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from tickets.domain.access import Action, Actor, Thing, requires
from tickets.domain.attachments import NewFile
from tickets.domain.errors import EditConflict, Invalid, NotFound
from tickets.domain.knowledge import (
    MAX_BODY,
    MAX_LINE,
    MAX_TITLE,
    ArticleChange,
    ArticleMove,
    ArticleQuery,
    ArticleState,
    ArticleSummary,
    ArticleView,
    Restoring,
    Visibility,
)
from tickets.pages import words
from tickets.pages.forms import Values, check_article, read_form
from tickets.pages.routing import page
from tickets.pages.site import Site
from tickets.pages.uploads import filled_form
from tickets.web.uploads import MAX_UPLOAD_BYTES

_NO_FAULTS: Final[Mapping[str, str]] = {}
_AT: Final = "/console/articles"


def _number(text: str) -> int:
    """Return a revision number of a form. Raises Invalid."""
    if not (text.isascii() and text.isdigit() and 0 < len(text) < 7 and int(text)):
        raise Invalid("revision", "Open the article again and change it there.")
    return int(text)


@dataclass(frozen=True)
class Articles:
    """The console's pages about articles."""

    site: Site

    @requires(Action.READ, Thing.INTERNAL_ARTICLES)
    async def listed(self, request: Request, actor: Actor) -> Response:
        """Show what a search found, or the newest articles."""
        asked = request.query_params
        q, category = asked.get("q", "")[:MAX_TITLE], asked.get("category", "")[:MAX_LINE]
        state = ArticleState(asked["state"]) if asked.get("state") in set(ArticleState) else None
        articles = self.site.desk.articles
        found = await articles.search(actor, ArticleQuery(q=q, category=category, state=state, limit=100))
        return self.site.page(
            request,
            actor,
            "console/articles.html",
            articles=found.items,
            article_categories=(await articles.categories(actor)).items,
            q=q,
            category=category,
            state=state or "",
            articles_at=_AT,
            state_words=words.ARTICLE_STATE,
        )

    @requires(Action.READ, Thing.INTERNAL_ARTICLES)
    async def shown(self, request: Request, actor: Actor) -> Response:
        """Show one article, and of a draft what has to be looked at before it is published."""
        desk = self.site.desk
        article = await desk.articles.get(actor, request.path_params["article"])
        redactions = (await desk.knowledge.redactions(actor, article.id)).items
        similar: tuple[ArticleSummary, ...] = ()
        if article.source is not None and article.state in {ArticleState.DRAFT, ArticleState.REVIEW}:
            query = ArticleQuery(q=article.title, state=ArticleState.PUBLISHED, limit=3)
            similar = (await desk.articles.search(actor, query)).items
        return self.site.page(
            request,
            actor,
            "console/article.html",
            article=article,
            files=(await desk.article_files.listed(actor, article.id)).items,
            redactions=redactions,
            similar=similar,
            state_words=words.ARTICLE_STATE,
            kind_words=words.REDACTED,
        )

    async def _form(
        self,
        request: Request,
        actor: Actor,
        values: Values,
        faults: Mapping[str, str] = _NO_FAULTS,
        *,
        status: int = 200,
        **context: Any,
    ) -> Response:
        article: ArticleView | None = context.get("article")
        files = () if article is None else (await self.site.desk.article_files.listed(actor, article.id)).items
        shared: dict[str, Any] = {"preview": "", "article": None, "newest": None, "files": files}
        return self.site.page(
            request,
            actor,
            "console/article_form.html",
            status=422 if faults else status,
            values=values,
            faults=faults,
            visibilities=words.VISIBILITY_CHOICES,
            **(shared | context),
        )

    @requires(Action.ADD, Thing.ARTICLES)
    async def new(self, request: Request, actor: Actor) -> Response:
        """Show the form."""
        return await self._form(request, actor, {"visibility": Visibility.PUBLIC})

    @requires(Action.ADD, Thing.ARTICLES)
    async def add(self, request: Request, actor: Actor) -> Response:
        """Publish the article, keep it as a draft, or show how it will look."""
        async with filled_form(request, self.site.desk) as filled:
            values = filled.values
            new, faults = check_article(values)
            looks = values.get("do") == "preview"
            if filled.has_files and (new is None or looks):
                faults["files"] = "Please choose the files again."
            if new is None or looks:
                return await self._form(request, actor, values, faults, preview="" if new is None else new.body)
            if values.get("do") == "draft":
                new = msgspec.structs.replace(new, state=ArticleState.DRAFT)
            try:
                article = await self.site.desk.articles.add(actor, new)
            except Invalid as error:
                return await self._form(request, actor, values, {error.field: error.text})
            if faults := await self._take(actor, article.id, filled.files):
                again = dict(values) | {"revision": str(article.revision)}
                return await self._form(request, actor, again, faults, article=article)
        return self.site.go(f"{_AT}/{article.id}?done={'published' if values.get('do') != 'draft' else 'drafted'}")

    async def _take(self, actor: Actor, article: str, files: Sequence[NewFile]) -> dict[str, str]:
        """Add the files that came with a form; returns what is wrong with one, after which the rest is not taken."""
        try:
            for file in files:
                await self.site.desk.article_files.add(actor, article, file)
        except Invalid as error:
            return {error.field: error.text}
        return {}

    @requires(Action.EDIT, Thing.ARTICLES)
    async def edit(self, request: Request, actor: Actor) -> Response:
        """Show the form of an article; `?add=` puts what a draft says below it."""
        article = await self._article(request, actor)
        body, note = article.body, ""
        if other := request.query_params.get("add", "")[:64]:
            draft = await self.site.desk.articles.get(actor, other)
            body, note = f"{body}\n\n{draft.body}"[:MAX_BODY], f"Added: {draft.title}"[:MAX_TITLE]
        values = {
            "title": article.title,
            "category": article.category,
            "body": body,
            "visibility": article.visibility,
            "revision": str(article.revision),
            "note": note,
        }
        return await self._form(request, actor, values, article=article)

    async def _article(self, request: Request, actor: Actor) -> ArticleView:
        return await self.site.desk.articles.get(actor, request.path_params["article"])

    @requires(Action.EDIT, Thing.ARTICLES)
    async def change(self, request: Request, actor: Actor) -> Response:
        """Save the article; when somebody was faster, show theirs beside what was typed. Files are taken first."""
        async with filled_form(request, self.site.desk) as filled:
            article = await self._article(request, actor)
            wrong = await self._take(actor, article.id, filled.files)
        values = filled.values
        if gone := values.get("remove", "")[:64]:
            # Pressed twice: it is gone already.
            with suppress(NotFound):
                await self.site.desk.article_files.remove(actor, article.id, gone)
        new, faults = check_article(values)
        if wrong or gone or values.get("do") == "files":
            # Nothing of the text is saved, and nothing of it is lost.
            return await self._form(request, actor, values, wrong, article=article)
        if new is None:
            return await self._form(request, actor, values, faults, article=article)
        if values.get("do") == "preview":
            return await self._form(request, actor, values, preview=new.body, article=article)
        change = ArticleChange(
            revision=_number(values.get("revision", "")),
            title=new.title,
            body=new.body,
            category=new.category,
            visibility=new.visibility,
            note=new.note,
        )
        try:
            await self.site.desk.articles.change(actor, article.id, change)
        except Invalid as error:
            return await self._form(request, actor, values, {error.field: error.text}, article=article)
        except EditConflict as conflict:
            newest = await self._article(request, actor)
            again = dict(values) | {"revision": str(newest.revision)}
            return await self._form(request, actor, again, status=conflict.status, article=newest, newest=newest)
        return self.site.go(f"{_AT}/{article.id}?done=saved")

    @requires(Action.EDIT, Thing.ARTICLES)
    async def move(self, request: Request, actor: Actor) -> Response:
        """Publish, archive, …"""
        wanted, _, eyes = (await read_form(request)).get("to", "").partition(" ")
        if wanted not in set(ArticleState):
            raise Invalid("state", "Choose where the article goes.")
        state = ArticleState(wanted)
        visibility = Visibility(eyes) if eyes in set(Visibility) else None
        ident = request.path_params["article"]
        await self.site.desk.articles.move(actor, ident, ArticleMove(state, visibility))
        return self.site.go(f"{_AT}/{ident}?done={'published' if state is ArticleState.PUBLISHED else 'moved'}")

    @requires(Action.READ, Thing.INTERNAL_ARTICLES)
    async def revisions(self, request: Request, actor: Actor) -> Response:
        """Show what changed, revision by revision."""
        article = await self._article(request, actor)
        found = await self.site.desk.articles.revisions(actor, article.id)
        return self.site.page(request, actor, "console/article_revisions.html", article=article, revisions=found.items)

    @requires(Action.EDIT, Thing.ARTICLES)
    async def restore(self, request: Request, actor: Actor) -> Response:
        """Bring an old revision back."""
        values, ident = await read_form(request), request.path_params["article"]
        restoring = Restoring(_number(values.get("number", "")), _number(values.get("revision", "")))
        await self.site.desk.articles.restore(actor, ident, restoring)
        return self.site.go(f"{_AT}/{ident}?done=saved")

    @requires(Action.EDIT, Thing.ARTICLES)
    async def undo(self, request: Request, actor: Actor) -> Response:
        """Put back what one placeholder stands for."""
        values, ident = await read_form(request), request.path_params["article"]
        try:
            await self.site.desk.knowledge.undo(actor, ident, values.get("placeholder", "")[:40])
        except NotFound:
            # Pressed twice: it is back already.
            return self.site.go(f"{_AT}/{ident}")
        return self.site.go(f"{_AT}/{ident}?done=put-back#review")

    @requires(Action.LIST, Thing.INTERNAL_ARTICLES)
    async def report(self, request: Request, actor: Actor) -> Response:
        """Show what came of the articles, and what is missing."""
        found = await self.site.desk.knowledge.report(actor)
        return self.site.page(
            request, actor, "console/article_report.html", report=found, state_words=words.ARTICLE_STATE
        )

    @requires(Action.EDIT, Thing.ARTICLES)
    async def forget(self, request: Request, actor: Actor) -> Response:
        """Take words off the list of searches that found nothing."""
        await self.site.desk.knowledge.forget_search(actor, (await read_form(request)).get("q", ""))
        return self.site.go(f"{_AT}/report#missing")

    @requires(Action.READ, Thing.INTERNAL_ARTICLES)
    async def back(self, request: Request, _actor: Actor) -> Response:
        """Lead from a form's address, which a reload or a login may ask for, to the article."""
        return self.site.go(f"{_AT}/{request.path_params['article']}")

    def routes(self) -> list[Route]:
        """Return the routes of these pages."""
        at = f"{_AT}/{{article}}"
        deeds = {"state": self.move, "restore": self.restore, "undo": self.undo}
        return [
            page(self.site, _AT, self.listed, staff_only=True),
            page(self.site, f"{_AT}/new", self.new, staff_only=True),
            page(self.site, f"{_AT}/new", self.add, "POST", staff_only=True, max_body=MAX_UPLOAD_BYTES),
            page(self.site, f"{_AT}/report", self.report, staff_only=True),
            page(self.site, f"{_AT}/report", self.forget, "POST", staff_only=True),
            page(self.site, at, self.shown, staff_only=True),
            page(self.site, f"{at}/edit", self.edit, staff_only=True),
            page(self.site, f"{at}/edit", self.change, "POST", staff_only=True, max_body=MAX_UPLOAD_BYTES),
            page(self.site, f"{at}/revisions", self.revisions, staff_only=True),
            *(page(self.site, f"{at}/{name}", deed, "POST", staff_only=True) for name, deed in deeds.items()),
            *(page(self.site, f"{at}/{name}", self.back, staff_only=True) for name in deeds),
        ]
