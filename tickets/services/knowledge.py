"""The knowledge base and tickets: what helps with one, what one becomes, and how well it all works."""

from collections.abc import Sequence
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from tickets.domain.access import Action, Actor, Thing, check
from tickets.domain.errors import Invalid, NoSolution, NotAllowed, NotFound
from tickets.domain.knowledge import (
    ArticleNumbers,
    ArticleState,
    ArticleUse,
    ArticleView,
    FruitlessSearch,
    Help,
    KnowledgeReport,
    Outcome,
    RedactionList,
    RedactionView,
    SimilarTicket,
    Use,
    UsedArticle,
    Visibility,
)
from tickets.domain.redaction import redact
from tickets.domain.values import WORKABLE, EntryKind
from tickets.mail.notices import Notices
from tickets.services.articles import ENOUGH, Sightings, article_view, scopes_for, suggested, visible
from tickets.services.context import Context, entry
from tickets.services.conversation import Conversation
from tickets.services.story import Told
from tickets.store import article_outcomes, article_redactions, fruitless_searches, solved_tickets, ticket_documents
from tickets.store import articles as article_store
from tickets.store import timeline as timeline_store
from tickets.store.articles import PUBLIC, ArticleRow
from tickets.store.schema import TICKET_INDEX
from tickets.store.search.index import search
from tickets.store.tickets import TicketRow
from tickets.text import clean_line, clean_text

_SIMILAR: Final = 5
_REPORTED: Final = 500
_SEARCHES: Final = 100
_UNTITLED: Final = "Untitled"
# Whom the timeline names when it has no name.
_NOBODY: Final = frozenset({"Requester", "Computer", ""})
_LETTER: Final = "I think this article helps with your request:"


async def follow_tickets(connection: AsyncConnection, told: Told) -> None:
    """Notice when a ticket on which articles were used is solved, and when it is opened again; a listener."""
    if told.new.kind not in {EntryKind.RESOLVED, EntryKind.STATUS, EntryKind.REOPENED}:
        return
    ticket, now = told.new.ticket, told.new.at
    if await solved_tickets.status_of(connection, ticket) not in WORKABLE:
        await article_outcomes.settle(connection, ticket, now)
        return
    articles = await article_outcomes.reopen(connection, ticket, now)
    await article_outcomes.count(connection, dict.fromkeys(((one, Outcome.REOPENED) for one in articles), 1), now)


