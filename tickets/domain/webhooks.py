"""Webhooks, as API and pages show them."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Protocol

import msgspec

from tickets.domain.access import Actor
from tickets.domain.values import EntryKind
from tickets.domain.views import Line

HttpsUrl = Annotated[str, msgspec.Meta(pattern=r"^https://[^\s#]+$", max_length=500)]


class DeliveryState(StrEnum):
    """What became of a delivery."""

    PENDING = "pending"
    DONE = "done"
    DEAD = "dead"


class NewWebhook(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where to send what; no `kinds` means every kind of line of the timeline."""

    url: HttpsUrl
    label: Line
    kinds: Annotated[tuple[EntryKind, ...], msgspec.Meta(max_length=len(EntryKind))] = ()


class WebhookChange(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Switch it off or on."""

    active: bool


class WebhookView(msgspec.Struct, frozen=True):
    """A webhook; `waiting` and `dead` count its deliveries."""

    id: str
    url: str
    label: str
    kinds: tuple[str, ...]
    active: bool
    created_at: datetime
    waiting: int
    dead: int


class WebhookMade(msgspec.Struct, frozen=True):
    """A webhook with the secret that its deliveries are signed with (Standard Webhooks, `whsec_…`)."""

    secret: str
    view: WebhookView


class WebhookList(msgspec.Struct, frozen=True):
    """All webhooks, the newest first."""

    items: tuple[WebhookView, ...]


class DeliveryView(msgspec.Struct, frozen=True):
    """What was sent to a webhook, or is to be."""

    id: int
    event: str
    state: DeliveryState
    attempts: int
    created_at: datetime
    next_try_at: datetime
    last_error: str


class DeliveryList(msgspec.Struct, frozen=True):
    """The last deliveries of a webhook, the newest first."""

    items: tuple[DeliveryView, ...]


class EventTicket(msgspec.Struct, frozen=True):
    """The ticket as an event tells it; who has it is a name, who asked is not told."""

    tracking: str
    title: str
    status: str
    category: str
    urgency: str
    channel: str
    assignee: str | None


class EventEntry(msgspec.Struct, frozen=True):
    """The line of the timeline that made the event."""

    id: str
    kind: EntryKind
    who: str
    role: str
    text: str
    internal: bool


class Event(msgspec.Struct, frozen=True):
    """The body of a delivery."""

    type: str
    id: str
    at: datetime
    ticket: EventTicket
    entry: EventEntry


class Webhooks(Protocol):
    """Telling other programs what happens to tickets."""

    async def add(self, actor: Actor, new: NewWebhook) -> WebhookMade:
        """Add a webhook. Raises NotAllowed, Invalid."""

    async def listed(self, actor: Actor) -> WebhookList:
        """Return all of them."""

    async def switch(self, actor: Actor, webhook: str, *, active: bool) -> WebhookView:
        """Switch one off or on. Raises NotFound."""

    async def renew(self, actor: Actor, webhook: str) -> WebhookMade:
        """Give one a new secret; the old one is good no more. Raises NotFound."""

    async def remove(self, actor: Actor, webhook: str) -> None:
        """Remove one with all its deliveries. Raises NotFound."""

    async def deliveries(self, actor: Actor, webhook: str) -> DeliveryList:
        """Return what was sent lately. Raises NotFound."""

    async def again(self, actor: Actor, webhook: str) -> int:
        """Make all deliveries that were given up due now; returns how many. Raises NotFound."""
