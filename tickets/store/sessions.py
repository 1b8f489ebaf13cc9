"""Statements about sessions and about the one-use socket tickets that open sockets."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Select, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from protocol.tracking import TrackingNumber
from tickets.domain.values import WORKABLE, Status
from tickets.store.schema import sessions, socket_tickets, technicians, tickets

OPEN: Final = "open"
ENDED: Final = "ended"
VIEWER: Final = "viewer"
LIVE: Final = "live"


@dataclass(frozen=True)
class SessionRow:
    """A session together with what decides whether it may go on."""

    id: str
    ticket_id: str
    tracking: TrackingNumber
    technician_id: str
    technician_name: str
    state: str
    rights: str
    consent: str | None
    not_after: datetime
    ended_at: datetime | None
    status: Status
    assignee_id: str | None
    disabled_at: datetime | None

    def reason_to_end(self, now: datetime) -> str | None:
        """Return the code with which this session has to end now, None when it may go on."""
        for ends, code in (
            (self.disabled_at is not None, "technician-disabled"),
            (self.assignee_id != self.technician_id, "reassigned"),
            (self.status not in WORKABLE, str(self.status)),
            (self.not_after <= now, "expired"),
        ):
            if ends:
                return code
        return None


@dataclass(frozen=True)
class SocketTicketRow:
    """What a used socket ticket was for."""

    technician_id: str
    login_id: str | None
    session_id: str | None


def _sessions() -> Select[Any]:
    return (
        select(
            sessions.c.id,
            sessions.c.ticket_id,
            tickets.c.tracking,
            sessions.c.technician_id,
            technicians.c.name.label("technician_name"),
            sessions.c.state,
            sessions.c.rights,
            sessions.c.consent,
            sessions.c.not_after,
            sessions.c.ended_at,
            tickets.c.status,
            tickets.c.assignee_id,
            technicians.c.disabled_at,
        )
        .join(tickets, tickets.c.id == sessions.c.ticket_id)
        .join(technicians, technicians.c.id == sessions.c.technician_id)
    )


def _row(mapping: Any) -> SessionRow:
    return SessionRow(**{**mapping, "status": Status(mapping["status"])})


async def insert(
    connection: AsyncConnection,
    *,
    ident: str,
    ticket: str,
    technician: str,
    device_key: str,
    rights: tuple[str, ...],
    now: datetime,
    not_after: datetime,
) -> None:
    """Add a session."""
    await connection.execute(
        sessions.insert().values(
            id=ident,
            ticket_id=ticket,
            technician_id=technician,
            device_key=device_key,
            rights=" ".join(rights),
            state=OPEN,
            created_at=now,
            not_after=not_after,
        )
    )


async def by_id(connection: AsyncConnection, ident: str) -> SessionRow | None:
    """Return the session with this id."""
    found = (await connection.execute(_sessions().where(sessions.c.id == ident))).mappings().one_or_none()
    return None if found is None else _row(found)


async def open_of_ticket(connection: AsyncConnection, ticket: str) -> list[SessionRow]:
    """List the open sessions of a ticket."""
    query = _sessions().where(sessions.c.ticket_id == ticket, sessions.c.state == OPEN)
    return [_row(found) for found in (await connection.execute(query)).mappings()]


async def never_met(connection: AsyncConnection, ticket: str, technician: str) -> list[SessionRow]:
    """List the open sessions of a technician on a ticket in which viewer and agent have not met."""
    query = _sessions().where(
        sessions.c.ticket_id == ticket,
        sessions.c.technician_id == technician,
        sessions.c.state == OPEN,
        sessions.c.met_at.is_(None),
    )
    return [_row(found) for found in (await connection.execute(query)).mappings()]


async def met(connection: AsyncConnection, ident: str, now: datetime) -> None:
    """Note that viewer and agent met."""
    await connection.execute(sessions.update().where(sessions.c.id == ident).values(met_at=now))


async def put_consent(connection: AsyncConnection, ident: str, consent: str) -> None:
    """Keep what the agent told of its user's decision."""
    await connection.execute(sessions.update().where(sessions.c.id == ident).values(consent=consent))


async def that_must_end(connection: AsyncConnection, now: datetime) -> list[SessionRow]:
    """List open sessions whose permission is gone, whoever took it away."""
    query = _sessions().where(
        sessions.c.state == OPEN,
        or_(
            technicians.c.disabled_at.is_not(None),
            tickets.c.assignee_id.is_distinct_from(sessions.c.technician_id),
            tickets.c.status.not_in(list(WORKABLE)),
            sessions.c.not_after <= now,
        ),
    )
    return [_row(found) for found in (await connection.execute(query)).mappings()]


async def end(connection: AsyncConnection, ident: str, code: str, now: datetime) -> bool:
    """Mark a session as ended; False when it already was."""
    done = await connection.execute(
        sessions.update()
        .where(sessions.c.id == ident, sessions.c.state != ENDED)
        .values(state=ENDED, ended_at=now, end_code=code)
    )
    return done.rowcount == 1


async def add_socket_ticket(
    connection: AsyncConnection,
    *,
    ticket_hash: bytes,
    purpose: str,
    technician: str,
    login: str | None,
    session: str | None,
    expires_at: datetime,
) -> None:
    """Keep a socket ticket."""
    await connection.execute(
        socket_tickets.insert().values(
            ticket_hash=ticket_hash,
            purpose=purpose,
            technician_id=technician,
            login_id=login,
            session_id=session,
            expires_at=expires_at,
        )
    )


async def use_socket_ticket(
    connection: AsyncConnection, ticket_hash: bytes, purpose: str, now: datetime
) -> SocketTicketRow | None:
    """Remove a socket ticket and return what it was for; None when it is unknown, used, late or for something else."""
    here = socket_tickets.c.ticket_hash == ticket_hash
    query = select(socket_tickets.c.technician_id, socket_tickets.c.login_id, socket_tickets.c.session_id).where(
        here, socket_tickets.c.purpose == purpose, socket_tickets.c.expires_at > now
    )
    found = (await connection.execute(query)).mappings().one_or_none()
    done = await connection.execute(socket_tickets.delete().where(here))
    return SocketTicketRow(**found) if found is not None and done.rowcount == 1 else None


async def purge(connection: AsyncConnection, now: datetime) -> None:
    """Remove socket tickets that have run out."""
    await connection.execute(socket_tickets.delete().where(socket_tickets.c.expires_at <= now))
