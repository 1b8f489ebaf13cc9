"""No other site may act through a person's browser: exact origins and `Sec-Fetch-Site` on all that changes state.

Sources: Fetch Standard (`Origin` header), W3C Fetch Metadata Request Headers.
"""

from typing import Final

from starlette.datastructures import Headers
from starlette.requests import cookie_parser
from starlette.responses import PlainTextResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from tickets.domain.errors import WrongOrigin
from tickets.web.asking import COOKIE
from tickets.web.problems import problem_answer

_SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS"})


def is_ours(method: str, headers: Headers, origins: frozenset[str]) -> bool:
    """Whether this request may change anything as far as its origin goes.

    An `Origin`, where there is one, has to be ours; a request that a cookie vouches for must have one. Programs that
    send a bearer token need none.
    """
    if method in _SAFE:
        return True
    origin = headers.get("origin")
    if origin is not None and origin not in origins:
        return False
    if headers.get("sec-fetch-site", "same-origin") != "same-origin":
        return False
    has_cookie = COOKIE in cookie_parser(headers.get("cookie", ""))
    by_cookie = has_cookie and "authorization" not in headers
    return origin is not None or not by_cookie


def _refusal(scope: Scope) -> Response:
    """Return a problem document, or the same words for a person who sent a form."""
    error = WrongOrigin()
    if scope["path"].startswith("/api/") or "text/html" not in Headers(scope=scope).get("accept", ""):
        return problem_answer(error)
    return PlainTextResponse(f"{error.title}\n\n{error.detail}\n", error.status, {"cache-control": "no-store"})


class OriginGuard:
    """ASGI middleware in front of pages and API."""

    def __init__(self, app: ASGIApp, origins: frozenset[str]) -> None:
        """`origins` is the exact allow-list."""
        self.app: Final = app
        self.origins: Final = origins

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer 403 to what another site made, pass everything else on."""
        if scope["type"] == "http" and not is_ours(scope["method"], Headers(scope=scope), self.origins):
            await _refusal(scope)(scope, receive, send)
            return
        await self.app(scope, receive, send)
