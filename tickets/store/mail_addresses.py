"""Statements about addresses that sent mail of ours back."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from tickets.store.schema import mail_addresses


@dataclass(frozen=True)
class AddressRow:
    """What is known of an address; with a `permanent` bounce it gets no more mail until somebody clears it."""

    address: str
    permanent: int
    temporary: int
    reason: str
    first_at: datetime
    last_at: datetime

    @property
    def is_shut(self) -> bool:
        """Whether no more mail goes there."""
        return self.permanent > 0


async def bounced(
    connection: AsyncConnection, address: str, *, permanent: bool, reason: str, now: datetime
) -> AddressRow:
    """Count a bounce and return what is known now."""
    known = await by_address(connection, address)
    hard, soft = (1, 0) if permanent else (0, 1)
    if known is None:
        row = AddressRow(address, hard, soft, reason, now, now)
        await connection.execute(
            mail_addresses.insert().values(
                address=address, permanent=hard, temporary=soft, reason=reason, first_at=now, last_at=now
            )
        )
        return row
    await connection.execute(
        mail_addresses.update()
        .where(mail_addresses.c.address == address)
        .values(
            permanent=mail_addresses.c.permanent + hard,
            temporary=mail_addresses.c.temporary + soft,
            reason=reason,
            last_at=now,
        )
    )
    return AddressRow(address, known.permanent + hard, known.temporary + soft, reason, known.first_at, now)


async def by_address(connection: AsyncConnection, address: str) -> AddressRow | None:
    """Return what is known of one address."""
    query = select(mail_addresses).where(mail_addresses.c.address == address)
    found = (await connection.execute(query)).mappings().one_or_none()
    return None if found is None else AddressRow(**found)


async def shut_among(connection: AsyncConnection, addresses: Sequence[str]) -> frozenset[str]:
    """Return those of the addresses that get no more mail; asked before any is queued and before any is sent."""
    if not addresses:
        return frozenset()
    query = select(mail_addresses.c.address).where(
        mail_addresses.c.address.in_(list(addresses)), mail_addresses.c.permanent > 0
    )
    return frozenset((await connection.execute(query)).scalars())


async def every_shut(connection: AsyncConnection) -> list[AddressRow]:
    """List the addresses that get no more mail, the latest first."""
    query = (
        select(mail_addresses)
        .where(mail_addresses.c.permanent > 0)
        .order_by(mail_addresses.c.last_at.desc(), mail_addresses.c.address)
    )
    return [AddressRow(**found) for found in (await connection.execute(query)).mappings()]


async def clear(connection: AsyncConnection, address: str) -> bool:
    """Forget what came back from an address; False when nothing did."""
    done = await connection.execute(mail_addresses.delete().where(mail_addresses.c.address == address))
    return done.rowcount == 1
