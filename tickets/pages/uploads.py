"""Forms with files in them, and the same forms without: from a browser with JavaScript and from one without it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Final

from starlette.requests import Request

from tickets.domain.attachments import MessageExtras, NewFile
from tickets.domain.services import DeskServices
from tickets.domain.values import Channel
from tickets.pages.forms import Values, read_form, tidy
from tickets.web.uploads import receive_form

_MOST_FILES: Final = 20
UPLOADED: Final = "uploaded"
"""The field with the ids of files that a script has sent already, separated by spaces."""


@dataclass(frozen=True)
class FilledForm:
    """The fields of a form, and the files that came in it."""

    values: Values
    files: tuple[NewFile, ...] = ()

    @property
    def has_files(self) -> bool:
        """Whether files came; should the form come back with faults, they have to be chosen again."""
        return bool(self.files)

    def extras(self, channel: Channel) -> MessageExtras:
        """Return what the message brings besides its words."""
        uploaded = self.values.get(UPLOADED, "").split()[:_MOST_FILES]
        return MessageExtras(channel=channel, attachments=self.files, uploaded=uploaded)


@asynccontextmanager
async def filled_form(request: Request, desk: DeskServices) -> AsyncIterator[FilledForm]:
    """Give a form; files that nobody kept are gone after the block. Raises Invalid, TooLarge."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "multipart/form-data":
        yield FilledForm(await read_form(request))
        return
    async with receive_form(request, desk.attachments.receive, _MOST_FILES) as sent:
        yield FilledForm({name: tidy(value) for name, value in sent.fields.items()}, tuple(sent.files))
