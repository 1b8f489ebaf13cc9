"""Where a request belongs: its category, its team, how much it weighs."""

from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncConnection

from tickets.domain.categories import CategoryView, fallback, lineage, named
from tickets.domain.priority import PRIORITY_RANK, Impact, Priority
from tickets.domain.values import Urgency
from tickets.store import registers as register_store
from tickets.store import workforce as work_store
from tickets.store.tickets import TicketRow
from tickets.text import fold


@dataclass(frozen=True)
class Place:
    """Where a ticket belongs; `categories` are its category's id and those above it."""

    category: str
    categories: tuple[str, ...] = ()
    team: str | None = None
    impact: Impact = Impact.NORMAL
    priority: Priority = Priority.NORMAL
    skills: frozenset[str] = frozenset()

    @property
    def rank(self) -> int:
        """Its place in the order of priorities."""
        return PRIORITY_RANK[self.priority]


async def known_category(connection: AsyncConnection, text: str, *, internal: bool) -> str:
    """Return the whole name of the category that somebody named. Raises Invalid, which lists what there is.

    Categories that are not for the portal are there only for technicians (`internal`).
    """
    return named(await register_store.listed(connection, CategoryView), text, internal=internal).name


async def place(connection: AsyncConnection, text: str, urgency: Urgency) -> Place:
    """Return where a new request about `text` belongs; what names no category is the fallback's."""
    every = await register_store.listed(connection, CategoryView)
    category = _called(every, text) or fallback(every)
    impact = category.impact if category is not None and category.impact is not None else Impact.NORMAL
    priority = category.priority if category is not None else None
    if priority is None:
        priority = (await work_store.matrix(connection))[urgency, impact]
    return _placed(every, category, text, impact, priority)


async def place_of(connection: AsyncConnection, row: TicketRow) -> Place:
    """Return where a ticket that is there belongs; its category may be gone, then nothing but its own team is known."""
    every = await register_store.listed(connection, CategoryView)
    found = _placed(every, _called(every, row.category), row.category, Impact(row.impact), Priority(row.priority))
    return Place(row.category, found.categories, row.team_id, found.impact, found.priority, found.skills)


def _called(every: tuple[CategoryView, ...], name: str) -> CategoryView | None:
    return next((each for each in every if fold(each.name) == fold(name)), None)


def _placed(
    every: tuple[CategoryView, ...], category: CategoryView | None, text: str, impact: Impact, priority: Priority
) -> Place:
    if category is None:
        return Place(text, impact=impact, priority=priority)
    by_id = {each.id: each for each in every}
    line = lineage(by_id, category.id)
    # A category without a team of its own belongs to the team of the one above it.
    team = next((by_id[ident].team for ident in line if by_id[ident].team is not None), None)
    skills = frozenset(fold(skill) for skill in category.skills)
    return Place(category.name, line, team, impact, priority, skills)
