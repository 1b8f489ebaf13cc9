"""Mail that goes out: wordings and the outbox for admins, links by mail and the answer to how it was for everybody."""

from http import HTTPStatus
from typing import Annotated, Final

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response

from tickets.api.offer import Address, Asking, Desk, answer, body_of, offer, parse_query
from tickets.domain.access import Action, Thing
from tickets.domain.errors import NotFound
from tickets.domain.outgoing import (
    Done,
    LinkRequest,
    ListKey,
    MailPreview,
    MailTemplateList,
    MailTemplateView,
    MyRequests,
    NewRating,
    NewWording,
    OutboxNumbers,
    OutboxPage,
    OutboxQuery,
    RatingView,
    WordingReset,
)

router: Final = APIRouter(tags=["mail out"])

_MOST_DIGITS: Final = 18


def mail_id(text: str) -> int:
    """Return the number of a mail in an address. Raises NotFound."""
    if not (text.isascii() and text.isdigit() and len(text) <= _MOST_DIGITS):
        raise NotFound("unsent mail")
    return int(text)


@offer(
    router, "POST", "/tickets/{tracking}/link", Action.SUBMIT, Thing.MAILED_LINKS,
    summary="Have the link to a request mailed to its requester", takes=LinkRequest, status=HTTPStatus.ACCEPTED,
    refuses=(HTTPStatus.TOO_MANY_REQUESTS,),
)  # fmt: skip
async def ask_for_link(
    tracking: str,
    desk: Desk,
    actor: Asking,
    address: Address,
    new: Annotated[LinkRequest, Depends(body_of(LinkRequest))],
) -> Response:
    """The answer is the same whether or not there is such a request of this address."""
    await desk.links.ask(actor, tracking or "-", new.email, address=address)
    return Response(status_code=HTTPStatus.ACCEPTED, headers={"cache-control": "no-store"})


@offer(
    router, "POST", "/my/link", Action.SUBMIT, Thing.MAILED_LINKS,
    summary="Have the link to all of one's requests mailed", takes=LinkRequest, status=HTTPStatus.ACCEPTED,
    refuses=(HTTPStatus.TOO_MANY_REQUESTS,),
)  # fmt: skip
async def ask_for_list(
    desk: Desk, actor: Asking, address: Address, new: Annotated[LinkRequest, Depends(body_of(LinkRequest))]
) -> Response:
    """The answer is the same whether or not this address has any."""
    await desk.links.ask(actor, "", new.email, address=address)
    return Response(status_code=HTTPStatus.ACCEPTED, headers={"cache-control": "no-store"})


@offer(
    router, "POST", "/my/requests", Action.READ, Thing.MAILED_LINKS,
    summary="List one's requests with the key of a mailed link", takes=ListKey, gives=MyRequests,
    refuses=(HTTPStatus.GONE, HTTPStatus.TOO_MANY_REQUESTS),
)  # fmt: skip
async def list_own(
    desk: Desk, actor: Asking, address: Address, new: Annotated[ListKey, Depends(body_of(ListKey))]
) -> Response:
    """The key is good for one hour."""
    return answer(await desk.links.opened(actor, new.key, address=address))


@offer(
    router, "POST", "/tickets/{tracking}/rating", Action.JUDGE, Thing.MAILED_LINKS,
    summary="Say how the help was", takes=NewRating, gives=RatingView, refuses=(HTTPStatus.TOO_MANY_REQUESTS,),
)  # fmt: skip
async def rate_ticket(
    tracking: str, desk: Desk, actor: Asking, address: Address, new: Annotated[NewRating, Depends(body_of(NewRating))]
) -> Response:
    """With the key out of the closing mail; it may be changed for 14 days."""
    return answer(await desk.ratings.rate(actor, tracking, new, address=address))


@offer(
    router, "GET", "/mail/templates", Action.SEE, Thing.ADMINISTRATION,
    summary="List the wordings of mail", gives=MailTemplateList,
)  # fmt: skip
async def list_templates(desk: Desk, actor: Asking) -> Response:
    """One for each kind of mail and language."""
    return answer(await desk.mail_templates.listed(actor))


