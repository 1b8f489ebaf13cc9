"""From rows to what is shown."""

from datetime import datetime

from tickets.domain.access import Action, Actor, Thing, is_allowed, relation
from tickets.domain.calendar import FAR
from tickets.domain.priority import Impact, Priority
from tickets.domain.status import RESOLVABLE, moves
from tickets.domain.values import WORKABLE, Asset, Channel, Status, Urgency
from tickets.domain.views import (
    AssigneeView,
    RequesterView,
    TeamName,
    TechnicianView,
    TicketSummary,
    TicketView,
    TimelineEntry,
)
from tickets.store.people import TechnicianRow
from tickets.store.tickets import TicketRow


def requester_view(row: TicketRow) -> RequesterView:
    """Return who asked."""
    return RequesterView(row.requester_name, row.requester_email)


def assignee_view(row: TicketRow) -> AssigneeView | None:
    """Return who works on it."""
    return None if row.assignee_id is None else AssigneeView(row.assignee_id, row.assignee_name or "")


def team_name(row: TicketRow) -> TeamName | None:
    """Return whose work it is."""
    return None if row.team_id is None else TeamName(row.team_id, row.team_name or "")


def due_at(row: TicketRow) -> datetime | None:
    """Return when the first of its clocks runs out."""
    return None if row.due_at >= FAR else row.due_at


def summary(row: TicketRow, *, agent_online: bool) -> TicketSummary:
    """Return a ticket as a line of the queue."""
    return TicketSummary(
        tracking=row.tracking,
        title=row.title,
        category=row.category,
        urgency=Urgency(row.urgency),
        asset=Asset(row.asset),
        status=row.status,
        requester=requester_view(row),
        assignee=assignee_view(row),
        channel=Channel(row.channel),
        created_at=row.created_at,
        updated_at=row.updated_at,
        agent_online=agent_online,
        impact=Impact(row.impact),
        priority=Priority(row.priority),
        team=team_name(row),
        due_at=due_at(row),
    )


def allowed_actions(actor: Actor, row: TicketRow) -> tuple[Action, ...]:
    """Return what `actor` may do to the ticket now: the table of rights, less what its status rules out."""
    thing = relation(actor, row.tracking, row.assignee_id)
    # With a code anybody may join any ticket; on offer it is for the requester's own.
    ruled_out = set() if thing is Thing.OWN_TICKET else {Action.JOIN}
    if row.status not in WORKABLE:
        ruled_out |= {Action.OPEN_SESSION, Action.MAKE_JOIN_CODE, Action.JOIN}
    if row.status not in RESOLVABLE:
        ruled_out.add(Action.RESOLVE)
    if row.status is not Status.CLOSED:
        ruled_out.add(Action.FOLLOW_UP)
    if row.status is Status.CLOSED:
        ruled_out |= {Action.CLAIM, Action.ASSIGN, Action.HAND_OVER, Action.TAKE_OVER, Action.TRIAGE}
        if not actor.is_staff:
            ruled_out |= {Action.REPLY, Action.ATTACH}
    return tuple(action for action in Action if is_allowed(actor.role, action, thing) and action not in ruled_out)


def ticket_view(row: TicketRow, actor: Actor, timeline: tuple[TimelineEntry, ...], *, agent_online: bool) -> TicketView:
    """Return a ticket as `actor` sees it."""
    allowed = allowed_actions(actor, row)
    return TicketView(
        tracking=row.tracking,
        title=row.title,
        description=row.description,
        category=row.category,
        urgency=Urgency(row.urgency),
        asset=Asset(row.asset),
        status=row.status,
        requester=requester_view(row),
        assignee=assignee_view(row),
        channel=Channel(row.channel),
        created_at=row.created_at,
        updated_at=row.updated_at,
        solution=row.solution,
        timeline=timeline,
        agent_online=agent_online,
        allowed=allowed,
        next_statuses=moves(actor.role, row.status) if Action.SET_STATUS in allowed else (),
        impact=Impact(row.impact),
        priority=Priority(row.priority),
        # Whose work it is inside, and until when, is no promise to the requester.
        team=team_name(row) if actor.is_staff else None,
        due_at=due_at(row) if actor.is_staff else None,
    )


def technician_view(row: TechnicianRow) -> TechnicianView:
    """Return a technician as colleagues see them."""
    return TechnicianView(row.id, row.name, row.role, row.available)
