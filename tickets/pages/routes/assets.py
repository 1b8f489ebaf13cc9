"""Pages of what is looked after."""

from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlencode

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from tickets.domain.access import Action, Actor, Thing, requires
from tickets.domain.assets import AssetFields, AssetQuery, AssetsImported, AssetTable, AssetView
from tickets.domain.errors import AlreadyThere, Invalid
from tickets.pages.forms import Values, read_form
from tickets.pages.routing import page
from tickets.pages.site import Site

_AT: Final = "/console/assets"
_TEXTS: Final = ("name", "kind", "serial", "inventory", "location", "owner", "notes")


def read_asset(values: Values) -> tuple[AssetFields | None, dict[str, str]]:
    """Return the thing that a form describes, or None and what is wrong by field."""
    given: dict[str, Any] = {name: values[name] for name in _TEXTS if values.get(name)}
    if "name" not in given:
        return None, {"name": "Please give it a name."}
    try:
        return msgspec.convert({**given, "retired": values.get("retired") == "yes"}, AssetFields), {}
    except msgspec.ValidationError as error:
        where = str(error).partition(" - at `$.")[2].rstrip("`")
        return None, {where: "Please look at this again."}


def form_values(asset: AssetView) -> dict[str, str]:
    """Return what the form of a thing shows."""
    return {**{name: str(getattr(asset, name)) for name in _TEXTS}, "retired": "yes" if asset.retired else ""}


@dataclass(frozen=True)
class AssetPages:
    """The list, one thing, and tables."""

    site: Site

    @requires(Action.LIST, Thing.ASSETS)
    async def listed(self, request: Request, actor: Actor) -> Response:
        """List things by name, or what a search found."""
        return await self._list(request, actor)

    async def _list(
        self, request: Request, actor: Actor, imported: AssetsImported | None = None, status: int = 200
    ) -> Response:
        asked = request.query_params
        query = AssetQuery(
            q=asked.get("q", "")[:200], retired=asked.get("retired") == "yes", cursor=asked.get("cursor", "")[:200]
        )
        found = await self.site.desk.assets.listed(actor, query)
        kept = {"q": query.q, "retired": "yes" if query.retired else "", "cursor": found.next_cursor or ""}
        return self.site.page(
            request,
            actor,
            "console/assets.html",
            status=status,
            here=_AT,
            assets=found.items,
            q=query.q,
            retired=query.retired,
            more=f"{_AT}?{urlencode(kept)}" if found.next_cursor else "",
            imported=imported,
        )

    def _form(
        self,
        request: Request,
        actor: Actor,
        values: Values,
        faults: dict[str, str],
        *,
        status: int = 200,
        **shown: Any,
    ) -> Response:
        context = {"asset": None, "tickets": (), **shown}
        return self.site.page(
            request, actor, "console/asset.html", status=status, values=values, faults=faults, **context
        )

    @requires(Action.ADD, Thing.ASSETS)
    async def new(self, request: Request, actor: Actor) -> Response:
        """Show the empty form."""
        return self._form(request, actor, {"kind": "hardware"}, {})

    @requires(Action.ADD, Thing.ASSETS)
    async def add(self, request: Request, actor: Actor) -> Response:
        """Add a thing."""
        values = await read_form(request)
        new, faults = read_asset(values)
        if new is None:
            return self._form(request, actor, values, faults, status=422)
        try:
            added = await self.site.desk.assets.add(actor, new)
        except (Invalid, AlreadyThere) as error:
            return self._form(request, actor, values, _fault(error), status=error.status)
        return self.site.go(f"{_AT}/{added.id}?done=saved")

    @requires(Action.READ, Thing.ASSETS)
    async def shown(self, request: Request, actor: Actor) -> Response:
        """Show a thing and its tickets."""
        found = await self.site.desk.assets.get(actor, request.path_params["asset"])
        return self._form(request, actor, form_values(found.asset), {}, asset=found.asset, tickets=found.tickets)

    @requires(Action.CHANGE, Thing.ASSETS)
    async def change(self, request: Request, actor: Actor) -> Response:
        """Change a thing."""
        ident, values = request.path_params["asset"], await read_form(request)
        found = await self.site.desk.assets.get(actor, ident)
        shown = {"asset": found.asset, "tickets": found.tickets}
        new, faults = read_asset(values)
        if new is None:
            return self._form(request, actor, values, faults, status=422, **shown)
        try:
            await self.site.desk.assets.change(actor, ident, new)
        except (Invalid, AlreadyThere) as error:
            return self._form(request, actor, values, _fault(error), status=error.status, **shown)
        return self.site.go(f"{_AT}/{ident}?done=saved")

    @requires(Action.ADD, Thing.ASSETS)
    async def load(self, request: Request, actor: Actor) -> Response:
        """Add the lines of a table, and say what became of them."""
        text = (await read_form(request)).get("csv", "")
        if not text:
            return self.site.go(_AT)
        done = await self.site.desk.assets.load(actor, AssetTable(text[:400_000]))
        return await self._list(request, actor, done, 422 if done.wrong else 200)

    @requires(Action.LIST, Thing.ASSETS)
    async def back(self, _request: Request, _actor: Actor) -> Response:
        """Lead from a form's address to the list."""
        return self.site.go(_AT)

    def routes(self) -> list[Route]:
        """Return the routes of these pages."""
        return [
            page(self.site, _AT, self.listed, staff_only=True),
            page(self.site, f"{_AT}/new", self.new, staff_only=True),
            page(self.site, f"{_AT}/new", self.add, "POST", staff_only=True),
            page(self.site, f"{_AT}/import", self.load, "POST", staff_only=True),
            page(self.site, f"{_AT}/import", self.back, staff_only=True),
            page(self.site, f"{_AT}/{{asset}}", self.shown, staff_only=True),
            page(self.site, f"{_AT}/{{asset}}", self.change, "POST", staff_only=True),
        ]


def _fault(error: Invalid | AlreadyThere) -> dict[str, str]:
    if isinstance(error, Invalid):
        return {"owner" if error.field == "email" else error.field: error.text}
    return {"inventory": str(error)}
