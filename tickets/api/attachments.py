"""`/tickets/{tracking}/attachments`: files, and the HTML of mails."""

from http import HTTPStatus
from typing import Any, Final

from fastapi import APIRouter, Request
from fastapi.responses import Response

from tickets.api.offer import Asking, Desk, answer, offer
from tickets.domain.access import ANY_TICKET, Action
from tickets.domain.attachments import AttachmentView
from tickets.web.downloads import FILE_TYPES, file_answer, mail_answer
from tickets.web.uploads import MAX_UPLOAD_BYTES, NAME_HEADER, receive_file

router: Final = APIRouter(tags=["attachments"])

FILE_BODY: Final[dict[str, Any]] = {
    "application/octet-stream": {"schema": {"type": "string", "format": "binary"}},
    "multipart/form-data": {
        "schema": {
            "type": "object",
            "required": ["file"],
            "properties": {"file": {"type": "string", "format": "binary"}},
        }
    },
}
NAME_PARAMETER: Final = {
    "name": NAME_HEADER,
    "in": "header",
    "required": False,
    "schema": {"type": "string"},
    "description": "The file's name in percent-encoded UTF-8, when the body is the file itself.",
}


@offer(
    router, "POST", "/tickets/{tracking}/attachments", Action.ATTACH, *ANY_TICKET,
    summary="Send a file", gives=AttachmentView, status=HTTPStatus.CREATED, max_body=MAX_UPLOAD_BYTES,
    described={"requestBody": {"required": True, "content": FILE_BODY}, "parameters": [NAME_PARAMETER]},
    refuses=(HTTPStatus.TOO_MANY_REQUESTS,),
)  # fmt: skip
async def add_attachment(request: Request, tracking: str, desk: Desk, actor: Asking) -> Response:
    """Name its id in a message within a day. One file in a form, or its bytes with the header X-File-Name."""
    async with receive_file(request, desk.attachments.receive) as file:
        added = await desk.attachments.add(actor, tracking, file)
    return answer(added, HTTPStatus.CREATED)


@offer(
    router, "GET", "/tickets/{tracking}/attachments/{attachment}", Action.READ, *ANY_TICKET,
    summary="Get a file", gives_bytes=FILE_TYPES,
)  # fmt: skip
async def get_attachment(tracking: str, attachment: str, desk: Desk, actor: Asking) -> Response:
    """To be saved; only images of known kinds may be shown."""
    return file_answer(await desk.attachments.open(actor, tracking, attachment))


@offer(
    router, "GET", "/tickets/{tracking}/messages/{entry}/html", Action.READ, *ANY_TICKET,
    summary="Get the HTML of a mail", gives_bytes=("text/html",),
)  # fmt: skip
async def get_html(tracking: str, entry: str, desk: Desk, actor: Asking) -> Response:
    """For a sandboxed frame: it loads nothing and runs nothing."""
    return mail_answer(await desk.attachments.html(actor, tracking, entry))
