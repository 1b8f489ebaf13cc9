"""`/canned-answers`: answers that are used often."""

from http import HTTPStatus
from typing import Annotated, Final

from fastapi import APIRouter, Depends
from fastapi.responses import Response

from tickets.api.offer import Asking, Desk, answer, body_of, offer
from tickets.domain.access import Action, Thing
from tickets.domain.canned import CannedAnswer, CannedAnswerList, FilledAnswer, NewCannedAnswer

router: Final = APIRouter(tags=["canned answers"])

_Body = Annotated[NewCannedAnswer, Depends(body_of(NewCannedAnswer))]
_ANY: Final = (Thing.OWN_ANSWER, Thing.SHARED_ANSWER)


@offer(
    router, "GET", "/canned-answers", Action.LIST, Thing.CANNED_ANSWERS,
    summary="List canned answers", gives=CannedAnswerList,
)  # fmt: skip
async def list_answers(desk: Desk, actor: Asking) -> Response:
    """One's own and everybody's, those used most first; variables as they were written."""
    return answer(await desk.canned_answers.listed(actor))


@offer(
    router, "POST", "/canned-answers", Action.ADD, *_ANY,
    summary="Keep a canned answer", takes=NewCannedAnswer, gives=CannedAnswer, status=HTTPStatus.CREATED,
)  # fmt: skip
async def add_answer(desk: Desk, actor: Asking, new: _Body) -> Response:
    """Admins alone share. A variable that is none is refused."""
    return answer(await desk.canned_answers.add(actor, new), HTTPStatus.CREATED)


@offer(
    router, "PUT", "/canned-answers/{ident}", Action.CHANGE, *_ANY,
    summary="Change a canned answer", takes=NewCannedAnswer, gives=CannedAnswer,
)  # fmt: skip
async def change_answer(ident: str, desk: Desk, actor: Asking, new: _Body) -> Response:
    """One's own; an admin also a shared one."""
    return answer(await desk.canned_answers.change(actor, ident, new))


@offer(
    router, "DELETE", "/canned-answers/{ident}", Action.REMOVE, *_ANY,
    summary="Remove a canned answer", status=HTTPStatus.NO_CONTENT,
)  # fmt: skip
async def remove_answer(ident: str, desk: Desk, actor: Asking) -> Response:
    """One's own; an admin also a shared one."""
    await desk.canned_answers.remove(actor, ident)
    return Response(status_code=HTTPStatus.NO_CONTENT)


@offer(
    router, "GET", "/tickets/{tracking}/canned-answers", Action.LIST, Thing.CANNED_ANSWERS,
    summary="List canned answers for a ticket", gives=CannedAnswerList,
)  # fmt: skip
async def offer_answers(tracking: str, desk: Desk, actor: Asking) -> Response:
    """Those for its category and for all, with everything put in."""
    return answer(await desk.canned_answers.offered(actor, tracking))


@offer(
    router, "POST", "/tickets/{tracking}/canned-answers/{ident}", Action.LIST, Thing.CANNED_ANSWERS,
    summary="Use a canned answer", gives=FilledAnswer,
)  # fmt: skip
async def use_answer(tracking: str, ident: str, desk: Desk, actor: Asking) -> Response:
    """Counts it as used, and gives its text with everything put in. Nothing is sent."""
    return answer(await desk.canned_answers.use(actor, ident, tracking))
