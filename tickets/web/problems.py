"""Problem documents (RFC 9457): the one place where an error becomes an answer."""

from typing import Final

import msgspec
from sqlalchemy.exc import SQLAlchemyError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from tickets.domain.errors import (
    Broken,
    DeskError,
    Invalid,
    MethodNotAllowed,
    NotFound,
    TooLarge,
    TooManyTries,
    Unavailable,
)

TYPE_BASE: Final = "https://towline.example/problems/"
MEDIA_TYPE: Final = "application/problem+json"

# The largest body is an article of 100,000 characters.
MAX_BODY_BYTES: Final = 524_288


class Problem(msgspec.Struct, frozen=True):
    """An error as programs and people read it: `type` is stable, `detail` says what to do."""

    type: str
    title: str
    status: int
    detail: str


def problem_of(error: DeskError) -> Problem:
    """Return the document for an error of ours."""
    return Problem(f"{TYPE_BASE}{error.slug}", error.title, error.status, error.detail)


def headers_of(error: DeskError) -> dict[str, str]:
    """Return the headers that belong to an error."""
    if isinstance(error, TooManyTries):
        return {"retry-after": str(error.retry_after_s)}
    return {"www-authenticate": "Bearer"} if error.status == 401 else {}


def problem_answer(error: DeskError) -> Response:
    """Return the answer for an error of ours."""
    return Response(
        msgspec.json.encode(problem_of(error)),
        status_code=error.status,
        media_type=MEDIA_TYPE,
        headers={**headers_of(error), "cache-control": "no-store"},
    )


def desk_error(error: Exception) -> DeskError:
    """Return what an exception means to the person who asked."""
    match error:
        case DeskError():
            return error
        case HTTPException(status_code=404):
            return NotFound()
        case HTTPException(status_code=405):
            return MethodNotAllowed()
        case HTTPException(status_code=413):
            return TooLarge(MAX_BODY_BYTES)
        case HTTPException(status_code=code) if code < 500:
            return Invalid("", "The request could not be read. Check its form.")
        case SQLAlchemyError() | OSError():
            # Locked for too long, disk full, connection lost: nothing was written, so trying again is right.
            return Unavailable()
        case _:
            return Broken()


async def answer_problem(_request: Request, error: Exception) -> Response:
    """Answer any exception; used as Starlette's exception handler."""
    return problem_answer(desk_error(error))
