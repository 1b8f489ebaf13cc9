"""Names of attached files that are safe to keep and to offer."""

import mimetypes
import re
import unicodedata
from typing import Final

from tickets.mail.reading.limits import MAX_FILE_NAME_CHARS

# What Windows refuses in a name, and what moves the reading direction or hides.
_REFUSED: Final = re.compile('[<>:"|?*\x00-\x1f\x7f\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufffd]')
_RESERVED: Final = re.compile(r"\A(?:con|prn|aux|nul|com\d|lpt\d)(?:\.|\Z)", re.IGNORECASE)
_EXTENSIONS: Final[dict[str, str]] = {
    "message/rfc822": ".eml",
    "text/calendar": ".ics",
    "text/rfc822-headers": ".txt",
    "message/delivery-status": ".txt",
    "message/feedback-report": ".txt",
    "application/ms-tnef": ".dat",
    "text/html": ".html",
    "text/plain": ".txt",
    "image/jpeg": ".jpg",
    "image/jpg": ".jpg",
}


def safe_name(name: str, content_type: str, number: int) -> str:
    """Return a file name without path, trick or excess; `number` tells nameless files apart."""
    last = re.split(r"[/\\]", unicodedata.normalize("NFC", name))[-1]
    tidy = re.sub(r"\s+", " ", _REFUSED.sub("", last)).strip(" .")
    if not tidy:
        extension = _EXTENSIONS.get(content_type) or mimetypes.guess_extension(content_type) or ".bin"
        return f"attachment-{number}{extension}"
    if _RESERVED.match(tidy):
        tidy = f"_{tidy}"
    stem, dot, extension = tidy.rpartition(".")
    if dot and len(extension) <= 10:
        return f"{stem[: MAX_FILE_NAME_CHARS - len(extension) - 1].rstrip(' .')}.{extension}"
    return tidy[:MAX_FILE_NAME_CHARS]
