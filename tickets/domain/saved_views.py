"""Views of the queue that somebody keeps: a name for an address, for oneself, one's team or all."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, Final, Protocol

import msgspec

from tickets.domain.access import Actor
from tickets.domain.views import Id, Line, QueueQuery

MAX_QUERY: Final = 1_000
MOST_VIEWS: Final = 100


class SharedWith(StrEnum):
    """Who sees a view besides its owner."""

    NOBODY = "nobody"
    TEAM = "team"
    ALL = "all"


class NewView(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A view; `query` is what stands behind the question mark of the queue's address, or of `GET /tickets`."""

    name: Line
    query: Annotated[str, msgspec.Meta(max_length=MAX_QUERY)]
    shared: SharedWith = SharedWith.NOBODY


class SavedView(msgspec.Struct, frozen=True):
    """A view that is kept; `mine`: whether I may change it, `count` as far as it was counted (99 at most, then 100)."""

    id: str
    name: str
    query: str
    shared: SharedWith
    owner: str
    mine: bool
    count: int


class SavedViewList(msgspec.Struct, frozen=True):
    """The views that somebody sees, by name."""

    items: tuple[SavedView, ...]


@dataclass(frozen=True)
class DefaultView:
    """A view that every desk has."""

    name: str
    query: str


DEFAULT_VIEWS: Final = (
    DefaultView("Waiting for an answer", "status=waiting"),
    DefaultView("High and critical", "q=status%3Aunsolved+priority%3Ahigh%2Ccritical"),
    DefaultView("Older than a week", "q=status%3Aunsolved&age=%3E7d&sort=oldest"),
    DefaultView("I am told", "q=status%3Aunsolved+watcher%3Ame"),
    DefaultView("Solved lately", "status=resolved&sort=changed"),
)


class SavedViews(Protocol):
    """Keeping views. All raise NotAllowed; NotFound for a view that is not there or not for this technician."""

    async def listed(self, actor: Actor) -> SavedViewList:
        """Return one's own views and those that colleagues share with one, with counts."""

    async def add(self, actor: Actor, new: NewView) -> SavedView:
        """Keep a view. Raises Invalid for a query that the queue would not understand."""

    async def change(self, actor: Actor, ident: Id, new: NewView) -> SavedView:
        """Change one's own view, as an admin also one that is shared. Raises Invalid."""

    async def remove(self, actor: Actor, ident: Id) -> None:
        """Remove one's own view, as an admin also one that is shared."""

    async def counts(self, actor: Actor, queries: tuple[QueueQuery, ...]) -> tuple[int, ...]:
        """Return how many tickets each of these lists has, counted up to 100."""
