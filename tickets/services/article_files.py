"""Files of articles: a technician adds them, whoever may read the article may have them."""

from typing import Final

from tickets.domain.access import Action, Actor, Thing, check
from tickets.domain.article_files import ArticleFile, ArticleFileList, name_among
from tickets.domain.attachments import AttachmentView, FileContent, NewFile
from tickets.domain.errors import Invalid, NotFound
from tickets.services.articles import visible
from tickets.services.context import Context
from tickets.store import article_files as article_file_store
from tickets.store import attachments as attachment_store
from tickets.store.article_files import ArticleFileRow

_WHAT: Final = "file"


class ArticleFileService:
    """Implements `tickets.domain.article_files.ArticleFiles`."""

    def __init__(self, context: Context) -> None:
        """Use the shared parts."""
        self._context: Final = context

    async def listed(self, actor: Actor, article: str) -> ArticleFileList:
        """Return the files of an article. Raises NotFound."""
        check(actor, Action.READ, Thing.ARTICLES)
        async with self._context.database.read() as connection:
            row = await visible(connection, actor, article)
            rows = await article_file_store.of_article(connection, row.id)
        return ArticleFileList(tuple(one.shown() for one in rows))

    async def add(self, actor: Actor, article: str, file: NewFile) -> ArticleFile:
        """Keep a file. Raises NotFound, Invalid when it is empty or the article has as much as it may have."""
        check(actor, Action.EDIT, Thing.ARTICLES)
        context, now = self._context, self._context.now()
        limits = context.settings.attachments
        if file.kept.size == 0:
            raise Invalid("files", "a file is empty.")
        async with context.database.write() as connection:
            row = await visible(connection, actor, article)
            count, size = await article_file_store.total(connection, row.id)
            if size + file.kept.size > limits.ticket_bytes or count + 1 > limits.ticket_count:
                raise Invalid("files", "this article has as many files as it may have.")
            taken = {one.name for one in await article_file_store.of_article(connection, row.id)}
            added = ArticleFileRow(
                id=context.new_id(),
                article_id=row.id,
                content=file.kept.content,
                name=name_among(file.name, taken),
                kind=file.kept.kind,
                size=file.kept.size,
                created_at=now,
            )
            await attachment_store.keep(connection, context.files, file.kept, now)
            await article_file_store.add(connection, added)
        return added.shown()

    async def open(self, actor: Actor, article: str, file: str) -> FileContent:
        """Return a file of an article that `actor` may read. Raises NotFound."""
        check(actor, Action.READ, Thing.ARTICLES)
        context = self._context
        async with context.database.read() as connection:
            row = await visible(connection, actor, article)
            found = await article_file_store.by_id(connection, row.id, file)
        if found is None or not context.files.has(found.content):
            raise NotFound(_WHAT)
        view = found.shown()
        sent = AttachmentView(view.id, view.name, view.type, view.size_bytes, view.shown, inline=False, internal=False)
        return FileContent(sent, context.files.pieces(found.content))

    async def remove(self, actor: Actor, article: str, file: str) -> None:
        """Take a file away; housekeeping clears its bytes away when nothing else has them. Raises NotFound."""
        check(actor, Action.EDIT, Thing.ARTICLES)
        async with self._context.database.write() as connection:
            row = await visible(connection, actor, article)
            if not await article_file_store.remove(connection, row.id, file):
                raise NotFound(_WHAT)
