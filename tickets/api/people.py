"""`/people`: requesters, for admins: found, handed out, erased."""

from typing import Final

from fastapi import APIRouter, Request
from fastapi.responses import Response

from tickets.api.offer import Asking, Desk, answer, offer, parse_query
from tickets.domain.access import Action, Thing
from tickets.domain.people import Erased, PersonList, PersonQuery, PersonView
from tickets.web.downloads import export_answer

router: Final = APIRouter(tags=["people"])


@offer(
    router, "GET", "/people", Action.LIST, Thing.PEOPLE,
    summary="Find requesters", query=PersonQuery, gives=PersonList,
)  # fmt: skip
async def list_people(request: Request, desk: Desk, actor: Asking) -> Response:
    """By part of an address or a name; at most fifty."""
    return answer(await desk.people.listed(actor, parse_query(request, PersonQuery)))


@offer(router, "GET", "/people/{person}", Action.READ, Thing.PEOPLE, summary="Read a requester", gives=PersonView)
async def get_person(person: str, desk: Desk, actor: Asking) -> Response:
    """With how many tickets are theirs."""
    return answer(await desk.people.get(actor, person))


@offer(
    router, "GET", "/people/{person}/export", Action.READ, Thing.PEOPLE,
    summary="Hand out all data of a person", gives_bytes=("application/zip",),
)  # fmt: skip
async def export_person(person: str, desk: Desk, actor: Asking) -> Response:
    """A ZIP file: `person.json` and the files that belong to the person's tickets; no internal notes."""
    return export_answer(await desk.people.export(actor, person))


@offer(
    router, "POST", "/people/{person}/erase", Action.REMOVE, Thing.PEOPLE,
    summary="Erase all data of a person", gives=Erased,
)  # fmt: skip
async def erase_person(person: str, desk: Desk, actor: Asking) -> Response:
    """Words, files, mails, name and address are gone for good; times, states and numbers stay."""
    return answer(await desk.people.erase(actor, person))
