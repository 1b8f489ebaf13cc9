"""Live pages: the proof for their socket, and who is behind it."""

from dataclasses import dataclass
from typing import Final

from tickets.domain.access import Action, Actor, Thing, check
from tickets.domain.errors import NotAllowed
from tickets.domain.values import TechnicianId
from tickets.domain.views import LiveTicket
from tickets.keys import hash_token
from tickets.services.company import CompanyKeeper
from tickets.services.context import Context
from tickets.services.hub import LiveHub
from tickets.store import logins as login_store
from tickets.store import people as people_store
from tickets.store import sessions as session_store


@dataclass(frozen=True)
class Listener:
    """Who has a page open, and by which login."""

    login: str
    technician: TechnicianId
    name: str


class LiveService:
    """Implements `tickets.domain.services.Live`."""

    def __init__(self, context: Context) -> None:
        """Use the shared parts."""
        self._context: Final = context
        self.company: Final = CompanyKeeper()

    @property
    def hub(self) -> LiveHub:
        """Where events come from."""
        return self._context.hub

    async def admit(self, actor: Actor) -> LiveTicket:
        """Return a socket ticket for `/live`."""
        check(actor, Action.LISTEN, Thing.LIVE)
        if actor.technician is None or actor.login is None:
            raise NotAllowed(Action.LISTEN)
        context, now, token = self._context, self._context.now(), self._context.new_token()
        async with context.database.write() as connection:
            await session_store.add_socket_ticket(
                connection,
                ticket_hash=hash_token(token),
                purpose=session_store.LIVE,
                technician=actor.technician,
                login=actor.login,
                session=None,
                expires_at=now + context.settings.lives.socket_ticket,
            )
        return LiveTicket(token)

    async def enter(self, socket_ticket: str) -> Listener | None:
        """Use up a socket ticket and return who is behind it, None when it is no good."""
        context, now = self._context, self._context.now()
        async with context.database.write() as connection:
            used = await session_store.use_socket_ticket(connection, hash_token(socket_ticket), session_store.LIVE, now)
            if used is None or used.login_id is None:
                return None
            good = await login_store.good_ids(connection, {used.login_id}, now)
            technician = await people_store.technician(connection, used.technician_id)
        if used.login_id not in good or technician is None:
            return None
        return Listener(used.login_id, technician.id, technician.name)
