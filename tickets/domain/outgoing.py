"""Mail that goes out, as the pages and the API show it: its wording, what waits, links by mail, how the help was."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Protocol

import msgspec

from tickets.domain.access import Actor
from tickets.domain.values import Status

MAX_COMMENT = 2_000

Language = Annotated[str, msgspec.Meta(pattern=r"^[a-z]{2}$")]


class Rating(StrEnum):
    """How the help was."""

    GOOD = "good"
    OK = "ok"
    BAD = "bad"


# --- wording ---------------------------------------------------------------------------------------------------------


class NewWording(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A wording as it is saved; `revision` is the one that it was made from, so that nobody's change is lost."""

    subject: Annotated[str, msgspec.Meta(max_length=1_000)]
    text: Annotated[str, msgspec.Meta(max_length=40_000)]
    html: Annotated[str, msgspec.Meta(max_length=40_000)]
    revision: Annotated[int, msgspec.Meta(ge=0, le=2**31 - 1)] = 0


class WordingReset(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Go back to the wording that came with the program."""

    revision: Annotated[int, msgspec.Meta(ge=0, le=2**31 - 1)] = 0


class MailTemplateView(msgspec.Struct, frozen=True):
    """The wording of one kind of mail in one language; `names` are the words that it may use."""

    kind: str
    language: str
    revision: int
    built_in: bool
    subject: str
    text: str
    html: str
    names: tuple[str, ...]
    filters: tuple[str, ...]
    changed_by: str
    changed_at: datetime | None


class MailTemplateList(msgspec.Struct, frozen=True):
    """All wordings."""

    items: tuple[MailTemplateView, ...]


class MailPreview(msgspec.Struct, frozen=True):
    """What a wording makes of a request that is made up."""

    subject: str
    text: str
    html: str


class MailTemplates(Protocol):
    """How mails are worded. All raise NotLoggedIn, NotAllowed; NotFound for a kind or language that there is not."""

    async def listed(self, actor: Actor) -> MailTemplateList:
        """Return all of them."""

    async def get(self, actor: Actor, kind: str, language: str) -> MailTemplateView:
        """Return one."""

    async def save(self, actor: Actor, kind: str, language: str, new: NewWording) -> MailTemplateView:
        """Use this wording from now on. Raises Invalid, which names the part and the line; ChangedMeanwhile."""

    async def reset(self, actor: Actor, kind: str, language: str, reset: WordingReset) -> MailTemplateView:
        """Use the built-in wording from now on. Raises ChangedMeanwhile."""

    async def preview(self, actor: Actor, kind: str, language: str, new: NewWording) -> MailPreview:
        """Return what this wording would make. Raises Invalid."""


# --- the outbox ------------------------------------------------------------------------------------------------------


class OutboxQuery(msgspec.Struct, frozen=True):
    """Which mails to list; `before` is the `next_before` of an earlier answer."""

    state: Annotated[str, msgspec.Meta(pattern="^(pending|held|dead|sent|dropped)$")] = "dead"
    before: Annotated[int, msgspec.Meta(ge=0, le=2**62)] | None = None
    limit: Annotated[int, msgspec.Meta(ge=1, le=100)] = 50


class MailLineView(msgspec.Struct, frozen=True):
    """A mail without what it says; `reason` is why it was not sent."""

    id: int
    state: str
    kind: str
    tracking: str
    to: str
    subject: str
    attempts: int
    created_at: datetime
    next_try_at: datetime
    sent_at: datetime | None
    reason: str


class OutboxPage(msgspec.Struct, frozen=True):
    """A stretch of the outbox."""

    items: tuple[MailLineView, ...]
    next_before: int | None


class OutboxNumbers(msgspec.Struct, frozen=True):
    """How outgoing mail does; `oldest_due_s` is for how long the oldest one that is due has waited."""

    pending: int
    held: int
    dead: int
    sent_last_hour: int
    sent_last_day: int
    oldest_due_s: int


class Outbox(Protocol):
    """Mail that waits, is held, or was given up. All raise NotLoggedIn, NotAllowed."""

    async def listed(self, actor: Actor, query: OutboxQuery) -> OutboxPage:
        """List mails in one state, the newest first."""

    async def numbers(self, actor: Actor) -> OutboxNumbers:
        """Return how many there are."""

    async def retry(self, actor: Actor, mail: int | None) -> int:
        """Make one mail, or all unsent, due now; return how many. Raises NotFound for one that is not unsent."""

    async def drop(self, actor: Actor, mail: int) -> None:
        """Take one unsent mail out; that it was there stays. Raises NotFound."""


class Done(msgspec.Struct, frozen=True):
    """How many were changed."""

    count: int


# --- links by mail ---------------------------------------------------------------------------------------------------

_Typed = Annotated[str, msgspec.Meta(min_length=1, max_length=254)]


class LinkRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Somebody wants a link by mail; it goes only to the address that the request has."""

    email: _Typed


class ListKey(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The key out of a mailed link."""

    key: Annotated[str, msgspec.Meta(min_length=1, max_length=200)]

    def __repr__(self) -> str:
        return "ListKey()"


class MyRequest(msgspec.Struct, frozen=True):
    """One of a person's requests; `link` carries the requester token in its fragment."""

    tracking: str
    title: str
    status: Status
    created_at: datetime
    updated_at: datetime
    link: str

    def __repr__(self) -> str:
        return f"MyRequest(tracking={self.tracking!r})"


class MyRequests(msgspec.Struct, frozen=True):
    """All requests of one person, the newest first."""

    items: tuple[MyRequest, ...]


class MailedLinks(Protocol):
    """Links that are sent by mail."""

    async def ask(self, actor: Actor, tracking: str, email: str, *, address: str) -> None:
        """Mail the requester of `tracking` the link, if `email` is theirs; without a number, the link to all of theirs.

        Does the same work and says the same whether or not anything fits. Raises TooManyTries, NoMail.
        """

    async def opened(self, actor: Actor, key: str, *, address: str) -> MyRequests:
        """Return what the key of a mailed link opens. Raises LinkOver, TooManyTries."""


# --- how the help was ------------------------------------------------------------------------------------------------


class NewRating(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How the help was; `key` is out of the closing mail."""

    key: Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
    rating: Rating
    comment: Annotated[str, msgspec.Meta(max_length=MAX_COMMENT)] = ""

    def __repr__(self) -> str:
        return f"NewRating(rating={self.rating!r})"


class RatingView(msgspec.Struct, frozen=True):
    """What is written down, and until when it may be changed."""

    rating: Rating
    comment: str
    changeable_until: datetime


class Ratings(Protocol):
    """What requesters say about the help."""

    async def rate(self, actor: Actor, tracking: str, new: NewRating, *, address: str) -> RatingView:
        """Write it down, or change it.

        Raises TicketNotFound for every bad key, NotSolved, RatingFinal, TooManyTries, Invalid.
        """