@offer(
    router, "GET", "/mail/templates/{kind}/{language}", Action.SEE, Thing.ADMINISTRATION,
    summary="Read the wording of one kind of mail", gives=MailTemplateView,
)  # fmt: skip
async def get_template(kind: str, language: str, desk: Desk, actor: Asking) -> Response:
    """With the words and filters that it may use."""
    return answer(await desk.mail_templates.get(actor, kind, language))


@offer(
    router, "PUT", "/mail/templates/{kind}/{language}", Action.CHANGE, Thing.ADMINISTRATION,
    summary="Change the wording of one kind of mail", takes=NewWording, gives=MailTemplateView,
)  # fmt: skip
async def put_template(
    kind: str, language: str, desk: Desk, actor: Asking, new: Annotated[NewWording, Depends(body_of(NewWording))]
) -> Response:
    """It is tried first; what is wrong is named with its line."""
    return answer(await desk.mail_templates.save(actor, kind, language, new))


@offer(
    router, "POST", "/mail/templates/{kind}/{language}/reset", Action.CHANGE, Thing.ADMINISTRATION,
    summary="Go back to the built-in wording", takes=WordingReset, gives=MailTemplateView,
)  # fmt: skip
async def reset_template(
    kind: str, language: str, desk: Desk, actor: Asking, new: Annotated[WordingReset, Depends(body_of(WordingReset))]
) -> Response:
    """Earlier revisions stay in the database."""
    return answer(await desk.mail_templates.reset(actor, kind, language, new))


@offer(
    router, "POST", "/mail/templates/{kind}/{language}/preview", Action.SEE, Thing.ADMINISTRATION,
    summary="Try a wording on a made-up request", takes=NewWording, gives=MailPreview,
)  # fmt: skip
async def preview_template(
    kind: str, language: str, desk: Desk, actor: Asking, new: Annotated[NewWording, Depends(body_of(NewWording))]
) -> Response:
    """Nothing is saved or sent."""
    return answer(await desk.mail_templates.preview(actor, kind, language, new))


@offer(
    router, "GET", "/mail/outbox", Action.SEE, Thing.ADMINISTRATION,
    summary="List mail that goes out", query=OutboxQuery, gives=OutboxPage,
)  # fmt: skip
async def list_outbox(request: Request, desk: Desk, actor: Asking) -> Response:
    """In one state, the newest first."""
    return answer(await desk.outbox.listed(actor, parse_query(request, OutboxQuery)))


@offer(
    router, "GET", "/mail/outbox/numbers", Action.SEE, Thing.ADMINISTRATION,
    summary="How outgoing mail does", gives=OutboxNumbers,
)  # fmt: skip
async def outbox_numbers(desk: Desk, actor: Asking) -> Response:
    """How many wait, are held, were given up, were sent."""
    return answer(await desk.outbox.numbers(actor))


@offer(
    router, "POST", "/mail/outbox/retry", Action.CHANGE, Thing.ADMINISTRATION,
    summary="Try all unsent mail now", gives=Done,
)  # fmt: skip
async def retry_all(desk: Desk, actor: Asking) -> Response:
    """Also what is held and what was given up."""
    return answer(Done(await desk.outbox.retry(actor, None)))


@offer(
    router, "POST", "/mail/outbox/{mail}/retry", Action.CHANGE, Thing.ADMINISTRATION,
    summary="Try one unsent mail now", gives=Done,
)  # fmt: skip
async def retry_one(mail: str, desk: Desk, actor: Asking) -> Response:
    """As if it were new."""
    return answer(Done(await desk.outbox.retry(actor, mail_id(mail))))


@offer(
    router, "POST", "/mail/outbox/{mail}/drop", Action.CHANGE, Thing.ADMINISTRATION,
    summary="Take one unsent mail out", status=HTTPStatus.NO_CONTENT,
)  # fmt: skip
async def drop_one(mail: str, desk: Desk, actor: Asking) -> Response:
    """It is not sent; that it was there stays."""
    await desk.outbox.drop(actor, mail_id(mail))
    return Response(status_code=HTTPStatus.NO_CONTENT)
