"""What a technician may do in a session; the agent enforces it."""

from collections.abc import Iterable
from enum import StrEnum


class Right(StrEnum):
    """One permission, granted by the ticket and then by the user."""

    VIEW = "view"
    CONTROL = "control"


def parse_rights(names: Iterable[str]) -> frozenset[Right]:
    """Return the rights this version knows among `names`; a newer server may name more, which nobody here can use."""
    known = set(Right)
    return frozenset(Right(name) for name in names if name in known)


def pack_rights(rights: Iterable[Right]) -> tuple[str, ...]:
    """Return `rights` in a stable order for the wire."""
    return tuple(sorted(rights))
