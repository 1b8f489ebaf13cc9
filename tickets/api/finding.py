"""`/views` and `/tickets/bulk`: kept lists, and the same done to several tickets."""

from http import HTTPStatus
from typing import Annotated, Final

from fastapi import APIRouter, Depends
from fastapi.responses import Response

from tickets.api.offer import Asking, Desk, answer, body_of, offer
from tickets.domain.access import Action, Thing
from tickets.domain.bulk import BulkDone, BulkRequest
from tickets.domain.saved_views import NewView, SavedView, SavedViewList

router: Final = APIRouter(tags=["finding"])


@offer(
    router, "GET", "/views", Action.LIST, Thing.SAVED_VIEWS,
    summary="List saved views", gives=SavedViewList,
)  # fmt: skip
async def list_views(desk: Desk, actor: Asking) -> Response:
    """One's own, one's teams' and everybody's, each with how many requests it has."""
    return answer(await desk.saved_views.listed(actor))


@offer(
    router, "POST", "/views", Action.ADD, Thing.SAVED_VIEWS,
    summary="Keep a view", takes=NewView, gives=SavedView, status=HTTPStatus.CREATED,
)  # fmt: skip
async def add_view(desk: Desk, actor: Asking, new: Annotated[NewView, Depends(body_of(NewView))]) -> Response:
    """The query is what stands behind the question mark of `GET /tickets`."""
    return answer(await desk.saved_views.add(actor, new), HTTPStatus.CREATED)


@offer(
    router, "PUT", "/views/{view}", Action.CHANGE, Thing.OWN_VIEW, Thing.SHARED_VIEW,
    summary="Change a view", takes=NewView, gives=SavedView,
)  # fmt: skip
async def change_view(
    view: str, desk: Desk, actor: Asking, new: Annotated[NewView, Depends(body_of(NewView))]
) -> Response:
    """One's own; an admin also one that is shared."""
    return answer(await desk.saved_views.change(actor, view, new))


@offer(
    router, "DELETE", "/views/{view}", Action.REMOVE, Thing.OWN_VIEW, Thing.SHARED_VIEW,
    summary="Remove a view", status=HTTPStatus.NO_CONTENT,
)  # fmt: skip
async def remove_view(view: str, desk: Desk, actor: Asking) -> Response:
    """One's own; an admin also one that is shared."""
    await desk.saved_views.remove(actor, view)
    return Response(status_code=HTTPStatus.NO_CONTENT)


@offer(
    router, "POST", "/bulk", Action.LIST, Thing.QUEUE,
    summary="Do the same to several tickets", takes=BulkRequest, gives=BulkDone,
)  # fmt: skip
async def do_in_bulk(
    desk: Desk, actor: Asking, request: Annotated[BulkRequest, Depends(body_of(BulkRequest))]
) -> Response:
    """Each ticket by itself, where it is allowed; the answer says for each how it went."""
    return answer(await desk.bulk.carry_out(actor, request))
