"""What the relay asks before it lets anybody in, and where it reports what happened."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Literal

from protocol.tracking import TrackingNumber
from tickets.domain.access import Action, Role, Thing, requires
from tickets.domain.values import WORKABLE, EntryKind
from tickets.keys import hash_token, same_token
from tickets.services.context import Context
from tickets.services.hangup import end_session
from tickets.store import agents as agent_store
from tickets.store import sessions as session_store
from tickets.store import tickets as ticket_store
from tickets.store.agents import AgentRow
from tickets.store.tickets import TicketRow
from tickets.store.timeline import NewEntry

SessionEvent = Literal["joined", "asking", "ended"]

# An agent on a bad line comes and goes; the timeline tells it once.
_QUIET: Final = timedelta(minutes=10)


@dataclass(frozen=True)
class ViewerAdmission:
    """A viewer may come in: for which session and ticket, and until when (seconds since 1970 UTC)."""

    session: str
    not_after: int
    tracking: TrackingNumber


class Gate:
    """Admits agents and viewers; every refusal is the same to the relay."""

    def __init__(self, context: Context) -> None:
        """Use the shared parts."""
        self._context: Final = context

    @requires(Action.REGISTER, Thing.RELAY)
    async def admit_agent(self, tracking: str, token: str, agent_key: str, session: str | None) -> bool:
        """Whether this token and key belong to the ticket; with `session` also whether that one is open."""
        context = self._context
        async with context.database.read() as connection:
            row = await ticket_store.by_tracking(connection, tracking)
            agent = await agent_store.of_ticket(connection, "" if row is None else row.id)
            good = self._is_agent(row, agent, token, agent_key)
            if session is None or not good:
                return good
            found = await session_store.by_id(connection, session)
        now = context.now()
        return (
            found is not None
            and found.tracking == tracking
            and found.state == session_store.OPEN
            and found.reason_to_end(now) is None
        )

    def _is_agent(self, row: TicketRow | None, agent: AgentRow | None, token: str, agent_key: str) -> bool:
        ticket, generation = ("", 0) if row is None or agent is None else (row.id, agent.generation)
        pinned = "" if agent is None else agent.agent_key
        same_key = same_token(pinned, agent_key)
        same = same_token(self._context.keys.agent_token(ticket, pinned, generation), token)
        return row is not None and agent is not None and row.status in WORKABLE and same_key and same

    @requires(Action.WATCH, Thing.RELAY)
    async def admit_viewer(self, tracking: str, socket_ticket: str) -> ViewerAdmission | None:
        """Use up a socket ticket; None when it is not good for a session of this ticket that may go on."""
        context, now = self._context, self._context.now()
        async with context.database.write() as connection:
            used = await session_store.use_socket_ticket(
                connection, hash_token(socket_ticket), session_store.VIEWER, now
            )
            found = None
            if used is not None and used.session_id is not None:
                found = await session_store.by_id(connection, used.session_id)
        if (
            found is None
            or found.tracking != tracking
            or found.state != session_store.OPEN
            or found.reason_to_end(now) is not None
        ):
            return None
        return ViewerAdmission(found.id, int(found.not_after.timestamp()), found.tracking)

    async def agent_came(self, tracking: str) -> None:
        """Note that the agent registered."""
        context, now = self._context, self._context.now()
        async with context.database.write() as connection:
            row = await ticket_store.by_tracking(connection, tracking)
            agent = None if row is None else await agent_store.of_ticket(connection, row.id)
            if row is not None and agent is not None:
                await agent_store.came(connection, row.id, now)
                if _long_ago(agent.came_at, now) and _long_ago(agent.left_at, now):
                    text = "The computer is connected and waits."
                    await context.story.tell(connection, _agent_entry(row, EntryKind.AGENT_ONLINE, text, now))
        self._presence(tracking)

    async def agent_left(self, tracking: str) -> None:
        """Note that the agent went."""
        context, now = self._context, self._context.now()
        async with context.database.write() as connection:
            row = await ticket_store.by_tracking(connection, tracking)
            agent = None if row is None else await agent_store.of_ticket(connection, row.id)
            if row is not None and agent is not None:
                await agent_store.left(connection, row.id, now)
                if _long_ago(agent.came_at, now):
                    text = "The computer is no longer connected."
                    await context.story.tell(connection, _agent_entry(row, EntryKind.AGENT_OFFLINE, text, now))
        self._presence(tracking)

    async def session_event(self, tracking: str, session: str, what: SessionEvent, code: str | None) -> None:
        """Note that both ends met, that the user is being asked, or that the session ended (`code` says why)."""
        context, now = self._context, self._context.now()
        async with context.database.write() as connection:
            found = await session_store.by_id(connection, session)
            if found is not None and what == "ended":
                await end_session(connection, context.story, found, (code or "ended")[:32], now)
            elif found is not None:
                if what == "joined":
                    await session_store.met(connection, found.id, now)
                await context.story.tell(
                    connection,
                    NewEntry(
                        ticket=found.ticket_id,
                        at=now,
                        kind=EntryKind.SESSION_JOINED if what == "joined" else EntryKind.SESSION_ASKED,
                        who=found.technician_name,
                        role=Role.TECHNICIAN,
                        actor_id=found.technician_id,
                        text=(
                            f"{found.technician_name} and the computer met."
                            if what == "joined"
                            else "The user is being asked."
                        ),
                    ),
                )
        context.hub.publish("ticket", tracking)

    def _presence(self, tracking: str) -> None:
        self._context.hub.publish("presence", tracking)
        self._context.hub.publish("ticket", tracking)


def _long_ago(at: datetime | None, now: datetime) -> bool:
    return at is None or now - at > _QUIET


def _agent_entry(row: TicketRow, kind: EntryKind, text: str, now: datetime) -> NewEntry:
    return NewEntry(ticket=row.id, at=now, kind=kind, who=row.requester_name, role=Role.AGENT, text=text)
