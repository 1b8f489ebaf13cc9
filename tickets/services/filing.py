"""How a request becomes a ticket, whichever way it came: inside the transaction of whoever took it in."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from protocol.tracking import TrackingNumber, make_tracking
from tickets.domain.access import Actor, Role
from tickets.domain.errors import Unavailable
from tickets.domain.values import URGENCY_RANK, Channel, EntryKind, PersonId, Status
from tickets.domain.views import MAX_LINE, NewTicket
from tickets.mail.notices import Notices
from tickets.services.context import Context
from tickets.store import people as people_store
from tickets.store import tickets as ticket_store
from tickets.store.tickets import TicketRow
from tickets.store.timeline import NewEntry
from tickets.text import clean_email, clean_line, clean_text, fold

# 32^7 numbers: a second try is already rare.
_TRACKING_TRIES: Final = 5


@dataclass(frozen=True)
class Request:
    """A request whose texts are clean."""

    new: NewTicket
    channel: Channel


@dataclass(frozen=True)
class Filed:
    """A ticket that is written down, not committed yet."""

    ticket: TicketRow
    requester: PersonId

    @property
    def tracking(self) -> TrackingNumber:
        """The number that the requester gets."""
        return self.ticket.tracking


def clean_request(new: NewTicket, channel: Channel) -> Request:
    """Return the request with every text cleaned. Raises Invalid."""
    email = clean_email(new.email)
    return Request(
        NewTicket(
            category=clean_line(new.category, "category"),
            title=clean_line(new.title, "title"),
            description=clean_text(new.description, "description"),
            urgency=new.urgency,
            asset=new.asset,
            email=email,
            name=clean_line(new.name, "name") if new.name.strip() else email[:MAX_LINE],
        ),
        channel,
    )


class Filing:
    """Writes tickets down."""

    def __init__(self, context: Context) -> None:
        """Use the shared parts."""
        self._context: Final = context
        self._notices: Final = Notices(context)

    async def file(self, connection: AsyncConnection, actor: Actor, request: Request, *, confirm: bool = True) -> Filed:
        """Write a ticket, the first line of its story, and the mail about it.

        Without `confirm` the requester is not written to (for what a machine sent).
        """
        context, new, now = self._context, request.new, self._context.now()
        ident = context.new_id()
        person = await people_store.person(connection, new.email, fresh_id=context.new_id(), now=now)
        tracking = await self._fresh_tracking(connection)
        searched: Sequence[str] = (tracking, new.title, new.category, new.name, new.email, new.description)
        await ticket_store.insert(
            connection,
            id=ident,
            tracking=tracking,
            title=new.title,
            description=new.description,
            category=new.category,
            urgency=new.urgency,
            urgency_rank=URGENCY_RANK[new.urgency],
            asset=new.asset,
            status=Status.NEW,
            channel=request.channel,
            requester_id=person,
            requester_name=new.name,
            requester_generation=1,
            assignee_id=None,
            solution=None,
            search_text=fold(" ".join(searched)),
            created_at=now,
            updated_at=now,
        )
        said = f"{actor.name} filed this for {new.name}." if actor.is_staff else f"{new.name} filed this request."
        await context.story.tell(
            connection,
            NewEntry(
                ticket=ident,
                at=now,
                kind=EntryKind.SUBMITTED,
                who=actor.name if actor.is_staff else new.name,
                role=actor.role if actor.is_staff else Role.REQUESTER,
                actor_id=actor.technician or person,
                text=said,
            ),
        )
        await self._notices.submitted(connection, tracking, actor, confirm=confirm)
        row = await ticket_store.by_tracking(connection, tracking)
        if row is None:
            raise Unavailable
        return Filed(row, PersonId(person))

    async def _fresh_tracking(self, connection: AsyncConnection) -> TrackingNumber:
        for _ in range(_TRACKING_TRIES):
            tracking = make_tracking(self._context.entropy, self._context.settings.tracking_prefix)
            if await ticket_store.by_tracking(connection, tracking) is None:
                return tracking
        raise Unavailable
