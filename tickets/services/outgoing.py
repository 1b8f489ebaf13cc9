"""The outbox as an admin sees it."""

from typing import Final

from tickets.domain.access import Action, Actor, Thing, check
from tickets.domain.errors import NotFound
from tickets.domain.outgoing import MailLineView, OutboxNumbers, OutboxPage, OutboxQuery
from tickets.mail.office import MailOffice
from tickets.services.context import Context
from tickets.store.outbox import MailState, OutboxRow


class OutboxService:
    """Implements `tickets.domain.outgoing.Outbox`."""

    def __init__(self, context: Context) -> None:
        """Use the shared parts."""
        self._office: Final = MailOffice(context)

    async def listed(self, actor: Actor, query: OutboxQuery) -> OutboxPage:
        """List mails in one state, the newest first."""
        check(actor, Action.SEE, Thing.ADMINISTRATION)
        rows = await self._office.listed(MailState(query.state), query.before, query.limit + 1)
        shown = rows[: query.limit]
        return OutboxPage(tuple(map(_line, shown)), shown[-1].id if len(rows) > len(shown) else None)

    async def numbers(self, actor: Actor) -> OutboxNumbers:
        """Return how many there are."""
        check(actor, Action.SEE, Thing.ADMINISTRATION)
        counts, hour, day, oldest_s = await self._office.numbers()
        return OutboxNumbers(
            pending=counts.get(MailState.PENDING, 0),
            held=counts.get(MailState.HELD, 0),
            dead=counts.get(MailState.DEAD, 0),
            sent_last_hour=hour,
            sent_last_day=day,
            oldest_due_s=oldest_s,
        )

    async def retry(self, actor: Actor, mail: int | None) -> int:
        """Make one mail, or all unsent, due now; return how many. Raises NotFound for one that is not unsent."""
        check(actor, Action.CHANGE, Thing.ADMINISTRATION)
        count = await self._office.retry(mail)
        if mail is not None and not count:
            raise NotFound("unsent mail")
        return count

    async def drop(self, actor: Actor, mail: int) -> None:
        """Take one unsent mail out. Raises NotFound."""
        check(actor, Action.CHANGE, Thing.ADMINISTRATION)
        if not await self._office.drop(mail):
            raise NotFound("unsent mail")


def _line(row: OutboxRow) -> MailLineView:
    return MailLineView(
        id=row.id,
        state=row.state,
        kind=row.kind,
        tracking=row.tracking,
        to=row.recipient,
        subject=row.subject,
        attempts=row.attempts,
        created_at=row.created_at,
        next_try_at=row.next_try_at,
        sent_at=row.sent_at,
        reason=row.last_error or "",
    )
