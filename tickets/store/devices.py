"""Statements about technicians' devices, their certificates, and the revocation list."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from tickets.store import numbers
from tickets.store.schema import devices

_SEQUENCE: Final = "revocation sequence"


@dataclass(frozen=True)
class DeviceRow:
    """A certificate in wire form and how long it is good."""

    serial: str
    technician_id: str
    device_key: str
    kind: str
    certificate: bytes
    not_before: datetime
    not_after: datetime


async def add(connection: AsyncConnection, row: DeviceRow) -> None:
    """Keep a certificate."""
    await connection.execute(
        devices.insert().values(
            serial=row.serial,
            technician_id=row.technician_id,
            device_key=row.device_key,
            kind=row.kind,
            certificate=row.certificate,
            not_before=row.not_before,
            not_after=row.not_after,
        )
    )


async def newest_good(connection: AsyncConnection, technician: str, device_key: str, now: datetime) -> DeviceRow | None:
    """Return the certificate of this device that is good longest, or None."""
    query = (
        select(*(column for column in devices.c if column.name != "revoked_at"))
        .where(
            devices.c.technician_id == technician,
            devices.c.device_key == device_key,
            devices.c.not_after > now,
            devices.c.revoked_at.is_(None),
        )
        .order_by(devices.c.not_after.desc())
        .limit(1)
    )
    found = (await connection.execute(query)).mappings().one_or_none()
    return None if found is None else DeviceRow(**found)


async def revoke_all(connection: AsyncConnection, technician: str, now: datetime) -> None:
    """Revoke all certificates of a technician; the list's sequence number goes up when there were any."""
    done = await connection.execute(
        devices.update()
        .where(devices.c.technician_id == technician, devices.c.revoked_at.is_(None), devices.c.not_after > now)
        .values(revoked_at=now)
    )
    if done.rowcount:
        await numbers.raise_by_one(connection, _SEQUENCE)


async def revoked(connection: AsyncConnection, now: datetime) -> tuple[int, list[str]]:
    """Return the list's sequence number and the revoked serials that have not run out anyway."""
    sequence = await numbers.value(connection, _SEQUENCE)
    query = select(devices.c.serial).where(devices.c.revoked_at.is_not(None), devices.c.not_after > now)
    return sequence, list((await connection.execute(query)).scalars())
