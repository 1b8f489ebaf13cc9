"""Ending sessions: written down in the transaction, carried out at the relay after it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from protocol.tracking import TrackingNumber
from tickets.domain.access import Role
from tickets.domain.values import EntryKind
from tickets.ports import Switchboard
from tickets.services.story import Story
from tickets.store import sessions as session_store
from tickets.store.sessions import SessionRow
from tickets.store.tickets import TicketRow
from tickets.store.timeline import NewEntry

OPENED_AGAIN: Final = "opened-again"

REASONS: Final = {
    "reassigned": "The session ended: somebody else has the request now.",
    "resolved": "The session ended: the request is resolved.",
    "closed": "The session ended: the request is closed.",
    "expired": "The session ended: its time was over.",
    "technician-disabled": "The session ended: the technician may no longer work here.",
    "other-computer": "The session ended: another computer belongs to the request now.",
    OPENED_AGAIN: "That attempt to connect is over; another one follows.",
}


@dataclass(frozen=True)
class Hangup:
    """Whom to hang up on: single sessions, or everybody under a tracking number."""

    sessions: tuple[str, ...] = ()
    tracking: TrackingNumber | None = None
    code: str = ""

    async def carry_out(self, switchboard: Switchboard) -> None:
        """Tell the relay."""
        for session in self.sessions:
            await switchboard.end_session(session, self.code)
        if self.tracking is not None:
            await switchboard.end(self.tracking, self.code)


async def end_session(connection: AsyncConnection, story: Story, row: SessionRow, code: str, now: datetime) -> bool:
    """Write down that a session is over; False when it already was."""
    if not await session_store.end(connection, row.id, code, now):
        return False
    await story.tell(
        connection,
        NewEntry(
            ticket=row.ticket_id,
            at=now,
            kind=EntryKind.SESSION_ENDED,
            who=row.technician_name,
            role=Role.TECHNICIAN,
            actor_id=row.technician_id,
            text=REASONS.get(code, f"{row.technician_name}'s session ended."),
        ),
    )
    return True


async def end_attempts(
    connection: AsyncConnection, story: Story, ticket: str, technician: str, now: datetime
) -> Hangup:
    """Write down that this technician's sessions in which nobody met anybody are over: a new one takes their place."""
    ended = [
        row.id
        for row in await session_store.never_met(connection, ticket, technician)
        if await end_session(connection, story, row, OPENED_AGAIN, now)
    ]
    return Hangup(tuple(ended), code=OPENED_AGAIN)


async def end_sessions_of(
    connection: AsyncConnection, story: Story, ticket: TicketRow, code: str, now: datetime, *, everybody: bool = False
) -> Hangup:
    """Write down that all open sessions of a ticket are over; `everybody` sends the agent off too."""
    ended = [
        row.id
        for row in await session_store.open_of_ticket(connection, ticket.id)
        if await end_session(connection, story, row, code, now)
    ]
    return Hangup(tuple(ended), ticket.tracking if everybody else None, code)
