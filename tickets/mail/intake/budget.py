"""How much mail is acted on: for each sender, for each ticket, and in all; machines get less than people.

What is over the budget is kept and waits for a technician. This is the last brake on a loop, for when everything by
which automatic mail is recognised was taken out on its way.
"""

import hashlib
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from tickets.services.context import Context
from tickets.settings import Limit
from tickets.store import counters


class Budget:
    """Counts mail that comes in."""

    def __init__(self, context: Context) -> None:
        """Use the shared parts."""
        self._context: Final = context

    async def refusal(
        self, connection: AsyncConnection, *, sender: str, ticket: str | None, automatic: bool
    ) -> str | None:
        """Count a mail; return why it is one too many, or None."""
        limits, kind = self._context.settings.limits, " by machines" if automatic else ""
        asked = [
            ("in all", "all", limits.mail_all),
            (f"from this sender{kind}", f"from {_short(sender)}{kind}", limits.mail_sender),
        ]
        if automatic:
            asked[1] = (asked[1][0], asked[1][1], limits.mail_sender_automatic)
        if ticket is not None:
            limit = limits.mail_ticket_automatic if automatic else limits.mail_ticket
            asked.append((f"on this request{kind}", f"on {_short(ticket)}{kind}", limit))
        for whose, name, limit in reversed(asked):
            if await counters.spend(connection, f"mail {name}", limit, self._context.now()) is not None:
                return f"More mail {whose} than is taken at once ({limit.count} in {_span(limit)})."
        return None

    async def first_time(self, connection: AsyncConnection, ticket: str) -> bool:
        """Whether this ticket was not told today that mail is held back."""
        limit = Limit(1, self._context.settings.limits.mail_ticket_automatic.window)
        return await counters.spend(connection, f"mail told {_short(ticket)}", limit, self._context.now()) is None


def _short(text: str) -> str:
    # Addresses are kept only as a hash there.
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()[:40]


def _span(limit: Limit) -> str:
    hours = limit.window.total_seconds() / 3600
    return f"{hours:g} hours" if hours != 1 else "an hour"
