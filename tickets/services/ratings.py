"""How the help was, as its requester says it with the key out of the closing mail."""

from typing import Final

from tickets.domain.access import Action, Actor, Role, Thing, check
from tickets.domain.errors import NotSolved, RatingFinal, TicketNotFound
from tickets.domain.outgoing import NewRating, Rating, RatingView
from tickets.domain.values import EntryKind, Status
from tickets.keys import same_token
from tickets.services.context import Context, address_block, spend
from tickets.store import ratings as rating_store
from tickets.store.ratings import RatingRow
from tickets.store.timeline import NewEntry
from tickets.text import clean_text

_OVER: Final = frozenset({Status.RESOLVED, Status.CLOSED})
_SAID: Final = {
    Rating.GOOD: "{name} says the help was good.",
    Rating.OK: "{name} says the help was so so.",
    Rating.BAD: "{name} says the help was bad.",
}


class RatingService:
    """Implements `tickets.domain.outgoing.Ratings`."""

    def __init__(self, context: Context) -> None:
        """Use the shared parts."""
        self._context: Final = context

    async def rate(self, actor: Actor, tracking: str, new: NewRating, *, address: str) -> RatingView:
        """Write it down, or change it. Raises TicketNotFound, NotSolved, RatingFinal, TooManyTries, Invalid."""
        check(actor, Action.JUDGE, Thing.MAILED_LINKS)
        context, now = self._context, self._context.now()
        limits, life = context.settings.limits, context.settings.lives.rating
        comment = clean_text(new.comment, "comment") if new.comment.strip() else ""
        async with context.database.write() as connection:
            # Counted also when the key is wrong; guessing is out of the question, hammering is not.
            await spend(connection, f"rate {address_block(address)}", limits.rating_address, now)
        async with context.database.write() as connection:
            row = await context.find(connection, tracking)
            owner = ("", "", 0) if row is None else (row.id, row.requester_id, row.requester_generation)
            if not same_token(new.key, context.keys.rating_key(*owner)) or row is None:
                raise TicketNotFound
            if row.status not in _OVER:
                raise NotSolved
            before = await rating_store.of_ticket(connection, row.id)
            first_at = now if before is None else before.created_at
            if now > first_at + life:
                raise RatingFinal
            view = RatingView(new.rating, comment, first_at + life)
            if before is not None and (before.rating, before.comment) == (new.rating, comment):
                return view
            await spend(connection, f"rate ticket {row.id}", limits.rating_ticket, now)
            if before is None:
                written = RatingRow(row.id, new.rating, comment, row.assignee_id, now, now)
                await rating_store.write(connection, written)
            else:
                await rating_store.change(connection, row.id, new.rating, comment, now)
            said = _SAID[new.rating].format(name=row.requester_name)
            entry = NewEntry(
                ticket=row.id,
                at=now,
                kind=EntryKind.RATED,
                who=row.requester_name,
                role=Role.REQUESTER,
                actor_id=row.requester_id,
                text=f"{said}\n{comment}" if comment else said,
            )
            await context.story.tell(connection, entry)
        context.hub.publish("ticket", row.tracking)
        return view
