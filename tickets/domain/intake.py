"""Mail that came in, as people see it who look after it: what waits for a decision, and why."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Protocol

import msgspec

from tickets.domain.access import Actor

MAX_REASON = 500


class IntakeState(StrEnum):
    """What became of a mail."""

    RECEIVED = "received"
    """Kept, not looked at yet."""
    DONE = "done"
    """A ticket, or a line of one."""
    SUSPENDED = "suspended"
    """Nothing, until a person decides."""
    IGNORED = "ignored"
    """Nothing, on purpose."""


class IncomingMail(msgspec.Struct, frozen=True):
    """A mail as lists show it; `reason` says why it waits, `tracking` which ticket it went to."""

    id: int
    state: IntakeState
    reason: str
    sender: str
    subject: str
    received_at: datetime
    size_bytes: int
    tracking: str | None
    attempts: int


class IncomingMailList(msgspec.Struct, frozen=True):
    """A stretch of mail in one state, the newest first; hand `next_before` in to get the next one."""

    items: tuple[IncomingMail, ...]
    next_before: int | None


class MailPart(msgspec.Struct, frozen=True):
    """A file in a mail."""

    name: str
    type: str
    size_bytes: int


class IncomingMailView(msgspec.Struct, frozen=True):
    """A mail to look at before it is let in: its text as plain text, and what else is in it.

    `text` is empty when it can't be read; the raw mail is there in any case. `has_html`: there is a formatted version.
    """

    mail: IncomingMail
    sender_name: str
    to: tuple[str, ...]
    cc: tuple[str, ...]
    text: str
    has_html: bool
    attachments: tuple[MailPart, ...]
    notes: tuple[str, ...]


class AttachMail(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """To which ticket a mail belongs: a tracking number, canonical or spoken."""

    tracking: Annotated[str, msgspec.Meta(min_length=1, max_length=40)]


class IncomingMailQuery(msgspec.Struct, frozen=True):
    """Which mail."""

    state: IntakeState = IntakeState.SUSPENDED
    before: Annotated[int, msgspec.Meta(ge=1, le=2**62)] | None = None
    limit: Annotated[int, msgspec.Meta(ge=1, le=200)] = 50


class BlockedAddress(msgspec.Struct, frozen=True):
    """An address that gets no more mail, since mail to it came back for good."""

    address: str
    reason: str
    bounces: int
    since: datetime
    last_at: datetime


class BlockedAddressList(msgspec.Struct, frozen=True):
    """All of them, the latest first."""

    items: tuple[BlockedAddress, ...]


class ClearAddress(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An address that is right after all."""

    address: Annotated[str, msgspec.Meta(min_length=3, max_length=254)]


class Intake(Protocol):
    """Mail that came in. All raise NotLoggedIn and NotAllowed; those that name a mail raise NotFound."""

    last_seen_waiting: int
    """How many mails waited a few seconds ago."""

    async def listed(self, actor: Actor, query: IncomingMailQuery) -> IncomingMailList:
        """List mail in one state."""

    async def waiting(self, actor: Actor) -> int:
        """Return how many mails wait for a decision."""

    async def get(self, actor: Actor, mail: int) -> IncomingMailView:
        """Return a mail to look at."""

    async def raw(self, actor: Actor, mail: int) -> bytes:
        """Return a mail as it came."""

    async def page(self, actor: Actor, mail: int) -> bytes:
        """Return a mail's HTML as a whole document that runs and loads nothing. Raises NotFound without HTML."""

    async def replay(self, actor: Actor, mail: int) -> IncomingMail:
        """Have a suspended or ignored mail looked at once more, without the limits. Raises MailSettled."""

    async def attach(self, actor: Actor, mail: int, tracking: str) -> IncomingMail:
        """Let a suspended or ignored mail become a line of this ticket. Raises MailSettled, TicketNotFound."""

    async def file(self, actor: Actor, mail: int) -> IncomingMail:
        """Let a suspended or ignored mail become a ticket of its own. Raises MailSettled."""

    async def ignore(self, actor: Actor, mail: int) -> IncomingMail:
        """Decide that nothing becomes of a suspended mail; it is kept. Raises MailSettled."""

    async def delete(self, actor: Actor, mail: int) -> None:
        """Forget what a suspended or ignored mail said; that it came stays known. Raises MailSettled."""

    async def blocked(self, actor: Actor) -> BlockedAddressList:
        """List addresses that get no more mail."""

    async def is_blocked(self, actor: Actor, address: str) -> bool:
        """Whether this address gets no more mail."""

    async def clear(self, actor: Actor, address: str) -> None:
        """Let an address have mail again. Raises NotFound."""
