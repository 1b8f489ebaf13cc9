"""The server's HTTP API as a technician's program uses it (docs/http-api); every problem is one line for people."""

import ssl
from types import TracebackType
from typing import Annotated, Any, Final, Self, TypeVar

import httpx
import msgspec

from protocol.encoding import pack_b64
from technician_viewer.errors import ApiError, NotLoggedIn, ViewerError
from technician_viewer.offer import SessionOffer, parse_offer
from technician_viewer.transport import Server, is_loopback, unreachable

TIMEOUT_S: Final = 20.0
# A page of the queue is far below; a server that sends on and on is not read on and on.
MAX_ANSWER_BYTES: Final = 4_194_304
_MAX_LINE: Final = 400


class Person(msgspec.Struct, frozen=True):
    """A technician."""

    id: str
    name: str


class Requester(msgspec.Struct, frozen=True):
    """Who asked."""

    name: str = ""
    email: str = ""


class Ticket(msgspec.Struct, frozen=True):
    """A ticket as the queue shows it."""

    tracking: str
    title: str
    category: str
    urgency: str
    asset: str
    status: str
    requester: Requester
    assignee: Person | None
    created_at: str
    updated_at: str
    agent_online: bool = False


class Queue(msgspec.Struct, frozen=True):
    """A stretch of the queue; `next_cursor` gets the next one."""

    items: tuple[Ticket, ...]
    next_cursor: str | None = None


class LoggedIn(msgspec.Struct, frozen=True):
    """A fresh API token and whose it is."""

    token: Annotated[str, msgspec.Meta(min_length=16)]
    technician: Person

    def __repr__(self) -> str:
        return f"LoggedIn(technician={self.technician!r})"


class Certified(msgspec.Struct, frozen=True):
    """A device certificate in b64."""

    certificate: str
    not_after: str


class Organisation(msgspec.Struct, frozen=True):
    """Whom the server works for; `id` is the b64 id that viewers pin."""

    name: str
    id: str


class Submitted(msgspec.Struct, frozen=True):
    """A ticket just filed."""

    tracking: str
    requester_token: str

    def __repr__(self) -> str:
        return f"Submitted(tracking={self.tracking!r})"


class JoinCode(msgspec.Struct, frozen=True):
    """A code to read out."""

    code: str
    expires_at: str

    def __repr__(self) -> str:
        return f"JoinCode(expires_at={self.expires_at!r})"


class _Problem(msgspec.Struct, frozen=True):
    """RFC 9457, as far as it is shown."""

    type: str = "about:blank"
    title: str = ""
    detail: str = ""


_T = TypeVar("_T")


def one_line(text: str) -> str:
    """Return `text` as one line that is safe on a terminal."""
    joined = " ".join("".join(c if c.isprintable() or c.isspace() else "?" for c in text).split())
    return joined[:_MAX_LINE]


