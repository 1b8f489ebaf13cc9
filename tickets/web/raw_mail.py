"""A mail as it came, to be saved."""

from starlette.responses import Response

from tickets.web.downloads import LOCKED, disposition


def raw_mail_answer(mail: int, raw: bytes) -> Response:
    """Return the bytes; a browser is told nothing that it could act upon."""
    headers = {
        "content-disposition": disposition(f"mail-{mail}.eml", shown=False),
        "content-security-policy": LOCKED,
        "x-content-type-options": "nosniff",
        "cache-control": "private, no-store",
    }
    return Response(raw, headers=headers, media_type="application/octet-stream")
