"""Who does what by when: categories, teams, rules, calendars, targets, technicians, and the weight of a ticket."""

from http import HTTPStatus
from typing import Annotated, Any, Final

import msgspec
from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response

from tickets.api.offer import Asking, Desk, answer, offer, read_body
from tickets.domain.access import ANY_TICKET, Action, Thing
from tickets.domain.assignment import RuleFields, RuleList, RuleView
from tickets.domain.categories import CategoryChoices, CategoryFields, CategoryList, CategoryView
from tickets.domain.clocks import PolicyFields, PolicyList, PolicyView
from tickets.domain.priority import MatrixView
from tickets.domain.registers import ClockList, Register, Triage
from tickets.domain.services import DeskServices
from tickets.domain.teams import (
    AbsenceView,
    Availability,
    CalendarFields,
    CalendarList,
    CalendarView,
    NewAbsence,
    TeamFields,
    TeamList,
    TeamView,
    WorkFields,
    WorkList,
    WorkView,
)
from tickets.domain.views import TicketView

router: Final = APIRouter(tags=["spreading the work"])


def _offer_register(
    name: str,
    path: str,
    thing: Thing,
    *,
    fields: type[msgspec.Struct],
    view: type[msgspec.Struct],
    many: type[msgspec.Struct],
    list_path: str | None = None,
    list_action: Action = Action.LIST,
) -> None:
    """Offer a list that an admin keeps: all of it, a new one, and putting another in the place of one."""

    def register(desk: DeskServices) -> Register[Any, Any]:
        found: Register[Any, Any] = getattr(desk, path.strip("/"))
        return found

    noun = path.strip("/")

    async def listed(desk: Desk, actor: Asking) -> Response:
        return answer(many(await register(desk).listed(actor)))

    async def add(request: Request, desk: Desk, actor: Asking) -> Response:
        wanted = await read_body(request, fields)
        return answer(await register(desk).add(actor, wanted), HTTPStatus.CREATED)

    async def change(ident: str, request: Request, desk: Desk, actor: Asking) -> Response:
        wanted = await read_body(request, fields)
        return answer(await register(desk).change(actor, ident, wanted))

    listed.__name__, add.__name__, change.__name__ = f"list_{noun}", f"add_{name}", f"change_{name}"
    listed.__doc__ = "In their order, also those that were switched off."
    add.__doc__ = "Names are unique."
    change.__doc__ = "What is left out gets its default; `active: false` switches it off."
    offer(router, "GET", list_path or path, list_action, thing, summary=f"List {noun}", gives=many)(listed)
    offer(
        router, "POST", path, Action.CHANGE, thing,
        summary=f"Add a {name}", takes=fields, gives=view, status=HTTPStatus.CREATED,
    )(add)  # fmt: skip
    offer(
        router, "PUT", f"{path}/{{ident}}", Action.CHANGE, thing,
        summary=f"Change a {name}", takes=fields, gives=view,
    )(change)  # fmt: skip


_offer_register(
    "category", "/categories", Thing.CATEGORIES, fields=CategoryFields, view=CategoryView, many=CategoryList,
    list_path="/categories/all", list_action=Action.CHANGE,
)  # fmt: skip
_offer_register("team", "/teams", Thing.TEAMS, fields=TeamFields, view=TeamView, many=TeamList)
_offer_register("rule", "/rules", Thing.SPREADING, fields=RuleFields, view=RuleView, many=RuleList)
_offer_register("calendar", "/calendars", Thing.SPREADING, fields=CalendarFields, view=CalendarView, many=CalendarList)
_offer_register("target", "/targets", Thing.SPREADING, fields=PolicyFields, view=PolicyView, many=PolicyList)


def _body(kind: type[Any]) -> Any:
    async def read(request: Request) -> Any:
        return await read_body(request, kind)

    return Depends(read)


@offer(
    router, "GET", "/categories", Action.LIST, Thing.CATEGORIES,
    summary="What a request can be about", gives=CategoryChoices,
)  # fmt: skip
async def offer_categories(desk: Desk, actor: Asking) -> Response:
    """Those that are active; to technicians the internal ones too."""
    return answer(await desk.categories.offered(actor))


