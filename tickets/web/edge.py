"""The outermost layer: security headers on every answer, and no traceback to anybody."""

import ipaddress
from typing import Final
from urllib.parse import urlsplit

import structlog
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from tickets.domain.errors import TooLarge
from tickets.web.problems import MAX_BODY_BYTES, desk_error, problem_answer
from tickets.web.uploads import MAX_UPLOAD_BYTES, takes_files

_log = structlog.get_logger("tickets")


def security_headers(public_url: str) -> dict[str, str]:
    """Return the headers for everything under `public_url`.

    The referrer policy is not `no-referrer`: with that browsers send `Origin: null` with our own forms, and the guard
    could not tell them from another site's (Fetch Standard, "append a request Origin header").
    """
    parts = urlsplit(public_url)
    socket = f"{'wss' if parts.scheme == 'https' else 'ws'}://{parts.netloc}"
    headers = {
        "content-security-policy": (
            "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; "
            f"connect-src 'self' {socket}; worker-src 'self'; frame-src 'self'; form-action 'self'; "
            "frame-ancestors 'none'; base-uri 'none'"
        ),
        "referrer-policy": "same-origin",
        "x-content-type-options": "nosniff",
        "permissions-policy": "camera=(), microphone=(), geolocation=(), payment=(), usb=()",
        "cross-origin-opener-policy": "same-origin",
        "cross-origin-resource-policy": "same-origin",
    }
    if parts.scheme == "https" and not _is_loopback(parts.hostname or ""):
        # On a loopback name it would force HTTPS on every other program of that machine.
        headers["strict-transport-security"] = "max-age=31536000"
    return headers


class Edge:
    """ASGI middleware around the whole desk; a header that an answer already has stays."""

    def __init__(self, app: ASGIApp, public_url: str) -> None:
        """`public_url` is where browsers find the desk."""
        self.app: Final = app
        self.headers: Final = security_headers(public_url)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on; what goes wrong unforeseen is logged and answered with a problem document."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        if "\0" in scope["path"]:
            # Nothing is called so, and not every database can be asked for it.
            scope = {**scope, "path": scope["path"].replace("\0", "\N{REPLACEMENT CHARACTER}")}
        started = False

        async def send_with_headers(message: Message) -> None:
            nonlocal started
            if message["type"] == "http.response.start":
                started = True
                headers = MutableHeaders(scope=message)
                for name, value in self.headers.items():
                    headers.setdefault(name, value)
            await send(message)

        try:
            limit = MAX_UPLOAD_BYTES if takes_files(scope["path"]) else MAX_BODY_BYTES
            if _declared_bytes(scope) > limit:
                raise TooLarge(limit)  # noqa: TRY301 - one way out for all refusals
            await self.app(scope, receive, send_with_headers)
        except TooLarge as error:
            await problem_answer(error)(scope, receive, send_with_headers)
        except Exception as error:  # noqa: BLE001 - the edge of the request: nothing may get past it
            # The path may hold a tracking number, which is public; queries and bodies are not logged.
            _log.error("request failed", path=scope["path"], method=scope["method"], exc_info=error)
            if not started:
                await problem_answer(desk_error(error))(scope, receive, send_with_headers)


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _declared_bytes(scope: Scope) -> int:
    """Return the body's length as its sender states it; one that states none is counted while it is read."""
    text = Headers(scope=scope).get("content-length", "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else 0
