"""Statements about mail that came in: kept before it is understood, leased while somebody tries to."""

import asyncio
import hashlib
import zlib
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, Select, func, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from tickets.domain.intake import IntakeState
from tickets.store.schema import raw_mails, tickets

_LEVEL: Final = 6


@dataclass(frozen=True, repr=False)
class RawMail:
    """A mail with its bytes, as somebody took it to work on it; `attempts` counts this time."""

    id: int
    raw: bytes
    trusted: bool
    recipients: tuple[str, ...]
    wanted: str
    attempts: int
    lease_until: datetime
    received_at: datetime


@dataclass(frozen=True, repr=False)
class MailRow:
    """A mail without its bytes, as lists show it."""

    id: int
    source: str
    size: int
    sender: str
    subject: str
    state: IntakeState
    reason: str
    tracking: str | None
    attempts: int
    received_at: datetime
    settled_at: datetime | None


def message_key(message_id: str) -> bytes | None:
    """Return under what a Message-ID is kept, None for an empty one."""
    bare = message_id.strip().strip("<>").strip()
    return hashlib.sha256(bare.encode("utf-8", "replace")).digest() if bare else None


def digest_of(raw: bytes) -> bytes:
    """Return what tells one mail's bytes from another's."""
    return hashlib.sha256(raw).digest()


async def with_digest(connection: AsyncConnection, digest: bytes) -> int | None:
    """Return the id of the mail with exactly these bytes."""
    found: int | None = (
        await connection.execute(select(raw_mails.c.id).where(raw_mails.c.digest == digest))
    ).scalar_one_or_none()
    return found


async def with_message_key(connection: AsyncConnection, key: bytes) -> bytes | None:
    """Return the bytes of the mail that came under this Message-ID."""
    found = (
        await connection.execute(select(raw_mails.c.packed).where(raw_mails.c.message_key == key))
    ).scalar_one_or_none()
    return None if found is None else unpack(found)


async def with_uid(connection: AsyncConnection, mailbox: int, uidvalidity: int, uid: int) -> int | None:
    """Return the id of the mail that was taken from there."""
    query = select(raw_mails.c.id).where(
        raw_mails.c.mailbox_id == mailbox, raw_mails.c.uidvalidity == uidvalidity, raw_mails.c.uid == uid
    )
    found: int | None = (await connection.execute(query)).scalar_one_or_none()
    return found


async def add(connection: AsyncConnection, raw: bytes, **values: Any) -> int:
    """Keep a mail; returns its id."""
    done = await connection.execute(
        raw_mails.insert().values(
            digest=digest_of(raw),
            packed=zlib.compress(raw, _LEVEL),
            size=len(raw),
            ticket_id=None,
            entry_id=None,
            attempts=0,
            lease_until=None,
            wanted="",
            **values,
        )
    )
    key = done.inserted_primary_key
    return 0 if key is None else int(key[0])


def unpack(packed: bytes) -> bytes:
    """Return a mail's bytes; none when they were erased."""
    return zlib.decompress(packed) if packed else b""


def _free(now: datetime) -> ColumnElement[bool]:
    return or_(raw_mails.c.lease_until.is_(None), raw_mails.c.lease_until <= now)


async def lease(connection: AsyncConnection, now: datetime, until: datetime) -> RawMail | None:
    """Take the mail that waits longest, for nobody else to take before `until`; None when none waits."""
    waiting = (
        select(raw_mails.c.id)
        .where(raw_mails.c.state == IntakeState.RECEIVED, _free(now))
        .order_by(raw_mails.c.id)
        .limit(1)
    )
    ident = (await connection.execute(waiting)).scalar_one_or_none()
    if ident is None:
        return None
    taken = await connection.execute(
        raw_mails.update()
        .where(raw_mails.c.id == ident, raw_mails.c.state == IntakeState.RECEIVED, _free(now))
        .values(lease_until=until, attempts=raw_mails.c.attempts + 1)
    )
    if taken.rowcount != 1:
        return None
    row = (await connection.execute(select(raw_mails).where(raw_mails.c.id == ident))).mappings().one()
    return RawMail(
        id=row["id"],
        raw=unpack(row["packed"]),
        trusted=row["trusted"],
        recipients=tuple(row["recipients"].splitlines()),
        wanted=row["wanted"],
        attempts=row["attempts"],
        lease_until=until,
        received_at=row["received_at"],
    )


