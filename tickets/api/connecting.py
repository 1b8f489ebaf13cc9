"""Join codes, joining, sessions and devices: how both ends of a session get their papers."""

from http import HTTPStatus
from typing import Annotated, Final

from fastapi import APIRouter, Depends
from fastapi.responses import Response

from tickets.api.offer import Address, Asking, Desk, answer, body_of, offer
from tickets.domain.access import ANY_TICKET, Action, Thing
from tickets.domain.views import (
    ConsentReport,
    DeviceCertified,
    JoinCodeView,
    Joined,
    JoinRequest,
    NewDevice,
    SessionOffer,
    SessionRequest,
)

router: Final = APIRouter(tags=["connecting"])


@offer(
    router, "POST", "/tickets/{tracking}/join-code", Action.MAKE_JOIN_CODE, *ANY_TICKET,
    summary="Make a join code", gives=JoinCodeView,
)  # fmt: skip
async def make_join_code(tracking: str, desk: Desk, actor: Asking) -> Response:
    """To read out on the phone: ten minutes, one use, five tries."""
    return answer(await desk.join_codes.make(actor, tracking))


@offer(
    router, "POST", "/tickets/{tracking}/join", Action.JOIN, *ANY_TICKET,
    summary="Bring a computer to a ticket", takes=JoinRequest, gives=Joined, refuses=(HTTPStatus.TOO_MANY_REQUESTS,),
)  # fmt: skip
async def join_ticket(
    tracking: str,
    desk: Desk,
    actor: Asking,
    address: Address,
    new: Annotated[JoinRequest, Depends(body_of(JoinRequest))],
) -> Response:
    """With the requester token, or with a join code."""
    return answer(await desk.join_codes.join(actor, tracking, new, address=address))


@offer(
    router, "POST", "/tickets/{tracking}/session", Action.OPEN_SESSION, *ANY_TICKET,
    summary="Open a session", takes=SessionRequest, gives=SessionOffer,
)  # fmt: skip
async def open_session(
    tracking: str, desk: Desk, actor: Asking, new: Annotated[SessionRequest, Depends(body_of(SessionRequest))]
) -> Response:
    """The assigned technician only; all papers that a viewer needs, and a socket ticket for 30 seconds."""
    return answer(await desk.sessions.open(actor, tracking, new.device_key))


@offer(
    router, "POST", "/tickets/{tracking}/consent", Action.TELL_CONSENT, *ANY_TICKET,
    summary="Tell what the user decided", takes=ConsentReport, status=HTTPStatus.NO_CONTENT,
    refuses=(HTTPStatus.TOO_MANY_REQUESTS,),
)  # fmt: skip
async def tell_consent(
    tracking: str, desk: Desk, actor: Asking, told: Annotated[ConsentReport, Depends(body_of(ConsentReport))]
) -> Response:
    """The ticket's agent only; it becomes a line of the timeline, once for each session."""
    await desk.consents.report(actor, tracking, told)
    return Response(status_code=HTTPStatus.NO_CONTENT)


@offer(
    router, "POST", "/devices", Action.CERTIFY, Thing.DEVICES,
    summary="Certify a device", takes=NewDevice, gives=DeviceCertified,
)  # fmt: skip
async def certify_device(desk: Desk, actor: Asking, new: Annotated[NewDevice, Depends(body_of(NewDevice))]) -> Response:
    """A technician's own device key, for 30 days."""
    return answer(await desk.devices.certify(actor, new))
