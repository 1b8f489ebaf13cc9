"""Who may do what: the one table of rights, asked by the API, the pages and the sockets. No row, no permission."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final, TypeVar

from protocol.tracking import TrackingNumber
from tickets.domain.errors import NotAllowed, NotLoggedIn
from tickets.domain.values import LoginId, PersonId, TechnicianId


class Role(StrEnum):
    """In which capacity somebody asks."""

    ANONYMOUS = "anonymous"
    REQUESTER = "requester"
    AGENT = "agent"
    TECHNICIAN = "technician"
    ADMIN = "admin"


class Action(StrEnum):
    """What somebody wants to do; the values are the words of `allowed` in a ticket's view."""

    SEE = "see"
    READ = "read"
    SUBMIT = "submit"
    LIST = "list"
    REPLY = "reply"
    NOTE = "note"
    CLAIM = "claim"
    ASSIGN = "assign"
    HAND_OVER = "hand-over"
    TAKE_OVER = "take-over"
    SET_STATUS = "set-status"
    RESOLVE = "resolve"
    MAKE_JOIN_CODE = "make-join-code"
    JOIN = "join"
    OPEN_SESSION = "open-session"
    TELL_CONSENT = "tell-consent"
    ADD = "add"
    CHANGE = "change"
    REMOVE = "remove"
    CERTIFY = "certify"
    LOG_IN = "log-in"
    LOG_OUT = "log-out"
    LISTEN = "listen"
    REGISTER = "register"
    WATCH = "watch"
    ATTACH = "attach"
    ORGANISE = "organise"
    MERGE = "merge"
    FOLLOW_UP = "follow-up"
    TRIAGE = "triage"
    EDIT = "edit"
    JUDGE = "judge"


class Thing(StrEnum):
    """On what. A ticket is one of four things, seen from the person who asks."""

    OWN_TICKET = "own ticket"
    ASSIGNED_TICKET = "ticket assigned to me"
    UNASSIGNED_TICKET = "ticket assigned to nobody"
    FOREIGN_TICKET = "ticket of somebody else"
    TICKETS = "tickets"
    QUEUE = "queue"
    ARTICLES = "articles"
    INTERNAL_ARTICLES = "internal articles"
    DEVICES = "devices"
    CATEGORIES = "categories"
    TEAMS = "teams"
    SPREADING = "rules, calendars and targets"
    OWN_WORK = "my own work"
    TECHNICIANS = "technicians"
    ORGANISATION = "organisation"
    LOGIN = "login"
    LIVE = "live events"
    PORTAL = "portal"
    CONSOLE = "console"
    ADMINISTRATION = "administration"
    MAILED_LINKS = "mailed links"
    TOKENS = "tokens"
    WEBHOOKS = "webhooks"
    PEOPLE = "people"
    REPORTS = "reports"
    INCOMING_MAIL = "incoming mail"
    SAVED_VIEWS = "saved views"
    OWN_VIEW = "saved view of my own"
    SHARED_VIEW = "saved view that somebody shares"
    CANNED_ANSWERS = "canned answers"
    OWN_ANSWER = "canned answer of my own"
    SHARED_ANSWER = "canned answer for everybody"
    ASSETS = "assets"
    FIELDS = "extra fields"
    RELAY = "relay"


ANY_TICKET: Final = (Thing.OWN_TICKET, Thing.ASSIGNED_TICKET, Thing.UNASSIGNED_TICKET, Thing.FOREIGN_TICKET)

_EVERYBODY: Final = tuple(Role)
_STAFF: Final = (Role.TECHNICIAN, Role.ADMIN)
_STAFF_TICKETS: Final = (Thing.ASSIGNED_TICKET, Thing.UNASSIGNED_TICKET, Thing.FOREIGN_TICKET)

