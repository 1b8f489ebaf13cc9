"""Webhooks: who is told what, and the deliveries that a line of a timeline makes in its own transaction."""

import base64
from typing import Final

import msgspec
from sqlalchemy.ext.asyncio import AsyncConnection

from tickets.domain.access import Action, Actor, Thing, check
from tickets.domain.errors import NotAllowed, NotFound
from tickets.domain.webhooks import (
    DeliveryList,
    DeliveryView,
    Event,
    EventEntry,
    EventTicket,
    NewWebhook,
    WebhookList,
    WebhookMade,
    WebhookView,
)
from tickets.services.context import Context
from tickets.services.delivering import GIVE_UP_AFTER
from tickets.services.story import Told
from tickets.store import tickets as ticket_store
from tickets.store import webhooks as webhook_store
from tickets.store.webhooks import WebhookRow
from tickets.text import clean_line


class WebhookService:
    """Implements `tickets.domain.webhooks.Webhooks`; `heard` is a listener of the story."""

    def __init__(self, context: Context) -> None:
        """Use the shared parts."""
        self._context: Final = context

    async def add(self, actor: Actor, new: NewWebhook) -> WebhookMade:
        """Add a webhook. Raises NotAllowed, Invalid."""
        check(actor, Action.ADD, Thing.WEBHOOKS)
        if actor.technician is None:
            raise NotAllowed(Action.ADD)
        context = self._context
        row = WebhookRow(
            id=context.new_id(),
            url=new.url,
            label=clean_line(new.label, "label"),
            kinds=" ".join(dict.fromkeys(new.kinds)),
            active=True,
            generation=1,
            created_at=context.now(),
        )
        async with context.database.write() as connection:
            await webhook_store.add(
                connection,
                id=row.id,
                url=row.url,
                label=row.label,
                kinds=row.kinds,
                active=True,
                generation=1,
                made_by=actor.technician,
                created_at=row.created_at,
            )
        return WebhookMade(secret_of(context, row), _view(row))

    async def listed(self, actor: Actor) -> WebhookList:
        """Return all of them. Raises NotAllowed."""
        check(actor, Action.LIST, Thing.WEBHOOKS)
        async with self._context.database.read() as connection:
            rows = await webhook_store.all_of_them(connection)
        return WebhookList(tuple(_view(row) for row in rows))

    async def switch(self, actor: Actor, webhook: str, *, active: bool) -> WebhookView:
        """Switch one off or on. Raises NotFound, NotAllowed."""
        check(actor, Action.CHANGE, Thing.WEBHOOKS)
        async with self._context.database.write() as connection:
            await webhook_store.change(connection, webhook, active=active)
            return _view(await _found(connection, webhook))

    async def renew(self, actor: Actor, webhook: str) -> WebhookMade:
        """Give one a new secret. Raises NotFound, NotAllowed."""
        check(actor, Action.CHANGE, Thing.WEBHOOKS)
        async with self._context.database.write() as connection:
            old = await _found(connection, webhook)
            await webhook_store.change(connection, webhook, generation=old.generation + 1)
            row = await _found(connection, webhook)
        return WebhookMade(secret_of(self._context, row), _view(row))

    async def remove(self, actor: Actor, webhook: str) -> None:
        """Remove one. Raises NotFound, NotAllowed."""
        check(actor, Action.REMOVE, Thing.WEBHOOKS)
        async with self._context.database.write() as connection:
            if not await webhook_store.remove(connection, webhook):
                raise NotFound("webhook")

    async def deliveries(self, actor: Actor, webhook: str) -> DeliveryList:
        """Return what was sent lately. Raises NotFound, NotAllowed."""
        check(actor, Action.LIST, Thing.WEBHOOKS)
        async with self._context.database.read() as connection:
            await _found(connection, webhook)
            rows = await webhook_store.listed(connection, webhook)
        return DeliveryList(
            tuple(
                DeliveryView(
                    row.id, row.event_id, row.state, row.attempts, row.created_at, row.next_try_at, row.last_error or ""
                )
                for row in rows
            )
        )

    async def again(self, actor: Actor, webhook: str) -> int:
        """Make deliveries that were given up due now. Raises NotFound, NotAllowed."""
        check(actor, Action.CHANGE, Thing.WEBHOOKS)
        now = self._context.now()
        async with self._context.database.write() as connection:
            await _found(connection, webhook)
            made = await webhook_store.again(connection, webhook, now, now + GIVE_UP_AFTER)
        self._context.bell.ring()
        return made

    async def heard(self, connection: AsyncConnection, told: Told) -> None:
        """Queue a delivery for each webhook that wants to know."""
        hearing = [row for row in await webhook_store.active(connection) if row.hears(told.new.kind)]
        if not hearing:
            return
        ticket = await ticket_store.by_id(connection, told.new.ticket)
        if ticket is None:
            return
        now, shown = self._context.now(), told.shown
        event_id = f"evt_{shown.id}"
        body = msgspec.json.encode(
            Event(
                type=f"ticket.{shown.kind}",
                id=event_id,
                at=shown.at,
                ticket=EventTicket(
                    tracking=ticket.tracking,
                    title=ticket.title,
                    status=ticket.status,
                    category=ticket.category,
                    urgency=ticket.urgency,
                    channel=ticket.channel,
                    assignee=ticket.assignee_name,
                ),
                entry=EventEntry(shown.id, shown.kind, shown.who, shown.role, shown.text, shown.internal),
            )
        ).decode()
        for row in hearing:
            await webhook_store.queue(
                connection,
                webhook_id=row.id,
                event_id=event_id,
                body=body,
                next_try_at=now,
                give_up_at=now + GIVE_UP_AFTER,
                created_at=now,
            )


def secret_of(context: Context, row: WebhookRow) -> str:
    """Return the secret of a webhook; it stands nowhere, the server's key makes it anew each time."""
    return f"whsec_{base64.b64encode(context.keys.webhook_secret(row.id, row.generation)).decode()}"


async def _found(connection: AsyncConnection, webhook: str) -> WebhookRow:
    row = await webhook_store.by_id(connection, webhook)
    if row is None:
        raise NotFound("webhook")
    return row


def _view(row: WebhookRow) -> WebhookView:
    return WebhookView(
        row.id, row.url, row.label, tuple(row.kinds.split()), row.active, row.created_at, row.waiting, row.dead
    )
