"""Notices on a technician's phone: the script that shows them, and the button that ends them."""

from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.routing import Route

from tickets.domain.access import Action, Actor, Thing, requires
from tickets.pages.routing import page
from tickets.pages.site import STATIC, Site


@dataclass(frozen=True)
class Push:
    """The pages' part of notices; subscribing is a script's work, since browsers offer nothing else."""

    site: Site

    @requires(Action.SEE, Thing.PORTAL)
    async def worker(self, _request: Request, _actor: Actor) -> Response:
        """Give the script; it has to lie above the pages that it may open. There is nothing in it to hide."""
        headers = {"cache-control": "no-cache", "service-worker-allowed": "/console"}
        return FileResponse(STATIC / "push-worker.js", media_type="text/javascript", headers=headers)

    @requires(Action.CHANGE, Thing.OWN_WORK)
    async def remove(self, request: Request, actor: Actor) -> Response:
        """Send no more notices to a phone."""
        await self.site.desk.pushes.unsubscribe(actor, request.path_params["phone"])
        return self.site.go("/console/account?done=saved")

    def routes(self) -> list[Route]:
        """Return the routes."""
        return [
            page(self.site, "/console/push-worker.js", self.worker),
            page(self.site, "/console/account/push/{phone}/remove", self.remove, "POST", staff_only=True),
        ]
