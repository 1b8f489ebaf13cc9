"""The knowledge base: what its pages and the API show, and what they hand in."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Protocol

import msgspec

from tickets.domain.access import Actor
from tickets.domain.redaction import Kind

MAX_LINE = 100
MAX_TITLE = 200
MAX_BODY = 100_000
MAX_NOTE = 200

Title = Annotated[str, msgspec.Meta(min_length=1, max_length=MAX_TITLE)]
Body = Annotated[str, msgspec.Meta(min_length=1, max_length=MAX_BODY)]
Category = Annotated[str, msgspec.Meta(max_length=MAX_LINE)]
Note = Annotated[str, msgspec.Meta(max_length=MAX_NOTE)]
Revision = Annotated[int, msgspec.Meta(ge=1, le=1_000_000)]


class ArticleState(StrEnum):
    """How far an article has come."""

    DRAFT = "draft"
    REVIEW = "review"
    PUBLISHED = "published"
    ARCHIVED = "archived"


class Visibility(StrEnum):
    """Who may read an article once it is published."""

    INTERNAL = "internal"
    PUBLIC = "public"


class Outcome(StrEnum):
    """What came of an article."""

    SHOWN = "shown"
    OPENED = "opened"
    SOLVED = "solved"
    HELPED = "helped"
    NOT_HELPED = "not-helped"
    SENT = "sent"
    USED = "used"
    REOPENED = "reopened"


class Judgement(StrEnum):
    """What a reader says of an article; `solved`: no ticket is needed any more."""

    OPENED = "opened"
    SOLVED = "solved"
    HELPED = "helped"
    NOT_HELPED = "not-helped"


class Use(StrEnum):
    """What a technician did with an article on a ticket."""

    SENT = "sent"
    SOLVED = "solved"


# --- handed in -------------------------------------------------------------------------------------------------------


class NewArticle(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An article for the knowledge base; `body` is Markdown."""

    title: Title
    body: Body
    category: Category = ""
    state: ArticleState = ArticleState.PUBLISHED
    visibility: Visibility = Visibility.PUBLIC
    note: Note = ""


