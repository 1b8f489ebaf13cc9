"""Problem documents (RFC 9457): the one place where an error becomes an answer."""

from typing import Final

import msgspec
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
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

# `character_not_in_repertoire`: PostgreSQL keeps no text with U+0000.
_NO_SUCH_CHARACTER: Final = "22021"
_UNKEPT: Final = "The request contains characters that can't be kept. Please write them again."


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
        case DBAPIError() | UnicodeEncodeError() if _is_unkept(error):
            return Invalid("", _UNKEPT)
        case SQLAlchemyError() | OSError():
            # Locked for too long, disk full, connection lost: nothing was written, so trying again is right.
            return Unavailable()
        case _:
            return Broken()


def _is_unkept(error: Exception) -> bool:
    """Whether a text had characters that no database keeps: U+0000, or half of a pair."""
    cause = error.orig if isinstance(error, DBAPIError) else error
    return isinstance(cause, UnicodeEncodeError) or getattr(cause, "sqlstate", None) == _NO_SUCH_CHARACTER


async def answer_problem(_request: Request, error: Exception) -> Response:
    """Answer any exception; used as Starlette's exception handler."""
    return problem_answer(desk_error(error))
