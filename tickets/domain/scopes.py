"""What a token may be narrowed to: scopes, each a part of what its owner may do by the table of rights.

A scope never adds anything: the table is asked as always, and beside it whether the token reaches that far. What a
stranger may do needs no scope; a pair that no scope reaches (logging in, certifying a device, opening a session in
somebody's name) takes a token of a whole login.
"""

from enum import StrEnum
from typing import Final

from tickets.domain.access import ANY_TICKET, RIGHTS, Action, Role, Thing

Pair = tuple[Action, Thing]


class Scope(StrEnum):
    """The words that a token is made with."""

    TICKETS_READ = "tickets:read"
    TICKETS_WRITE = "tickets:write"
    ARTICLES_READ = "articles:read"
    ARTICLES_WRITE = "articles:write"
    DESK_READ = "desk:read"
    DESK_WRITE = "desk:write"
    SESSIONS = "sessions"
    ADMIN_READ = "admin:read"
    ADMIN_WRITE = "admin:write"
    TOKENS = "tokens"


_READING: Final = frozenset({Action.SEE, Action.READ, Action.LIST, Action.LISTEN})
_STAFF: Final = frozenset({Role.TECHNICIAN, Role.ADMIN})
# Of the desk, what a technician changes without being an admin.
_EVERY_DAY: Final = frozenset(
    {Thing.OWN_WORK, Thing.SAVED_VIEWS, Thing.OWN_VIEW, Thing.CANNED_ANSWERS, Thing.OWN_ANSWER, Thing.ASSETS}
)
_AREAS: Final[dict[str, frozenset[Thing]]] = {
    "tickets": frozenset({*ANY_TICKET, Thing.TICKETS, Thing.QUEUE, Thing.LIVE, Thing.CONSOLE, Thing.INCOMING_MAIL}),
    "articles": frozenset({Thing.ARTICLES, Thing.INTERNAL_ARTICLES}),
    "desk": _EVERY_DAY
    | {Thing.TECHNICIANS, Thing.CATEGORIES, Thing.TEAMS, Thing.REPORTS, Thing.FIELDS}
    | {Thing.SHARED_VIEW, Thing.SHARED_ANSWER},
    "admin": frozenset({Thing.ADMINISTRATION, Thing.SPREADING, Thing.WEBHOOKS, Thing.PEOPLE}),
}
_OWN_SCOPE: Final[dict[Action, Scope]] = {
    Action.MAKE_JOIN_CODE: Scope.SESSIONS,
    Action.OPEN_SESSION: Scope.SESSIONS,
}
WHOLE_LOGIN: Final = frozenset({Thing.DEVICES, Thing.LOGIN})
"""Things that no scope reaches."""
_FREE: Final = frozenset((action, thing) for role, action, thing in RIGHTS if role is Role.ANONYMOUS)


def scope_of(action: Action, thing: Thing) -> Scope | None:
    """Return the scope that reaches this; None when only a whole login does."""
    if thing is Thing.TOKENS:
        return Scope.TOKENS
    if action in _OWN_SCOPE:
        return _OWN_SCOPE[action]
    for area, things in _AREAS.items():
        if thing in things:
            # Categories and teams are everybody's to read and an admin's to change.
            kept_by_admins = area == "desk" and thing not in _EVERY_DAY and action not in _READING
            return Scope(f"{'admin' if kept_by_admins else area}:{'read' if action in _READING else 'write'}")
    return None


def reach_of(scopes: frozenset[Scope]) -> frozenset[Pair]:
    """Return what a token with these scopes can be used for, as far as its owner may."""
    pairs = {(action, thing) for role, action, thing in RIGHTS if role in _STAFF}
    return _FREE | {pair for pair in pairs if scope_of(*pair) in scopes}


def pack_scopes(scopes: frozenset[Scope]) -> str:
    """Return them as they are kept."""
    return " ".join(sorted(scopes))


def parse_scopes(text: str) -> frozenset[Scope]:
    """Return scopes as they were kept; a word that is none any more reaches nothing."""
    known = set(Scope)
    return frozenset(Scope(word) for word in text.split() if word in known)
