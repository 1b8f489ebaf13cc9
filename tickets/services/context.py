"""What all services share, and how they find a ticket for somebody who asks."""

import ipaddress
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from protocol.encoding import pack_b64
from protocol.tracking import InvalidTrackingNumber, parse_tracking
from tickets.domain.access import Action, Actor, Role, check, relation
from tickets.domain.errors import TicketNotFound, TooManyTries
from tickets.domain.values import EntryKind
from tickets.keys import ServerKeys
from tickets.passwords import Passwords
from tickets.ports import Clock, Entropy, MailBell, Switchboard, moment
from tickets.services.hub import LiveHub
from tickets.services.story import Story
from tickets.settings import HelpDeskSettings, Limit
from tickets.store import counters
from tickets.store import tickets as ticket_store
from tickets.store.database import Database
from tickets.store.files import FileStore
from tickets.store.tickets import TicketRow
from tickets.store.timeline import NewEntry

# A ticket into which others were merged can be merged on.
_MOST_MERGES: Final = 20


@dataclass(frozen=True, repr=False)
class Context:
    """The parts that `tickets.app` put together."""

    settings: HelpDeskSettings
    database: Database
    keys: ServerKeys
    passwords: Passwords
    switchboard: Switchboard
    hub: LiveHub
    story: Story
    files: FileStore
    bell: MailBell
    clock: Clock
    entropy: Entropy

    def now(self) -> datetime:
        """Return the time, in UTC, to the millisecond."""
        return moment(self.clock)

    def new_id(self) -> str:
        """Return a random id of 22 characters."""
        return pack_b64(self.entropy(16))

    def new_token(self) -> str:
        """Return a random token of 43 characters."""
        return pack_b64(self.entropy(32))

    async def find(self, connection: AsyncConnection, tracking: str) -> TicketRow | None:
        """Return the ticket with this tracking number, or the one into which it was merged."""
        row = await self.find_itself(connection, tracking)
        for _ in range(_MOST_MERGES):
            if row is None or row.merged_into_id is None:
                break
            row = await ticket_store.by_id(connection, row.merged_into_id)
        return row

    async def find_itself(self, connection: AsyncConnection, tracking: str) -> TicketRow | None:
        """Return the ticket with this tracking number, spoken or canonical; no number costs the same query."""
        try:
            canonical: str = parse_tracking(tracking, self.settings.tracking_prefix)
        except InvalidTrackingNumber:
            canonical = ""
        return await ticket_store.by_tracking(connection, canonical)

    async def permitted(self, connection: AsyncConnection, actor: Actor, action: Action, tracking: str) -> TicketRow:
        """Return the ticket when `actor` may do `action` on it.

        Raises TicketNotFound for a ticket that is unknown or not this requester's, NotAllowed.
        """
        row = seen(actor, await self.find(connection, tracking))
        check(actor, action, relation(actor, row.tracking, row.assignee_id))
        return row


def seen(actor: Actor, row: TicketRow | None) -> TicketRow:
    """Return the ticket when `actor` may know that it exists. Raises TicketNotFound."""
    if row is None or not (actor.is_staff or actor.tracking == row.tracking):
        raise TicketNotFound
    return row


def entry(
    row: TicketRow, actor: Actor, kind: EntryKind, text: str, at: datetime, *, internal: bool = False
) -> NewEntry:
    """Return a timeline entry by `actor`."""
    return NewEntry(
        ticket=row.id,
        at=at,
        kind=kind,
        who=actor.name or ("Requester" if actor.role is Role.REQUESTER else "Computer"),
        role=actor.role,
        actor_id=actor.technician or actor.person,
        text=text,
        internal=internal,
    )


async def spend(connection: AsyncConnection, name: str, limit: Limit, now: datetime) -> None:
    """Count one try. Raises TooManyTries, which must leave the transaction only when nothing else hangs on it."""
    until = await counters.spend(connection, name, limit, now)
    if until is not None:
        raise TooManyTries(max(1, round((until - now).total_seconds())))


def address_block(address: str) -> str:
    """Return the network that counts as one stranger: IPv4 /24, IPv6 /48, or the text when it is no address."""
    try:
        parsed = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address[:40]
    if isinstance(parsed, ipaddress.IPv6Address) and parsed.ipv4_mapped is not None:
        parsed = parsed.ipv4_mapped
    return str(ipaddress.ip_network((parsed, 24 if parsed.version == 4 else 48), strict=False))