# roles, action, things
_ROWS: Final[tuple[tuple[tuple[Role, ...], Action, tuple[Thing, ...]], ...]] = (
    (_EVERYBODY, Action.SEE, (Thing.PORTAL, Thing.ORGANISATION)),
    (_EVERYBODY, Action.READ, (Thing.ARTICLES,)),
    (_EVERYBODY, Action.SUBMIT, (Thing.TICKETS,)),
    (_EVERYBODY, Action.LOG_IN, (Thing.LOGIN,)),
    # Joining proves itself: by the requester token, or by a code that the technician read out.
    (_EVERYBODY, Action.JOIN, ANY_TICKET),
    # Asking sends a link to the right person only; the key in the link is the proof of the rest.
    (_EVERYBODY, Action.SUBMIT, (Thing.MAILED_LINKS,)),
    (_EVERYBODY, Action.READ, (Thing.MAILED_LINKS,)),
    (_EVERYBODY, Action.JUDGE, (Thing.MAILED_LINKS,)),
    # The first frame on a socket is the proof; the gate checks it.
    (_EVERYBODY, Action.REGISTER, (Thing.RELAY,)),
    (_EVERYBODY, Action.WATCH, (Thing.RELAY,)),
    ((Role.REQUESTER,), Action.READ, (Thing.OWN_TICKET,)),
    ((Role.REQUESTER,), Action.REPLY, (Thing.OWN_TICKET,)),
    ((Role.REQUESTER,), Action.ATTACH, (Thing.OWN_TICKET,)),
    ((Role.REQUESTER,), Action.FOLLOW_UP, (Thing.OWN_TICKET,)),
    ((Role.AGENT,), Action.ATTACH, (Thing.OWN_TICKET,)),
    ((Role.AGENT,), Action.READ, (Thing.OWN_TICKET,)),
    ((Role.AGENT,), Action.REPLY, (Thing.OWN_TICKET,)),
    # Only the computer itself knows what its user said; nobody else may speak for it.
    ((Role.AGENT,), Action.TELL_CONSENT, (Thing.OWN_TICKET,)),
    (_STAFF, Action.SEE, (Thing.CONSOLE,)),
    (_STAFF, Action.LIST, (Thing.QUEUE, Thing.TECHNICIANS)),
    (_STAFF, Action.READ, _STAFF_TICKETS),
    (_STAFF, Action.REPLY, _STAFF_TICKETS),
    (_STAFF, Action.NOTE, _STAFF_TICKETS),
    (_STAFF, Action.ATTACH, _STAFF_TICKETS),
    # Tags, links, who else is told, time spent: whoever sees that something is missing puts it there.
    (_STAFF, Action.ORGANISE, _STAFF_TICKETS),
    ((Role.TECHNICIAN,), Action.MERGE, (Thing.ASSIGNED_TICKET, Thing.UNASSIGNED_TICKET)),
    ((Role.ADMIN,), Action.MERGE, _STAFF_TICKETS),
    # How much a ticket weighs and whose it is; who has it is another matter.
    ((Role.TECHNICIAN,), Action.TRIAGE, (Thing.ASSIGNED_TICKET, Thing.UNASSIGNED_TICKET)),
    ((Role.ADMIN,), Action.TRIAGE, _STAFF_TICKETS),
    (_EVERYBODY, Action.LIST, (Thing.CATEGORIES,)),
    (_STAFF, Action.LIST, (Thing.TEAMS, Thing.SPREADING, Thing.OWN_WORK)),
    (_STAFF, Action.CHANGE, (Thing.OWN_WORK,)),
    ((Role.ADMIN,), Action.CHANGE, (Thing.CATEGORIES, Thing.TEAMS, Thing.SPREADING, Thing.TECHNICIANS)),
    # What waits is looked through by whoever has time; what somebody wrote is forgotten by admins.
    (_STAFF, Action.LIST, (Thing.INCOMING_MAIL,)),
    (_STAFF, Action.READ, (Thing.INCOMING_MAIL,)),
    (_STAFF, Action.CHANGE, (Thing.INCOMING_MAIL,)),
    ((Role.ADMIN,), Action.REMOVE, (Thing.INCOMING_MAIL,)),
    (_STAFF, Action.CLAIM, (Thing.UNASSIGNED_TICKET,)),
    (_STAFF, Action.HAND_OVER, (Thing.ASSIGNED_TICKET,)),
    ((Role.ADMIN,), Action.ASSIGN, (Thing.UNASSIGNED_TICKET,)),
    ((Role.ADMIN,), Action.TAKE_OVER, (Thing.FOREIGN_TICKET,)),
    ((Role.TECHNICIAN,), Action.SET_STATUS, (Thing.ASSIGNED_TICKET,)),
    ((Role.TECHNICIAN,), Action.RESOLVE, (Thing.ASSIGNED_TICKET,)),
    ((Role.TECHNICIAN,), Action.MAKE_JOIN_CODE, (Thing.ASSIGNED_TICKET,)),
    ((Role.ADMIN,), Action.SET_STATUS, _STAFF_TICKETS),
    ((Role.ADMIN,), Action.RESOLVE, _STAFF_TICKETS),
    ((Role.ADMIN,), Action.MAKE_JOIN_CODE, _STAFF_TICKETS),
    # Nobody but the assigned technician; an admin takes the ticket over first, on the record.
    (_STAFF, Action.OPEN_SESSION, (Thing.ASSIGNED_TICKET,)),
    (_EVERYBODY, Action.JUDGE, (Thing.ARTICLES,)),
    # Drafts, archived ones and how well they work are internal too.
    (_STAFF, Action.READ, (Thing.INTERNAL_ARTICLES,)),
    (_STAFF, Action.LIST, (Thing.INTERNAL_ARTICLES,)),
    (_STAFF, Action.ADD, (Thing.ARTICLES,)),
    (_STAFF, Action.EDIT, (Thing.ARTICLES,)),
    (_STAFF, Action.LIST, (Thing.SAVED_VIEWS, Thing.CANNED_ANSWERS, Thing.ASSETS)),
    (_STAFF, Action.ADD, (Thing.SAVED_VIEWS, Thing.OWN_ANSWER, Thing.ASSETS)),
    (_STAFF, Action.CHANGE, (Thing.OWN_VIEW, Thing.OWN_ANSWER, Thing.ASSETS)),
    (_STAFF, Action.REMOVE, (Thing.OWN_VIEW, Thing.OWN_ANSWER)),
    (_STAFF, Action.READ, (Thing.ASSETS, Thing.FIELDS)),
    # What many rely on is changed by one who answers for it.
    ((Role.ADMIN,), Action.ADD, (Thing.SHARED_ANSWER,)),
    ((Role.ADMIN,), Action.CHANGE, (Thing.SHARED_VIEW, Thing.SHARED_ANSWER, Thing.FIELDS)),
    ((Role.ADMIN,), Action.REMOVE, (Thing.SHARED_VIEW, Thing.SHARED_ANSWER)),
    # A form asks for them before anybody has logged in; the internal ones are left out.
    (_EVERYBODY, Action.LIST, (Thing.FIELDS,)),
    (_STAFF, Action.CERTIFY, (Thing.DEVICES,)),
    (_STAFF, Action.LOG_OUT, (Thing.LOGIN,)),
    (_STAFF, Action.LISTEN, (Thing.LIVE,)),
    ((Role.ADMIN,), Action.SEE, (Thing.ADMINISTRATION,)),
    ((Role.ADMIN,), Action.CHANGE, (Thing.ADMINISTRATION,)),
    (_STAFF, Action.LIST, (Thing.TOKENS,)),
    (_STAFF, Action.READ, (Thing.REPORTS,)),
    (_STAFF, Action.ADD, (Thing.TOKENS,)),
    (_STAFF, Action.REMOVE, (Thing.TOKENS,)),
    ((Role.ADMIN,), Action.LIST, (Thing.WEBHOOKS, Thing.PEOPLE)),
    ((Role.ADMIN,), Action.ADD, (Thing.WEBHOOKS, Thing.PEOPLE)),
    ((Role.ADMIN,), Action.CHANGE, (Thing.WEBHOOKS,)),
    ((Role.ADMIN,), Action.REMOVE, (Thing.WEBHOOKS, Thing.PEOPLE)),
    ((Role.ADMIN,), Action.READ, (Thing.PEOPLE,)),
)

