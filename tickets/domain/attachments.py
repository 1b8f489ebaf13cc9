"""Files that belong to a ticket: how they are shown, named and limited, and the service's port."""

import re
import unicodedata
from collections.abc import AsyncIterator
from typing import Final, Protocol

import msgspec

from tickets.domain.access import Actor

MAX_NAME: Final = 120
NAMELESS: Final = "file"

# Path separators of every system, what Windows forbids, controls, and characters that turn the direction of a text.
_UNSAFE: Final = re.compile('[\x00-\x1f\x7f-\x9f<>:"/\\\\|?*\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]')
_RESERVED: Final = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?\Z", re.IGNORECASE)


def safe_name(text: str) -> str:
    """Return a file name without a path and without tricks: the last part of what was given, at most MAX_NAME long.

    The end of a long name stays, since people and programs go by its extension.
    """
    last = re.split(r"[/\\]", text.strip())[-1]
    sound = last.encode("utf-8", "replace").decode("utf-8")
    plain = " ".join(_UNSAFE.sub(" ", unicodedata.normalize("NFC", sound)).split()).strip(". ")
    if not plain:
        return NAMELESS
    if _RESERVED.match(plain):
        plain = f"_{plain}"
    if len(plain) > MAX_NAME:
        stem, dot, extension = plain.rpartition(".")
        kept = f".{extension}" if dot and stem and len(extension) <= 16 else ""
        plain = plain[: MAX_NAME - len(kept)].rstrip(". ") + kept
    return plain


class AttachmentView(msgspec.Struct, frozen=True):
    """A file of a ticket; `type` is what its bytes say it is. `shown`: a page may show it as an image.

    `cid` is the name by which an HTML mail calls it; `inline`: its message shows it in its text.
    """

    id: str
    name: str
    type: str
    size_bytes: int
    shown: bool
    inline: bool
    internal: bool
    cid: str = ""


class FileContent(msgspec.Struct, frozen=True):
    """A file to be sent: what it is, and its bytes piece by piece."""

    view: AttachmentView
    chunks: AsyncIterator[bytes]


class Incoming(Protocol):
    """A file that is being received; it is nowhere but in a temporary place until a message takes it."""

    def write(self, chunk: bytes) -> None:
        """Take the next bytes. Raises TooLarge when the file grows over the limit."""

    def discard(self) -> None:
        """Forget it; nothing to do when it was kept."""


class Attachments(Protocol):
    """Files of tickets. Both raise TicketNotFound, NotAllowed."""

    async def add(self, actor: Actor, tracking: str, name: str, declared: str, file: Incoming) -> AttachmentView:
        """Keep a file that was received, for a message that its sender is about to write.

        Raises Invalid for an empty one or when the ticket has too much already, TooManyTries.
        """

    async def open(self, actor: Actor, tracking: str, attachment: str) -> FileContent:
        """Return a file as this person may have it. Raises NotFound."""

    def receive(self) -> Incoming:
        """Begin to receive a file."""
