"""Urgency times impact is priority: what goes first in the queue."""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Annotated, Final

import msgspec

from tickets.domain.values import Urgency


class Impact(StrEnum):
    """How many people a problem holds up."""

    LOW = "low"
    NORMAL = "normal"
    HIGH = "high"


class Priority(StrEnum):
    """What goes first."""

    LOW = "low"
    NORMAL = "normal"
    HIGH = "high"
    CRITICAL = "critical"


PRIORITY_RANK: Final = {Priority.CRITICAL: 0, Priority.HIGH: 1, Priority.NORMAL: 2, Priority.LOW: 3}
"""Order in the queue: the smaller, the sooner."""
BY_RANK: Final = {rank: priority for priority, rank in PRIORITY_RANK.items()}

Matrix = Mapping[tuple[Urgency, Impact], Priority]


class MatrixCell(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One field of the matrix."""

    urgency: Urgency
    impact: Impact
    priority: Priority


class MatrixView(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The matrix: a cell for each pair; handed in, cells that are left out stay as they are."""

    items: Annotated[tuple[MatrixCell, ...], msgspec.Meta(max_length=60)]


def _usual(urgency: Urgency, impact: Impact) -> Priority:
    """One step up for many people, one down for a single one."""
    step = {Impact.LOW: 1, Impact.NORMAL: 0, Impact.HIGH: -1}[impact]
    rank = PRIORITY_RANK[Priority(urgency)] + step
    return BY_RANK[min(max(rank, 0), len(PRIORITY_RANK) - 1)]


DEFAULT_MATRIX: Final[Matrix] = MappingProxyType(
    {(urgency, impact): _usual(urgency, impact) for urgency in Urgency for impact in Impact}
)
"""What an admin starts with; with normal impact the priority is the urgency."""


def raised(priority: Priority) -> Priority:
    """Return the next higher priority, or the highest."""
    return BY_RANK[max(PRIORITY_RANK[priority] - 1, 0)]
