"""Admin pages of spreading the work: the lists that an admin keeps, the matrix, and how technicians work."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from tickets.domain.access import Action, Actor, Thing, requires
from tickets.domain.errors import AlreadyThere, Invalid, NotFound
from tickets.domain.priority import Impact, MatrixCell, MatrixView, Priority
from tickets.domain.teams import NewAbsence, WorkFields, WorkView
from tickets.domain.values import Urgency
from tickets.pages.forms import Values, read_form
from tickets.pages.language import gettext
from tickets.pages.routing import page
from tickets.pages.site import Site
from tickets.pages.spreading import (
    IMPACT,
    KEPT,
    MOST_FIELDS,
    PRIORITY,
    Kept,
    choices,
    read_fields,
    shown_values,
    start_values,
)

_MATRIX: Final = "/admin/priorities"
_WORK: Final = "/admin/technicians"
_OWN: Final = "/console/account"


@dataclass(frozen=True)
class KeptPages:
    """The pages of one list."""

    site: Site
    kept: Kept

    async def _form(
        self,
        request: Request,
        actor: Actor,
        values: Values,
        faults: dict[str, str],
        *,
        ident: str = "",
        name: str = "",
        status: int = 200,
    ) -> Response:
        return self.site.page(
            request,
            actor,
            "admin/kept_one.html",
            status=status,
            kept=self.kept,
            options=await choices(self.site.desk, actor),
            values=values,
            faults=faults,
            ident=ident,
            name=name,
        )

    async def shown(self, request: Request, actor: Actor) -> Response:
        """List everything that is kept."""
        found = await self.kept.service(self.site.desk).listed(actor)
        options = {
            source: dict(each) for source, each in (await choices(self.site.desk, actor)).items()
        }  # fmt: skip
        return self.site.page(
            request, actor, "admin/kept.html", kept=self.kept, items=[self._line(each, options) for each in found]
        )

    def _line(self, view: msgspec.Struct, options: dict[str, dict[str, str]]) -> dict[str, Any]:
        """Return one of the list as its page shows it: the name, and what is set of the rest."""
        told = []
        for each in self.kept.fields[1:]:
            value: Any = getattr(view, each.name)
            if isinstance(value, bool) or value in {None, "", ()} or each.name == "position":
                continue
            if isinstance(value, tuple):
                known = options.get(each.source, {})
                told.append(f"{gettext(each.label)}: {', '.join(str(known.get(item, item)) for item in value)}")
            else:
                told.append(f"{gettext(each.label)}: {options.get(each.source, {}).get(value, value)}")
        return {
            "id": view.id,  # type: ignore[attr-defined]
            "name": view.name,  # type: ignore[attr-defined]
            "active": view.active,  # type: ignore[attr-defined]
            "told": " · ".join(told)[:300],
        }

    async def new(self, request: Request, actor: Actor) -> Response:
        """Show the empty form."""
        return await self._form(request, actor, start_values(self.kept), {})

    async def add(self, request: Request, actor: Actor) -> Response:
        """Keep a new one."""
        values = await read_form(request, most=MOST_FIELDS)
        fields, faults = read_fields(self.kept, values)
        try:
            if fields is not None:
                await self.kept.service(self.site.desk).add(actor, fields)
                return self.site.go(f"{self.kept.path}?done=saved")
        except Invalid as error:
            faults = {error.field: error.text}
        except AlreadyThere as error:
            faults = {"name": str(error)}
        return await self._form(request, actor, values, faults, status=422)

    async def one(self, request: Request, actor: Actor) -> Response:
        """Show the form of one that is there."""
        view = await self._found(request, actor)
        return await self._form(
            request, actor, shown_values(self.kept, view), {}, ident=request.path_params["ident"], name=_name(view)
        )

    async def change(self, request: Request, actor: Actor) -> Response:
        """Put what the form says in the place of what is there."""
        ident, values = request.path_params["ident"], await read_form(request, most=MOST_FIELDS)
        fields, faults = read_fields(self.kept, values)
        try:
            if fields is not None:
                await self.kept.service(self.site.desk).change(actor, ident, fields)
                return self.site.go(f"{self.kept.path}?done=saved")
        except Invalid as error:
            faults = {error.field: error.text}
        except AlreadyThere as error:
            faults = {"name": str(error)}
        name = _name(await self._found(request, actor))
        return await self._form(request, actor, values, faults, ident=ident, name=name, status=422)

    async def _found(self, request: Request, actor: Actor) -> msgspec.Struct:
        found = await self.kept.service(self.site.desk).listed(actor)
        view = next((each for each in found if each.id == request.path_params["ident"]), None)
        if not isinstance(view, msgspec.Struct):
            raise NotFound(self.kept.one)
        return view

    def routes(self) -> list[Route]:
        """Return the routes of these pages; each asks for the right to change what it shows."""

        def asking(method: Any) -> Any:
            async def endpoint(request: Request, actor: Actor) -> Response:
                answer: Response = await method(request, actor)
                return answer

            return requires(Action.CHANGE, self.kept.thing)(endpoint)

        path = self.kept.path
        return [
            page(self.site, path, asking(self.shown), staff_only=True),
            page(self.site, f"{path}/new", asking(self.new), staff_only=True),
            page(self.site, f"{path}/new", asking(self.add), "POST", staff_only=True),
            page(self.site, f"{path}/{{ident}}", asking(self.one), staff_only=True),
            page(self.site, f"{path}/{{ident}}", asking(self.change), "POST", staff_only=True),
        ]


@dataclass(frozen=True)
class Whose:
    """Whose work a form is about, and the page it stands on: one's own account, or an admin's page."""

    technician: str
    page: str
    own: bool

    @classmethod
    def of(cls, request: Request, actor: Actor) -> "Whose":
        """Read it from the address."""
        if "technician" in request.path_params:
            technician = request.path_params["technician"]
            return cls(technician, f"{_WORK}/{technician}", own=False)
        return cls(str(actor.technician), _OWN, own=True)


def _name(view: msgspec.Struct) -> str:
    return str(getattr(view, "name", ""))


@dataclass(frozen=True)
class Spreading:
    """The matrix, and how technicians work."""

    site: Site

    @requires(Action.CHANGE, Thing.SPREADING)
    async def matrix(self, request: Request, actor: Actor) -> Response:
        """Show the matrix."""
        shown = await self.site.desk.weights.shown(actor)
        cells = {(cell.urgency, cell.impact): cell.priority for cell in shown.items}
        return self.site.page(
            request,
            actor,
            "admin/priorities.html",
            cells=cells,
            urgencies=tuple(Urgency),
            impacts=tuple(IMPACT.items()),
            priorities=tuple(PRIORITY.items()),
        )

    @requires(Action.CHANGE, Thing.SPREADING)
    async def set_matrix(self, request: Request, actor: Actor) -> Response:
        """Set the cells that the form has."""
        values = await read_form(request)
        cells = []
        for urgency in Urgency:
            for impact in Impact:
                wanted = values.get(f"{urgency}-{impact}", "")
                if wanted in set(Priority):
                    cells.append(MatrixCell(urgency, impact, Priority(wanted)))
        await self.site.desk.weights.change(actor, MatrixView(tuple(cells)))
        return self.site.go(f"{_MATRIX}?done=saved")

    @requires(Action.CHANGE, Thing.TECHNICIANS)
    async def technicians(self, request: Request, actor: Actor) -> Response:
        """List everybody's work."""
        found = await self.site.desk.work.listed(actor)
        return self.site.page(request, actor, "admin/technicians.html", items=found.items)

    async def _technician(
        self, request: Request, actor: Actor, values: Values, faults: dict[str, str], status: int = 200
    ) -> Response:
        work = await self.site.desk.work.shown(actor, request.path_params["technician"])
        usual = {
            "skills": ", ".join(work.skills),
            "cap": str(work.cap or ""),
            "zone": work.zone,
            "hours": work.hours,
        }
        return self.site.page(
            request,
            actor,
            "admin/technician.html",
            status=status,
            work=work,
            values={**usual, **values},
            faults=faults,
            at=f"{_WORK}/{work.technician}",
        )

    @requires(Action.CHANGE, Thing.TECHNICIANS)
    async def technician(self, request: Request, actor: Actor) -> Response:
        """Show one technician's work."""
        return await self._technician(request, actor, {}, {})

    @requires(Action.CHANGE, Thing.TECHNICIANS)
    async def set_work(self, request: Request, actor: Actor) -> Response:
        """Set skills, cap and hours."""
        values = await read_form(request)
        asked: dict[str, Any] = {
            "skills": [word.strip() for word in values.get("skills", "").split(",") if word.strip()],
            "cap": values.get("cap") or None,
            "zone": values.get("zone") or "UTC",
            "hours": values.get("hours", ""),
        }
        try:
            fields = msgspec.convert(asked, WorkFields, strict=False)
            await self.site.desk.work.change(actor, request.path_params["technician"], fields)
        except msgspec.ValidationError as error:
            name = str(error).partition("`$.")[2].rstrip("`").partition("[")[0]
            return await self._technician(request, actor, values, {name: "Please look at this again."}, 422)
        except Invalid as error:
            return await self._technician(request, actor, values, {error.field: error.text}, 422)
        return self.site.go(f"{_WORK}?done=saved")

    @requires(Action.CHANGE, Thing.OWN_WORK, Thing.TECHNICIANS)
    async def presence(self, request: Request, actor: Actor) -> Response:
        """Say whether somebody can be given requests now."""
        whose, values = Whose.of(request, actor), await read_form(request)
        await self.site.desk.work.set_available(actor, whose.technician, available=values.get("do") == "here")
        return self.site.go(f"{whose.page}?done=saved")

    @requires(Action.CHANGE, Thing.OWN_WORK, Thing.TECHNICIANS)
    async def absent(self, request: Request, actor: Actor) -> Response:
        """Keep an absence."""
        whose, values = Whose.of(request, actor), await read_form(request)
        work = self.site.desk.work
        try:
            shown = await work.shown(actor, whose.technician)
            await work.add_absence(actor, whose.technician, read_absence(values, shown))
        except Invalid as error:
            faults = {error.field: error.text}
            if whose.own:
                return await own_page(self.site, request, actor, values, faults, status=422)
            return await self._technician(request, actor, values, faults, 422)
        return self.site.go(f"{whose.page}?done=saved")

    @requires(Action.CHANGE, Thing.OWN_WORK, Thing.TECHNICIANS)
    async def back_again(self, request: Request, actor: Actor) -> Response:
        """Forget an absence."""
        whose = Whose.of(request, actor)
        await self.site.desk.work.remove_absence(actor, whose.technician, request.path_params["absence"])
        return self.site.go(f"{whose.page}?done=removed")

    def routes(self) -> list[Route]:
        """Return the routes of these pages."""
        one = f"{_WORK}/{{technician}}"
        return [
            page(self.site, _MATRIX, self.matrix, staff_only=True),
            page(self.site, _MATRIX, self.set_matrix, "POST", staff_only=True),
            page(self.site, _WORK, self.technicians, staff_only=True),
            page(self.site, one, self.technician, staff_only=True),
            page(self.site, one, self.set_work, "POST", staff_only=True),
            *(
                route
                for at in (one, _OWN)
                for route in (
                    page(self.site, f"{at}/presence", self.presence, "POST", staff_only=True),
                    page(self.site, f"{at}/absences", self.absent, "POST", staff_only=True),
                    page(self.site, f"{at}/absences/{{absence}}/remove", self.back_again, "POST", staff_only=True),
                )
            ),
            *(route for kept in KEPT for route in KeptPages(self.site, kept).routes()),
        ]


async def own_page(
    site: Site, request: Request, actor: Actor, values: Values, faults: dict[str, str], *, status: int = 200
) -> Response:
    """Show the account page, with one's own presence."""
    work = await site.desk.work.shown(actor, str(actor.technician))
    return site.page(
        request,
        actor,
        "console/account.html",
        status=status,
        work=work,
        phones=await site.desk.pushes.phones(actor),
        values=values,
        faults=faults,
        at=_OWN,
        here=_OWN,
    )


def read_absence(values: Values, work: WorkView) -> NewAbsence:
    """Return the absence that a form tells of, in the technician's own time zone. Raises Invalid."""
    moments = []
    for name in ("from_at", "to_at"):
        try:
            local = datetime.fromisoformat(values.get(name, ""))
        except ValueError:
            raise Invalid(name, "please give day and time.") from None
        moments.append(local if local.tzinfo is not None else local.replace(tzinfo=ZoneInfo(work.zone)))
    return NewAbsence(from_at=moments[0], to_at=moments[1], reason=values.get("reason", "")[:200])