async def settle(connection: AsyncConnection, mail: RawMail, **values: Any) -> bool:
    """Write down what became of a leased mail; False when the lease was lost to somebody else meanwhile.

    The first statement of the transaction that makes the mail a ticket: it holds the row until that is committed, so
    of two who believe that they have the mail one makes nothing.
    """
    done = await connection.execute(
        raw_mails.update()
        .where(
            raw_mails.c.id == mail.id,
            raw_mails.c.state == IntakeState.RECEIVED,
            raw_mails.c.lease_until == mail.lease_until,
        )
        .values(**values)
    )
    return done.rowcount == 1


async def note(connection: AsyncConnection, mail: int, **values: Any) -> None:
    """Set columns of a mail that the transaction holds already."""
    await connection.execute(raw_mails.update().where(raw_mails.c.id == mail).values(**values))


async def move(connection: AsyncConnection, mail: int, *, away_from: tuple[IntakeState, ...], **values: Any) -> bool:
    """Change a mail that is in one of these states; False when it is not."""
    done = await connection.execute(
        raw_mails.update()
        .where(raw_mails.c.id == mail, raw_mails.c.state.in_([state.value for state in away_from]))
        .values(**values)
    )
    return done.rowcount == 1


async def replay(connection: AsyncConnection, mail: int | None) -> int:
    """Let one suspended mail (None: all) be looked at once more; return how many."""
    here = [raw_mails.c.state == IntakeState.SUSPENDED]
    if mail is not None:
        here.append(raw_mails.c.id == mail)
    done = await connection.execute(
        raw_mails.update()
        .where(*here)
        .values(state=IntakeState.RECEIVED, reason="", attempts=0, lease_until=None, settled_at=None)
    )
    return done.rowcount


_SHOWN: Final = (
    "id",
    "source",
    "size",
    "sender",
    "subject",
    "state",
    "reason",
    "attempts",
    "received_at",
    "settled_at",
)


def _rows() -> Select[Any]:
    return select(*(raw_mails.c[name] for name in _SHOWN), tickets.c.tracking).select_from(
        raw_mails.outerjoin(tickets, tickets.c.id == raw_mails.c.ticket_id)
    )


def _row(mapping: Any) -> MailRow:
    return MailRow(**{**mapping, "state": IntakeState(mapping["state"])})


async def by_id(connection: AsyncConnection, mail: int) -> MailRow | None:
    """Return one mail."""
    found = (await connection.execute(_rows().where(raw_mails.c.id == mail))).mappings().one_or_none()
    return None if found is None else _row(found)


async def bytes_of(connection: AsyncConnection, mail: int) -> bytes:
    """Return a mail as it came; nothing when it is unknown or was erased."""
    found = (await connection.execute(select(raw_mails.c.packed).where(raw_mails.c.id == mail))).scalar_one_or_none()
    return await asyncio.to_thread(unpack, found or b"")


async def in_state(connection: AsyncConnection, state: IntakeState, *, before: int | None, limit: int) -> list[MailRow]:
    """List mail in one state, the newest first."""
    query = _rows().where(raw_mails.c.state == state).order_by(raw_mails.c.id.desc()).limit(limit)
    if before is not None:
        query = query.where(raw_mails.c.id < before)
    return [_row(found) for found in (await connection.execute(query)).mappings()]


async def count(connection: AsyncConnection, state: IntakeState) -> int:
    """Return how many are in a state."""
    found: int = (
        await connection.execute(select(func.count()).select_from(raw_mails).where(raw_mails.c.state == state))
    ).scalar_one()
    return found


async def of_entries(connection: AsyncConnection, ticket: str) -> dict[int, int]:
    """Return, for a ticket, from which mail each line of its timeline came."""
    query = select(raw_mails.c.entry_id, raw_mails.c.id).where(
        raw_mails.c.ticket_id == ticket, raw_mails.c.entry_id.is_not(None)
    )
    return {row[0]: row[1] for row in await connection.execute(query)}
