"""What is known already about a problem: articles and solved tickets that share words with its title."""

import re
from collections.abc import Awaitable, Callable, Iterator
from typing import Final, TypeVar

from tickets.domain.access import Actor
from tickets.domain.services import DeskServices
from tickets.domain.values import QueueView, Status
from tickets.domain.views import ArticleView, QueueQuery, TicketSummary, TicketView

MOST: Final = 5
_WORD: Final = re.compile(r"\w{4,}")
_Found = TypeVar("_Found", ArticleView, TicketSummary)


def searches(title: str) -> Iterator[str]:
    """Give what to look for, best first: all the longer words of the title, then each of the three longest alone."""
    words = list(dict.fromkeys(_WORD.findall(title)))
    if len(words) > 1:
        yield " ".join(words[:8])
    yield from sorted(words, key=len, reverse=True)[:3]


async def _collect(
    title: str, find: Callable[[str], Awaitable[tuple[_Found, ...]]], name_of: Callable[[_Found], str], skip: str = ""
) -> tuple[_Found, ...]:
    """Ask `find` for one search after the other until there are enough."""
    found: dict[str, _Found] = {}
    for search in searches(title):
        for item in await find(search):
            if name_of(item) != skip:
                found.setdefault(name_of(item), item)
        if len(found) >= MOST:
            break
    return tuple(found.values())[:MOST]


async def matching_articles(desk: DeskServices, actor: Actor, title: str) -> tuple[ArticleView, ...]:
    """Return the articles that may help with `title`."""

    async def find(search: str) -> tuple[ArticleView, ...]:
        return (await desk.articles.search(actor, search, limit=MOST)).items

    return await _collect(title, find, lambda article: article.id)


async def similar_tickets(desk: DeskServices, actor: Actor, ticket: TicketView) -> tuple[TicketSummary, ...]:
    """Return solved tickets that look like `ticket`."""

    async def find(search: str) -> tuple[TicketSummary, ...]:
        query = QueueQuery(view=QueueView.ALL, status=Status.RESOLVED, q=search, limit=MOST)
        return (await desk.tickets.queue(actor, query)).items

    return await _collect(ticket.title, find, lambda other: other.tracking, skip=ticket.tracking)
