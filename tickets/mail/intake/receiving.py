"""Keeping a mail before anything is done with it; only after that may its server be told that we have it."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import structlog
from sqlalchemy.exc import IntegrityError

from tickets.domain.intake import IntakeState
from tickets.mail.reading.fields import normal_line_ends, split_fields
from tickets.services.context import Context
from tickets.store import mailboxes as mailbox_store
from tickets.store import raw_mails as raw_store

_log: structlog.stdlib.BoundLogger = structlog.get_logger("tickets.mail")

# Two processes that are given the same mail at the same moment: the second one finds what the first one wrote.
_TRIES: Final = 3
OTHER_CONTENT: Final = "Another mail came under the same Message-ID before, and says something else."
CAME_BEFORE: Final = "The same mail came before, by another way."


@dataclass(frozen=True)
class Place:
    """Where in a mailbox a mail lies."""

    mailbox: int
    uidvalidity: int
    uid: int


@dataclass(frozen=True)
class Arrival:
    """How a mail came. `trusted`: through our own mail server, so that its Authentication-Results are its own.

    With `refused` it is kept for a person to see, and that is the reason.
    """

    source: str
    trusted: bool
    recipients: tuple[str, ...] = ()
    place: Place | None = None
    refused: str = ""


class Receiver:
    """Takes mail in. When `receive` returns, the mail is on disk."""

    def __init__(self, context: Context, received: Callable[[], None] = lambda: None) -> None:
        """`received` is called for every mail that was kept and is to be worked on."""
        self._context: Final = context
        self._received: Final = received

    async def receive(self, raw: bytes, arrival: Arrival) -> int:
        """Keep one mail and return its id; the id of the first one when exactly these bytes came before.

        Raises what the database raises: then the mail was not taken.
        """
        message_id = await asyncio.to_thread(message_id_of, raw)
        for attempt in range(_TRIES):
            try:
                ident = await self._keep(raw, message_id, arrival)
            except IntegrityError:
                if attempt + 1 == _TRIES:
                    raise
            else:
                self._received()
                return ident
        raise AssertionError("unreachable")

    async def _keep(self, raw: bytes, message_id: str, arrival: Arrival) -> int:
        now, place = self._context.now(), arrival.place
        key = raw_store.message_key(message_id)
        async with self._context.database.write() as connection:
            known = await raw_store.with_digest(connection, raw_store.digest_of(raw))
            if known is None and place is not None:
                known = await raw_store.with_uid(connection, place.mailbox, place.uidvalidity, place.uid)
            if known is None:
                state, reason = IntakeState.RECEIVED, ""
                if arrival.refused:
                    state, reason = IntakeState.SUSPENDED, arrival.refused
                earlier = None if key is None else await raw_store.with_message_key(connection, key)
                if earlier is not None:
                    key = None
                    same = await asyncio.to_thread(says_the_same, earlier, raw)
                    state = IntakeState.IGNORED if same else IntakeState.SUSPENDED
                    reason = CAME_BEFORE if same else OTHER_CONTENT
                known = await raw_store.add(
                    connection,
                    raw,
                    source=arrival.source,
                    mailbox_id=None if place is None else place.mailbox,
                    uidvalidity=None if place is None else place.uidvalidity,
                    uid=None if place is None else place.uid,
                    message_key=key,
                    message_id=message_id,
                    trusted=arrival.trusted,
                    recipients="\n".join(arrival.recipients),
                    sender="",
                    subject="",
                    state=state,
                    reason=reason,
                    received_at=now,
                    settled_at=None if state is IntakeState.RECEIVED else now,
                )
                _log.info("mail.received", mail=known, source=arrival.source, size=len(raw), state=state)
            if place is not None:
                await mailbox_store.reached(connection, place.mailbox, place.uidvalidity, place.uid)
        return known


def message_id_of(raw: bytes) -> str:
    """Return a mail's Message-ID as it stands in its header; empty when it has none."""
    fields, _ = split_fields(normal_line_ends(raw.removeprefix(b"\xef\xbb\xbf")), junk_allowed=True)
    found = next((value for name, value in fields if name.lower() == b"message-id"), b"")
    # PostgreSQL keeps no NUL.
    return found.decode("utf-8", "replace").replace("\x00", "")[:998]


def says_the_same(one: bytes, other: bytes) -> bool:
    """Whether two mails differ in nothing but what servers wrote on them on their way."""
    return _said(one) == _said(other)


_WRITTEN_BY_SENDER: Final = frozenset({b"from", b"subject", b"date", b"content-type", b"in-reply-to"})


def _said(raw: bytes) -> tuple[tuple[tuple[bytes, bytes], ...], bytes]:
    content = normal_line_ends(raw.removeprefix(b"\xef\xbb\xbf"))
    fields, start = split_fields(content, junk_allowed=True)
    told = tuple((name.lower(), value) for name, value in fields if name.lower() in _WRITTEN_BY_SENDER)
    # Servers end lines and mails as they like.
    return told, content[start:].replace(b"\r\n", b"\n").rstrip(b"\n")
