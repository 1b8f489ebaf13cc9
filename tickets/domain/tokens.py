"""Tokens for programs, as API and pages show them."""

from datetime import datetime
from typing import Annotated, Protocol

import msgspec

from tickets.domain.access import Actor
from tickets.domain.scopes import Scope
from tickets.domain.views import Line

MAX_DAYS = 366


class NewToken(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a token is for, what it may be used for, and for how long."""

    label: Line
    scopes: Annotated[tuple[Scope, ...], msgspec.Meta(min_length=1, max_length=len(Scope))]
    days: Annotated[int, msgspec.Meta(ge=1, le=MAX_DAYS)] = 90


class TokenView(msgspec.Struct, frozen=True):
    """A token without its secret; `scopes` is empty for that of a whole login."""

    id: str
    label: str
    scopes: tuple[Scope, ...]
    created_at: datetime
    expires_at: datetime


class TokenMade(msgspec.Struct, frozen=True):
    """A token as it is shown once."""

    token: str
    view: TokenView


class TokenList(msgspec.Struct, frozen=True):
    """One person's tokens, the newest first."""

    items: tuple[TokenView, ...]


class Tokens(Protocol):
    """Tokens for programs."""

    async def make(self, actor: Actor, new: NewToken) -> TokenMade:
        """Make a token that reaches no further and lives no longer than the proof it is asked with.

        Raises NotLoggedIn, NotAllowed, StrongerToken.
        """

    async def listed(self, actor: Actor) -> TokenList:
        """Return one's own tokens."""

    async def revoke(self, actor: Actor, token: str) -> None:
        """End one of one's own tokens at once. Raises NotFound."""
