"""How tickets belong together."""

from enum import StrEnum
from typing import Final


class Link(StrEnum):
    """What this ticket is to another one, seen from here."""

    RELATED = "related"
    DUPLICATE_OF = "duplicate-of"
    HAS_DUPLICATE = "has-duplicate"
    CHILD_OF = "child-of"
    PARENT_OF = "parent-of"
    FOLLOW_UP_OF = "follow-up-of"
    FOLLOWED_BY = "followed-by"


OTHER_WAY: Final = {
    Link.RELATED: Link.RELATED,
    Link.DUPLICATE_OF: Link.HAS_DUPLICATE,
    Link.HAS_DUPLICATE: Link.DUPLICATE_OF,
    Link.CHILD_OF: Link.PARENT_OF,
    Link.PARENT_OF: Link.CHILD_OF,
    Link.FOLLOW_UP_OF: Link.FOLLOWED_BY,
    Link.FOLLOWED_BY: Link.FOLLOW_UP_OF,
}
"""The same, seen from the other ticket."""

_KEPT: Final = {Link.RELATED, Link.DUPLICATE_OF, Link.CHILD_OF, Link.FOLLOW_UP_OF}


def as_kept(one: str, link: Link, other: str) -> tuple[str, Link, str]:
    """Return the link in the one direction in which it is written down; RELATED goes from the smaller id."""
    if link not in _KEPT or (link is Link.RELATED and other < one):
        return other, OTHER_WAY[link], one
    return one, link, other
