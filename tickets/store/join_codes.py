"""Statements about join codes: one for a ticket, a few tries each."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from tickets.store.schema import join_codes


@dataclass(frozen=True)
class JoinCodeRow:
    """The slow hash of a code."""

    ticket_id: str
    code_hash: str
    misses: int
    made_by: str
    expires_at: datetime


async def put(connection: AsyncConnection, row: JoinCodeRow) -> None:
    """Keep a code in place of the ticket's older one."""
    await remove(connection, row.ticket_id)
    await connection.execute(
        join_codes.insert().values(
            ticket_id=row.ticket_id,
            code_hash=row.code_hash,
            misses=row.misses,
            made_by=row.made_by,
            expires_at=row.expires_at,
        )
    )


async def spend_try(connection: AsyncConnection, ticket: str, tries: int, now: datetime) -> str | None:
    """Take one of the code's `tries` before it is verified, and return its hash; None when there is no good code.

    Taking it first means that many tries at once are no more than many one after the other.
    """
    here = join_codes.c.ticket_id == ticket
    done = await connection.execute(
        join_codes.update()
        .where(here, join_codes.c.misses < tries, join_codes.c.expires_at > now)
        .values(misses=join_codes.c.misses + 1)
    )
    if done.rowcount == 0:
        return None
    found: str = (await connection.execute(select(join_codes.c.code_hash).where(here))).scalar_one()
    return found


async def use_up(connection: AsyncConnection, ticket: str, code_hash: str, now: datetime) -> bool:
    """Remove the code that was verified; False when somebody else used it in between or it ran out."""
    done = await connection.execute(
        join_codes.delete().where(
            join_codes.c.ticket_id == ticket, join_codes.c.code_hash == code_hash, join_codes.c.expires_at > now
        )
    )
    return done.rowcount == 1


async def remove(connection: AsyncConnection, ticket: str) -> None:
    """Remove the code of a ticket."""
    await connection.execute(join_codes.delete().where(join_codes.c.ticket_id == ticket))


async def purge(connection: AsyncConnection, now: datetime) -> None:
    """Remove what has run out."""
    await connection.execute(join_codes.delete().where(join_codes.c.expires_at <= now))
