"""The same done to several tickets at once; each by itself, as if somebody had opened it and done it there."""

from enum import StrEnum
from typing import Annotated, Final, Protocol

import msgspec

from tickets.domain.access import Actor
from tickets.domain.errors import Invalid
from tickets.domain.values import Status
from tickets.domain.views import Id

MOST_AT_ONCE: Final = 100

Tracking = Annotated[str, msgspec.Meta(min_length=1, max_length=40)]


class Deed(StrEnum):
    """What is done to each ticket."""

    ASSIGN = "assign"
    STATUS = "status"
    TAG = "tag"
    UNTAG = "untag"
    MERGE = "merge"
    RESOLVE = "resolve"


class BulkRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What to do to which tickets; of the other fields, the deed needs its own.

    `technician` is an id, or null for nobody; `text` is the answer with which tickets are resolved.
    """

    tickets: Annotated[tuple[Tracking, ...], msgspec.Meta(min_length=1, max_length=MOST_AT_ONCE)]
    deed: Deed
    technician: Id | None = None
    status: Status | None = None
    tag: Annotated[str, msgspec.Meta(max_length=40)] = ""
    into: Annotated[str, msgspec.Meta(max_length=40)] = ""
    text: Annotated[str, msgspec.Meta(max_length=20_000)] = ""


class BulkResult(msgspec.Struct, frozen=True):
    """How it went with one ticket; `detail` says why not, `problem` is the slug of the reason."""

    tracking: str
    done: bool
    problem: str = ""
    detail: str = ""


class BulkDone(msgspec.Struct, frozen=True):
    """How it went, ticket by ticket, in the order in which they were named."""

    items: tuple[BulkResult, ...]


def check_bulk(request: BulkRequest) -> None:
    """Pass when the deed has what it needs. Raises Invalid."""
    if request.deed is Deed.STATUS and request.status is None:
        raise Invalid("status", "choose where the requests go.")
    if request.deed in {Deed.TAG, Deed.UNTAG} and not request.tag.strip():
        raise Invalid("tag", "write the tag.")
    if request.deed is Deed.MERGE and not request.into.strip():
        raise Invalid("into", "write the number of the request that takes the others in.")
    if request.deed is Deed.RESOLVE and not request.text.strip():
        raise Invalid("text", "write the answer that the requesters get.")


class Bulk(Protocol):
    """Doing it."""

    async def carry_out(self, actor: Actor, request: BulkRequest) -> BulkDone:
        """Do it to each ticket, each in a transaction of its own, and only where `actor` may. Raises Invalid."""
