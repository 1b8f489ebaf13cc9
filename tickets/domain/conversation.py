"""What belongs to a ticket besides its timeline: who else is told, tags, other tickets, time; and its ports."""

from datetime import datetime
from typing import Annotated, Final, Protocol

import msgspec

from tickets.domain.access import Actor
from tickets.domain.linking import Link
from tickets.domain.values import Status

MAX_TAG: Final = 40
MAX_TAGS: Final = 30
MAX_WATCHERS: Final = 50
MAX_MINUTES: Final = 24 * 60
MAX_DRAFT: Final = 20_000

Tracking = Annotated[str, msgspec.Meta(min_length=1, max_length=40)]


# --- handed in -------------------------------------------------------------------------------------------------------


class NewWatchers(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Addresses of people who are to be told too."""

    emails: Annotated[
        tuple[Annotated[str, msgspec.Meta(min_length=3, max_length=254)], ...],
        msgspec.Meta(min_length=1, max_length=MAX_WATCHERS),
    ]


class NewTags(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """All tags that a ticket is to have."""

    tags: Annotated[tuple[Annotated[str, msgspec.Meta(max_length=200)], ...], msgspec.Meta(max_length=MAX_TAGS)]


class NewLink(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What this ticket is to another one."""

    link: Link
    other: Tracking


class MergeRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Into which ticket this one goes."""

    into: Tracking


class SplitRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """From which message on a new ticket begins; without a title it has that of the old one."""

    entry: Annotated[str, msgspec.Meta(pattern=r"^[0-9]{1,18}$")]
    title: Annotated[str, msgspec.Meta(max_length=200)] = ""


class NewTime(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Time that a technician spent on a ticket."""

    minutes: Annotated[int, msgspec.Meta(ge=1, le=MAX_MINUTES)]
    note: Annotated[str, msgspec.Meta(max_length=200)] = ""


class NewDraft(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What stands in a box of the ticket's page and is not sent yet; an empty text forgets it."""

    text: Annotated[str, msgspec.Meta(max_length=MAX_DRAFT)]


# --- shown -----------------------------------------------------------------------------------------------------------


class WatcherView(msgspec.Struct, frozen=True):
    """Somebody who is told about the ticket too; `staff` is a colleague."""

    email: str
    name: str
    staff: bool


class WatcherList(msgspec.Struct, frozen=True):
    """Everybody who is told besides the requester and the technician who has the ticket."""

    items: tuple[WatcherView, ...]


class TagList(msgspec.Struct, frozen=True):
    """Tags."""

    items: tuple[str, ...]


class LinkView(msgspec.Struct, frozen=True):
    """Another ticket, and what this one is to it."""

    link: Link
    tracking: str
    title: str
    status: Status


class LinkList(msgspec.Struct, frozen=True):
    """The tickets that are linked with one."""

    items: tuple[LinkView, ...]


class MergeView(msgspec.Struct, frozen=True):
    """A ticket that went into this one, and until when that can be undone."""

    tracking: str
    title: str
    undo_until: datetime


class Merged(msgspec.Struct, frozen=True):
    """Where everything is now."""

    tracking: str


class TimeLine(msgspec.Struct, frozen=True):
    """What one technician spent on a ticket in all."""

    technician: str
    minutes: int


class TimeSpent(msgspec.Struct, frozen=True):
    """All time that was spent on a ticket."""

    minutes: int
    by: tuple[TimeLine, ...]


class DraftView(msgspec.Struct, frozen=True):
    """What one's own box held when it was last kept."""

    field: str
    text: str
    updated_at: datetime | None


class Conversations(Protocol):
    """Work on what is around a ticket. All raise TicketNotFound, NotAllowed; for what has the wrong form Invalid."""

    async def watch(self, actor: Actor, tracking: str, new: NewWatchers) -> WatcherList:
        """Tell these people too."""

    async def unwatch(self, actor: Actor, tracking: str, email: str) -> WatcherList:
        """Tell this address no more."""

    async def tag(self, actor: Actor, tracking: str, new: NewTags) -> TagList:
        """Give a ticket these tags and no others."""

    async def tags(self, actor: Actor, q: str) -> TagList:
        """Return tags that are in use and begin with `q`, those most in use first."""

    async def link(self, actor: Actor, tracking: str, new: NewLink) -> LinkList:
        """Link two tickets."""

    async def unlink(self, actor: Actor, tracking: str, link: Link, other: str) -> LinkList:
        """Take a link away. Raises NotFound."""

    async def spend(self, actor: Actor, tracking: str, new: NewTime) -> TimeSpent:
        """Write down time."""

    async def keep_draft(self, actor: Actor, tracking: str, field: str, new: NewDraft) -> DraftView:
        """Keep one's own draft."""

    async def draft(self, actor: Actor, tracking: str, field: str) -> DraftView:
        """Return one's own draft; an empty text when there is none."""


class Merging(Protocol):
    """Two tickets into one, one into two. All raise TicketNotFound, NotAllowed, Invalid."""

    async def merge(self, actor: Actor, tracking: str, new: MergeRequest) -> Merged:
        """Put all of a ticket into another one; its number leads there from now on."""

    async def unmerge(self, actor: Actor, tracking: str) -> Merged:
        """Undo a merge, as long as that can be undone. Raises NotFound."""

    async def split(self, actor: Actor, tracking: str, new: SplitRequest) -> Merged:
        """Make a ticket of a message and what follows it."""