class Api:
    """A connection pool to one server, an async context manager; `token` is the technician's API token.

    Every method raises ServerUnreachable, NotLoggedIn (401), ApiError, or ViewerError for an answer of unknown form.
    """

    def __init__(self, server: Server, *, token: str | None = None, verify: ssl.SSLContext | bool = True) -> None:
        self.server: Final = server
        self._client = httpx.AsyncClient(
            base_url=f"{server.origin}/api/v1",
            verify=verify,
            timeout=TIMEOUT_S,
            # The environment's proxy is honoured, but nobody proxies to the own machine.
            trust_env=not is_loopback(server.host),
            follow_redirects=False,
            headers={
                "User-Agent": "towline-viewer",
                "Accept": "application/json, application/problem+json",
                # Not compressed: what is read is what was sent, and a bound on it holds.
                "Accept-Encoding": "identity",
            },
        )
        self.use_token(token)

    def use_token(self, token: str | None) -> None:
        """Ask in the name of this token from now on; None is nobody."""
        self._client.headers.pop("Authorization", None)
        if token is not None:
            self._client.headers["Authorization"] = f"Bearer {token}"

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Close the connections."""
        await self._client.aclose()

    # --- the technician

    async def login(self, email: str, password: str, *, label: str = "towline-viewer") -> LoggedIn:
        """Get an API token, and use it from now on."""
        body = {"email": email, "password": password, "label": label}
        logged_in = _decode(await self._ask("POST", "/login", body), LoggedIn)
        self.use_token(logged_in.token)
        return logged_in

    async def logout(self) -> None:
        """Have the token revoked."""
        await self._ask("POST", "/logout")
        self.use_token(None)

    async def register_device(self, public_key: bytes) -> Certified:
        """Have this device's X25519 public key certified."""
        body = {"public_key": pack_b64(public_key), "kind": "native"}
        return _decode(await self._ask("POST", "/devices", body), Certified)

    async def organisation(self) -> Organisation:
        """Ask whom the server works for."""
        return _decode(await self._ask("GET", "/organisation"), Organisation)

    # --- tickets

    async def queue(self, *, view: str = "all", status: str | None = None, q: str = "", cursor: str = "") -> Queue:
        """List tickets: `view` is mine, unassigned or all."""
        query = {"view": view, "status": status, "q": q, "cursor": cursor}
        kept = {name: value for name, value in query.items() if value}
        return _decode(await self._ask("GET", "/tickets", query=kept), Queue)

    async def ticket(self, tracking: str) -> Ticket:
        """Return one ticket."""
        return _decode(await self._ask("GET", f"/tickets/{tracking}"), Ticket)

    async def submit(self, **fields: str) -> Submitted:
        """File a ticket: category, title, description, urgency, asset, email, name."""
        return _decode(await self._ask("POST", "/tickets", fields), Submitted)

    async def claim(self, tracking: str) -> None:
        """Take a ticket that nobody has."""
        await self._ask("POST", f"/tickets/{tracking}/claim")

    async def set_status(self, tracking: str, status: str) -> None:
        """Move a ticket to another status."""
        await self._ask("POST", f"/tickets/{tracking}/status", {"status": status})

    async def resolve(self, tracking: str, solution: str) -> None:
        """Say what solved it."""
        await self._ask("POST", f"/tickets/{tracking}/resolve", {"solution": solution})

    async def join_code(self, tracking: str) -> JoinCode:
        """Get a code with which an agent can join the ticket."""
        return _decode(await self._ask("POST", f"/tickets/{tracking}/join-code"), JoinCode)

    async def session(self, tracking: str, public_key: bytes) -> SessionOffer:
        """Ask for a session on a ticket, from the device with this public key."""
        body = {"device_key": pack_b64(public_key)}
        offer = parse_offer(await self._ask("POST", f"/tickets/{tracking}/session", body))
        if offer.tracking != tracking:
            raise ViewerError(
                "The server offered a session for another ticket. Tell your administrator.", "wrong-ticket"
            )
        return offer

    # --- inside

    async def _ask(
        self, method: str, path: str, body: dict[str, Any] | None = None, *, query: dict[str, str] | None = None
    ) -> bytes:
        try:
            async with self._client.stream(method, path, json=body, params=query or None) as answer:
                content = await _read(answer)
        except (httpx.HTTPError, httpx.InvalidURL, OSError) as error:
            cause = TimeoutError() if isinstance(error, httpx.TimeoutException) else error
            raise unreachable(self.server, cause) from error
        if answer.is_success:
            return content
        raise _problem(answer, content, self.server)


async def _read(answer: httpx.Response) -> bytes:
    """Return the body as far as it may go; one that is longer is cut short, and no JSON any more."""
    content = bytearray()
    async for part in answer.aiter_bytes():
        content += part
        if len(content) > MAX_ANSWER_BYTES:
            break
    return bytes(content[:MAX_ANSWER_BYTES])


def _problem(answer: httpx.Response, content: bytes, server: Server) -> ViewerError:
    """Return what an answer that is no success means."""
    if answer.headers.get("content-type", "").startswith("application/problem+json"):
        try:
            problem = msgspec.json.decode(content, type=_Problem)
        except (msgspec.MsgspecError, UnicodeDecodeError):
            problem = _Problem()
        code = problem.type.rpartition("/")[2] or "error"
        parts = [one_line(part).rstrip(".") + "." for part in (problem.title, problem.detail) if part.strip()]
        text = " ".join(parts) or f"The server answered {answer.status_code}. Try again."
        if code == "not-logged-in":
            return NotLoggedIn("This login is no longer good. Run `towline-viewer login`.", code)
        return ApiError(text, code, answer.status_code)
    return ApiError(
        f"{server.origin} does not answer like a help desk (HTTP {answer.status_code}). Check the address.",
        f"http-{answer.status_code}",
        answer.status_code,
    )


def _decode(data: bytes, kind: type[_T]) -> _T:
    try:
        return msgspec.json.decode(data, type=kind)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise ViewerError(
            "The server's answer has another form than this program knows. Bring both to the same version.",
            "unexpected-answer",
        ) from error
