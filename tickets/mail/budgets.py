"""How much mail goes out: about one ticket, to one address, and in all. What is over is held, and an admin sees it.

Automatic replies that nobody recognises, and help desks that answer each other, end here.
"""

import hashlib
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from tickets.mail.writing import TO_STAFF, MailKind
from tickets.settings import Limit, Limits
from tickets.store import counters


class Budget(StrEnum):
    """Which of them."""

    TICKET = "ticket"
    RECIPIENT = "recipient"
    CONFIRMATION = "confirmation"
    ALL = "all"


_REASONS: Final = {
    Budget.TICKET: "Held: more than {count} mails {window} about one request. A machine may be answering ours.",
    Budget.RECIPIENT: "Held: more than {count} mails {window} to one address.",
    Budget.CONFIRMATION: "Held: more than {count} confirmations {window} to one address.",
    Budget.ALL: "Held: more than {count} mails {window} in all. It goes by itself when there is room again.",
}


@dataclass(frozen=True)
class Over:
    """A budget is spent until then."""

    budget: Budget
    until: datetime
    reason: str


class Budgets:
    """Counts mails in the transaction that queues them."""

    def __init__(self, limits: Limits) -> None:
        """Use what the admin set."""
        self._limits: Final = limits

    async def spend(
        self, connection: AsyncConnection, kind: MailKind, ticket: str, address: str, now: datetime
    ) -> Over | None:
        """Count one mail; return which budget it is over, None when it may go.

        Notices for technicians count for their addresses, not for the ticket: a large team is no storm.
        """
        limits, known = self._limits, hash_of(address)
        asked = [
            (Budget.TICKET, f"sent ticket {ticket}", limits.sent_ticket, kind not in TO_STAFF),
            (Budget.CONFIRMATION, f"confirm {known}", limits.confirmation_recipient, kind is MailKind.CONFIRMATION),
            (Budget.RECIPIENT, f"sent to {known}", limits.sent_recipient, True),
        ]
        for budget, name, limit, counts in asked:
            if counts and (until := await counters.spend(connection, name, limit, now)) is not None:
                return Over(budget, until, _reason(budget, limit))
        return await self.spend_one_of_all(connection, now)

    async def spend_one_of_all(self, connection: AsyncConnection, now: datetime) -> Over | None:
        """Count one mail of all."""
        limit = self._limits.sent_all
        until = await counters.spend(connection, "sent in all", limit, now)
        return None if until is None else Over(Budget.ALL, until, _reason(Budget.ALL, limit))


def hash_of(address: str) -> str:
    """Return what counters know of an address."""
    return hashlib.sha256(address.encode()).hexdigest()[:40]


def _reason(budget: Budget, limit: Limit) -> str:
    minutes = round(limit.window.total_seconds() / 60)
    window = "an hour" if minutes == 60 else f"in {minutes} minutes"
    return _REASONS[budget].format(count=limit.count, window=window)
