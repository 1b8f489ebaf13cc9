"""Logins: passwords against tokens and cookies, and who a token belongs to."""

import hashlib
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from tickets.domain.access import ANONYMOUS, Action, Actor, Role, Thing, check
from tickets.domain.errors import Invalid, LoginFailed, NotLoggedIn
from tickets.domain.scopes import parse_scopes, reach_of
from tickets.domain.values import PersonId
from tickets.domain.views import Credentials, LoggedIn
from tickets.keys import hash_token, same_token
from tickets.passwords import NO_PASSWORD
from tickets.services.context import Context, address_block, spend
from tickets.services.views import technician_view
from tickets.store import agents as agent_store
from tickets.store import counters
from tickets.store import logins as login_store
from tickets.store import people as people_store
from tickets.store.people import TechnicianRow
from tickets.text import clean_email, clean_line

_LONGEST_TOKEN: Final = 512


class LoginService:
    """Implements `tickets.domain.services.Logins`."""

    def __init__(self, context: Context) -> None:
        """Use the shared parts."""
        self._context: Final = context

    async def login(self, credentials: Credentials, *, address: str, by_cookie: bool) -> LoggedIn:
        """Log in for a cookie or an API token. Raises LoginFailed, TooManyTries."""
        context, now = self._context, self._context.now()
        try:
            email = clean_email(credentials.email)
        except Invalid:
            # Such an address has no account; the rest goes on as for any other unknown one.
            email = ""
        limits = context.settings.limits
        account = f"login account {hashlib.sha256(email.encode()).hexdigest()}"
        block = f"login address {address_block(address)}"
        # Tries are counted before the password is looked at: many at once are no more than many one after the other.
        async with context.database.write() as connection:
            await spend(connection, block, limits.login_address, now)
            await spend(connection, account, limits.login_account, now)
            row = await people_store.technician_by_email(connection, email)
        good = await context.passwords.verify(_usable_hash(row), credentials.password)
        if row is None or not good:
            raise LoginFailed
        token, life = (
            context.new_token(),
            context.settings.lives.cookie if by_cookie else context.settings.lives.api_token,
        )
        async with context.database.write() as connection:
            fresh = await people_store.technician(connection, row.id)
            if _usable_hash(fresh) != row.password_hash:
                # Disabled or given a new password while this one was verified.
                raise LoginFailed
            await counters.forget(connection, account)
            await counters.give_back(connection, block)
            await login_store.add(
                connection,
                ident=context.new_id(),
                technician=row.id,
                kind=login_store.COOKIE if by_cookie else login_store.API,
                token_hash=hash_token(token),
                label=clean_line(credentials.label, "label") if credentials.label.strip() else "",
                now=now,
                expires_at=now + life,
            )
        return LoggedIn(token, technician_view(row))

    async def logout(self, actor: Actor) -> None:
        """End the login that `actor` used. Raises NotLoggedIn."""
        check(actor, Action.LOG_OUT, Thing.LOGIN)
        if actor.login is None:
            raise NotLoggedIn
        async with self._context.database.write() as connection:
            await login_store.end(connection, actor.login)
        self._context.hub.drop({actor.login})

    async def resolve(self, *, bearer: str | None, cookie: str | None, tracking: str | None) -> Actor:
        """Return who is asking; a bearer token goes before a cookie, a token that is no good makes a stranger."""
        token = cookie if bearer is None else bearer
        if not token or len(token) > _LONGEST_TOKEN:
            return ANONYMOUS
        async with self._context.database.read() as connection:
            actor = await self._staff(connection, token, by_cookie=bearer is None)
            if actor is None and bearer is not None and tracking is not None:
                actor = await self._of_ticket(connection, token, tracking)
        return actor or ANONYMOUS

    async def _staff(self, connection: AsyncConnection, token: str, *, by_cookie: bool) -> Actor | None:
        kind = login_store.COOKIE if by_cookie else login_store.API
        row = await login_store.good(connection, hash_token(token), kind, self._context.now())
        if row is None:
            return None
        return Actor(
            role=row.role,
            name=row.name,
            technician=row.technician_id,
            login=row.id,
            by_cookie=by_cookie,
            reach=None if row.scopes is None else reach_of(parse_scopes(row.scopes)),
        )

    async def _of_ticket(self, connection: AsyncConnection, token: str, tracking: str) -> Actor | None:
        """Compare with both tokens of the ticket; one that does not exist costs the same."""
        keys = self._context.keys
        row = await self._context.find_itself(connection, tracking)
        agent = await agent_store.of_ticket(connection, "" if row is None else row.id)
        ticket, person, generation = (
            ("", "", 0) if row is None else (row.id, row.requester_id, row.requester_generation)
        )
        agent_key, agent_generation = ("", 0) if agent is None else (agent.agent_key, agent.generation)
        is_requester = same_token(token, keys.requester_token(ticket, person, generation))
        is_agent = same_token(token, keys.agent_token(ticket, agent_key, agent_generation))
        if row is None:
            return None
        if is_requester:
            # The number of a ticket that went into another one opens that.
            where = row if row.merged_into_id is None else await self._context.find(connection, tracking) or row
            return Actor(role=Role.REQUESTER, name=row.requester_name, person=PersonId(person), tracking=where.tracking)
        if is_agent and agent is not None:
            return Actor(role=Role.AGENT, name=row.requester_name, tracking=row.tracking, agent_key=agent_key)
        return None


def _usable_hash(row: TechnicianRow | None) -> str | None:
    if row is None or row.disabled_at is not None or row.password_hash == NO_PASSWORD:
        return None
    return row.password_hash
