"""The knowledge base."""

from typing import Final

from tickets.domain.access import Action, Actor, Thing, check
from tickets.domain.errors import NotAllowed, NotFound
from tickets.domain.views import ArticleList, ArticleView, NewArticle
from tickets.services.context import Context
from tickets.store import articles as article_store
from tickets.text import clean_line, clean_text


class ArticleService:
    """Implements `tickets.domain.services.Articles`."""

    def __init__(self, context: Context) -> None:
        """Use the shared parts."""
        self._context: Final = context

    async def search(self, actor: Actor, q: str, *, limit: int = 20) -> ArticleList:
        """Return articles that hold all the words of `q` (all of them, newest first, when it is empty)."""
        check(actor, Action.READ, Thing.ARTICLES)
        async with self._context.database.read() as connection:
            return ArticleList(await article_store.search(connection, q, max(1, min(limit, 100))))

    async def get(self, actor: Actor, article: str) -> ArticleView:
        """Return one article. Raises NotFound."""
        check(actor, Action.READ, Thing.ARTICLES)
        async with self._context.database.read() as connection:
            found = await article_store.by_id(connection, article)
        if found is None:
            raise NotFound("article")
        return found

    async def add(self, actor: Actor, new: NewArticle) -> ArticleView:
        """Publish an article. Raises Invalid."""
        check(actor, Action.ADD, Thing.ARTICLES)
        if actor.technician is None:
            raise NotAllowed(Action.ADD)
        now, ident = self._context.now(), self._context.new_id()
        title, body = clean_line(new.title, "title"), clean_text(new.body, "body")
        category = clean_line(new.category, "category") if new.category.strip() else ""
        async with self._context.database.write() as connection:
            await article_store.add(
                connection,
                ident=ident,
                title=title,
                body=body,
                category=category,
                author=actor.technician,
                now=now,
            )
        return ArticleView(ident, title, body, category, actor.name, now, now)
