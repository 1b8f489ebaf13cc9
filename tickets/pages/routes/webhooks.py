"""Webhooks, for admins."""

from dataclasses import dataclass
from typing import Final

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from tickets.domain.access import Action, Actor, Thing, requires
from tickets.domain.errors import Invalid, NotFound
from tickets.domain.values import EntryKind
from tickets.domain.webhooks import NewWebhook, WebhookMade
from tickets.pages.forms import Values, read_form
from tickets.pages.routing import page
from tickets.pages.site import Site

_PATH: Final = "/admin/webhooks"
_FAULTS: Final = {
    "url": "Please write an address that begins with https://, without spaces.",
    "label": "Please write what it is for, in at most 100 characters.",
    "kinds": "Please write kinds of events with blanks between, or leave it empty for all.",
}


@dataclass(frozen=True)
class Webhooks:
    """The pages of webhooks."""

    site: Site

    async def _list(
        self,
        request: Request,
        actor: Actor,
        *,
        values: Values | None = None,
        faults: dict[str, str] | None = None,
        made: WebhookMade | None = None,
        status: int = 200,
    ) -> Response:
        found = await self.site.desk.webhooks.listed(actor)
        return self.site.page(
            request,
            actor,
            "admin/webhooks.html",
            status=status,
            items=found.items,
            values=values or {},
            faults=faults or {},
            made=made,
            kinds=tuple(EntryKind),
        )

    @requires(Action.LIST, Thing.WEBHOOKS)
    async def shown(self, request: Request, actor: Actor) -> Response:
        """List them, with the form for a new one."""
        return await self._list(request, actor)

    @requires(Action.ADD, Thing.WEBHOOKS)
    async def add(self, request: Request, actor: Actor) -> Response:
        """Add one and show its secret."""
        values = await read_form(request)
        asked = {
            "url": values.get("url", ""),
            "label": values.get("label", ""),
            "kinds": values.get("kinds", "").split(),
        }
        try:
            new = msgspec.convert(asked, NewWebhook)
            made = await self.site.desk.webhooks.add(actor, new)
        except msgspec.ValidationError as error:
            field = next((name for name in _FAULTS if f"$.{name}" in str(error)), "")
            faults = {field: _FAULTS.get(field, "Please look at what you wrote.")}
            return await self._list(request, actor, values=values, faults=faults, status=422)
        except Invalid as error:
            return await self._list(request, actor, values=values, faults={error.field: error.text}, status=422)
        return await self._list(request, actor, made=made, status=201)

    @requires(Action.LIST, Thing.WEBHOOKS)
    async def one(self, request: Request, actor: Actor) -> Response:
        """Show what was sent to one lately."""
        ident = request.path_params["webhook"]
        listed = await self.site.desk.webhooks.listed(actor)
        found = next((item for item in listed.items if item.id == ident), None)
        if found is None:
            raise NotFound("webhook")
        deliveries = await self.site.desk.webhooks.deliveries(actor, ident)
        return self.site.page(request, actor, "admin/webhook.html", item=found, deliveries=deliveries.items)

    @requires(Action.CHANGE, Thing.WEBHOOKS)
    async def change(self, request: Request, actor: Actor) -> Response:
        """Switch one off or on, or send again what was given up."""
        ident, values = request.path_params["webhook"], await read_form(request)
        match values.get("do"):
            case "retry":
                await self.site.desk.webhooks.again(actor, ident)
            case "on" | "off" as word:
                await self.site.desk.webhooks.switch(actor, ident, active=word == "on")
            case "secret":
                return await self._list(request, actor, made=await self.site.desk.webhooks.renew(actor, ident))
            case _:
                raise Invalid("do", "use the buttons of the page.")
        return self.site.go(f"{_PATH}/{ident}?done=saved")

    @requires(Action.REMOVE, Thing.WEBHOOKS)
    async def remove(self, request: Request, actor: Actor) -> Response:
        """Remove one."""
        await self.site.desk.webhooks.remove(actor, request.path_params["webhook"])
        return self.site.go(f"{_PATH}?done=removed")

    def routes(self) -> list[Route]:
        """Return the routes of these pages."""
        one = f"{_PATH}/{{webhook}}"
        return [
            page(self.site, _PATH, self.shown, staff_only=True),
            page(self.site, _PATH, self.add, "POST", staff_only=True),
            page(self.site, one, self.one, staff_only=True),
            page(self.site, one, self.change, "POST", staff_only=True),
            page(self.site, f"{one}/remove", self.remove, "POST", staff_only=True),
        ]
