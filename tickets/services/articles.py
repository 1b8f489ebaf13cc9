"""The knowledge base: finding, reading, writing."""

import hashlib
import re
from collections import Counter, OrderedDict
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from tickets.domain.access import Action, Actor, Thing, check, is_allowed
from tickets.domain.comparing import compare
from tickets.domain.errors import EditConflict, NotAllowed, NotFound
from tickets.domain.knowledge import (
    ArticleCategories,
    ArticleCategory,
    ArticleChange,
    ArticleList,
    ArticleMove,
    ArticleQuery,
    ArticleState,
    ArticleSummary,
    ArticleView,
    DiffLine,
    Judgement,
    NewArticle,
    Outcome,
    Restoring,
    RevisionList,
    RevisionView,
    Visibility,
)
from tickets.domain.redaction import redact
from tickets.services.context import Context, address_block
from tickets.settings import Limit
from tickets.store import article_outcomes, article_redactions, counters, fruitless_searches
from tickets.store import articles as article_store
from tickets.store.articles import PUBLIC, ArticleRow, RevisionRow
from tickets.text import clean_line, clean_text, fold

SUGGESTED: Final = 5
# Fewer of a title's words than that, and an article is about something else.
ENOUGH: Final = 0.34
_EXCERPT: Final = 200
_MARKUP: Final = re.compile(r"^\s*(?:#+|>|[-+*]|\d+\.)\s+|[*`|]+|\]\([^)\s]*\)|!?\[(?=[^\]]*\]\()", re.MULTILINE)
_STAFF_SCOPES: Final = (
    Visibility.PUBLIC.value,
    Visibility.INTERNAL.value,
    ArticleState.DRAFT.value,
    ArticleState.REVIEW.value,
)
# Many people sit behind one address, and one person can press a button often.
_JUDGED: Final = Limit(20, timedelta(days=1))
_SAME_READER: Final = timedelta(minutes=10)
_READERS: Final = 5_000
_PENDING: Final = 20


class Sightings:
    """Counts that articles were shown or opened, in memory until there are some: reading must not wait for a write.

    What one address sees again within ten minutes counts once: suggestions come with every pause in typing.
    """

    def __init__(self) -> None:
        """Start with nothing."""
        self._counts: Counter[tuple[str, Outcome]] = Counter()
        self._seen: OrderedDict[tuple[str, str, Outcome], datetime] = OrderedDict()

    def note(self, articles: list[str], outcome: Outcome, address: str, now: datetime) -> None:
        """Count."""
        reader = address_block(address)
        for article in articles:
            key = (reader, article, outcome)
            last = self._seen.pop(key, None)
            self._seen[key] = now if last is None or now - last >= _SAME_READER else last
            if self._seen[key] == now and last != now:
                self._counts[article, outcome] += 1
        while len(self._seen) > _READERS:
            self._seen.popitem(last=False)

    @property
    def many(self) -> bool:
        """Whether it is time to write them down."""
        return sum(self._counts.values()) >= _PENDING

    async def write(self, connection: AsyncConnection, now: datetime) -> None:
        """Write the counts down and start anew."""
        counts, self._counts = self._counts, Counter()
        await article_outcomes.count(connection, counts, now)


def article_view(row: ArticleRow, actor: Actor) -> ArticleView:
    """Return an article as `actor` may see it."""
    return ArticleView(
        id=row.id,
        title=row.title,
        body=row.body,
        category=row.category,
        author=row.author,
        state=row.state,
        visibility=row.visibility,
        revision=row.revision,
        source=row.source if reads_internal(actor) else None,
        created_at=row.created_at,
        updated_at=row.updated_at,
    )


def article_summary(row: ArticleRow, words: tuple[str, ...] = ()) -> ArticleSummary:
    """Return an article as a line of a list."""
    plain = " ".join(_MARKUP.sub(" ", row.body[: 4 * _EXCERPT]).split())
    excerpt = plain if len(plain) <= _EXCERPT else f"{plain[:_EXCERPT].rpartition(' ')[0]} …"
    return ArticleSummary(row.id, row.title, row.category, excerpt, row.state, row.visibility, row.updated_at, words)


def reads_internal(actor: Actor) -> bool:
    """Whether `actor` may know of articles that are not for everybody."""
    needed = (Action.READ, Thing.INTERNAL_ARTICLES)
    return is_allowed(actor.role, *needed) and (actor.reach is None or needed in actor.reach)


def scopes_for(actor: Actor, state: ArticleState | None = None) -> tuple[str, ...]:
    """Return where `actor` may look; `state` narrows it. Nothing at all is possible."""
    if not reads_internal(actor):
        return (PUBLIC,) if state in {None, ArticleState.PUBLISHED} else ()
    if state is ArticleState.PUBLISHED:
        return (Visibility.PUBLIC.value, Visibility.INTERNAL.value)
    return _STAFF_SCOPES if state is None else (state.value,)


