"""`/incoming-mail`: mail that waits for a decision, and addresses that sent mail of ours back."""

from http import HTTPStatus
from typing import Annotated, Final

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response

from tickets.api.offer import Asking, Desk, answer, body_of, offer, parse_query
from tickets.domain.access import Action, Thing
from tickets.domain.errors import NotFound
from tickets.domain.intake import (
    AttachMail,
    BlockedAddressList,
    ClearAddress,
    IncomingMail,
    IncomingMailList,
    IncomingMailQuery,
    IncomingMailView,
)
from tickets.web.raw_mail import raw_mail_answer

router: Final = APIRouter(tags=["incoming mail"])

_LARGEST: Final = 2**53


def mail_of(text: str) -> int:
    """Return the number of a mail in an address. Raises NotFound for anything else."""
    if not (text.isascii() and text.isdigit() and 0 < int(text[:20]) < _LARGEST):
        raise NotFound("mail")
    return int(text)


@offer(
    router, "GET", "/incoming-mail", Action.LIST, Thing.INCOMING_MAIL,
    summary="List mail that came in", query=IncomingMailQuery, gives=IncomingMailList,
)  # fmt: skip
async def list_incoming_mail(request: Request, desk: Desk, actor: Asking) -> Response:
    """Mail that waits for a decision, unless another `state` is asked for; the newest first."""
    return answer(await desk.intake.listed(actor, parse_query(request, IncomingMailQuery)))


@offer(
    router, "GET", "/incoming-mail/blocked-addresses", Action.LIST, Thing.INCOMING_MAIL,
    summary="List addresses that get no more mail", gives=BlockedAddressList,
)  # fmt: skip
async def list_blocked_addresses(desk: Desk, actor: Asking) -> Response:
    """Mail to them came back for good."""
    return answer(await desk.intake.blocked(actor))


@offer(
    router, "POST", "/incoming-mail/blocked-addresses/clear", Action.CHANGE, Thing.INCOMING_MAIL,
    summary="Let an address have mail again", takes=ClearAddress, status=HTTPStatus.NO_CONTENT,
)  # fmt: skip
async def clear_address(
    desk: Desk, actor: Asking, new: Annotated[ClearAddress, Depends(body_of(ClearAddress))]
) -> Response:
    """For an address that is right after all."""
    await desk.intake.clear(actor, new.address)
    return Response(status_code=HTTPStatus.NO_CONTENT)


@offer(
    router, "GET", "/incoming-mail/{mail}", Action.READ, Thing.INCOMING_MAIL,
    summary="Look at a mail", gives=IncomingMailView,
)  # fmt: skip
async def get_incoming_mail(mail: str, desk: Desk, actor: Asking) -> Response:
    """Its text, who wrote it to whom, and what is attached."""
    return answer(await desk.intake.get(actor, mail_of(mail)))


@offer(
    router, "GET", "/incoming-mail/{mail}/raw", Action.READ, Thing.INCOMING_MAIL,
    summary="Get a mail as it came", gives_bytes=("application/octet-stream",),
)  # fmt: skip
async def get_raw_mail(mail: str, desk: Desk, actor: Asking) -> Response:
    """Byte for byte."""
    ident = mail_of(mail)
    return raw_mail_answer(ident, await desk.intake.raw(actor, ident))


@offer(
    router, "POST", "/incoming-mail/{mail}/replay", Action.CHANGE, Thing.INCOMING_MAIL,
    summary="Have a mail looked at once more", gives=IncomingMail,
)  # fmt: skip
async def replay_mail(mail: str, desk: Desk, actor: Asking) -> Response:
    """As if it came now."""
    return answer(await desk.intake.replay(actor, mail_of(mail)))


@offer(
    router, "POST", "/incoming-mail/{mail}/attach", Action.CHANGE, Thing.INCOMING_MAIL,
    summary="Say to which ticket a mail belongs", takes=AttachMail, gives=IncomingMail,
)  # fmt: skip
async def attach_mail(
    mail: str, desk: Desk, actor: Asking, new: Annotated[AttachMail, Depends(body_of(AttachMail))]
) -> Response:
    """It becomes a message of its sender there; no limit counts."""
    return answer(await desk.intake.attach(actor, mail_of(mail), new.tracking))


@offer(
    router, "POST", "/incoming-mail/{mail}/file", Action.CHANGE, Thing.INCOMING_MAIL,
    summary="Make a ticket of a mail", gives=IncomingMail,
)  # fmt: skip
async def file_mail(mail: str, desk: Desk, actor: Asking) -> Response:
    """Whatever ticket it names; no limit counts."""
    return answer(await desk.intake.file(actor, mail_of(mail)))


@offer(
    router, "POST", "/incoming-mail/{mail}/ignore", Action.CHANGE, Thing.INCOMING_MAIL,
    summary="Decide that nothing becomes of a mail", gives=IncomingMail,
)  # fmt: skip
async def ignore_mail(mail: str, desk: Desk, actor: Asking) -> Response:
    """It is kept."""
    return answer(await desk.intake.ignore(actor, mail_of(mail)))


@offer(
    router, "DELETE", "/incoming-mail/{mail}", Action.REMOVE, Thing.INCOMING_MAIL,
    summary="Forget what a mail said", status=HTTPStatus.NO_CONTENT, refuses=(HTTPStatus.CONFLICT,),
)  # fmt: skip
async def delete_mail(mail: str, desk: Desk, actor: Asking) -> Response:
    """For admins. That it came stays known, so that it does not come back."""
    await desk.intake.delete(actor, mail_of(mail))
    return Response(status_code=HTTPStatus.NO_CONTENT)