RIGHTS: Final = frozenset(
    (role, action, thing) for roles, action, things in _ROWS for role in roles for thing in things
)


def is_allowed(role: Role, action: Action, thing: Thing) -> bool:
    """Whether the table has the row."""
    return (role, action, thing) in RIGHTS


@dataclass(frozen=True)
class Actor:
    """Who is asking, as far as it was proven.

    `technician` is set for technicians and admins, `person` and `tracking` for the requester of that ticket,
    `tracking` and `agent_key` for its agent. `login` is the row that a logout ends; `by_cookie` says that a browser
    sent the proof by itself.
    """

    role: Role = Role.ANONYMOUS
    name: str = ""
    technician: TechnicianId | None = None
    person: PersonId | None = None
    tracking: TrackingNumber | None = None
    agent_key: str | None = None
    login: LoginId | None = None
    by_cookie: bool = False
    # What a token with scopes can be used for at all; None for a whole login (`tickets.domain.scopes`).
    reach: frozenset[tuple[Action, Thing]] | None = None

    @property
    def is_staff(self) -> bool:
        """Whether this is a technician or an admin."""
        return self.role in _STAFF


ANONYMOUS: Final = Actor()


def relation(actor: Actor, tracking: TrackingNumber, assignee: TechnicianId | None) -> Thing:
    """Say what the ticket `tracking`, assigned to `assignee`, is to `actor`."""
    if not actor.is_staff:
        return Thing.OWN_TICKET if actor.tracking == tracking else Thing.FOREIGN_TICKET
    if assignee is None:
        return Thing.UNASSIGNED_TICKET
    return Thing.ASSIGNED_TICKET if assignee == actor.technician else Thing.FOREIGN_TICKET