async def visible(connection: AsyncConnection, actor: Actor, article: str) -> ArticleRow:
    """Return an article that `actor` may see. Raises NotFound, the same for one that is not there."""
    row = await article_store.by_id(connection, article)
    if row is None or not (row.scope == PUBLIC or reads_internal(actor)):
        raise NotFound("article")
    return row


class ArticleService:
    """Implements `tickets.domain.knowledge.Articles`."""

    def __init__(self, context: Context) -> None:
        """Use the shared parts."""
        self._context: Final = context
        self.sightings: Final = Sightings()

    async def search(self, actor: Actor, query: ArticleQuery) -> ArticleList:
        """Return what meets the words best (the newest when there are none); remembers words that find nothing."""
        check(actor, Action.READ, Thing.ARTICLES)
        scopes = scopes_for(actor, query.state)
        async with self._context.database.read() as connection:
            if not query.q.strip():
                rows = await article_store.newest(connection, scopes, query.category or None, query.limit)
                return ArticleList(tuple(article_summary(row) for row in rows))
            most = 100 if query.category else query.limit
            found = await article_store.found(connection, query.q, scopes, most)
        if not found and query.state is None:
            await self._missed(query.q)
        items = [article_summary(row, hit.words) for hit, row in found if query.category in {"", row.category}]
        return ArticleList(tuple(items[: query.limit]))

    async def _missed(self, q: str) -> None:
        """Remember a search that found nothing, without what could tell who looked for it."""
        (plain,) = redact([q]).texts
        # PostgreSQL keeps no NUL in a text.
        folded = fold(plain).replace("\x00", "").strip()[:200]
        if not folded:
            return
        async with self._context.database.write() as connection:
            await fruitless_searches.count(connection, folded, self._context.now())
            await fruitless_searches.trim(connection)

    async def suggest(self, actor: Actor, title: str, *, address: str) -> ArticleList:
        """Return the few articles that may help with a problem of this title."""
        check(actor, Action.READ, Thing.ARTICLES)
        async with self._context.database.read() as connection:
            rows = await suggested(connection, title, scopes_for(actor, ArticleState.PUBLISHED))
        if not actor.is_staff:
            await self._saw([row.id for row in rows], Outcome.SHOWN, address)
        return ArticleList(tuple(rows))

    async def _saw(self, articles: list[str], outcome: Outcome, address: str) -> None:
        now = self._context.now()
        self.sightings.note(articles, outcome, address, now)
        if self.sightings.many:
            async with self._context.database.write() as connection:
                await self.sightings.write(connection, now)

    async def get(self, actor: Actor, article: str) -> ArticleView:
        """Return one article. Raises NotFound."""
        check(actor, Action.READ, Thing.ARTICLES)
        async with self._context.database.read() as connection:
            return article_view(await visible(connection, actor, article), actor)

    async def read(self, actor: Actor, article: str, *, address: str) -> ArticleView:
        """Return one article that a reader opened, which counts. Raises NotFound."""
        found = await self.get(actor, article)
        if not actor.is_staff:
            await self._saw([found.id], Outcome.OPENED, address)
        return found

    async def categories(self, actor: Actor) -> ArticleCategories:
        """Return the categories that have articles."""
        check(actor, Action.READ, Thing.ARTICLES)
        async with self._context.database.read() as connection:
            found = await article_store.categories(connection, scopes_for(actor))
        return ArticleCategories(tuple(ArticleCategory(name, count) for name, count in found))

    async def judge(self, actor: Actor, article: str, outcome: Judgement, *, address: str) -> None:
        """Count what a reader says; beyond twenty times a day from one place it counts no more. Raises NotFound."""
        check(actor, Action.JUDGE, Thing.ARTICLES)
        now = self._context.now()
        async with self._context.database.write() as connection:
            row = await visible(connection, actor, article)
            place = hashlib.sha256(f"{address_block(address)} {row.id} {outcome}".encode()).hexdigest()[:40]
            if await counters.spend(connection, f"judged {place}", _JUDGED, now) is None:
                await article_outcomes.count(connection, {(row.id, Outcome(outcome)): 1}, now)
            await self.sightings.write(connection, now)

    async def add(self, actor: Actor, new: NewArticle) -> ArticleView:
        """Add an article. Raises Invalid."""
        check(actor, Action.ADD, Thing.ARTICLES)
        now, ident = self._context.now(), self._context.new_id()
        async with self._context.database.write() as connection:
            await article_store.add(
                connection,
                ident=ident,
                title=clean_line(new.title, "title"),
                body=clean_text(new.body, "body"),
                category=_category(new.category),
                author=_author(actor),
                state=new.state,
                visibility=new.visibility,
                source=None,
                note=_note(new.note),
                now=now,
            )
            return article_view(await visible(connection, actor, ident), actor)

    async def change(self, actor: Actor, article: str, change: ArticleChange) -> ArticleView:
        """Write the next revision. Raises NotFound, Invalid, EditConflict."""
        check(actor, Action.EDIT, Thing.ARTICLES)
        async with self._context.database.write() as connection:
            row = await visible(connection, actor, article)
            says = RevisionRow(
                number=change.revision,
                title=row.title if change.title is None else clean_line(change.title, "title"),
                body=row.body if change.body is None else clean_text(change.body, "body"),
                category=row.category if change.category is None else _category(change.category),
                author=_author(actor),
                note=_note(change.note),
                at=self._context.now(),
            )
            return await self._revise(connection, actor, row, says, change.visibility or row.visibility)

    async def _revise(
        self, connection: AsyncConnection, actor: Actor, row: ArticleRow, says: RevisionRow, visibility: Visibility
    ) -> ArticleView:
        """Write the revision after `says.number`. Raises EditConflict when there is one already."""
        written = await article_store.revise(
            connection,
            row.id,
            says.number,
            title=says.title,
            body=says.body,
            category=says.category,
            state=row.state,
            visibility=visibility,
            author=says.author,
            note=says.note,
            now=says.at,
        )
        if not written:
            raise EditConflict(row.revision)
        return article_view(await visible(connection, actor, row.id), actor)

    async def move(self, actor: Actor, article: str, move: ArticleMove) -> ArticleView:
        """Publish, archive, …; what was taken out of a draft is forgotten when it is published. Raises NotFound."""
        check(actor, Action.EDIT, Thing.ARTICLES)
        async with self._context.database.write() as connection:
            row = await visible(connection, actor, article)
            visibility = move.visibility or row.visibility
            await article_store.move(connection, row.id, move.state, visibility, self._context.now())
            if move.state in {ArticleState.PUBLISHED, ArticleState.ARCHIVED}:
                await article_redactions.remove(connection, row.id)
            return article_view(await visible(connection, actor, article), actor)

    async def revisions(self, actor: Actor, article: str) -> RevisionList:
        """Return all revisions with what each changed. Raises NotFound."""
        check(actor, Action.READ, Thing.INTERNAL_ARTICLES)
        async with self._context.database.read() as connection:
            row = await visible(connection, actor, article)
            rows = await article_store.revisions(connection, row.id)
        older: list[RevisionRow | None] = [*rows[1:], None]
        return RevisionList(tuple(_revision(new, old) for new, old in zip(rows, older, strict=True)))

    async def restore(self, actor: Actor, article: str, restoring: Restoring) -> ArticleView:
        """Write an old revision again as the newest. Raises NotFound, EditConflict."""
        check(actor, Action.EDIT, Thing.ARTICLES)
        async with self._context.database.write() as connection:
            row = await visible(connection, actor, article)
            rows = await article_store.revisions(connection, row.id)
            old = next((one for one in rows if one.number == restoring.number), None)
            if old is None:
                raise NotFound("revision")
            says = RevisionRow(
                number=restoring.revision,
                title=old.title,
                body=old.body,
                category=old.category,
                author=_author(actor),
                note=f"Revision {old.number} again",
                at=self._context.now(),
            )
            return await self._revise(connection, actor, row, says, row.visibility)


async def suggested(connection: AsyncConnection, title: str, scopes: tuple[str, ...]) -> list[ArticleSummary]:
    """Return the few articles of `scopes` that have enough of a title's words."""
    found = await article_store.found(connection, title, scopes, SUGGESTED)
    return [article_summary(row, hit.words) for hit, row in found if hit.coverage >= ENOUGH]


def _author(actor: Actor) -> str:
    if actor.technician is None:
        raise NotAllowed(Action.EDIT)
    return actor.technician


def _category(text: str) -> str:
    return clean_line(text, "category") if text.strip() else ""


def _note(text: str) -> str:
    return clean_line(text, "note") if text.strip() else ""


def _revision(new: RevisionRow, old: RevisionRow | None) -> RevisionView:
    changes = () if old is None else compare(_whole(old), _whole(new))
    lines = tuple(DiffLine(line.sign, line.text) for line in changes)
    return RevisionView(new.number, new.at, new.author, new.note, new.title, lines)


def _whole(row: RevisionRow) -> str:
    """Return all that a revision says, so that a comparison shows every change."""
    category = f"({row.category})\n" if row.category else ""
    return f"{row.title}\n{category}\n{row.body}"
