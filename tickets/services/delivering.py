"""Sends what webhooks are owed, from the worker: signed, retried, and given up in the end.

The signature is that of Standard Webhooks 1.0 (`webhook-id`, `webhook-timestamp`, `webhook-signature: v1,…`), for
which receivers find libraries in every language.
"""

import base64
import hashlib
import hmac
from datetime import datetime, timedelta
from typing import Final

import httpx
import structlog

from tickets.mail.backoff import wait_after
from tickets.outward import OutwardTransport
from tickets.services.context import Context
from tickets.store import webhooks as webhook_store
from tickets.store.webhooks import DeliveryRow, WebhookRow

GIVE_UP_AFTER: Final = timedelta(days=3)
KEEP_DONE: Final = timedelta(days=7)
_TIMEOUT_S: Final = 10.0
# Longer than one delivery can take, so that it is not sent a second time meanwhile.
_LEASE: Final = timedelta(seconds=60)
_MOST_AT_ONCE: Final = 200
_ERROR_LENGTH: Final = 255

_log: structlog.stdlib.BoundLogger = structlog.get_logger("tickets.webhooks")


class Delivering:
    """Sends deliveries that are due, one after the other."""

    def __init__(self, context: Context, transport: httpx.AsyncBaseTransport | None = None) -> None:
        """`transport` is for tests; the guarded one unless given."""
        self._context: Final = context
        self._transport: Final = transport

    async def send_due(self) -> None:
        """Send what is due; a receiver that fails holds up nobody else's deliveries beyond its time-out."""
        # Nearly always none: then nobody waits for the writer, and no connection is made ready.
        async with self._context.database.read() as connection:
            if not await webhook_store.is_due(connection, self._context.now()):
                return
        settings = self._context.settings.webhooks
        transport = self._transport or OutwardTransport(settings.networks, ca_file=settings.ca)
        async with httpx.AsyncClient(transport=transport, timeout=_TIMEOUT_S, follow_redirects=False) as client:
            for _ in range(_MOST_AT_ONCE):
                now = self._context.now()
                async with self._context.database.write() as connection:
                    row = await webhook_store.lease(connection, now, now + _LEASE)
                    webhook = None if row is None else await webhook_store.by_id(connection, row.webhook_id)
                if row is None:
                    return
                if webhook is not None:
                    await self._settle(row, await self._send(client, webhook, row))

    async def tidy(self) -> None:
        """Forget deliveries that were done long ago."""
        async with self._context.database.write() as connection:
            await webhook_store.purge(connection, self._context.now() - KEEP_DONE)

    async def _send(self, client: httpx.AsyncClient, webhook: WebhookRow, row: DeliveryRow) -> str:
        """Send one; returns what went wrong, or nothing."""
        secret = self._context.keys.webhook_secret(webhook.id, webhook.generation)
        headers = signed_headers(secret, row.event_id, row.body, self._context.now())
        request = client.build_request("POST", webhook.url, content=row.body.encode(), headers=headers)
        try:
            answer = await client.send(request, stream=True)
            # What the receiver says beyond its status is not read: it could be without end.
            await answer.aclose()
        except (httpx.HTTPError, httpx.InvalidURL, OSError) as error:
            return str(error) or type(error).__name__
        return "" if answer.is_success else f"The receiver answered {answer.status_code}."

    async def _settle(self, row: DeliveryRow, error: str) -> None:
        context, now = self._context, self._context.now()
        wait = wait_after(row.attempts, context.entropy(1)[0] / 255)
        async with context.database.write() as connection:
            if not error:
                await webhook_store.settle(connection, row, state="done", done_at=now, last_error=None)
            elif now + wait > row.give_up_at:
                await webhook_store.settle(connection, row, state="dead", done_at=now, last_error=error[:_ERROR_LENGTH])
                _log.warning("webhook.given-up", webhook=row.webhook_id, attempts=row.attempts)
            else:
                await webhook_store.settle(connection, row, next_try_at=now + wait, last_error=error[:_ERROR_LENGTH])


def signed_headers(secret: bytes, event_id: str, body: str, at: datetime) -> dict[str, str]:
    """Return the headers of a delivery (Standard Webhooks 1.0, "Signature scheme")."""
    at_s = int(at.timestamp())
    mac = hmac.digest(secret, f"{event_id}.{at_s}.{body}".encode(), hashlib.sha256)
    return {
        "content-type": "application/json",
        "user-agent": "Towline-Webhook/1",
        "webhook-id": event_id,
        "webhook-timestamp": str(at_s),
        "webhook-signature": f"v1,{base64.b64encode(mac).decode()}",
    }
