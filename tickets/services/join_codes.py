"""Getting a computer onto a ticket: join codes, and pinning the agent's key."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from protocol.encoding import parse_b64
from protocol.tracking import ALPHABET
from tickets.domain.access import Action, Actor, Role
from tickets.domain.errors import Invalid, NotAllowed, OtherComputer, TicketClosed, TicketNotFound
from tickets.domain.values import WORKABLE, EntryKind
from tickets.domain.views import JoinCodeView, Joined, JoinRequest
from tickets.services.context import Context, address_block, entry, spend
from tickets.services.hangup import Hangup, end_sessions_of
from tickets.store import agents as agent_store
from tickets.store import counters
from tickets.store import join_codes as code_store
from tickets.store.join_codes import JoinCodeRow
from tickets.store.tickets import TicketRow
from tickets.store.timeline import NewEntry

_READ_AS: Final = str.maketrans("OIL", "011")


@dataclass(frozen=True)
class _Spent:
    """A try that was paid for: the ticket and the hash of its code, both None for a wrong tracking number."""

    row: TicketRow | None
    code_hash: str | None


class JoinCodeService:
    """Implements `tickets.domain.services.JoinCodes`."""

    def __init__(self, context: Context) -> None:
        """Use the shared parts."""
        self._context: Final = context

    async def make(self, actor: Actor, tracking: str) -> JoinCodeView:
        """Make the code that the technician reads out; an older one for this ticket ends. Raises TicketClosed, …"""
        context, now = self._context, self._context.now()
        code = _make_code(context.entropy(8))
        hashed = await context.passwords.hash(code)
        expires_at = now + context.settings.lives.join_code
        async with context.database.write() as connection:
            row = await context.permitted(connection, actor, Action.MAKE_JOIN_CODE, tracking)
            if row.status not in WORKABLE:
                raise TicketClosed(row.status)
            if actor.technician is None:
                raise NotAllowed(Action.MAKE_JOIN_CODE)
            await code_store.put(connection, JoinCodeRow(row.id, hashed, 0, actor.technician, expires_at))
            text = f"{actor.name} made a join code."
            await context.story.tell(connection, entry(row, actor, EntryKind.JOIN_CODE, text, now, internal=True))
        context.hub.publish("ticket", row.tracking)
        return JoinCodeView(f"{code[:4]}-{code[4:]}", expires_at)

    async def join(self, actor: Actor, tracking: str, request: JoinRequest, *, address: str) -> Joined:
        """Pin an agent key to the ticket. Raises TicketNotFound for every bad proof, OtherComputer, TooManyTries."""
        _check_key(request.agent_key)
        if request.code is None:
            return await self._join_by_token(actor, tracking, request.agent_key)
        return await self._join_by_code(tracking, request.agent_key, _read_code(request.code), address)

    async def _join_by_token(self, actor: Actor, tracking: str, agent_key: str) -> Joined:
        context, now = self._context, self._context.now()
        async with context.database.write() as connection:
            row = await context.find(connection, tracking)
            if row is None or actor.tracking != row.tracking or row.status not in WORKABLE:
                raise TicketNotFound
            joined, _ = await self._pin(connection, row, agent_key, now, may_replace=False)
        context.hub.publish("ticket", row.tracking)
        return joined

    async def _join_by_code(self, tracking: str, agent_key: str, code: str, address: str) -> Joined:
        context, now = self._context, self._context.now()
        spent = await self._spend_try(tracking, address, now)
        good = await context.passwords.verify(spent.code_hash, code)
        if spent.row is None or spent.code_hash is None or not good:
            raise TicketNotFound
        async with context.database.write() as connection:
            if not await code_store.use_up(connection, spent.row.id, spent.code_hash, context.now()):
                raise TicketNotFound
            row = await context.find(connection, spent.row.tracking)
            if row is None or row.status not in WORKABLE:
                raise TicketNotFound
            for name in _counter_names(address):
                await counters.give_back(connection, name)
            joined, hangup = await self._pin(connection, row, agent_key, now, may_replace=True)
        await hangup.carry_out(context.switchboard)
        context.hub.publish("ticket", row.tracking)
        return joined

    async def _spend_try(self, tracking: str, address: str, now: datetime) -> _Spent:
        """Count the try in every place before the code is looked at; the same statements whatever is wrong."""
        context, limits = self._context, self._context.settings.limits
        by_address, in_all = _counter_names(address)
        async with context.database.write() as connection:
            await spend(connection, by_address, limits.join_address, now)
            await spend(connection, in_all, limits.join_all, now)
            row = await context.find(connection, tracking)
            if row is not None and row.status not in WORKABLE:
                row = None
            ticket = "" if row is None else row.id
            return _Spent(row, await code_store.spend_try(connection, ticket, limits.join_code_misses, now))

    async def _pin(
        self, connection: AsyncConnection, row: TicketRow, agent_key: str, now: datetime, *, may_replace: bool
    ) -> tuple[Joined, Hangup]:
        context, hangup = self._context, Hangup()
        agent = await agent_store.of_ticket(connection, row.id)
        generation = 1 if agent is None else agent.generation
        if agent is None or agent.agent_key != agent_key:
            if agent is None:
                kind, text = EntryKind.AGENT_JOINED, "The requester's computer joined this request."
            elif may_replace:
                generation += 1
                kind, text = EntryKind.AGENT_REPLACED, "Another computer joined this request with a join code."
                hangup = await end_sessions_of(connection, context.story, row, "other-computer", now, everybody=True)
            else:
                raise OtherComputer
            await agent_store.pin(connection, row.id, agent_key, generation, now)
            await context.story.tell(
                connection,
                NewEntry(ticket=row.id, at=now, kind=kind, who=row.requester_name, role=Role.AGENT, text=text),
            )
        joined = Joined(
            agent_token=context.keys.agent_token(row.id, agent_key, generation),
            tracking=row.tracking,
            title=row.title,
            organisation=context.keys.organisation_id,
            server_time=int(now.timestamp()),
        )
        return joined, hangup


def _counter_names(address: str) -> tuple[str, str]:
    return f"join {address_block(address)}", "join all"


def _make_code(random: bytes) -> str:
    return "".join(ALPHABET[byte & 31] for byte in random)


def _read_code(text: str) -> str:
    """Return the code as it was made from the way people type it."""
    return "".join(c for c in text.upper().translate(_READ_AS) if c in ALPHABET)


def _check_key(agent_key: str) -> None:
    try:
        parse_b64(agent_key, 32)
    except ValueError:
        raise Invalid("agent_key", "send the 32 bytes of an X25519 public key in base64url.") from None
