"""The words of the help desk: how urgent, about what, from where, in which state; and identifiers."""

from enum import StrEnum
from typing import Final, NewType

TicketId = NewType("TicketId", str)
"""Internal and never shown; the public name of a ticket is its tracking number."""
PersonId = NewType("PersonId", str)
"""A requester."""
TechnicianId = NewType("TechnicianId", str)
ArticleId = NewType("ArticleId", str)
LoginId = NewType("LoginId", str)


class Urgency(StrEnum):
    """How long it can wait, in the requester's own judgement."""

    LOW = "low"
    NORMAL = "normal"
    HIGH = "high"
    CRITICAL = "critical"


URGENCY_RANK: Final = {Urgency.CRITICAL: 0, Urgency.HIGH: 1, Urgency.NORMAL: 2, Urgency.LOW: 3}
"""Order in the queue: the smaller, the sooner."""


class Asset(StrEnum):
    """What kind of thing is broken."""

    HARDWARE = "hardware"
    SOFTWARE = "software"
    NETWORK = "network"
    SERVER = "server"
    OTHER = "other"


class Channel(StrEnum):
    """The way by which a ticket came."""

    PORTAL = "portal"
    AGENT = "agent"
    PHONE = "phone"
    API = "api"
    EMAIL = "e-mail"


class Status(StrEnum):
    """Where a ticket stands; `tickets.domain.status` says how it moves."""

    NEW = "new"
    OPEN = "open"
    WAITING = "waiting"
    RESOLVED = "resolved"
    CLOSED = "closed"


WORKABLE: Final = frozenset({Status.NEW, Status.OPEN, Status.WAITING})
"""States in which an agent may register and a session may be opened."""


class QueueView(StrEnum):
    """Which part of the queue is shown."""

    MINE = "mine"
    UNASSIGNED = "unassigned"
    ALL = "all"


class DeviceKind(StrEnum):
    """Where a technician's device key lives."""

    BROWSER = "browser"
    NATIVE = "native"


class ConsentAnswer(StrEnum):
    """What an agent says about its user's decision on a session."""

    ALLOWED = "allowed"
    DECLINED = "declined"
    TIMEOUT = "timeout"
    BUSY = "busy"
    NARROWED = "narrowed"


class EntryKind(StrEnum):
    """What a line of the timeline tells."""

    SUBMITTED = "submitted"
    MESSAGE = "message"
    NOTE = "note"
    CLAIMED = "claimed"
    ASSIGNED = "assigned"
    HANDED_OVER = "handed-over"
    TAKEN_OVER = "taken-over"
    UNASSIGNED = "unassigned"
    STATUS = "status"
    RESOLVED = "resolved"
    REOPENED = "reopened"
    JOIN_CODE = "join-code"
    AGENT_JOINED = "agent-joined"
    AGENT_REPLACED = "agent-replaced"
    AGENT_ONLINE = "agent-online"
    AGENT_OFFLINE = "agent-offline"
    SESSION_OPENED = "session-opened"
    SESSION_ASKED = "session-asked"
    SESSION_JOINED = "session-joined"
    SESSION_ALLOWED = "session-allowed"
    SESSION_REFUSED = "session-refused"
    SESSION_NARROWED = "session-narrowed"
    ERASED = "erased"
    SESSION_ENDED = "session-ended"
    WATCHERS = "watchers"
    TAGS = "tags"
    LINKED = "linked"
    MERGED = "merged"
    UNMERGED = "unmerged"
    SPLIT = "split"
    TIME_SPENT = "time-spent"
    TRIAGED = "triaged"
    QUEUED = "queued"
    ESCALATED = "escalated"
    RATED = "rated"
    ARTICLE_USED = "article-used"
    ASSETS = "assets"
    FIELDS = "fields"
