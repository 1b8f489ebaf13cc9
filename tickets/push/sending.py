"""Sends notices to technicians' phones, from the worker: to public HTTPS addresses only, and never for long.

A notice is of use for some minutes. What could not be sent three times is forgotten: the mail about it is what counts.
"""

import json
from datetime import timedelta
from typing import Final

import httpx
import structlog
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key

from tickets.outward import OutwardTransport
from tickets.push.encryption import encrypt, signed_by
from tickets.services.context import Context
from tickets.store import push as push_store
from tickets.store.push import PhoneRow, PushRow

_TIMEOUT_S: Final = 5.0
# Also the wait until another try.
_LEASE: Final = timedelta(seconds=60)
_TRIES: Final = 3
_MOST_AT_ONCE: Final = 100
_LIFE_S: Final = 3_600
_GONE: Final = frozenset({404, 410})

_log: structlog.stdlib.BoundLogger = structlog.get_logger("tickets.push")


class PushSender:
    """The worker's part of notices."""

    def __init__(self, context: Context, transport: httpx.AsyncBaseTransport | None = None) -> None:
        """`transport` is for tests; the guarded one unless given."""
        self._context: Final = context
        self._transport: Final = transport

    async def send_due(self) -> int:
        """Send what is due; return how many notices were taken by a phone's service."""
        # Nearly always none: then nobody waits for the writer, and no connection is made ready.
        async with self._context.database.read() as connection:
            if not await push_store.is_due(connection, self._context.now()):
                return 0
        sent = 0
        settings = self._context.settings.webhooks
        transport = self._transport or OutwardTransport(settings.networks, ca_file=settings.ca)
        async with httpx.AsyncClient(transport=transport, timeout=_TIMEOUT_S, follow_redirects=False) as client:
            for _ in range(_MOST_AT_ONCE):
                now = self._context.now()
                async with self._context.database.write() as connection:
                    row = await push_store.lease(connection, now, now + _LEASE)
                    phones = [] if row is None else await push_store.phones_of(connection, row.technician_id)
                if row is None:
                    break
                sent += await self._send(client, row, phones)
        return sent

    async def _send(self, client: httpx.AsyncClient, row: PushRow, phones: list[PhoneRow]) -> int:
        sent, again = 0, False
        for phone in phones:
            status = await self._hand_over(client, row, phone)
            if status in _GONE:
                async with self._context.database.write() as connection:
                    await push_store.unsubscribe(connection, phone.technician_id, phone.id)
                _log.info("push.phone-gone", phone=phone.id)
            elif 200 <= status < 300:
                sent += 1
            else:
                again = True
                _log.warning("push.not-sent", phone=phone.id, status=status)
        # With several phones one success is enough: nobody shall hear the same thing twice.
        if sent or not again or row.attempts >= _TRIES:
            async with self._context.database.write() as connection:
                await push_store.done(connection, row.id)
        return sent

    async def _hand_over(self, client: httpx.AsyncClient, row: PushRow, phone: PhoneRow) -> int:
        """Return the status that the phone's service answered; 0 when it did not."""
        context = self._context
        key = context.keys.push
        if key is None:
            return 404
        message = json.dumps({"title": row.title, "path": row.path}).encode()
        try:
            body = encrypt(message, phone.p256dh, phone.auth, generate_private_key(SECP256R1()), context.entropy(16))
            headers = {
                "authorization": signed_by(
                    key, phone.endpoint, context.settings.public_url, int(context.now().timestamp())
                ),
                "content-encoding": "aes128gcm",
                "content-type": "application/octet-stream",
                "ttl": str(_LIFE_S),
                "urgency": "high",
            }
            request = client.build_request("POST", phone.endpoint, content=body, headers=headers)
            answer = await client.send(request, stream=True)
            # What the service says beyond its status is not read: it could be without end.
            await answer.aclose()
        except (httpx.HTTPError, httpx.InvalidURL, OSError, ValueError):
            return 0
        return answer.status_code
