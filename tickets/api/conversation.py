"""What is around a ticket: watchers, tags, links, time, drafts; merging and splitting."""

from http import HTTPStatus
from typing import Annotated, Final

import msgspec
from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response

from tickets.api.offer import Asking, Desk, answer, body_of, offer, parse_query
from tickets.domain.access import ANY_TICKET, Action, Thing
from tickets.domain.conversation import (
    DraftView,
    LinkList,
    Merged,
    MergeRequest,
    NewDraft,
    NewLink,
    NewTags,
    NewTime,
    NewWatchers,
    SplitRequest,
    TagList,
    TimeSpent,
    WatcherList,
)
from tickets.domain.errors import NotFound
from tickets.domain.linking import Link

router: Final = APIRouter(tags=["conversation"])


class TagQuery(msgspec.Struct, frozen=True):
    """How tags begin."""

    q: Annotated[str, msgspec.Meta(max_length=40)] = ""


@offer(
    router, "GET", "/tags", Action.LIST, Thing.QUEUE, summary="Complete a tag", query=TagQuery, gives=TagList,
)  # fmt: skip
async def list_tags(request: Request, desk: Desk, actor: Asking) -> Response:
    """Tags in use that begin with `q`, those most in use first; at most ten."""
    return answer(await desk.conversations.tags(actor, parse_query(request, TagQuery).q))


@offer(
    router, "POST", "/tickets/{tracking}/tags", Action.ORGANISE, *ANY_TICKET,
    summary="Tag a ticket", takes=NewTags, gives=TagList,
)  # fmt: skip
async def put_tags(
    tracking: str, desk: Desk, actor: Asking, new: Annotated[NewTags, Depends(body_of(NewTags))]
) -> Response:
    """These tags and no others."""
    return answer(await desk.conversations.tag(actor, tracking, new))


@offer(
    router, "POST", "/tickets/{tracking}/watchers", Action.ORGANISE, *ANY_TICKET,
    summary="Tell more people", takes=NewWatchers, gives=WatcherList,
)  # fmt: skip
async def add_watchers(
    tracking: str, desk: Desk, actor: Asking, new: Annotated[NewWatchers, Depends(body_of(NewWatchers))]
) -> Response:
    """They get every answer by mail; colleagues get internal notes too."""
    return answer(await desk.conversations.watch(actor, tracking, new))


@offer(
    router, "DELETE", "/tickets/{tracking}/watchers/{email}", Action.ORGANISE, *ANY_TICKET,
    summary="Tell somebody no more", gives=WatcherList,
)  # fmt: skip
async def remove_watcher(tracking: str, email: str, desk: Desk, actor: Asking) -> Response:
    """From now on."""
    return answer(await desk.conversations.unwatch(actor, tracking, email))


@offer(
    router, "POST", "/tickets/{tracking}/links", Action.ORGANISE, *ANY_TICKET,
    summary="Link two tickets", takes=NewLink, gives=LinkList,
)  # fmt: skip
async def add_link(
    tracking: str, desk: Desk, actor: Asking, new: Annotated[NewLink, Depends(body_of(NewLink))]
) -> Response:
    """`link` says what this ticket is to the other one."""
    return answer(await desk.conversations.link(actor, tracking, new))


@offer(
    router, "DELETE", "/tickets/{tracking}/links/{link}/{other}", Action.ORGANISE, *ANY_TICKET,
    summary="Take a link away", gives=LinkList,
)  # fmt: skip
async def remove_link(tracking: str, link: str, other: str, desk: Desk, actor: Asking) -> Response:
    """In both directions."""
    if link not in set(Link):
        raise NotFound("link")
    return answer(await desk.conversations.unlink(actor, tracking, Link(link), other))


@offer(
    router, "POST", "/tickets/{tracking}/time", Action.ORGANISE, *ANY_TICKET,
    summary="Write time down", takes=NewTime, gives=TimeSpent,
)  # fmt: skip
async def add_time(
    tracking: str, desk: Desk, actor: Asking, new: Annotated[NewTime, Depends(body_of(NewTime))]
) -> Response:
    """Minutes that this technician spent on the ticket."""
    return answer(await desk.conversations.spend(actor, tracking, new))


@offer(
    router, "GET", "/tickets/{tracking}/drafts/{field}", Action.NOTE, *ANY_TICKET,
    summary="Get one's draft", gives=DraftView,
)  # fmt: skip
async def get_draft(tracking: str, field: str, desk: Desk, actor: Asking) -> Response:
    """One's own only; `field` is `text` or `solution`."""
    return answer(await desk.conversations.draft(actor, tracking, field))


@offer(
    router, "PUT", "/tickets/{tracking}/drafts/{field}", Action.NOTE, *ANY_TICKET,
    summary="Keep one's draft", takes=NewDraft, gives=DraftView,
)  # fmt: skip
async def put_draft(
    tracking: str, field: str, desk: Desk, actor: Asking, new: Annotated[NewDraft, Depends(body_of(NewDraft))]
) -> Response:
    """An empty text forgets it; so does sending."""
    return answer(await desk.conversations.keep_draft(actor, tracking, field, new))


@offer(
    router, "POST", "/tickets/{tracking}/merge", Action.MERGE, *ANY_TICKET,
    summary="Merge into another ticket", takes=MergeRequest, gives=Merged,
)  # fmt: skip
async def merge_ticket(
    tracking: str, desk: Desk, actor: Asking, new: Annotated[MergeRequest, Depends(body_of(MergeRequest))]
) -> Response:
    """Everything goes there; this number leads there from now on, for its requester too, and its sessions end."""
    return answer(await desk.merging.merge(actor, tracking, new))


@offer(
    router, "POST", "/tickets/{tracking}/unmerge", Action.MERGE, *ANY_TICKET,
    summary="Undo a merge", gives=Merged,
)  # fmt: skip
async def unmerge_ticket(tracking: str, desk: Desk, actor: Asking) -> Response:
    """Within a day, by the number of the ticket that went into the other; tags and watchers that were copied stay."""
    return answer(await desk.merging.unmerge(actor, tracking))


@offer(
    router, "POST", "/tickets/{tracking}/split", Action.MERGE, *ANY_TICKET,
    summary="Make a ticket of a message", takes=SplitRequest, gives=Merged, status=HTTPStatus.CREATED,
)  # fmt: skip
async def split_ticket(
    tracking: str, desk: Desk, actor: Asking, new: Annotated[SplitRequest, Depends(body_of(SplitRequest))]
) -> Response:
    """The message and all messages after it; the requester gets the new number."""
    return answer(await desk.merging.split(actor, tracking, new), HTTPStatus.CREATED)