@offer(
    router, "GET", "/priorities", Action.LIST, Thing.SPREADING,
    summary="The matrix of urgency and impact", gives=MatrixView,
)  # fmt: skip
async def get_priorities(desk: Desk, actor: Asking) -> Response:
    """A cell for each pair."""
    return answer(await desk.weights.shown(actor))


@offer(
    router, "PUT", "/priorities", Action.CHANGE, Thing.SPREADING,
    summary="Change the matrix", takes=MatrixView, gives=MatrixView,
)  # fmt: skip
async def change_priorities(desk: Desk, actor: Asking, new: Annotated[MatrixView, _body(MatrixView)]) -> Response:
    """Cells that are left out stay; tickets that are there keep their priority until they are triaged anew."""
    return answer(await desk.weights.change(actor, new))


@offer(
    router, "GET", "/work", Action.LIST, Thing.TECHNICIANS,
    summary="How technicians work", gives=WorkList,
)  # fmt: skip
async def list_work(desk: Desk, actor: Asking) -> Response:
    """Skills, hours, absences, and how much each has."""
    return answer(await desk.work.listed(actor))


@offer(
    router, "GET", "/technicians/{technician}/work", Action.LIST, Thing.TECHNICIANS,
    summary="How one technician works", gives=WorkView,
)  # fmt: skip
async def get_work(technician: str, desk: Desk, actor: Asking) -> Response:
    """Skills, hours, absences, and how much this one has."""
    return answer(await desk.work.shown(actor, technician))


@offer(
    router, "PUT", "/technicians/{technician}/work", Action.CHANGE, Thing.TECHNICIANS,
    summary="Change how a technician works", takes=WorkFields, gives=WorkView,
)  # fmt: skip
async def change_work(
    technician: str, desk: Desk, actor: Asking, new: Annotated[WorkFields, _body(WorkFields)]
) -> Response:
    """Skills, cap and hours."""
    return answer(await desk.work.change(actor, technician, new))


@offer(
    router, "PUT", "/technicians/{technician}/availability", Action.CHANGE, Thing.OWN_WORK, Thing.TECHNICIANS,
    summary="Say whether a technician can be given tickets now", takes=Availability, gives=WorkView,
)  # fmt: skip
async def set_availability(
    technician: str, desk: Desk, actor: Asking, new: Annotated[Availability, _body(Availability)]
) -> Response:
    """One's own; an admin anybody's."""
    return answer(await desk.work.set_available(actor, technician, available=new.available))


@offer(
    router, "POST", "/technicians/{technician}/absences", Action.CHANGE, Thing.OWN_WORK, Thing.TECHNICIANS,
    summary="Tell of an absence", takes=NewAbsence, gives=AbsenceView, status=HTTPStatus.CREATED,
)  # fmt: skip
async def add_absence(
    technician: str, desk: Desk, actor: Asking, new: Annotated[NewAbsence, _body(NewAbsence)]
) -> Response:
    """One's own; an admin anybody's."""
    return answer(await desk.work.add_absence(actor, technician, new), HTTPStatus.CREATED)


@offer(
    router, "DELETE", "/technicians/{technician}/absences/{absence}", Action.CHANGE, Thing.OWN_WORK, Thing.TECHNICIANS,
    summary="Forget an absence", status=HTTPStatus.NO_CONTENT,
)  # fmt: skip
async def remove_absence(technician: str, absence: str, desk: Desk, actor: Asking) -> Response:
    """One's own; an admin anybody's."""
    await desk.work.remove_absence(actor, technician, absence)
    return Response(status_code=HTTPStatus.NO_CONTENT)


@offer(
    router, "POST", "/tickets/{tracking}/triage", Action.TRIAGE, *ANY_TICKET,
    summary="Weigh a ticket, or give it to another team", takes=Triage, gives=TicketView,
)  # fmt: skip
async def triage_ticket(tracking: str, desk: Desk, actor: Asking, new: Annotated[Triage, _body(Triage)]) -> Response:
    """Urgency, impact, category, team; what is left out stays."""
    return answer(await desk.triaging.triage(actor, tracking, new))


@offer(
    router, "GET", "/tickets/{tracking}/clocks", Action.LIST, Thing.QUEUE,
    summary="The clocks of a ticket", gives=ClockList,
)  # fmt: skip
async def list_clocks(tracking: str, desk: Desk, actor: Asking) -> Response:
    """What is due when; for technicians."""
    return answer(await desk.triaging.clocks(actor, tracking))
