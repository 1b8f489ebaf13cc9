"""`/fields`: what requests of a category have besides the usual fields."""

from http import HTTPStatus
from typing import Annotated, Final

from fastapi import APIRouter, Depends
from fastapi.responses import Response

from tickets.api.offer import Asking, Desk, answer, body_of, offer
from tickets.domain.access import ANY_TICKET, Action, Thing
from tickets.domain.fields import FieldFields, FieldList, FieldValues, FieldView, NewFieldValues

router: Final = APIRouter(tags=["extra fields"])

_Body = Annotated[FieldFields, Depends(body_of(FieldFields))]


@offer(
    router, "GET", "/fields", Action.LIST, Thing.FIELDS,
    summary="List extra fields", gives=FieldList,
)  # fmt: skip
async def list_fields(desk: Desk, actor: Asking) -> Response:
    """Of all categories; internal and retired ones for technicians only."""
    return answer(await desk.fields.listed(actor))


@offer(
    router, "POST", "/fields", Action.CHANGE, Thing.FIELDS,
    summary="Add an extra field", takes=FieldFields, gives=FieldView, status=HTTPStatus.CREATED,
)  # fmt: skip
async def add_field(desk: Desk, actor: Asking, new: _Body) -> Response:
    """For one category, or for all when none is named."""
    return answer(await desk.fields.add(actor, new), HTTPStatus.CREATED)


@offer(
    router, "PUT", "/fields/{field}", Action.CHANGE, Thing.FIELDS,
    summary="Change an extra field", takes=FieldFields, gives=FieldView,
)  # fmt: skip
async def change_field(field: str, desk: Desk, actor: Asking, new: _Body) -> Response:
    """What stands in it stays; `active: false` retires it."""
    return answer(await desk.fields.change(actor, field, new))


@offer(
    router, "GET", "/tickets/{tracking}/fields", Action.READ, *ANY_TICKET,
    summary="What stands in a ticket's fields", gives=FieldValues,
)  # fmt: skip
async def get_ticket_fields(tracking: str, desk: Desk, actor: Asking) -> Response:
    """The internal ones for technicians only."""
    return answer(await desk.fields.of_ticket(actor, tracking))


@offer(
    router, "PUT", "/tickets/{tracking}/fields", Action.ORGANISE, *ANY_TICKET,
    summary="Fill a ticket's fields in", takes=NewFieldValues, gives=FieldValues,
)  # fmt: skip
async def put_ticket_fields(
    tracking: str, desk: Desk, actor: Asking, new: Annotated[NewFieldValues, Depends(body_of(NewFieldValues))]
) -> Response:
    """By their keys; an empty text empties one, those left out stay."""
    return answer(await desk.fields.put(actor, tracking, new))
