"""Statements about mailboxes that mail is fetched from: how far one came."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from tickets.store.schema import mailboxes


@dataclass(frozen=True)
class MailboxRow:
    """How far a mailbox was read: everything up to `last_uid`, which counts under `uidvalidity` only."""

    id: int
    name: str
    uidvalidity: int
    last_uid: int
    since: datetime


async def by_name(connection: AsyncConnection, name: str) -> MailboxRow | None:
    """Return what is known of a mailbox."""
    found = (await connection.execute(select(mailboxes).where(mailboxes.c.name == name))).mappings().one_or_none()
    return None if found is None else MailboxRow(**found)


async def add(
    connection: AsyncConnection, name: str, *, uidvalidity: int, last_uid: int, since: datetime
) -> MailboxRow:
    """Begin with a mailbox."""
    done = await connection.execute(
        mailboxes.insert().values(name=name, uidvalidity=uidvalidity, last_uid=last_uid, since=since)
    )
    key = done.inserted_primary_key
    return MailboxRow(0 if key is None else int(key[0]), name, uidvalidity, last_uid, since)


async def reached(connection: AsyncConnection, mailbox: int, uidvalidity: int, uid: int) -> None:
    """Remember that everything up to `uid` is taken; never goes back under the same UIDVALIDITY."""
    await connection.execute(
        mailboxes.update()
        .where(mailboxes.c.id == mailbox, (mailboxes.c.uidvalidity != uidvalidity) | (mailboxes.c.last_uid < uid))
        .values(uidvalidity=uidvalidity, last_uid=uid)
    )
