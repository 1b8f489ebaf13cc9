"""`/webhooks`: telling other programs what happens to tickets."""

from http import HTTPStatus
from typing import Annotated, Final

import msgspec
from fastapi import APIRouter, Depends
from fastapi.responses import Response

from tickets.api.offer import Asking, Desk, answer, body_of, offer
from tickets.domain.access import Action, Thing
from tickets.domain.webhooks import DeliveryList, NewWebhook, WebhookChange, WebhookList, WebhookMade, WebhookView

router: Final = APIRouter(tags=["webhooks"])


class Retried(msgspec.Struct, frozen=True):
    """How many deliveries are due again."""

    deliveries: int


@offer(router, "GET", "/webhooks", Action.LIST, Thing.WEBHOOKS, summary="List webhooks", gives=WebhookList)
async def list_webhooks(desk: Desk, actor: Asking) -> Response:
    """With how many deliveries wait or were given up."""
    return answer(await desk.webhooks.listed(actor))


@offer(
    router, "POST", "/webhooks", Action.ADD, Thing.WEBHOOKS,
    summary="Add a webhook", takes=NewWebhook, gives=WebhookMade, status=HTTPStatus.CREATED,
)  # fmt: skip
async def add_webhook(desk: Desk, actor: Asking, new: Annotated[NewWebhook, Depends(body_of(NewWebhook))]) -> Response:
    """The answer holds the secret that deliveries are signed with."""
    return answer(await desk.webhooks.add(actor, new), HTTPStatus.CREATED)


@offer(
    router, "PATCH", "/webhooks/{webhook}", Action.CHANGE, Thing.WEBHOOKS,
    summary="Switch a webhook off or on", takes=WebhookChange, gives=WebhookView,
)  # fmt: skip
async def switch_webhook(
    webhook: str, desk: Desk, actor: Asking, new: Annotated[WebhookChange, Depends(body_of(WebhookChange))]
) -> Response:
    """One that is off is told of nothing; what waits is still sent."""
    return answer(await desk.webhooks.switch(actor, webhook, active=new.active))


@offer(
    router, "POST", "/webhooks/{webhook}/secret", Action.CHANGE, Thing.WEBHOOKS,
    summary="Give a webhook a new secret", gives=WebhookMade,
)  # fmt: skip
async def renew_webhook(webhook: str, desk: Desk, actor: Asking) -> Response:
    """Deliveries are signed with it from now on."""
    return answer(await desk.webhooks.renew(actor, webhook))


@offer(
    router, "DELETE", "/webhooks/{webhook}", Action.REMOVE, Thing.WEBHOOKS,
    summary="Remove a webhook", status=HTTPStatus.NO_CONTENT,
)  # fmt: skip
async def remove_webhook(webhook: str, desk: Desk, actor: Asking) -> Response:
    """With all its deliveries."""
    await desk.webhooks.remove(actor, webhook)
    return Response(status_code=HTTPStatus.NO_CONTENT)


@offer(
    router, "GET", "/webhooks/{webhook}/deliveries", Action.LIST, Thing.WEBHOOKS,
    summary="List deliveries", gives=DeliveryList,
)  # fmt: skip
async def list_deliveries(webhook: str, desk: Desk, actor: Asking) -> Response:
    """The last hundred, the newest first."""
    return answer(await desk.webhooks.deliveries(actor, webhook))


@offer(
    router, "POST", "/webhooks/{webhook}/retry", Action.CHANGE, Thing.WEBHOOKS,
    summary="Send again what was given up", gives=Retried,
)  # fmt: skip
async def retry_deliveries(webhook: str, desk: Desk, actor: Asking) -> Response:
    """All dead deliveries of this webhook become due."""
    return answer(Retried(await desk.webhooks.again(actor, webhook)))
