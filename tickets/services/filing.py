"""How a request becomes a ticket, whichever way it came: inside the transaction of whoever took it in."""

from dataclasses import dataclass
from typing import Final

import msgspec
from sqlalchemy.ext.asyncio import AsyncConnection

from protocol.tracking import TrackingNumber, make_tracking
from tickets.domain.access import Actor, Role
from tickets.domain.attachments import NOTHING_MORE, MessageExtras
from tickets.domain.errors import Unavailable
from tickets.domain.values import URGENCY_RANK, Channel, EntryKind, PersonId, Status
from tickets.domain.views import MAX_LINE, NewTicket
from tickets.mail.notices import Notices
from tickets.services.context import Context
from tickets.services.extras import add_extras
from tickets.services.fields import file_fields
from tickets.services.handing_out import HandingOut
from tickets.services.placing import place as place_new
from tickets.store import people as people_store
from tickets.store import tickets as ticket_store
from tickets.store.tickets import TicketRow
from tickets.store.timeline import NewEntry
from tickets.text import clean_email, clean_line, clean_text

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
            fields=new.fields,
        ),
        channel,
    )


class Filing:
    """Writes tickets down."""

    def __init__(self, context: Context) -> None:
        """Use the shared parts."""
        self._context: Final = context
        self._notices: Final = Notices(context)
        self._handing_out: Final = HandingOut(context)

    async def file(
        self,
        connection: AsyncConnection,
        actor: Actor,
        request: Request,
        *,
        confirm: bool = True,
        extras: MessageExtras = NOTHING_MORE,
    ) -> Filed:
        """Write a ticket, the first line of its story with the files that came with it, and the mail about it.

        Without `confirm` the requester is not written to (for what a machine sent).
        """
        context, new, now = self._context, request.new, self._context.now()
        ident = context.new_id()
        person = await people_store.person(connection, new.email, fresh_id=context.new_id(), now=now)
        if extras.language:
            await people_store.set_language(connection, person, extras.language)
        if new.name == new.email[:MAX_LINE]:
            # Nobody said a name with the request; a list that was read in may know one.
            new = msgspec.structs.replace(new, name=await people_store.name(connection, person) or new.name)
        tracking = await self._fresh_tracking(connection)
        place = await place_new(connection, new.category, new.urgency)
        await ticket_store.insert(
            connection,
            id=ident,
            tracking=tracking,
            title=new.title,
            description=new.description,
            category=place.category,
            urgency=new.urgency,
            urgency_rank=URGENCY_RANK[new.urgency],
            impact=place.impact,
            priority=place.priority,
            priority_rank=place.rank,
            team_id=place.team,
            asset=new.asset,
            status=Status.NEW,
            channel=request.channel,
            requester_id=person,
            requester_name=new.name,
            requester_generation=1,
            assignee_id=None,
            solution=None,
            created_at=now,
            updated_at=now,
        )
        await file_fields(connection, actor, ident, place.category, new.fields)
        said = f"{actor.name} filed this for {new.name}." if actor.is_staff else f"{new.name} filed this request."
        first = await context.story.tell(
            connection,
            NewEntry(
                ticket=ident,
                at=now,
                kind=EntryKind.SUBMITTED,
                who=actor.name if actor.is_staff else new.name,
                role=actor.role if actor.is_staff else Role.REQUESTER,
                actor_id=actor.technician or person,
                text=said,
                channel=request.channel,
            ),
        )
        await add_extras(context, connection, actor, extras, ticket=ident, entry=int(first.id))
        handed = await self._handing_out.hand_out(connection, await self._written(connection, tracking))
        await self._notices.submitted(connection, tracking, actor, confirm=confirm, handed=handed)
        return Filed(await self._written(connection, tracking), PersonId(person))

    async def _written(self, connection: AsyncConnection, tracking: TrackingNumber) -> TicketRow:
        row = await ticket_store.by_tracking(connection, tracking)
        if row is None:
            raise Unavailable
        return row

    async def _fresh_tracking(self, connection: AsyncConnection) -> TrackingNumber:
        for _ in range(_TRACKING_TRIES):
            tracking = make_tracking(self._context.entropy, self._context.settings.tracking_prefix)
            if await ticket_store.by_tracking(connection, tracking) is None:
                return tracking
        raise Unavailable
