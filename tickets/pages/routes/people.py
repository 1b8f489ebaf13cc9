"""Requesters, for admins: found, handed out, erased."""

from dataclasses import dataclass
from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from tickets.domain.access import Action, Actor, Thing, requires
from tickets.domain.people import PersonQuery
from tickets.domain.views import MAX_TITLE
from tickets.pages.forms import read_form
from tickets.pages.routing import page
from tickets.pages.site import Site
from tickets.web.downloads import export_answer

_PATH: Final = "/admin/people"


@dataclass(frozen=True)
class People:
    """The pages of requesters."""

    site: Site

    @requires(Action.LIST, Thing.PEOPLE)
    async def shown(self, request: Request, actor: Actor) -> Response:
        """List requesters."""
        q = request.query_params.get("q", "")[:MAX_TITLE]
        found = await self.site.desk.people.listed(actor, PersonQuery(q))
        return self.site.page(request, actor, "admin/people.html", q=q, items=found.items)

    async def _one(self, request: Request, actor: Actor, fault: str = "", status: int = 200) -> Response:
        person = await self.site.desk.people.get(actor, request.path_params["person"])
        faults = {"email": fault} if fault else {}
        return self.site.page(
            request, actor, "admin/person.html", status=status, person=person, faults=faults, values={}
        )

    @requires(Action.READ, Thing.PEOPLE)
    async def one(self, request: Request, actor: Actor) -> Response:
        """Show one, with what can be done with their data."""
        return await self._one(request, actor)

    @requires(Action.READ, Thing.PEOPLE)
    async def export(self, request: Request, actor: Actor) -> Response:
        """Give all data of a person as a file."""
        return export_answer(await self.site.desk.people.export(actor, request.path_params["person"]))

    @requires(Action.REMOVE, Thing.PEOPLE)
    async def erase(self, request: Request, actor: Actor) -> Response:
        """Erase all data of a person whose address was typed once more."""
        values = await read_form(request)
        person = await self.site.desk.people.get(actor, request.path_params["person"])
        if values.get("email", "").casefold() != person.email:
            return await self._one(request, actor, "Please type the address exactly as it stands above.", 422)
        await self.site.desk.people.erase(actor, person.id)
        return self.site.go(f"{_PATH}?done=erased")

    def routes(self) -> list[Route]:
        """Return the routes of these pages."""
        return [
            page(self.site, _PATH, self.shown, staff_only=True),
            page(self.site, f"{_PATH}/{{person}}", self.one, staff_only=True),
            page(self.site, f"{_PATH}/{{person}}/export", self.export, staff_only=True),
            page(self.site, f"{_PATH}/{{person}}/erase", self.erase, "POST", staff_only=True),
        ]
