"""How a ticket moves: a table `role -> status -> statuses`; everything else is an illegal move."""

from typing import Final

from tickets.domain.access import Role
from tickets.domain.errors import IllegalMove
from tickets.domain.values import Status

_NEW, _OPEN, _WAITING, _RESOLVED, _CLOSED = Status

# Requesters never choose a status; a reply of theirs moves the ticket (`after_reply`).
_STAFF_MOVES: Final = {
    _NEW: (_OPEN, _WAITING, _CLOSED),
    _OPEN: (_WAITING, _CLOSED),
    _WAITING: (_OPEN, _CLOSED),
    _RESOLVED: (_OPEN, _CLOSED),
    _CLOSED: (_OPEN,),
}
MOVES: Final[dict[Role, dict[Status, tuple[Status, ...]]]] = {
    Role.TECHNICIAN: _STAFF_MOVES,
    Role.ADMIN: _STAFF_MOVES,
}
# A solution is needed to resolve, so it is its own action.
RESOLVABLE: Final = frozenset({_NEW, _OPEN, _WAITING})
_AFTER_REQUESTER_REPLY: Final = {_WAITING: _OPEN, _RESOLVED: _OPEN}


def moves(role: Role, status: Status) -> tuple[Status, ...]:
    """Return the statuses that `role` may choose for a ticket that is `status`."""
    return MOVES.get(role, {}).get(status, ())


def move(role: Role, status: Status, wanted: Status) -> Status:
    """Return `wanted`, or raise IllegalMove."""
    if wanted not in moves(role, status):
        raise IllegalMove(status, wanted)
    return wanted


def after_reply(role: Role, status: Status) -> Status:
    """Return where a ticket stands after `role` wrote something into it: a requester's answer reopens it."""
    if role in {Role.REQUESTER, Role.AGENT}:
        return _AFTER_REQUESTER_REPLY.get(status, status)
    return status
