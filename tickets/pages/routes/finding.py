"""Forms of the queue: views that are kept, and deeds for several tickets."""

from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import parse_qsl, urlencode

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from tickets.domain.access import Action, Actor, Thing, requires
from tickets.domain.bulk import MOST_AT_ONCE, BulkRequest
from tickets.domain.errors import Invalid
from tickets.domain.saved_views import NewView, SharedWith
from tickets.pages.forms import Values, read_form
from tickets.pages.routing import page
from tickets.pages.site import Site

_TICKED: Final = "t."
_FIELDS: Final = MOST_AT_ONCE + 20


def same_list(text: str) -> str:
    """Return an address of the queue that a form sent back, as far as it is one: the part behind the question mark."""
    try:
        return urlencode(parse_qsl(text[:2_000], max_num_fields=30))
    except ValueError:
        return ""


def bulk_request(values: Values) -> BulkRequest:
    """Return what a form asks for. Raises Invalid."""
    ticked = [name.removeprefix(_TICKED) for name in values if name.startswith(_TICKED)]
    if not ticked:
        raise Invalid("", "Tick the requests that you mean first.")
    wanted: dict[str, Any] = {name: values.get(name, "") for name in ("deed", "tag", "into", "text")}
    wanted["technician"] = values.get("technician") or None
    wanted["status"] = values.get("status") or None
    try:
        return msgspec.convert({**wanted, "tickets": sorted(ticked)}, BulkRequest)
    except msgspec.ValidationError:
        raise Invalid("", "Choose what to do with the ticked requests.") from None


@dataclass(frozen=True)
class Finding:
    """What the queue's forms post."""

    site: Site

    @requires(Action.ADD, Thing.SAVED_VIEWS)
    async def keep(self, request: Request, actor: Actor) -> Response:
        """Keep the list that was on the page as a view."""
        values = await read_form(request)
        shared = values.get("shared", SharedWith.NOBODY)
        if shared not in set(SharedWith):
            raise Invalid("", "Choose for whom the view is.")
        new = NewView(name=values.get("name", "")[:100], query=values.get("query", ""), shared=SharedWith(shared))
        kept = await self.site.desk.saved_views.add(actor, new)
        return self.site.go(f"/console?{kept.query}&done=saved")

    @requires(Action.REMOVE, Thing.OWN_VIEW, Thing.SHARED_VIEW)
    async def remove(self, request: Request, actor: Actor) -> Response:
        """Remove a view."""
        await self.site.desk.saved_views.remove(actor, request.path_params["view"])
        return self.site.go("/console?done=removed")

    @requires(Action.LIST, Thing.QUEUE)
    async def bulk(self, request: Request, actor: Actor) -> Response:
        """Do the same to all ticked tickets, and say for each how it went."""
        values = await read_form(request, most=_FIELDS)
        done = await self.site.desk.bulk.carry_out(actor, bulk_request(values))
        return self.site.page(
            request,
            actor,
            "console/bulk.html",
            here="/console",
            items=done.items,
            done=sum(each.done for each in done.items),
            back=same_list(values.get("back", "")),
        )

    @requires(Action.LIST, Thing.QUEUE)
    async def back(self, _request: Request, _actor: Actor) -> Response:
        """Lead from a form's address to the queue."""
        return self.site.go("/console")

    def routes(self) -> list[Route]:
        """Return the routes of these forms."""
        return [
            page(self.site, "/console/views", self.keep, "POST", staff_only=True),
            page(self.site, "/console/views", self.back, staff_only=True),
            page(self.site, "/console/views/{view}/remove", self.remove, "POST", staff_only=True),
            page(self.site, "/console/bulk", self.bulk, "POST", staff_only=True),
            page(self.site, "/console/bulk", self.back, staff_only=True),
        ]
