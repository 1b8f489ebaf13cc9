"""`/reports`: numbers about the desk."""

from typing import Final

from fastapi import APIRouter, Request
from fastapi.responses import Response

from tickets.api.offer import Asking, Desk, answer, offer, parse_query
from tickets.domain.access import Action, Thing
from tickets.domain.reports import Report, ReportQuery

router: Final = APIRouter(tags=["reports"])


@offer(
    router, "GET", "/reports", Action.READ, Thing.REPORTS,
    summary="Numbers about the desk", query=ReportQuery, gives=Report,
)  # fmt: skip
async def get_report(request: Request, desk: Desk, actor: Asking) -> Response:
    """Of the last days: open tickets by state and age, waits, load, categories, satisfaction, targets."""
    return answer(await desk.reports.report(actor, parse_query(request, ReportQuery)))