class ArticleChange(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An article as it shall be; `revision` is the one that was read. What is None stays."""

    revision: Revision
    title: Title | None = None
    body: Body | None = None
    category: Category | None = None
    visibility: Visibility | None = None
    note: Note = ""


class ArticleMove(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """To which state an article goes, and before whose eyes."""

    state: ArticleState
    visibility: Visibility | None = None


class Restoring(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Bring back what an older revision says; `revision` is the one that was read."""

    number: Revision
    revision: Revision


class Judged(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a reader says of an article."""

    outcome: Judgement


class PutBack(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Undo a replacement in a draft."""

    placeholder: Annotated[str, msgspec.Meta(min_length=1, max_length=40)]


class ArticleUse(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Use an article on a ticket; `text` goes above the link when it is sent."""

    article: Annotated[str, msgspec.Meta(min_length=1, max_length=64)]
    use: Use
    text: Annotated[str, msgspec.Meta(max_length=20_000)] = ""


class ArticleQuery(msgspec.Struct, frozen=True):
    """What to look for; `state` is for technicians."""

    q: Annotated[str, msgspec.Meta(max_length=MAX_TITLE)] = ""
    category: Category = ""
    state: ArticleState | None = None
    limit: Annotated[int, msgspec.Meta(ge=1, le=100)] = 20


class TitleQuery(msgspec.Struct, frozen=True):
    """The title of a problem, as far as it is typed."""

    title: Annotated[str, msgspec.Meta(max_length=MAX_TITLE)] = ""


# --- shown -----------------------------------------------------------------------------------------------------------


class ArticleView(msgspec.Struct, frozen=True):
    """An article; `body` is Markdown as its author wrote it, not yet made safe for a page.

    `source` is the ticket it was made of, for technicians.
    """

    id: str
    title: str
    body: str
    category: str
    author: str
    state: ArticleState
    visibility: Visibility
    revision: int
    source: str | None
    created_at: datetime
    updated_at: datetime


class ArticleSummary(msgspec.Struct, frozen=True):
    """An article as a line of a list; `words` are those of the search that it has, in some form."""

    id: str
    title: str
    category: str
    excerpt: str
    state: ArticleState
    visibility: Visibility
    updated_at: datetime
    words: tuple[str, ...] = ()


class ArticleList(msgspec.Struct, frozen=True):
    """What a search found, best first."""

    items: tuple[ArticleSummary, ...]


class ArticleCategory(msgspec.Struct, frozen=True):
    """A category and how many articles are in it."""

    name: str
    articles: int


class ArticleCategories(msgspec.Struct, frozen=True):
    """The categories of the knowledge base."""

    items: tuple[ArticleCategory, ...]


class DiffLine(msgspec.Struct, frozen=True):
    """A line of a comparison: `sign` is "+", "-" or " "."""

    sign: str
    text: str


class RevisionView(msgspec.Struct, frozen=True):
    """A revision and what it changed."""

    number: int
    at: datetime
    author: str
    note: str
    title: str
    changes: tuple[DiffLine, ...]


class RevisionList(msgspec.Struct, frozen=True):
    """All revisions, the newest first."""

    items: tuple[RevisionView, ...]


class RedactionView(msgspec.Struct, frozen=True):
    """Something that was taken out of a draft; `lines` are those of its text where it stood, 0 is the title."""

    placeholder: str
    kind: Kind
    found: str
    times: int
    reason: str
    lines: tuple[int, ...]


class RedactionList(msgspec.Struct, frozen=True):
    """All that was taken out of a draft."""

    items: tuple[RedactionView, ...]


class SimilarTicket(msgspec.Struct, frozen=True):
    """A solved ticket that looks like another one."""

    tracking: str
    title: str
    solution: str
    updated_at: datetime
    words: tuple[str, ...]


class UsedArticle(msgspec.Struct, frozen=True):
    """An article that was used on a ticket."""

    id: str
    title: str
    use: Use


class Help(msgspec.Struct, frozen=True):
    """What may help with a ticket: articles, solved tickets, and which articles were used already."""

    articles: tuple[ArticleSummary, ...]
    tickets: tuple[SimilarTicket, ...]
    used: tuple[UsedArticle, ...]


class ArticleNumbers(msgspec.Struct, frozen=True):
    """What came of one article."""

    id: str
    title: str
    state: ArticleState
    visibility: Visibility
    shown: int
    opened: int
    solved: int
    helped: int
    not_helped: int
    sent: int
    used: int
    reopened: int


class FruitlessSearch(msgspec.Struct, frozen=True):
    """Words that found nothing, folded and without anything personal."""

    q: str
    count: int
    last_at: datetime


class KnowledgeReport(msgspec.Struct, frozen=True):
    """How the knowledge base does: articles by what came of them, and what is missing."""

    articles: tuple[ArticleNumbers, ...]
    searches: tuple[FruitlessSearch, ...]


class Articles(Protocol):
    """The knowledge base. Who is no technician knows of published, public articles only; others are not found."""

    async def search(self, actor: Actor, query: ArticleQuery) -> ArticleList:
        """Return what meets the words best (the newest when there are none); remembers words that find nothing."""

    async def suggest(self, actor: Actor, title: str, *, address: str) -> ArticleList:
        """Return the few articles that may help with a problem of this title."""

    async def get(self, actor: Actor, article: str) -> ArticleView:
        """Return one article. Raises NotFound."""

    async def read(self, actor: Actor, article: str, *, address: str) -> ArticleView:
        """Return one article that a reader opened, which counts. Raises NotFound."""

    async def categories(self, actor: Actor) -> ArticleCategories:
        """Return the categories that have articles."""

    async def judge(self, actor: Actor, article: str, outcome: Judgement, *, address: str) -> None:
        """Count what a reader says; beyond some times a day from one place it counts no more. Raises NotFound."""

    async def add(self, actor: Actor, new: NewArticle) -> ArticleView:
        """Add an article. Raises Invalid."""

    async def change(self, actor: Actor, article: str, change: ArticleChange) -> ArticleView:
        """Write the next revision. Raises NotFound, Invalid, EditConflict."""

    async def move(self, actor: Actor, article: str, move: ArticleMove) -> ArticleView:
        """Publish, archive, … Raises NotFound."""

    async def revisions(self, actor: Actor, article: str) -> RevisionList:
        """Return all revisions with what each changed. Raises NotFound."""

    async def restore(self, actor: Actor, article: str, restoring: Restoring) -> ArticleView:
        """Write an old revision again as the newest. Raises NotFound, EditConflict."""


class Knowledge(Protocol):
    """The knowledge base and tickets: what helps with one, what one becomes, and how well it works."""

    async def redactions(self, actor: Actor, article: str) -> RedactionList:
        """Return what was taken out of a draft that was made of a ticket. Raises NotFound."""

    async def undo(self, actor: Actor, article: str, placeholder: str) -> ArticleView:
        """Put back what one placeholder stands for. Raises NotFound."""

    async def draft_from(self, actor: Actor, tracking: str) -> ArticleView:
        """Make a draft of a solved ticket, redacted; the same ticket again gives the article that is there.

        Raises TicketNotFound, NotAllowed, NoSolution.
        """

    async def help(self, actor: Actor, tracking: str) -> Help:
        """Return what may help with a ticket. Raises TicketNotFound, NotAllowed."""

    async def use(self, actor: Actor, tracking: str, use: ArticleUse) -> None:
        """Send an article to the requester, or say that it was the solution; once each.

        Raises TicketNotFound, NotAllowed, NotFound, Invalid for sending what the requester could not read.
        """

    async def report(self, actor: Actor) -> KnowledgeReport:
        """Return how the knowledge base does."""

    async def forget_search(self, actor: Actor, q: str) -> None:
        """Take words off the list of searches that found nothing."""
