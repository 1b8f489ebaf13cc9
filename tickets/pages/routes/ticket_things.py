"""Forms of a ticket's page: canned answers, assets and extra fields."""

from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from tickets.domain.access import Action, Actor, requires
from tickets.domain.assets import AssetQuery, TicketAssets
from tickets.domain.errors import DeskError, Invalid, NotAllowed, NotFound
from tickets.domain.fields import FieldKind, NewFieldValues, for_category
from tickets.pages.forms import FIELD, read_form
from tickets.pages.routes.ticket import STAFF_TICKETS, Ticket
from tickets.pages.routing import page
from tickets.pages.site import Site

_REFUSALS = (Invalid, NotFound, NotAllowed)
_ASSET = "a."


@dataclass(frozen=True)
class TicketThings:
    """What these forms post."""

    site: Site

    @requires(Action.REPLY, *STAFF_TICKETS)
    async def canned(self, request: Request, actor: Actor) -> Response:
        """Show the page again with a canned answer behind what was typed."""
        values = await read_form(request)
        ticket, chosen, text = Ticket(self.site), values.get("canned", ""), values.get("text", "")
        try:
            if not chosen:
                raise Invalid("", "Choose a canned answer.")
            filled = await self.site.desk.canned_answers.use(actor, chosen, request.path_params["tracking"])
        except _REFUSALS as refusal:
            return await ticket.again(request, actor, values, refusal)
        return await ticket.again(request, actor, {**values, "text": f"{text}\n{filled.text}".strip()})

    @requires(Action.ORGANISE, *STAFF_TICKETS)
    async def assets(self, request: Request, actor: Actor) -> Response:
        """Say what the ticket is about: what is ticked, and what is named."""
        values = await read_form(request)
        chosen = [name.removeprefix(_ASSET) for name in values if name.startswith(_ASSET)]
        try:
            if more := values.get("more", ""):
                chosen.append(await self._named(actor, more))
            wanted = TicketAssets(tuple(dict.fromkeys(chosen)))
            await self.site.desk.assets.put_on(actor, request.path_params["tracking"], wanted)
        except _REFUSALS as refusal:
            return await self._refused(request, actor, refusal)
        return self._back(request)

    async def _named(self, actor: Actor, text: str) -> str:
        found = (await self.site.desk.assets.listed(actor, AssetQuery(q=text[:200], limit=3))).items
        exact = [each for each in found if text.casefold() in {each.inventory.casefold(), each.serial.casefold()}]
        if len(exact or found) != 1:
            what = "several assets have that" if found else "no asset has that"
            raise Invalid("", f"{what[0].upper()}{what[1:]}. Write its inventory number.")
        return (exact or found)[0].id

    @requires(Action.ORGANISE, *STAFF_TICKETS)
    async def fields(self, request: Request, actor: Actor) -> Response:
        """Fill the extra fields in."""
        values, desk, tracking = await read_form(request), self.site.desk, request.path_params["tracking"]
        ticket = await desk.tickets.get(actor, tracking)
        known = for_category((await desk.fields.listed(actor)).items, ticket.category, internal=True)
        given = {
            each.key: values.get(f"{FIELD}{each.key}", "")
            for each in known
            if f"{FIELD}{each.key}" in values or each.kind is FieldKind.CHECKBOX
        }
        try:
            await desk.fields.put(actor, tracking, NewFieldValues(given))
        except _REFUSALS as refusal:
            return await self._refused(request, actor, refusal)
        return self._back(request)

    async def _refused(self, request: Request, actor: Actor, refusal: DeskError) -> Response:
        return await Ticket(self.site).again(request, actor, {}, refusal)

    def _back(self, request: Request) -> Response:
        return self.site.go(f"/console/tickets/{request.path_params['tracking']}?done=saved")

    @requires(Action.READ, *STAFF_TICKETS)
    async def back(self, request: Request, _actor: Actor) -> Response:
        """Lead from a form's address to the ticket."""
        return self.site.go(f"/console/tickets/{request.path_params['tracking']}")

    def routes(self) -> list[Route]:
        """Return the routes of these forms."""
        at = "/console/tickets/{tracking}"
        deeds = {"canned": self.canned, "assets": self.assets, "fields": self.fields}
        return [
            *(page(self.site, f"{at}/{name}", deed, "POST", staff_only=True) for name, deed in deeds.items()),
            *(page(self.site, f"{at}/{name}", self.back, staff_only=True) for name in deeds),
        ]