class KnowledgeService:
    """Implements `tickets.domain.knowledge.Knowledge`."""

    def __init__(self, context: Context, sightings: Sightings) -> None:
        """Use the shared parts."""
        self._context: Final = context
        self._sightings: Final = sightings
        self._conversation: Final = Conversation(context)
        self._notices: Final = Notices(context)

    async def help(self, actor: Actor, tracking: str) -> Help:
        """Return what may help with a ticket. Raises TicketNotFound, NotAllowed."""
        check(actor, Action.READ, Thing.INTERNAL_ARTICLES)
        async with self._context.database.read() as connection:
            row = await self._context.permitted(connection, actor, Action.READ, tracking)
            articles = await suggested(connection, row.title, scopes_for(actor, ArticleState.PUBLISHED))
            used = await article_outcomes.of_ticket(connection, row.id)
            similar = await self._similar(connection, row)
        return Help(
            tuple(articles), tuple(similar), tuple(UsedArticle(one.article, one.title, one.use) for one in used)
        )

    async def _similar(self, connection: AsyncConnection, row: TicketRow) -> list[SimilarTicket]:
        """Return solved tickets whose words the title of this one shares."""
        hits = await search(connection, TICKET_INDEX, row.title, scopes=(ticket_documents.SOLVED,), limit=_SIMILAR + 1)
        telling = {hit.ref: hit for hit in hits if hit.ref != row.id and hit.coverage >= ENOUGH}
        rows = await solved_tickets.by_ids(connection, list(telling))
        return [
            SimilarTicket(found.tracking, found.title, found.solution or "", found.updated_at, telling[ref].words)
            for ref in list(telling)[:_SIMILAR]
            if (found := rows.get(ref)) is not None
        ]

    async def use(self, actor: Actor, tracking: str, use: ArticleUse) -> None:
        """Send an article to the requester, or say that it was the solution.

        Raises TicketNotFound, NotAllowed, NotFound, Invalid for sending what the requester could not read.
        """
        sends = use.use is Use.SENT
        context, now = self._context, self._context.now()
        async with context.database.write() as connection:
            row = await context.permitted(connection, actor, Action.REPLY if sends else Action.NOTE, tracking)
            article = await visible(connection, actor, use.article)
            if sends:
                await self._send(connection, actor, row, article, use.text)
            fresh = await article_outcomes.use(
                connection,
                ticket=row.id,
                article=article.id,
                how=use.use,
                by=_technician(actor),
                now=now,
                settled=row.status not in WORKABLE,
            )
            if fresh:
                outcome = Outcome.SENT if sends else Outcome.USED
                await article_outcomes.count(connection, {(article.id, outcome): 1}, now)
                if not sends:
                    said = f"{actor.name} solved it with the article “{article.title}”."
                    told = entry(row, actor, EntryKind.ARTICLE_USED, said, now, internal=True)
                    await context.story.tell(connection, told)
        self._notices.ring()
        context.hub.publish("ticket", row.tracking)

    async def _send(
        self, connection: AsyncConnection, actor: Actor, row: TicketRow, article: ArticleRow, text: str
    ) -> None:
        if article.scope != PUBLIC:
            raise Invalid("article", "the requester can't read it. Publish it for everybody first.")
        letter = clean_text(text, "text") if text.strip() else _LETTER
        link = f"{self._context.settings.public_url}/articles/{article.id}"
        await self._conversation.say(connection, actor, row, f"{letter}\n\n{article.title}\n{link}")

    async def draft_from(self, actor: Actor, tracking: str) -> ArticleView:
        """Make a draft of a solved ticket, redacted; the same ticket again gives the article that is there.

        Raises TicketNotFound, NotAllowed, NoSolution.
        """
        check(actor, Action.ADD, Thing.ARTICLES)
        context, now = self._context, self._context.now()
        async with context.database.write() as connection:
            row = await context.permitted(connection, actor, Action.READ, tracking)
            if not row.solution:
                raise NoSolution
            there = await article_store.made_of(connection, row.id)
            if there is not None:
                return article_view(there, actor)
            body = f"## What happens\n\n{row.description}\n\n## What helps\n\n{row.solution}"
            done = redact([row.title, body], people=await self._people(connection, row))
            title = done.texts[0][:200].strip() or _UNTITLED
            ident = context.new_id()
            await article_store.add(
                connection,
                ident=ident,
                title=clean_line(title, "title"),
                body=clean_text(done.texts[1], "body"),
                category=row.category,
                author=_technician(actor),
                state=ArticleState.DRAFT,
                visibility=Visibility.PUBLIC,
                source=row.id,
                note=f"Made of {row.tracking}",
                now=now,
            )
            await article_redactions.add(connection, ident, done.redactions)
            return article_view(await visible(connection, actor, ident), actor)

    async def _people(self, connection: AsyncConnection, row: TicketRow) -> Sequence[str]:
        """Return the names and addresses of everybody who had to do with a ticket."""
        timeline = await timeline_store.of_ticket(connection, row.id, internal=True)
        names = {line.who for line in timeline} - _NOBODY
        return (row.requester_name, row.requester_email, row.assignee_name or "", *sorted(names))

    async def redactions(self, actor: Actor, article: str) -> RedactionList:
        """Return what was taken out of a draft that was made of a ticket. Raises NotFound."""
        check(actor, Action.READ, Thing.INTERNAL_ARTICLES)
        async with self._context.database.read() as connection:
            row = await visible(connection, actor, article)
            found = await article_redactions.of_article(connection, row.id)
        lines = (row.title, *row.body.splitlines())
        return RedactionList(
            tuple(
                RedactionView(
                    one.placeholder,
                    one.kind,
                    one.found,
                    one.times,
                    one.reason,
                    tuple(number for number, line in enumerate(lines) if one.placeholder in line),
                )
                for one in found
            )
        )

    async def undo(self, actor: Actor, article: str, placeholder: str) -> ArticleView:
        """Put back what one placeholder stands for. Raises NotFound."""
        check(actor, Action.EDIT, Thing.ARTICLES)
        async with self._context.database.write() as connection:
            row = await visible(connection, actor, article)
            found = await article_redactions.of_article(connection, row.id)
            one = next((redaction for redaction in found if redaction.placeholder == placeholder), None)
            if one is None:
                raise NotFound("replacement")
            await article_store.revise(
                connection,
                row.id,
                row.revision,
                title=row.title.replace(one.placeholder, one.found)[:200],
                body=row.body.replace(one.placeholder, one.found),
                category=row.category,
                state=row.state,
                visibility=row.visibility,
                author=_technician(actor),
                note=f"{one.placeholder} put back",
                now=self._context.now(),
            )
            await article_redactions.remove(connection, row.id, one.placeholder)
            return article_view(await visible(connection, actor, article), actor)

    async def report(self, actor: Actor) -> KnowledgeReport:
        """Return how the knowledge base does."""
        check(actor, Action.LIST, Thing.INTERNAL_ARTICLES)
        async with self._context.database.write() as connection:
            await self._sightings.write(connection, self._context.now())
        async with self._context.database.read() as connection:
            totals = await article_outcomes.totals(connection)
            rows = await article_store.newest(
                connection, (*scopes_for(actor), ArticleState.ARCHIVED.value), None, _REPORTED
            )
            searches: tuple[FruitlessSearch, ...] = await fruitless_searches.listed(connection, _SEARCHES)
        numbers = [_numbers(row, totals.get(row.id, {})) for row in rows]
        numbers.sort(key=lambda one: (-(one.solved + one.used + one.helped), -one.opened, -one.shown, one.title))
        return KnowledgeReport(tuple(numbers), searches)

    async def forget_search(self, actor: Actor, q: str) -> None:
        """Take words off the list of searches that found nothing."""
        check(actor, Action.EDIT, Thing.ARTICLES)
        async with self._context.database.write() as connection:
            await fruitless_searches.remove(connection, q)


def _numbers(row: ArticleRow, totals: dict[Outcome, int]) -> ArticleNumbers:
    return ArticleNumbers(
        id=row.id,
        title=row.title,
        state=row.state,
        visibility=row.visibility,
        **{outcome.name.lower(): totals.get(outcome, 0) for outcome in Outcome},
    )


def _technician(actor: Actor) -> str:
    if actor.technician is None:
        raise NotAllowed(Action.EDIT)
    return actor.technician
