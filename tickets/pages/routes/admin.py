"""The front page of `/admin`."""

from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from tickets.domain.access import Action, Actor, Thing, requires
from tickets.pages.routing import page
from tickets.pages.site import Site


@dataclass(frozen=True)
class Admin:
    """What an admin finds from here; each noun has its own routes."""

    site: Site

    @requires(Action.SEE, Thing.ADMINISTRATION)
    async def shown(self, request: Request, actor: Actor) -> Response:
        """List the pages for admins."""
        return self.site.page(request, actor, "admin/front.html")

    def routes(self) -> list[Route]:
        """Return the routes of this page."""
        return [page(self.site, "/admin", self.shown, staff_only=True)]
