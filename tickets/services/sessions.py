"""Sessions: permission for the assigned technician, and its end when the permission ends."""

from typing import Final

from protocol.encoding import pack_b64
from protocol.rights import pack_rights
from tickets.domain.access import Action, Actor
from tickets.domain.errors import DeviceUnknown, NotAllowed, TicketClosed
from tickets.domain.values import WORKABLE, EntryKind
from tickets.domain.views import SessionOffer
from tickets.keys import hash_token
from tickets.services.context import Context, entry
from tickets.services.hangup import end_attempts, end_session
from tickets.services.organisation import signed_revocations
from tickets.store import agents as agent_store
from tickets.store import devices as device_store
from tickets.store import logins as login_store
from tickets.store import sessions as session_store


class SessionService:
    """Implements `tickets.domain.services.Sessions`."""

    def __init__(self, context: Context) -> None:
        """Use the shared parts."""
        self._context: Final = context

    async def open(self, actor: Actor, tracking: str, device_key: str) -> SessionOffer:
        """Make a session for the assigned technician. Raises NotAllowed, TicketClosed, DeviceUnknown, …"""
        context, now = self._context, self._context.now()
        settings, rights = context.settings, pack_rights(context.settings.session_rights)
        session, socket_ticket = context.new_id(), context.new_token()
        not_after = now.replace(microsecond=0) + settings.lives.grant
        async with context.database.write() as connection:
            row = await context.permitted(connection, actor, Action.OPEN_SESSION, tracking)
            if row.status not in WORKABLE:
                raise TicketClosed(row.status)
            if actor.technician is None:
                raise NotAllowed(Action.OPEN_SESSION)
            device = await device_store.newest_good(connection, actor.technician, device_key, now)
            if device is None:
                raise DeviceUnknown
            agent = await agent_store.of_ticket(connection, row.id)
            earlier = await end_attempts(connection, context.story, row.id, actor.technician, now)
            await session_store.insert(
                connection,
                ident=session,
                ticket=row.id,
                technician=actor.technician,
                device_key=device_key,
                rights=rights,
                now=now,
                not_after=not_after,
            )
            await session_store.add_socket_ticket(
                connection,
                ticket_hash=hash_token(socket_ticket),
                purpose=session_store.VIEWER,
                technician=actor.technician,
                login=actor.login,
                session=session,
                expires_at=now + settings.lives.socket_ticket,
            )
            text = f"{actor.name} asked to connect."
            await context.story.tell(connection, entry(row, actor, EntryKind.SESSION_OPENED, text, now))
            revocations = await signed_revocations(context, connection)
        await earlier.carry_out(context.switchboard)
        context.hub.publish("ticket", row.tracking)
        grant = context.keys.session_grant(
            session=session,
            tracking=row.tracking,
            technician=actor.technician,
            device_key=device_key,
            rights=rights,
            now=now,
            not_after=not_after,
        )
        return SessionOffer(
            session=session,
            socket_ticket=socket_ticket,
            grant=pack_b64(grant),
            grant_key_certificate=pack_b64(context.keys.grant_key_certificate(now, context.new_id())),
            certificate=pack_b64(device.certificate),
            revocations=pack_b64(revocations),
            organisation=context.keys.organisation_id,
            organisation_name=settings.organisation_name,
            agent_key=None if agent is None else agent.agent_key,
            agent_online=context.switchboard.is_online(row.tracking),
            tracking=row.tracking,
            title=row.title,
            rights=rights,
        )

    async def reconcile(self) -> None:
        """End sessions and live pages whose permission is gone, also when another process took it away."""
        context, now = self._context, self._context.now()
        listening = context.hub.logins()
        async with context.database.read() as connection:
            rows = await session_store.that_must_end(connection, now)
            good = await login_store.good_ids(connection, listening, now) if listening else set()
        context.hub.drop(listening - good)
        for row in rows:
            code = row.reason_to_end(now) or "ended"
            async with context.database.write() as connection:
                ended = await end_session(connection, context.story, row, code, now)
            if ended:
                await context.switchboard.end_session(row.id, code)
                context.hub.publish("ticket", row.tracking)
