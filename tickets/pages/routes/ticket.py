"""A ticket as technicians work on it, and the deeds that its forms post."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, Final

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from tickets.domain.access import Action, Actor, Thing, requires
from tickets.domain.errors import AlreadyClaimed, DeskError, IllegalMove, Invalid, NotAllowed, TicketClosed
from tickets.domain.priority import Impact
from tickets.domain.registers import Triage
from tickets.domain.values import WORKABLE, Channel, Status, Urgency
from tickets.domain.views import JoinCodeView
from tickets.pages import words
from tickets.pages.forms import Values, check_text, read_form
from tickets.pages.routing import page
from tickets.pages.site import Site
from tickets.pages.spreading import category_options
from tickets.pages.things import things_of
from tickets.pages.uploads import filled_form
from tickets.web.uploads import MAX_UPLOAD_BYTES

STAFF_TICKETS: Final = (Thing.ASSIGNED_TICKET, Thing.UNASSIGNED_TICKET, Thing.FOREIGN_TICKET)
NOBODY: Final = "nobody"
_REFUSALS: Final = (AlreadyClaimed, IllegalMove, Invalid, NotAllowed, TicketClosed)
"""What the ticket's own page explains, since it shows at once how things stand now."""
_NO_FAULTS: Final[Mapping[str, str]] = {}


def unsent_of(values: Values, allowed: Collection[Action]) -> str:
    """Return what was typed into a form that the page no longer shows: it must not be lost with the form."""
    forms = (("text", Action.REPLY), ("solution", Action.RESOLVE))
    return next((values[name] for name, action in forms if values.get(name) and action not in allowed), "")


