"""Admin pages of extra fields."""

from dataclasses import dataclass
from typing import Any, Final

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from tickets.domain.access import Action, Actor, Thing, requires
from tickets.domain.errors import AlreadyThere, Invalid, NotFound
from tickets.domain.fields import FieldFields, FieldKind, FieldView, Required
from tickets.pages.forms import Values, read_form
from tickets.pages.language import Words
from tickets.pages.routing import page
from tickets.pages.site import Site
from tickets.pages.spreading import category_options

_AT: Final = "/admin/fields"
KIND: Final = Words(
    {
        FieldKind.TEXT: "A line of text",
        FieldKind.NUMBER: "A number",
        FieldKind.CHOICE: "One of several",
        FieldKind.DATE: "A day",
        FieldKind.CHECKBOX: "Yes or no",
    }
)
REQUIRED: Final = Words(
    {
        Required.NEVER: "Never",
        Required.SUBMIT: "When a request is filed",
        Required.RESOLVE: "Before it is solved",
    }
)


def read_field(values: Values) -> tuple[FieldFields | None, dict[str, str]]:
    """Return the field that a form describes, or None and what is wrong by field."""
    given: dict[str, Any] = {
        name: values[name] for name in ("category", "key", "label", "hint", "kind", "required") if values.get(name)
    }
    given["choices"] = [line.strip() for line in values.get("choices", "").splitlines() if line.strip()]
    given["position"] = values.get("position") or 0
    given |= {name: values.get(name) == "yes" for name in ("internal", "active")}
    for name, missing in (("label", "Please say what it is called."), ("key", "Please give it a key.")):
        if name not in given:
            return None, {name: missing}
    try:
        return msgspec.convert(given, FieldFields, strict=False), {}
    except msgspec.ValidationError as error:
        where = str(error).partition(" - at `$.")[2].rstrip("`").partition("[")[0]
        small = "Small letters, digits and hyphens, a letter first."
        return None, {where: small if where == "key" else "Please look at this again."}


def form_values(field: FieldView) -> dict[str, str]:
    """Return what the form of a field shows."""
    texts = {name: str(getattr(field, name)) for name in ("category", "key", "label", "hint", "kind", "required")}
    ticks = {name: "yes" if getattr(field, name) else "" for name in ("internal", "active")}
    return {**texts, **ticks, "choices": "\n".join(field.choices), "position": str(field.position)}


@dataclass(frozen=True)
class FieldPages:
    """The list and one field."""

    site: Site

    @requires(Action.CHANGE, Thing.FIELDS)
    async def listed(self, request: Request, actor: Actor) -> Response:
        """List all fields."""
        found = await self.site.desk.fields.listed(actor)
        return self.site.page(request, actor, "admin/fields.html", fields=found.items, kinds=KIND)

    async def _form(
        self,
        request: Request,
        actor: Actor,
        values: Values,
        faults: dict[str, str],
        *,
        field: FieldView | None = None,
        status: int = 200,
    ) -> Response:
        return self.site.page(
            request,
            actor,
            "admin/field.html",
            status=status,
            values=values,
            faults=faults,
            field=field,
            kinds=KIND,
            needed=REQUIRED,
            categories=await category_options(self.site.desk, actor),
        )

    async def _one(self, request: Request, actor: Actor) -> FieldView:
        for each in (await self.site.desk.fields.listed(actor)).items:
            if each.id == request.path_params["field"]:
                return each
        raise NotFound("field")

    @requires(Action.CHANGE, Thing.FIELDS)
    async def new(self, request: Request, actor: Actor) -> Response:
        """Show the empty form."""
        return await self._form(request, actor, {"active": "yes", "kind": "text", "required": "never"}, {})

    @requires(Action.CHANGE, Thing.FIELDS)
    async def shown(self, request: Request, actor: Actor) -> Response:
        """Show one field."""
        field = await self._one(request, actor)
        return await self._form(request, actor, form_values(field), {}, field=field)

    @requires(Action.CHANGE, Thing.FIELDS)
    async def add(self, request: Request, actor: Actor) -> Response:
        """Add a field."""
        return await self._save(request, actor, None)

    @requires(Action.CHANGE, Thing.FIELDS)
    async def change(self, request: Request, actor: Actor) -> Response:
        """Change a field."""
        return await self._save(request, actor, await self._one(request, actor))

    async def _save(self, request: Request, actor: Actor, old: FieldView | None) -> Response:
        values = await read_form(request)
        new, faults = read_field(values)
        if new is None:
            return await self._form(request, actor, values, faults, field=old, status=422)
        try:
            if old is None:
                await self.site.desk.fields.add(actor, new)
            else:
                await self.site.desk.fields.change(actor, old.id, new)
        except (Invalid, AlreadyThere) as error:
            faults = {error.field: error.text} if isinstance(error, Invalid) else {"key": str(error)}
            return await self._form(request, actor, values, faults, field=old, status=error.status)
        return self.site.go(f"{_AT}?done=saved")

    def routes(self) -> list[Route]:
        """Return the routes of these pages."""
        return [
            page(self.site, _AT, self.listed, staff_only=True),
            page(self.site, f"{_AT}/new", self.new, staff_only=True),
            page(self.site, f"{_AT}/new", self.add, "POST", staff_only=True),
            page(self.site, f"{_AT}/{{field}}", self.shown, staff_only=True),
            page(self.site, f"{_AT}/{{field}}", self.change, "POST", staff_only=True),
        ]
