"""Files on their way to a browser, which is to save them; a picture of an allowed kind it may show."""

from collections.abc import Mapping
from typing import Final
from urllib.parse import quote

from starlette.responses import Response, StreamingResponse

from tickets.domain.attachments import FileContent
from tickets.domain.file_types import SHOWN, UNKNOWN
from tickets.domain.people import ExportFile
from tickets.mail.reading.cleaning import SANDBOX_POLICY

LOCKED: Final = "default-src 'none'; sandbox"
"""The policy of a file: should a browser show it after all, it can neither load nor run anything."""
# Saved under their own type; for everything else a browser is told nothing it could act upon.
_PLAIN: Final = frozenset({"application/pdf", "application/zip", "text/plain"})
FILE_TYPES: Final = (UNKNOWN, *sorted(SHOWN | _PLAIN))
"""The media types that files are sent as."""


def disposition(name: str, *, shown: bool) -> str:
    """Return the header that names a file, in ASCII and in full (RFC 6266)."""
    plain = "".join(char if " " <= char <= "~" and char not in '"\\%' else "_" for char in name)
    return f"{'inline' if shown else 'attachment'}; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"


def file_headers(file: FileContent) -> Mapping[str, str]:
    """Return the headers of a file."""
    return {
        "content-disposition": disposition(file.view.name, shown=file.view.shown),
        "content-length": str(file.view.size_bytes),
        "content-security-policy": LOCKED,
        "x-content-type-options": "nosniff",
        "cache-control": "private, no-store",
    }


def file_answer(file: FileContent) -> Response:
    """Return a file, piece by piece."""
    kind = file.view.type if file.view.shown or file.view.type in _PLAIN else UNKNOWN
    return StreamingResponse(file.pieces, headers=file_headers(file), media_type=kind)


def export_answer(file: ExportFile) -> Response:
    """Return a person's data as a file to be saved."""
    headers = {"content-disposition": disposition(file.name, shown=False), "cache-control": "private, no-store"}
    return StreamingResponse(file.pieces, headers=headers, media_type="application/zip")


def mail_answer(document: bytes) -> Response:
    """Return the HTML of a mail, for a frame without rights; the policy allows what `sandbox_document` needs."""
    headers = {"content-security-policy": SANDBOX_POLICY, "cache-control": "private, no-store"}
    return Response(document, headers=headers, media_type="text/html")