def check(actor: Actor, action: Action, *things: Thing) -> None:
    """Pass when `actor` may do `action` on at least one of `things`.

    Raises NotLoggedIn for a stranger where a login could help, else NotAllowed.
    """
    reach = actor.reach
    if any(is_allowed(actor.role, action, thing) and (reach is None or (action, thing) in reach) for thing in things):
        return
    raise NotLoggedIn if actor.role is Role.ANONYMOUS else NotAllowed(action.value)


@dataclass(frozen=True)
class Requirement:
    """What a route declares: the action, and the things it could be done on."""

    action: Action
    things: tuple[Thing, ...]

    def roles(self) -> Iterator[Role]:
        """Give the roles that can pass this route at all."""
        return (role for role in Role if any(is_allowed(role, self.action, thing) for thing in self.things))


_MARK: Final = "towline_requirement"
_Endpoint = TypeVar("_Endpoint", bound=Callable[..., Any])


def requires(action: Action, *things: Thing) -> Callable[[_Endpoint], _Endpoint]:
    """Declare on an endpoint (route function or bare ASGI callable) what it needs.

    The declaration is read by `requirement_of`; a test holds every route of the whole application to it.
    """

    def declare(endpoint: _Endpoint) -> _Endpoint:
        setattr(endpoint, _MARK, Requirement(action, things))
        return endpoint

    return declare


def requirement_of(endpoint: object) -> Requirement | None:
    """Return what `endpoint` declared, or None."""
    found = getattr(endpoint, _MARK, None)
    return found if isinstance(found, Requirement) else None
