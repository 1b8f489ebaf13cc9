"""Files that belong to a ticket, and what else a message brings: values, names, and the service's port."""

import re
import unicodedata
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol

import msgspec

from tickets.domain.access import Actor
from tickets.domain.values import Channel

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


@dataclass(frozen=True)
class KeptFile:
    """A whole file in its temporary place, on disk; `content` is its SHA-256 in hex, `kind` its sniffed type."""

    path: Path
    content: str
    size: int
    kind: str


@dataclass(frozen=True)
class NewFile:
    """A file that came with a message; `kept` is what `FileStore.put` or `Incoming.finish` returned.

    `cid` is the Content-ID by which the HTML of a mail names it.
    """

    kept: KeptFile
    name: str
    declared: str = ""
    cid: str = ""
    inline: bool = False


@dataclass(frozen=True)
class MessageExtras:
    """What a message brings besides its words.

    `quoted` is the folded rest of a mail, `html` its HTML as it came: it is made safe each time it is shown.
    `attachments` come with the message, `uploaded` are the ids of files that the same person sent before.
    `language` is that of the page on which it was written; mail about it speaks that language.
    """

    channel: Channel | None = None
    quoted: str = ""
    html: str = ""
    attachments: Sequence[NewFile] = ()
    uploaded: Sequence[str] = ()
    language: str = ""


NOTHING_MORE: Final = MessageExtras()


@dataclass(frozen=True)
class FileContent:
    """A file to be sent: what it is, and its bytes piece by piece."""

    view: AttachmentView
    pieces: AsyncIterator[bytes]


class Incoming(Protocol):
    """A file that is being received, into a temporary place."""

    def write(self, chunk: bytes) -> None:
        """Take the next bytes. Raises TooLarge when the file grows over the limit."""

    async def finish(self) -> KeptFile:
        """Return the whole file when it is on disk for sure."""

    def discard(self) -> None:
        """Forget it; nothing to do when it was kept."""


class Attachments(Protocol):
    """Files of tickets. Those with a `tracking` number raise TicketNotFound, NotAllowed."""

    def receive(self) -> Incoming:
        """Begin to receive a file; whoever does discards it in the end, which leaves one that was kept alone."""

    async def add(self, actor: Actor, tracking: str, file: NewFile) -> AttachmentView:
        """Keep a file for a message that its sender is about to write.

        Raises Invalid when it is empty or the ticket has too much already, TicketClosed, TooManyTries.
        """

    async def open(self, actor: Actor, tracking: str, attachment: str) -> FileContent:
        """Return a file as this person may have it. Raises NotFound."""

    async def html(self, actor: Actor, tracking: str, entry: str) -> bytes:
        """Return the HTML of a mail as a document for a sandbox. Raises NotFound."""
