"""To which ticket a mail belongs, and how well that is proven."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from protocol.tracking import InvalidTrackingNumber, TrackingNumber, parse_tracking
from tickets.mail.identity import OwnId, ReplyTo, parse_message_id, parse_reply_address, proves
from tickets.mail.reading.mail import Mail
from tickets.services.context import Context
from tickets.store import mail_ids
from tickets.store import merges as merge_store
from tickets.store import people as people_store
from tickets.store import tickets as ticket_store
from tickets.store import watchers as watcher_store
from tickets.store.people import TechnicianRow
from tickets.store.tickets import TicketRow

_SUBJECT_LIMIT: Final = 500
_MOST_MERGES: Final = 10


class Proof(StrEnum):
    """Why a mail belongs to a ticket, the best first."""

    OWN_ID = "it answers a mail of ours"
    KNOWN_ID = "it belongs to a thread that is known"
    REPLY_ADDRESS = "it came to the ticket's reply address"
    NUMBER = "its subject names the ticket"
    WANTED = "a technician said so"


@dataclass(frozen=True)
class Match:
    """A ticket; `own` is the mail of ours that is answered."""

    ticket: TicketRow
    proof: Proof
    own: OwnId | None = None


@dataclass(frozen=True)
class Way:
    """A reply address that is good: of which ticket, and whose it is; a technician, or somebody on the ticket."""

    tracking: TrackingNumber
    technician: TechnicianRow | None


class Matcher:
    """Looks for the ticket."""

    def __init__(self, context: Context, addresses: Sequence[str]) -> None:
        """`addresses` are ours."""
        self._context: Final = context
        self._addresses: Final = tuple(addresses)
        prefix = re.escape(context.settings.tracking_prefix)
        self._number: Final = re.compile(
            rf"(?<![A-Za-z0-9-]){prefix}[-\u2010-\u2015 ]?\w{{4}}[-\u2010-\u2015 ]?\w{{4}}(?![A-Za-z0-9-])",
            re.IGNORECASE,
        )

    def own_ids(self, message_ids: Sequence[str]) -> list[OwnId]:
        """Return those that we made."""
        key = self._context.keys.token_key
        return [own for own in (parse_message_id(key, each) for each in message_ids) if own is not None]

    async def way(self, connection: AsyncConnection, recipients: Sequence[str]) -> Way | None:
        """Return the reply address of ours among the recipients that is good."""
        for recipient in recipients:
            for base in self._addresses:
                claimed = parse_reply_address(base, recipient)
                if claimed is not None and (found := await self._proven(connection, claimed)) is not None:
                    return found
        return None

    async def _proven(self, connection: AsyncConnection, claimed: ReplyTo) -> Way | None:
        first = await ticket_store.by_tracking(connection, claimed.tracking)
        row = await self.ticket(connection, claimed.tracking)
        if first is None or row is None:
            return None
        key = self._context.keys.token_key
        if proves(key, claimed, first.requester_id):
            return Way(row.tracking, None)
        for technician in await people_store.all_technicians(connection):
            if proves(key, claimed, technician.id):
                return Way(row.tracking, technician)
        for watcher in await watcher_store.of_ticket(connection, row.id):
            if proves(key, claimed, watcher.email):
                return Way(row.tracking, None)
        return None

    async def match(self, connection: AsyncConnection, mail: Mail, way: Way | None) -> Match | None:
        """Return the ticket by the best proof there is, without looking at who wrote."""
        answered = (*mail.in_reply_to, *reversed(mail.references))
        for own in self.own_ids(answered):
            row = await self.ticket(connection, own.tracking)
            if row is not None:
                return Match(row, Proof.OWN_ID, own)
        known = await mail_ids.ticket_of(connection, answered)
        if known is not None and (row := await self.ticket(connection, known)) is not None:
            return Match(row, Proof.KNOWN_ID)
        if way is not None and (row := await self.ticket(connection, way.tracking)) is not None:
            return Match(row, Proof.REPLY_ADDRESS)
        return None

    async def ticket(self, connection: AsyncConnection, tracking: str) -> TicketRow | None:
        """Return the ticket with this number, or the one that it was merged into."""
        row = await ticket_store.by_tracking(connection, tracking)
        for _ in range(_MOST_MERGES):
            merge = None if row is None else await merge_store.of_origin(connection, row.id)
            if merge is None:
                break
            row = await ticket_store.by_id(connection, merge.into_id)
        return row

    async def named(self, connection: AsyncConnection, subject: str) -> TicketRow | None:
        """Return the ticket whose number stands in a subject."""
        for text in self._number.findall(subject[:_SUBJECT_LIMIT]):
            try:
                tracking = parse_tracking(text, self._context.settings.tracking_prefix)
            except InvalidTrackingNumber:
                continue
            row = await self.ticket(connection, tracking)
            if row is not None:
                return row
        return None

    def is_ours(self, address: str) -> bool:
        """Whether an address is one of ours, or a reply address under one."""
        folded = address.casefold()
        local, _, domain = folded.rpartition("@")
        bare = f"{local.partition('+')[0]}@{domain}"
        return any(own.casefold() in {folded, bare} for own in self._addresses)
