"""The table of rights, written down a second time: what each role may, and nothing else."""

import pytest

from protocol.tracking import TrackingNumber
from tickets.domain.access import (
    ANONYMOUS,
    RIGHTS,
    Action,
    Actor,
    Requirement,
    Role,
    Thing,
    check,
    is_allowed,
    relation,
    requirement_of,
    requires,
)
from tickets.domain.errors import NotAllowed, NotLoggedIn
from tickets.domain.values import TechnicianId

ADA, BOB = TechnicianId("ada"), TechnicianId("bob")
ONE, TWO = TrackingNumber("TL-0000-0001"), TrackingNumber("TL-0000-0002")

EVERYBODY = {
    "see portal",
    "see organisation",
    "list categories",
    "list extra fields",
    "read articles",
    "judge articles",
    "submit tickets",
    "submit mailed links",
    "read mailed links",
    "judge mailed links",
    "log-in login",
    "register relay",
    "watch relay",
    "join own ticket",
    "join ticket assigned to me",
    "join ticket assigned to nobody",
    "join ticket of somebody else",
}
OWN = {"read own ticket", "reply own ticket", "attach own ticket"}
AGENT = {"tell-consent own ticket"}
STAFF = {
    "list incoming mail",
    "read incoming mail",
    "change incoming mail",
    "see console",
    "list queue",
    "list technicians",
    "add articles",
    "edit articles",
    "read internal articles",
    "list internal articles",
    "list saved views",
    "add saved views",
    "change saved view of my own",
    "remove saved view of my own",
    "list canned answers",
    "add canned answer of my own",
    "change canned answer of my own",
    "remove canned answer of my own",
    "list assets",
    "read assets",
    "add assets",
    "change assets",
    "read extra fields",
    "certify devices",
    "log-out login",
    "listen live events",
    "read ticket assigned to me",
    "read ticket assigned to nobody",
    "read ticket of somebody else",
    "reply ticket assigned to me",
    "reply ticket assigned to nobody",
    "reply ticket of somebody else",
    "note ticket assigned to me",
    "note ticket assigned to nobody",
    "note ticket of somebody else",
    "attach ticket assigned to me",
    "attach ticket assigned to nobody",
    "attach ticket of somebody else",
    "organise ticket assigned to me",
    "organise ticket assigned to nobody",
    "organise ticket of somebody else",
    "merge ticket assigned to me",
    "merge ticket assigned to nobody",
    "triage ticket assigned to me",
    "triage ticket assigned to nobody",
    "list teams",
    "list rules, calendars and targets",
    "list my own work",
    "change my own work",
    "claim ticket assigned to nobody",
    "hand-over ticket assigned to me",
    "set-status ticket assigned to me",
    "resolve ticket assigned to me",
    "make-join-code ticket assigned to me",
    "open-session ticket assigned to me",
    "list tokens",
    "add tokens",
    "remove tokens",
    "read reports",
}
ADMIN = {
    "remove incoming mail",
    "see administration",
    "change administration",
    "change saved view that somebody shares",
    "remove saved view that somebody shares",
    "add canned answer for everybody",
    "change canned answer for everybody",
    "remove canned answer for everybody",
    "change extra fields",
    "merge ticket of somebody else",
    "triage ticket of somebody else",
    "change categories",
    "change teams",
    "change rules, calendars and targets",
    "change technicians",
    "assign ticket assigned to nobody",
    "take-over ticket of somebody else",
    "set-status ticket assigned to nobody",
    "set-status ticket of somebody else",
    "resolve ticket assigned to nobody",
    "resolve ticket of somebody else",
    "make-join-code ticket assigned to nobody",
    "make-join-code ticket of somebody else",
    "list webhooks",
    "add webhooks",
    "change webhooks",
    "remove webhooks",
    "list people",
    "read people",
    "add people",
    "remove people",
}
EXPECTED = {
    Role.ANONYMOUS: EVERYBODY,
    Role.REQUESTER: EVERYBODY | OWN | {"follow-up own ticket"},
    Role.AGENT: EVERYBODY | OWN | AGENT,
    Role.TECHNICIAN: EVERYBODY | STAFF,
    Role.ADMIN: EVERYBODY | STAFF | ADMIN,
}


@pytest.mark.parametrize("role", Role)
def test_each_role_may_this_and_nothing_else(role: Role) -> None:
    rows = {f"{action} {thing}" for action in Action for thing in Thing if is_allowed(role, action, thing)}
    assert rows == EXPECTED[role]


def test_there_is_no_row_for_an_unknown_role() -> None:
    assert {role for role, _, _ in RIGHTS} <= set(Role)
    assert len(RIGHTS) == sum(map(len, EXPECTED.values()))


def test_nobody_but_the_assigned_technician_opens_a_session() -> None:
    rows = {(role, thing) for role, action, thing in RIGHTS if action is Action.OPEN_SESSION}
    assert rows == {(Role.TECHNICIAN, Thing.ASSIGNED_TICKET), (Role.ADMIN, Thing.ASSIGNED_TICKET)}


@pytest.mark.parametrize(
    ("actor", "assignee", "thing"),
    [
        (ANONYMOUS, None, Thing.FOREIGN_TICKET),
        (Actor(role=Role.REQUESTER, tracking=ONE), ADA, Thing.OWN_TICKET),
        (Actor(role=Role.REQUESTER, tracking=TWO), ADA, Thing.FOREIGN_TICKET),
        (Actor(role=Role.AGENT, tracking=ONE), None, Thing.OWN_TICKET),
        (Actor(role=Role.TECHNICIAN, technician=ADA), ADA, Thing.ASSIGNED_TICKET),
        (Actor(role=Role.TECHNICIAN, technician=ADA), BOB, Thing.FOREIGN_TICKET),
        (Actor(role=Role.TECHNICIAN, technician=ADA), None, Thing.UNASSIGNED_TICKET),
        (Actor(role=Role.ADMIN, technician=ADA), BOB, Thing.FOREIGN_TICKET),
        # A technician who holds nothing is nobody's assignee.
        (Actor(role=Role.TECHNICIAN), None, Thing.UNASSIGNED_TICKET),
    ],
)
def test_what_a_ticket_is_to_somebody(actor: Actor, assignee: TechnicianId | None, thing: Thing) -> None:
    assert relation(actor, ONE, assignee) is thing


def test_a_refusal_asks_strangers_to_log_in_and_tells_others_no() -> None:
    with pytest.raises(NotLoggedIn):
        check(ANONYMOUS, Action.LIST, Thing.QUEUE)
    with pytest.raises(NotAllowed):
        check(Actor(role=Role.REQUESTER), Action.LIST, Thing.QUEUE)
    check(Actor(role=Role.TECHNICIAN), Action.LIST, Thing.QUEUE)
    with pytest.raises(NotAllowed):
        check(Actor(role=Role.ADMIN), Action.LIST)


def test_a_declaration_is_read_back() -> None:
    @requires(Action.ADD, Thing.ARTICLES)
    def endpoint() -> None: ...

    assert requirement_of(endpoint) == Requirement(Action.ADD, (Thing.ARTICLES,))
    assert set(Requirement(Action.ADD, (Thing.ARTICLES,)).roles()) == {Role.TECHNICIAN, Role.ADMIN}
    assert requirement_of(lambda: None) is None
