"""Tokens for programs: narrowed, dated, and never stronger than the proof they were asked with."""

from datetime import timedelta
from typing import Final

from tickets.domain.access import Action, Actor, Thing, check
from tickets.domain.errors import NotFound, NotLoggedIn, StrongerToken
from tickets.domain.scopes import pack_scopes, parse_scopes
from tickets.domain.tokens import NewToken, TokenList, TokenMade, TokenView
from tickets.domain.values import LoginId, TechnicianId
from tickets.keys import hash_token
from tickets.services.context import Context
from tickets.store import logins as login_store
from tickets.store.logins import LoginRow
from tickets.text import clean_line


class TokenService:
    """Implements `tickets.domain.tokens.Tokens`."""

    def __init__(self, context: Context) -> None:
        """Use the shared parts."""
        self._context: Final = context

    async def make(self, actor: Actor, new: NewToken) -> TokenMade:
        """Make a token. Raises NotLoggedIn, NotAllowed, StrongerToken, Invalid."""
        check(actor, Action.ADD, Thing.TOKENS)
        technician, login = _whole(actor)
        context, now = self._context, self._context.now()
        label, scopes, token, ident = clean_line(new.label, "label"), frozenset(new.scopes), context.new_token(), ""
        async with context.database.write() as connection:
            asking = await login_store.of_technician(connection, login, technician, now)
            if asking is None:
                raise NotLoggedIn
            expires_at = now + timedelta(days=new.days)
            # A cookie is a person who typed a password; what it makes may outlive it.
            if asking.kind == login_store.API:
                expires_at = min(expires_at, asking.expires_at)
            if asking.scopes is not None and not scopes <= parse_scopes(asking.scopes):
                raise StrongerToken
            ident = context.new_id()
            await login_store.add(
                connection,
                ident=ident,
                technician=technician,
                kind=login_store.API,
                token_hash=hash_token(token),
                label=label,
                scopes=pack_scopes(scopes),
                now=now,
                expires_at=expires_at,
            )
        return TokenMade(token, TokenView(ident, label, tuple(sorted(scopes)), now, expires_at))

    async def listed(self, actor: Actor) -> TokenList:
        """Return one's own tokens, the newest first. Raises NotLoggedIn, NotAllowed."""
        check(actor, Action.LIST, Thing.TOKENS)
        technician, _ = _whole(actor)
        async with self._context.database.read() as connection:
            rows = await login_store.tokens(connection, technician, self._context.now())
        return TokenList(tuple(_view(row) for row in rows))

    async def revoke(self, actor: Actor, token: str) -> None:
        """End one of one's own tokens. Raises NotFound, NotLoggedIn, NotAllowed."""
        check(actor, Action.REMOVE, Thing.TOKENS)
        technician, _ = _whole(actor)
        async with self._context.database.write() as connection:
            found = await login_store.of_technician(connection, LoginId(token), technician, self._context.now())
            if found is None or found.kind != login_store.API:
                raise NotFound("token")
            await login_store.end(connection, token)
        self._context.hub.drop({token})


def _whole(actor: Actor) -> tuple[TechnicianId, LoginId]:
    if actor.technician is None or actor.login is None:
        raise NotLoggedIn
    return actor.technician, actor.login


def _view(row: LoginRow) -> TokenView:
    scopes = () if row.scopes is None else tuple(sorted(parse_scopes(row.scopes)))
    return TokenView(row.id, row.label, scopes, row.created_at, row.expires_at)
