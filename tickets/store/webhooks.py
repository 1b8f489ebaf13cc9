"""Statements about webhooks and their deliveries."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, case, func, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from tickets.domain.webhooks import DeliveryState
from tickets.store.schema import webhook_deliveries as deliveries
from tickets.store.schema import webhooks

MOST_LISTED: Final = 100


@dataclass(frozen=True)
class WebhookRow:
    """A webhook and how its deliveries stand."""

    id: str
    url: str
    label: str
    kinds: str
    active: bool
    generation: int
    created_at: datetime
    waiting: int = 0
    dead: int = 0

    def hears(self, kind: str) -> bool:
        """Whether it is told of this kind of line."""
        return self.active and (not self.kinds or kind in self.kinds.split())


@dataclass(frozen=True)
class DeliveryRow:
    """A delivery."""

    id: int
    webhook_id: str
    event_id: str
    body: str
    state: DeliveryState
    attempts: int
    next_try_at: datetime
    give_up_at: datetime
    lease_until: datetime | None
    last_error: str | None
    created_at: datetime


_COLUMNS: Final = tuple(column for column in webhooks.c if column.name != "made_by")
_DELIVERY: Final = tuple(column for column in deliveries.c if column.name != "done_at")


async def add(connection: AsyncConnection, **values: Any) -> None:
    """Add a webhook."""
    await connection.execute(webhooks.insert().values(**values))


async def all_of_them(connection: AsyncConnection) -> list[WebhookRow]:
    """Return all webhooks, the newest first."""
    counts = (
        select(
            deliveries.c.webhook_id,
            func.sum(case((deliveries.c.state == DeliveryState.PENDING, 1), else_=0)).label("waiting"),
            func.sum(case((deliveries.c.state == DeliveryState.DEAD, 1), else_=0)).label("dead"),
        )
        .where(deliveries.c.state != DeliveryState.DONE)
        .group_by(deliveries.c.webhook_id)
        .subquery()
    )
    query = (
        select(
            *_COLUMNS,
            func.coalesce(counts.c.waiting, 0).label("waiting"),
            func.coalesce(counts.c.dead, 0).label("dead"),
        )
        .outerjoin(counts, counts.c.webhook_id == webhooks.c.id)
        .order_by(webhooks.c.created_at.desc(), webhooks.c.id)
    )
    return [WebhookRow(**found) for found in (await connection.execute(query)).mappings()]


async def active(connection: AsyncConnection) -> list[WebhookRow]:
    """Return those that are switched on."""
    query = select(*_COLUMNS).where(webhooks.c.active.is_(True))
    return [WebhookRow(**found) for found in (await connection.execute(query)).mappings()]


async def by_id(connection: AsyncConnection, ident: str) -> WebhookRow | None:
    """Return one webhook."""
    found = (await connection.execute(select(*_COLUMNS).where(webhooks.c.id == ident))).mappings().one_or_none()
    return None if found is None else WebhookRow(**found)


async def change(connection: AsyncConnection, ident: str, **values: Any) -> bool:
    """Set columns of a webhook; False when there is none."""
    done = await connection.execute(webhooks.update().where(webhooks.c.id == ident).values(**values))
    return done.rowcount == 1


async def remove(connection: AsyncConnection, ident: str) -> bool:
    """Remove a webhook with its deliveries; False when there is none."""
    await connection.execute(deliveries.delete().where(deliveries.c.webhook_id == ident))
    return (await connection.execute(webhooks.delete().where(webhooks.c.id == ident))).rowcount == 1


async def queue(connection: AsyncConnection, **values: Any) -> None:
    """Add a delivery."""
    waiting = {"state": DeliveryState.PENDING, "attempts": 0, "lease_until": None, "last_error": None, "done_at": None}
    await connection.execute(deliveries.insert().values(waiting | values))


def _delivery(found: Any) -> DeliveryRow:
    return DeliveryRow(**{**found, "state": DeliveryState(found["state"])})


async def is_due(connection: AsyncConnection, now: datetime) -> bool:
    """Return whether a delivery may be due; whose it is turns out when it is taken."""
    query = select(deliveries.c.id).where(deliveries.c.state == DeliveryState.PENDING, deliveries.c.next_try_at <= now)
    return (await connection.execute(query.limit(1))).first() is not None


async def lease(connection: AsyncConnection, now: datetime, until: datetime) -> DeliveryRow | None:
    """Take the delivery that is due longest, for nobody else to take before `until`; None when none is due."""
    free: ColumnElement[bool] = or_(deliveries.c.lease_until.is_(None), deliveries.c.lease_until <= now)
    waits = deliveries.c.state == DeliveryState.PENDING
    due = (
        select(deliveries.c.id)
        .where(waits, deliveries.c.next_try_at <= now, free)
        .order_by(deliveries.c.next_try_at, deliveries.c.id)
        .limit(1)
        .with_for_update(skip_locked=True)
    )
    ident = (await connection.execute(due)).scalar_one_or_none()
    if ident is None:
        return None
    taken = await connection.execute(
        deliveries.update()
        .where(deliveries.c.id == ident, waits, free)
        .values(lease_until=until, attempts=deliveries.c.attempts + 1)
    )
    if taken.rowcount != 1:
        return None
    query = select(*_DELIVERY).where(deliveries.c.id == ident)
    return _delivery((await connection.execute(query)).mappings().one())


async def settle(connection: AsyncConnection, row: DeliveryRow, **values: Any) -> bool:
    """Write down how a leased delivery ended; False when the lease was lost to somebody else meanwhile."""
    done = await connection.execute(
        deliveries.update()
        .where(
            deliveries.c.id == row.id,
            deliveries.c.state == DeliveryState.PENDING,
            deliveries.c.lease_until == row.lease_until,
        )
        .values(lease_until=None, **values)
    )
    return done.rowcount == 1


async def listed(connection: AsyncConnection, webhook: str) -> list[DeliveryRow]:
    """Return the last deliveries of a webhook, the newest first."""
    query = select(*_DELIVERY).where(deliveries.c.webhook_id == webhook)
    query = query.order_by(deliveries.c.id.desc()).limit(MOST_LISTED)
    return [_delivery(found) for found in (await connection.execute(query)).mappings()]


async def again(connection: AsyncConnection, webhook: str, now: datetime, give_up_at: datetime) -> int:
    """Make the deliveries that were given up due now."""
    done = await connection.execute(
        deliveries.update()
        .where(deliveries.c.webhook_id == webhook, deliveries.c.state == DeliveryState.DEAD)
        .values(state=DeliveryState.PENDING, next_try_at=now, give_up_at=give_up_at, attempts=0)
    )
    return done.rowcount


async def purge(connection: AsyncConnection, before: datetime) -> None:
    """Remove deliveries that were done before then."""
    await connection.execute(
        deliveries.delete().where(deliveries.c.state == DeliveryState.DONE, deliveries.c.done_at < before)
    )
