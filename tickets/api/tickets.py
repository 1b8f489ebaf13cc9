"""`/tickets`: filing, the queue, and what can be done to one ticket."""

from http import HTTPStatus
from typing import Annotated, Final

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response

from tickets.api.offer import Address, Asking, Desk, answer, body_of, offer, parse_query
from tickets.domain.access import ANY_TICKET, Action, Actor, Role, Thing
from tickets.domain.attachments import MessageExtras
from tickets.domain.values import Channel
from tickets.domain.views import (
    Assignment,
    FollowUp,
    NewMessage,
    NewTicket,
    QueuePage,
    QueueQuery,
    Solution,
    StatusChange,
    Submitted,
    TicketView,
    TimelineEntry,
)

router: Final = APIRouter(tags=["tickets"])


def _channel(request: Request, actor: Actor) -> Channel:
    if actor.is_staff:
        return Channel.PHONE
    if request.headers.get("user-agent", "").startswith("towline-agent"):
        return Channel.AGENT
    return Channel.PORTAL if request.headers.get("sec-fetch-site") == "same-origin" else Channel.API


def _said_by(request: Request, actor: Actor) -> Channel:
    if actor.role is Role.AGENT:
        return Channel.AGENT
    return Channel.PORTAL if request.headers.get("sec-fetch-site") == "same-origin" else Channel.API


@offer(
    router, "POST", "/tickets", Action.SUBMIT, Thing.TICKETS,
    summary="File a ticket", takes=NewTicket, gives=Submitted, status=HTTPStatus.CREATED,
    refuses=(HTTPStatus.TOO_MANY_REQUESTS,),
)  # fmt: skip
async def submit_ticket(
    request: Request,
    desk: Desk,
    actor: Asking,
    address: Address,
    new: Annotated[NewTicket, Depends(body_of(NewTicket))],
) -> Response:
    """Anybody may; a technician files for a caller. The answer holds the requester's own token."""
    submitted = await desk.tickets.submit(actor, new, channel=_channel(request, actor), address=address)
    return answer(submitted, HTTPStatus.CREATED)


@offer(
    router, "GET", "/tickets", Action.LIST, Thing.QUEUE,
    summary="List the queue", query=QueueQuery, gives=QueuePage,
)  # fmt: skip
async def list_tickets(request: Request, desk: Desk, actor: Asking) -> Response:
    """The most urgent and oldest first. Without `status` or `q` only what is not resolved or closed."""
    return answer(await desk.tickets.queue(actor, parse_query(request, QueueQuery)))


@offer(
    router, "GET", "/tickets/{tracking}", Action.READ, *ANY_TICKET,
    summary="Read a ticket", gives=TicketView,
)  # fmt: skip
async def get_ticket(tracking: str, desk: Desk, actor: Asking) -> Response:
    """With its timeline, and what this person may do now."""
    return answer(await desk.tickets.get(actor, tracking))


@offer(
    router, "POST", "/tickets/{tracking}/messages", Action.REPLY, *ANY_TICKET,
    summary="Answer, or write an internal note", takes=NewMessage, gives=TimelineEntry, status=HTTPStatus.CREATED,
)  # fmt: skip
async def add_message(
    request: Request,
    tracking: str,
    desk: Desk,
    actor: Asking,
    new: Annotated[NewMessage, Depends(body_of(NewMessage))],
) -> Response:
    """A requester's answer opens a resolved ticket again."""
    extras = MessageExtras(channel=_said_by(request, actor), uploaded=new.attachments)
    written = await desk.tickets.message(actor, tracking, new.text, internal=new.internal, extras=extras)
    return answer(written, HTTPStatus.CREATED)


@offer(
    router, "POST", "/tickets/{tracking}/follow-up", Action.FOLLOW_UP, *ANY_TICKET,
    summary="File a new ticket after a closed one", takes=FollowUp, gives=Submitted, status=HTTPStatus.CREATED,
    refuses=(HTTPStatus.TOO_MANY_REQUESTS,),
)  # fmt: skip
async def follow_up(
    request: Request, tracking: str, desk: Desk, actor: Asking, new: Annotated[FollowUp, Depends(body_of(FollowUp))]
) -> Response:
    """For its requester, when it is too late to answer; the two are linked. The answer holds the new one's token."""
    submitted = await desk.tickets.follow_up(actor, tracking, new.text, channel=_said_by(request, actor))
    return answer(submitted, HTTPStatus.CREATED)


@offer(
    router, "POST", "/tickets/{tracking}/claim", Action.CLAIM, *ANY_TICKET,
    summary="Take a ticket that nobody has", gives=TicketView,
)  # fmt: skip
async def claim_ticket(tracking: str, desk: Desk, actor: Asking) -> Response:
    """Exactly one of many wins; the others get 409 and the winner's name."""
    return answer(await desk.tickets.claim(actor, tracking))


@offer(
    router, "POST", "/tickets/{tracking}/assign", Action.HAND_OVER, *ANY_TICKET,
    summary="Hand over or take over", takes=Assignment, gives=TicketView,
)  # fmt: skip
async def assign_ticket(
    tracking: str, desk: Desk, actor: Asking, new: Annotated[Assignment, Depends(body_of(Assignment))]
) -> Response:
    """One's own ticket to anybody; an admin any ticket. Sessions of the one who had it end."""
    return answer(await desk.tickets.assign(actor, tracking, new.technician))


@offer(
    router, "POST", "/tickets/{tracking}/status", Action.SET_STATUS, *ANY_TICKET,
    summary="Move a ticket", takes=StatusChange, gives=TicketView,
)  # fmt: skip
async def set_status(
    tracking: str, desk: Desk, actor: Asking, new: Annotated[StatusChange, Depends(body_of(StatusChange))]
) -> Response:
    """To one of the ticket's `next_statuses`."""
    return answer(await desk.tickets.set_status(actor, tracking, new.status))


@offer(
    router, "POST", "/tickets/{tracking}/resolve", Action.RESOLVE, *ANY_TICKET,
    summary="Resolve a ticket", takes=Solution, gives=TicketView,
)  # fmt: skip
async def resolve_ticket(
    tracking: str, desk: Desk, actor: Asking, new: Annotated[Solution, Depends(body_of(Solution))]
) -> Response:
    """With the solution; running sessions end."""
    return answer(await desk.tickets.resolve(actor, tracking, new.solution))