@dataclass(frozen=True)
class Ticket:
    """One ticket's page in the console."""

    site: Site

    @requires(Action.READ, *STAFF_TICKETS)
    async def shown(self, request: Request, actor: Actor) -> Response:
        """Show the ticket."""
        return await self._page(request, actor)

    async def _page(
        self,
        request: Request,
        actor: Actor,
        *,
        status: int = 200,
        values: Values = _NO_FAULTS,
        faults: Mapping[str, str] = _NO_FAULTS,
        refusal: DeskError | None = None,
        join_code: JoinCodeView | None = None,
    ) -> Response:
        desk = self.site.desk
        ticket = await desk.tickets.get(actor, request.path_params["tracking"])
        colleagues = (await desk.technicians.listed(actor)).items
        mine = actor.technician if ticket.assignee is None else ticket.assignee.id
        shared: dict[str, Any] = {"said": str(refusal), "said_kind": "warn"} if refusal else {}
        return self.site.page(
            request,
            actor,
            "console/ticket.html",
            status=refusal.status if refusal else status,
            here="/console/tickets",
            ticket=ticket,
            can=frozenset(ticket.allowed),
            values=values,
            faults=faults,
            unsent=unsent_of(values, ticket.allowed),
            join_code=join_code,
            clocks=(await desk.triaging.clocks(actor, ticket.tracking)).items,
            teams=tuple((team.id, team.name) for team in await desk.teams.listed(actor) if team.active),
            categories=await category_options(desk, actor),
            colleagues=tuple(colleague for colleague in colleagues if ticket.assignee is None or colleague.id != mine),
            help=await desk.knowledge.help(actor, ticket.tracking),
            spoken=words.SPOKEN,
            mail_blocked=await desk.intake.is_blocked(actor, ticket.requester.email),
            workable=WORKABLE,
            **await things_of(desk, actor, ticket),
            **shared,
        )

    async def explain(self, request: Request, actor: Actor, refusal: DeskError) -> Response:
        """Show the ticket as it is now, and why something was not done."""
        return await self._page(request, actor, refusal=refusal)

    async def again(self, request: Request, actor: Actor, values: Values, refusal: DeskError | None = None) -> Response:
        """Show the page with what was typed still in it."""
        return await self._page(request, actor, values=values, refusal=refusal)

    def _back(self, request: Request, done: str) -> Response:
        return self.site.go(f"/console/tickets/{request.path_params['tracking']}?done={done}")

    @requires(Action.CLAIM, Thing.UNASSIGNED_TICKET)
    async def claim(self, request: Request, actor: Actor) -> Response:
        """Take the ticket; who comes second reads who has it."""
        try:
            await self.site.desk.tickets.claim(actor, request.path_params["tracking"])
        except _REFUSALS as refusal:
            return await self._page(request, actor, refusal=refusal)
        return self._back(request, "claimed")

    @requires(Action.REPLY, *STAFF_TICKETS)
    async def message(self, request: Request, actor: Actor) -> Response:
        """Add a reply or an internal note."""
        async with filled_form(request, self.site.desk) as filled:
            values = filled.values
            text, faults = check_text(values, "text", "Please write something first.")
            if faults and filled.has_files:
                faults["attachments"] = "Please choose the files again."
            if faults:
                return await self._page(request, actor, status=422, values=values, faults=faults)
            internal, extras = values.get("internal") == "yes", filled.extras(Channel.PORTAL)
            tracking = request.path_params["tracking"]
            try:
                await self.site.desk.tickets.message(actor, tracking, text, internal=internal, extras=extras)
            except _REFUSALS as refusal:
                return await self._page(request, actor, values=values, refusal=refusal)
        return self._back(request, "noted" if internal else "sent")

    @requires(Action.READ, *STAFF_TICKETS)
    async def assign(self, request: Request, actor: Actor) -> Response:
        """Hand the ticket over, take it over, or give it back to nobody; the service knows which of these it is."""
        chosen = (await read_form(request)).get("technician", "")
        if not chosen:
            return await self._page(request, actor, refusal=Invalid("", "Choose to whom it goes."))
        try:
            await self.site.desk.tickets.assign(
                actor, request.path_params["tracking"], None if chosen == NOBODY else chosen
            )
        except _REFUSALS as refusal:
            return await self._page(request, actor, refusal=refusal)
        return self._back(request, "claimed" if chosen == actor.technician else "assigned")

    @requires(Action.TRIAGE, *STAFF_TICKETS)
    async def triage(self, request: Request, actor: Actor) -> Response:
        """Weigh the ticket, or give it to another team."""
        values = await read_form(request)
        team = values.get("team", "keep")
        try:
            wanted = Triage(
                urgency=Urgency(values.get("urgency", "")),
                impact=Impact(values.get("impact", "")),
                category=values.get("category") or None,
                team=msgspec.UNSET if team == "keep" else team or None,
            )
            await self.site.desk.triaging.triage(actor, request.path_params["tracking"], wanted)
        except ValueError:
            return await self._page(
                request, actor, refusal=Invalid("", "Choose how urgent it is and whom it holds up.")
            )
        except _REFUSALS as refusal:
            return await self._page(request, actor, refusal=refusal)
        return self._back(request, "triaged")

    @requires(Action.SET_STATUS, *STAFF_TICKETS)
    async def move(self, request: Request, actor: Actor) -> Response:
        """Move the ticket to another status."""
        wanted = (await read_form(request)).get("status", "")
        try:
            if wanted not in set(Status):
                raise Invalid("", "Choose where the request goes.")
            await self.site.desk.tickets.set_status(actor, request.path_params["tracking"], Status(wanted))
        except _REFUSALS as refusal:
            return await self._page(request, actor, refusal=refusal)
        return self._back(request, "moved")

    @requires(Action.RESOLVE, *STAFF_TICKETS)
    async def resolve(self, request: Request, actor: Actor) -> Response:
        """Write the solution down."""
        values = await read_form(request)
        solution, faults = check_text(values, "solution", "Please write what solved it.")
        if faults:
            return await self._page(request, actor, status=422, values=values, faults=faults)
        try:
            await self.site.desk.tickets.resolve(actor, request.path_params["tracking"], solution)
        except _REFUSALS as refusal:
            return await self._page(request, actor, values=values, refusal=refusal)
        return self._back(request, "resolved")

    @requires(Action.MAKE_JOIN_CODE, *STAFF_TICKETS)
    async def join_code(self, request: Request, actor: Actor) -> Response:
        """Make a code and show it: only in this answer, so there is no redirect."""
        try:
            code = await self.site.desk.join_codes.make(actor, request.path_params["tracking"])
        except _REFUSALS as refusal:
            return await self._page(request, actor, refusal=refusal)
        return await self._page(request, actor, join_code=code)

    @requires(Action.READ, *STAFF_TICKETS)
    async def back(self, request: Request, _actor: Actor) -> Response:
        """Lead from a form's address, which a reload or a login may ask for, to the ticket."""
        return self.site.go(f"/console/tickets/{request.path_params['tracking']}")

    @requires(Action.OPEN_SESSION, Thing.ASSIGNED_TICKET)
    async def session(self, request: Request, actor: Actor) -> Response:
        """Show the viewer to the technician who has the ticket, and to others why not."""
        ticket = await self.site.desk.tickets.get(actor, request.path_params["tracking"])
        if Action.OPEN_SESSION in ticket.allowed:
            return self.site.page(
                request,
                actor,
                "session.html",
                tracking=ticket.tracking,
                title=ticket.title,
                requester=ticket.requester.name or ticket.requester.email,
                technician=actor.name,
            )
        if ticket.status not in WORKABLE:
            why = words.NOT_CONNECTED["closed"]
        elif ticket.assignee is None:
            why = words.NOT_CONNECTED["unassigned"]
        else:
            why = words.NOT_CONNECTED["foreign"].format(name=ticket.assignee.name)
        return self.site.page(
            request, actor, "console/not_connected.html", status=403, why=why, tracking=ticket.tracking
        )

    def routes(self) -> list[Route]:
        """Return the routes of these pages."""
        at = "/console/tickets/{tracking}"
        deeds = {
            "claim": self.claim,
            "assign": self.assign,
            "status": self.move,
            "triage": self.triage,
            "resolve": self.resolve,
            "join-code": self.join_code,
        }
        return [
            page(self.site, at, self.shown, staff_only=True),
            page(self.site, f"{at}/messages", self.message, "POST", staff_only=True, max_body=MAX_UPLOAD_BYTES),
            page(self.site, f"{at}/messages", self.back, staff_only=True),
            *(page(self.site, f"{at}/{name}", deed, "POST", staff_only=True) for name, deed in deeds.items()),
            *(page(self.site, f"{at}/{name}", self.back, staff_only=True) for name in deeds),
            page(self.site, "/console/session/{tracking}", self.session, staff_only=True),
        ]
