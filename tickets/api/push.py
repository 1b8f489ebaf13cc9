"""`/push`: notices on one's own phone."""

from http import HTTPStatus
from typing import Annotated, Final

from fastapi import APIRouter, Depends
from fastapi.responses import Response

from tickets.api.offer import Asking, Desk, answer, body_of, offer
from tickets.domain.access import Action, Thing
from tickets.domain.push import NewPhone, Phones, PhoneView

router: Final = APIRouter(tags=["push"])


@offer(
    router, "GET", "/push", Action.LIST, Thing.OWN_WORK,
    summary="List one's phones that get notices", gives=Phones,
)  # fmt: skip
async def list_phones(desk: Desk, actor: Asking) -> Response:
    """With the key that a browser subscribes with."""
    return answer(await desk.pushes.phones(actor))


@offer(
    router, "POST", "/push", Action.CHANGE, Thing.OWN_WORK,
    summary="Get notices on a phone", takes=NewPhone, gives=PhoneView, status=HTTPStatus.CREATED,
)  # fmt: skip
async def subscribe_phone(desk: Desk, actor: Asking, new: Annotated[NewPhone, Depends(body_of(NewPhone))]) -> Response:
    """What a browser's push subscription says."""
    return answer(await desk.pushes.subscribe(actor, new), HTTPStatus.CREATED)


@offer(
    router, "DELETE", "/push/{phone}", Action.CHANGE, Thing.OWN_WORK,
    summary="Get no more notices on a phone", status=HTTPStatus.NO_CONTENT,
)  # fmt: skip
async def unsubscribe_phone(phone: str, desk: Desk, actor: Asking) -> Response:
    """One's own only."""
    await desk.pushes.unsubscribe(actor, phone)
    return Response(status_code=HTTPStatus.NO_CONTENT)
