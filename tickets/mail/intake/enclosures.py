"""The files of a mail: those that a ticket may have are put on disk, of the others a line says why not."""

from dataclasses import dataclass
from typing import Final

from tickets.domain.attachments import KeptFile, NewFile, safe_name
from tickets.domain.errors import TooLarge
from tickets.domain.file_types import HEAD_BYTES, sniff
from tickets.mail.reading.mail import Attachment, Mail
from tickets.services.context import Context

# Programs have no business in a request; a technician who needs one has the raw mail.
_PROGRAMS: Final = frozenset({"application/x-msdownload", "application/x-executable"})


@dataclass(frozen=True)
class Enclosures:
    """Files that wait in their temporary place until a transaction takes them, and what was left out, for people."""

    files: tuple[NewFile, ...] = ()
    remarks: tuple[str, ...] = ()


async def put_by(context: Context, mail: Mail) -> Enclosures:
    """Put a mail's files on disk; a transaction settles them, `discard` forgets them."""
    limits = context.settings.attachments
    files: list[NewFile] = []
    remarks: list[str] = []
    total = 0
    for attachment in mail.attachments:
        name, size = safe_name(attachment.name), len(attachment.content)
        why = ""
        if not attachment.content:
            continue
        if sniff(attachment.content[:HEAD_BYTES]) in _PROGRAMS:
            why = "it is a program"
        elif len(files) >= limits.message_count:
            why = f"the mail has more than {limits.message_count} files"
        elif size > limits.file_bytes or total + size > limits.ticket_bytes:
            why = f"it is too large ({size / 1_048_576:.1f} MB)"
        else:
            kept = await _kept(context, attachment)
            if kept is None:
                why = f"it is too large ({size / 1_048_576:.1f} MB)"
            else:
                total += size
                files.append(
                    NewFile(kept, name, attachment.content_type, cid=attachment.content_id, inline=attachment.inline)
                )
        if why:
            remarks.append(f"The file {name} was left out: {why}. The mail as it came has it.")
    return Enclosures(tuple(files), tuple(remarks[:10]))


def discard(enclosures: Enclosures) -> None:
    """Forget files that no transaction took; those that one took are elsewhere by now."""
    for file in enclosures.files:
        file.kept.path.unlink(missing_ok=True)


async def _kept(context: Context, attachment: Attachment) -> KeptFile | None:
    try:
        return await context.files.put(attachment.content)
    except TooLarge:
        return None
