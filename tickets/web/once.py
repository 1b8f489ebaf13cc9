"""`Idempotency-Key`: a request that a program sends again, since it saw no answer, is carried out once.

The key is written in the same transaction as what the request does, so that a crash leaves both or neither. The same
key with the same body gets the first answer again for a day; with another body, 409. A key belongs to the token, the
method and the address that it came with. The answer can hold a requester's token, so it is kept sealed with a key
that only the Idempotency-Key opens, of which the database has no more than a hash.

Source: draft-ietf-httpapi-idempotency-key-header-07.
"""

import hashlib
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection
from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from tickets.domain.errors import DeskError, Invalid, SentTwice, TooLarge
from tickets.store import idempotency
from tickets.store.database import Database
from tickets.store.first_write import FIRST_WRITE
from tickets.web.problems import MAX_BODY_BYTES, desk_error, problem_answer

HEADER: Final = "idempotency-key"
LIFE: Final = timedelta(days=1)
LONGEST_KEY: Final = 255
LARGEST_ANSWER: Final = 65_536
_JSON: Final = "application/json"
_WITH_OTHER_BODY: Final = "It came with another body before. Send every new request with a new key."
_NOT_ANSWERED: Final = (
    "Its first request is being answered, or its answer was lost. Try again in a moment; if that does not help, "
    "look whether it was carried out, then use a new key."
)
# Every key makes one cipher key that seals one answer, so the nonce can be fixed.
_NONCE: Final = bytes(12)


class Once:
    """ASGI middleware around the API."""

    def __init__(self, app: ASGIApp, database: Database, now: Callable[[], datetime]) -> None:
        """`now()` gives the time of day, aware and in UTC."""
        self.app: Final = app
        self._database: Final = database
        self._now: Final = now

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Carry a request with a key out once; pass every other on."""
        if scope["type"] != "http" or scope["method"] != "POST" or not scope["path"].startswith("/api/"):
            await self.app(scope, receive, send)
            return
        key = Headers(scope=scope).get(HEADER)
        if key is None:
            await self.app(scope, receive, send)
            return
        try:
            answer = await self._once(scope, receive, key)
        except (DeskError, SQLAlchemyError, OSError) as error:
            answer = problem_answer(desk_error(error))
        await answer(scope, receive, send)

    async def _once(self, scope: Scope, receive: Receive, key: str) -> Response:
        if not 1 <= len(key) <= LONGEST_KEY or not key.isascii() or not key.isprintable():
            raise Invalid("Idempotency-Key", f"send 1 to {LONGEST_KEY} characters of ASCII, new for each request.")
        body = await _read(receive)
        headers = Headers(scope=scope)
        key_hash = _hash(
            scope["method"], scope["path"], headers.get("authorization", ""), headers.get("cookie", ""), key
        )
        request_hash = hashlib.sha256(body).digest()
        async with self._database.read() as connection:
            row = await idempotency.used(connection, key_hash, self._now())
        if row is not None:
            if row.request_hash != request_hash:
                raise SentTwice(_WITH_OTHER_BODY)
            if row.status is None or row.answer is None:
                raise SentTwice(_NOT_ANSWERED)
            return Response(_open(key, row.answer), row.status, {"idempotency-replayed": "true"}, _JSON)
        return await self._first(scope, body, key, key_hash, request_hash)

    async def _first(self, scope: Scope, body: bytes, key: str, key_hash: bytes, request_hash: bytes) -> Response:
        written = False

        async def write(connection: AsyncConnection) -> None:
            nonlocal written
            now = self._now()
            if await idempotency.used(connection, key_hash, now) is not None:
                raise SentTwice(_NOT_ANSWERED)
            await idempotency.use(connection, key_hash, now, request_hash=request_hash, expires_at=now + LIFE)
            written = True

        token = FIRST_WRITE.set(write)
        try:
            answer = await _ask(self.app, scope, body)
        finally:
            FIRST_WRITE.reset(token)
        if written and answer.status_code < 400 and len(answer.body) <= LARGEST_ANSWER:
            # The request is carried out; if its answer can't be kept, a second one is told so.
            with suppress(SQLAlchemyError, OSError):
                async with self._database.write() as connection:
                    sealed = _seal(key, bytes(answer.body))
                    await idempotency.answered(connection, key_hash, answer.status_code, sealed)
        return answer


async def _read(receive: Receive) -> bytes:
    body = bytearray()
    while True:
        message = await receive()
        if message["type"] != "http.request":
            return bytes(body)
        body += message.get("body", b"")
        if len(body) > MAX_BODY_BYTES:
            raise TooLarge(MAX_BODY_BYTES)
        if not message.get("more_body", False):
            return bytes(body)


async def _ask(app: ASGIApp, scope: Scope, body: bytes) -> Response:
    """Return what `app` answers to a request whose body was read already."""
    given = False
    answer = Response()
    content = bytearray()

    async def receive() -> Message:
        nonlocal given
        if given:
            return {"type": "http.disconnect"}
        given = True
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: Message) -> None:
        if message["type"] == "http.response.start":
            answer.status_code = message["status"]
            answer.raw_headers = list(message["headers"])
        elif message["type"] == "http.response.body":
            content.extend(message.get("body", b""))

    await app(scope, receive, send)
    answer.body = bytes(content)
    return answer


def _hash(*fields: str) -> bytes:
    digest = hashlib.sha256()
    for field in fields:
        encoded = field.encode("utf-8", "replace")
        digest.update(len(encoded).to_bytes(4, "big") + encoded)
    return digest.digest()


def _cipher(key: str) -> ChaCha20Poly1305:
    return ChaCha20Poly1305(_hash("towline idempotency answer 1", key))


def _seal(key: str, answer: bytes) -> bytes:
    return _cipher(key).encrypt(_NONCE, answer, None)


def _open(key: str, sealed: bytes) -> bytes:
    try:
        return _cipher(key).decrypt(_NONCE, sealed, None)
    except InvalidTag:
        raise SentTwice(_NOT_ANSWERED) from None
