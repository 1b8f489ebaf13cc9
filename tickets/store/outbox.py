"""Statements about mail that is to go out."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import ColumnElement, Select, func, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from tickets.store.schema import outbox, people, tickets


class MailState(StrEnum):
    """Where a mail stands."""

    PENDING = "pending"
    SENT = "sent"
    DEAD = "dead"
    """Given up; an admin may have it tried again."""
    HELD = "held"
    """A budget was spent; `held_by` says which."""
    DROPPED = "dropped"
    """An admin said that it need not go."""


@dataclass(frozen=True, repr=False)
class OutboxRow:
    """A mail with what its ticket adds to it."""

    id: int
    kind: str
    number: int
    recipient: str
    recipient_id: str | None
    entry_id: int | None
    language: str | None
    held_by: str | None
    message_id: str
    subject: str
    text: str
    html: str
    state: MailState
    attempts: int
    next_try_at: datetime
    give_up_at: datetime
    lease_until: datetime | None
    last_error: str | None
    created_at: datetime
    sent_at: datetime | None
    ticket_id: str
    tracking: str
    requester_id: str
    requester_email: str
    requester_generation: int


_UNSENT: Final = (MailState.PENDING, MailState.HELD, MailState.DEAD)


def _free(now: datetime) -> ColumnElement[bool]:
    return or_(outbox.c.lease_until.is_(None), outbox.c.lease_until <= now)


def _rows() -> Select[Any]:
    return select(
        *outbox.c,
        tickets.c.tracking,
        tickets.c.requester_id,
        tickets.c.requester_generation,
        people.c.email.label("requester_email"),
    ).select_from(
        outbox.join(tickets, tickets.c.id == outbox.c.ticket_id).join(people, people.c.id == tickets.c.requester_id)
    )


def _row(mapping: Any) -> OutboxRow:
    return OutboxRow(**{**mapping, "state": MailState(mapping["state"])})


async def next_number(connection: AsyncConnection, ticket: str) -> int:
    """Return the number of the ticket's next mail; whoever adds it has changed the ticket in the same transaction.

    That change holds the ticket's row, so two writers can't be given the same number.
    """
    query = select(func.coalesce(func.max(outbox.c.number), 0)).where(outbox.c.ticket_id == ticket)
    found: int = (await connection.execute(query)).scalar_one()
    return found + 1


async def add(connection: AsyncConnection, **values: Any) -> None:
    """Add a mail."""
    await connection.execute(
        outbox.insert().values(
            {"state": MailState.PENDING, "attempts": 0, "lease_until": None, "last_error": None, "sent_at": None}
            | values
        )
    )


async def lease(connection: AsyncConnection, now: datetime, until: datetime) -> OutboxRow | None:
    """Take the mail that is due longest, for nobody else to take before `until`; None when none is due."""
    free = or_(outbox.c.lease_until.is_(None), outbox.c.lease_until <= now)
    due = (
        select(outbox.c.id)
        .where(outbox.c.state == MailState.PENDING, outbox.c.next_try_at <= now, free)
        .order_by(outbox.c.next_try_at, outbox.c.id)
        .limit(1)
    )
    ident = (await connection.execute(due)).scalar_one_or_none()
    if ident is None:
        return None
    taken = await connection.execute(
        outbox.update()
        .where(outbox.c.id == ident, outbox.c.state == MailState.PENDING, free)
        .values(lease_until=until, attempts=outbox.c.attempts + 1)
    )
    if taken.rowcount != 1:
        return None
    return _row((await connection.execute(_rows().where(outbox.c.id == ident))).mappings().one())


async def settle(connection: AsyncConnection, row: OutboxRow, **values: Any) -> bool:
    """Write down how sending a leased mail ended; False when the lease was lost to somebody else meanwhile."""
    done = await connection.execute(
        outbox.update()
        .where(outbox.c.id == row.id, outbox.c.state == MailState.PENDING, outbox.c.lease_until == row.lease_until)
        .values(lease_until=None, **values)
    )
    return done.rowcount == 1


async def unsent(connection: AsyncConnection) -> list[OutboxRow]:
    """List what waits, what is held and what was given up, the oldest first."""
    query = _rows().where(outbox.c.state.in_(_UNSENT)).order_by(outbox.c.created_at, outbox.c.id)
    return [_row(found) for found in (await connection.execute(query)).mappings()]


async def listed(connection: AsyncConnection, state: MailState, before: int | None, limit: int) -> list[OutboxRow]:
    """List mail in one state, the newest first; `before` is the id where the last list ended."""
    query = _rows().where(outbox.c.state == state).order_by(outbox.c.id.desc()).limit(limit)
    if before is not None:
        query = query.where(outbox.c.id < before)
    return [_row(found) for found in (await connection.execute(query)).mappings()]


async def counts(connection: AsyncConnection) -> dict[MailState, int]:
    """Return how many mails are in each state that is not over."""
    query = select(outbox.c.state, func.count()).where(outbox.c.state.in_(_UNSENT)).group_by(outbox.c.state)
    return {MailState(row[0]): int(row[1]) for row in await connection.execute(query)}


async def sent_since(connection: AsyncConnection, since: datetime) -> int:
    """Return how many mails left since then."""
    query = select(func.count()).select_from(outbox).where(outbox.c.state == MailState.SENT, outbox.c.sent_at >= since)
    found: int = (await connection.execute(query)).scalar_one()
    return found


async def oldest_due(connection: AsyncConnection, now: datetime) -> datetime | None:
    """Return since when the oldest mail waits that is due; None when none is."""
    query = select(func.min(outbox.c.next_try_at)).where(
        outbox.c.state == MailState.PENDING, outbox.c.next_try_at <= now
    )
    found: datetime | None = (await connection.execute(query)).scalar_one()
    return found


async def held(connection: AsyncConnection, held_by: str, now: datetime, limit: int) -> list[int]:
    """Return the mails that were held by a budget whose time is over, the oldest first."""
    query = (
        select(outbox.c.id)
        .where(outbox.c.state == MailState.HELD, outbox.c.held_by == held_by, outbox.c.next_try_at <= now)
        .order_by(outbox.c.id)
        .limit(limit)
    )
    return list((await connection.execute(query)).scalars())


async def let_go(connection: AsyncConnection, ident: int, now: datetime) -> None:
    """Let a mail go that was held."""
    await connection.execute(
        outbox.update()
        .where(outbox.c.id == ident, outbox.c.state == MailState.HELD)
        .values(state=MailState.PENDING, held_by=None, last_error=None, next_try_at=now)
    )


async def hold_on(connection: AsyncConnection, ident: int, until: datetime) -> None:
    """Look at a mail that is held again at `until`."""
    await connection.execute(
        outbox.update().where(outbox.c.id == ident, outbox.c.state == MailState.HELD).values(next_try_at=until)
    )


async def drop(connection: AsyncConnection, ident: int, now: datetime) -> int:
    """Take one unsent mail out, unless it is being sent; return how many that were. That it was there stays."""
    done = await connection.execute(
        outbox.update()
        .where(outbox.c.id == ident, outbox.c.state.in_(_UNSENT), _free(now))
        .values(state=MailState.DROPPED, lease_until=None, held_by=None)
    )
    return done.rowcount


async def count_dead(connection: AsyncConnection) -> int:
    """Return how many mails were given up."""
    query = select(func.count()).select_from(outbox).where(outbox.c.state == MailState.DEAD)
    found: int = (await connection.execute(query)).scalar_one()
    return found


async def revive(connection: AsyncConnection, ident: int | None, now: datetime, give_up_at: datetime) -> int:
    """Make one unsent mail (None: all) due now as if it were new, unless it is being sent; return how many."""
    here = [outbox.c.state.in_(_UNSENT), _free(now)]
    if ident is not None:
        here.append(outbox.c.id == ident)
    done = await connection.execute(
        outbox.update()
        .where(*here)
        .values(
            state=MailState.PENDING,
            attempts=0,
            next_try_at=now,
            give_up_at=give_up_at,
            lease_until=None,
            held_by=None,
        )
    )
    return done.rowcount


async def empty_sent(connection: AsyncConnection, sent_before: datetime) -> None:
    """Forget what was written in mails that were sent long ago; that they were sent stays."""
    await connection.execute(
        outbox.update()
        .where(
            or_(
                (outbox.c.state == MailState.SENT) & (outbox.c.sent_at < sent_before),
                (outbox.c.state == MailState.DROPPED) & (outbox.c.created_at < sent_before),
            ),
            outbox.c.text != "",
        )
        .values(text="", html="")
    )
