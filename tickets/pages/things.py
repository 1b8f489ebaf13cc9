"""What a ticket's page shows of its assets, extra fields and canned answers."""

from typing import Any

from tickets.domain.access import Action, Actor
from tickets.domain.fields import for_category
from tickets.domain.services import DeskServices
from tickets.domain.views import TicketView
from tickets.pages.forms import FIELD


async def things_of(desk: DeskServices, actor: Actor, ticket: TicketView) -> dict[str, Any]:
    """Return what the parts of a ticket's page show of its assets, extra fields and canned answers."""
    tracking, may_reply = ticket.tracking, Action.REPLY in ticket.allowed
    fields = for_category((await desk.fields.listed(actor)).items, ticket.category, internal=True)
    values = (await desk.fields.of_ticket(actor, tracking)).items if fields else ()
    return {
        "canned": (await desk.canned_answers.offered(actor, tracking)).items if may_reply else (),
        "linked_assets": (await desk.assets.of_ticket(actor, tracking)).items,
        "suggested_assets": (await desk.assets.suggested(actor, tracking)).items,
        "extra_fields": fields,
        "field_values": {f"{FIELD}{each.key}": each.value for each in values},
        "field_faults": {},
    }
