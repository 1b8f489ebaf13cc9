"""A technician's own phones."""

from typing import Final
from urllib.parse import urlsplit

from tickets.domain.access import Action, Actor, Thing, check
from tickets.domain.errors import Invalid, NotAllowed, NotFound
from tickets.domain.push import NewPhone, Phones, PhoneView
from tickets.push.encryption import check_keys
from tickets.services.context import Context
from tickets.store import push as push_store
from tickets.store.push import PhoneRow
from tickets.text import clean_line

_MOST_PHONES: Final = 10


class PushService:
    """Implements `tickets.domain.push.Pushes`."""

    def __init__(self, context: Context) -> None:
        """Use the shared parts."""
        self._context: Final = context

    async def phones(self, actor: Actor) -> Phones:
        """List one's own."""
        check(actor, Action.LIST, Thing.OWN_WORK)
        async with self._context.database.read() as connection:
            rows = await push_store.phones_of(connection, _own(actor))
        return Phones(self._context.keys.push_public, tuple(map(_view, rows)))

    async def subscribe(self, actor: Actor, new: NewPhone) -> PhoneView:
        """Send notices to this phone from now on. Raises Invalid."""
        check(actor, Action.CHANGE, Thing.OWN_WORK)
        context, technician = self._context, _own(actor)
        try:
            parts = urlsplit(new.endpoint)
            good = parts.scheme == "https" and bool(parts.hostname) and parts.username is None
        except ValueError:
            good = False
        if not good or not new.endpoint.isascii() or not new.endpoint.isprintable():
            raise Invalid("endpoint", "it begins with https:// and a host name.")
        try:
            check_keys(new.p256dh, new.auth)
        except ValueError:
            raise Invalid("p256dh", "these are not the keys of a push subscription.") from None
        row = PhoneRow(
            id=context.new_id(),
            technician_id=technician,
            endpoint=new.endpoint,
            p256dh=new.p256dh,
            auth=new.auth,
            label=clean_line(new.label, "label") if new.label.strip() else "Phone",
            created_at=context.now(),
        )
        async with context.database.write() as connection:
            if await push_store.count(connection, technician) >= _MOST_PHONES:
                raise Invalid("", f"You have {_MOST_PHONES} phones already. Remove one first.")
            await push_store.subscribe(connection, row)
        return _view(row)

    async def unsubscribe(self, actor: Actor, phone: str) -> None:
        """Send no more notices there. Raises NotFound."""
        check(actor, Action.CHANGE, Thing.OWN_WORK)
        async with self._context.database.write() as connection:
            if not await push_store.unsubscribe(connection, _own(actor), phone):
                raise NotFound("phone")


def _own(actor: Actor) -> str:
    if actor.technician is None:
        raise NotAllowed(Action.CHANGE)
    return actor.technician


def _view(row: PhoneRow) -> PhoneView:
    return PhoneView(row.id, row.label, row.created_at)
