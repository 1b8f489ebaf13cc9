"""The server's HTTP API, as far as an end user's program needs it (docs/http-api.md)."""

import ssl
from types import TracebackType
from typing import Any, Final, Self, TypeVar

import httpx
import msgspec

from agent.errors import ApiError, TicketNotFound, Unreachable
from agent.server import Server, is_loopback
from agent.terminal import clean
from protocol.tracking import TrackingNumber

TIMEOUT_S: Final = 20.0
MAX_ANSWER_BYTES: Final = 1_048_576

_T = TypeVar("_T")


class NewTicket(msgspec.Struct, frozen=True, omit_defaults=True):
    """A request as the person wrote it."""

    category: str
    title: str
    description: str
    urgency: str
    asset: str
    email: str
    name: str = ""


class Submitted(msgspec.Struct, frozen=True):
    """The answer to a filed request; `link` carries the token in its fragment."""

    tracking: str
    requester_token: str
    link: str
    status: str

    def __repr__(self) -> str:
        return f"Submitted(tracking={self.tracking!r})"


class Person(msgspec.Struct, frozen=True):
    """A technician, as requesters see them."""

    name: str


class TicketInfo(msgspec.Struct, frozen=True):
    """A request's state; times are ISO 8601 in UTC."""

    tracking: str
    title: str
    status: str
    category: str = ""
    urgency: str = ""
    asset: str = ""
    assignee: Person | None = None
    created_at: str = ""
    updated_at: str = ""
    solution: str | None = None
    agent_online: bool = False


class Joined(msgspec.Struct, frozen=True):
    """What registers this computer; `organisation` is an id in b64."""

    agent_token: str
    tracking: str
    title: str
    organisation: str
    server_time: int

    def __repr__(self) -> str:
        return f"Joined(tracking={self.tracking!r})"


class ConsentReport(msgspec.Struct, frozen=True):
    """What the user decided on a session; `beforehand`: nobody was asked for this one."""

    session: str
    answer: str
    rights: tuple[str, ...] = ()
    beforehand: bool = False


class Organisation(msgspec.Struct, frozen=True):
    """Whom to pin; key and id in b64."""

    name: str
    id: str
    public_key: str
    mode: str = ""


class Problem(msgspec.Struct, frozen=True):
    """An RFC 9457 problem document."""

    type: str = ""
    title: str = ""
    detail: str = ""


class Api:
    """One server's API. Use as an async context manager. Raises ApiError."""

    def __init__(
        self, server: Server, tls: ssl.SSLContext | None, *, transport: httpx.AsyncBaseTransport | None = None
    ) -> None:
        self._server = server
        self._client = httpx.AsyncClient(
            verify=tls if tls is not None else ssl.create_default_context(),
            transport=transport,
            timeout=TIMEOUT_S,
            follow_redirects=False,
            # Proxies come from the environment, but nobody proxies to the computer itself.
            trust_env=not is_loopback(server.host),
            # Not compressed: what is read is what was sent, and a bound on it holds.
            headers={"User-Agent": "towline-agent", "Accept": "application/json", "Accept-Encoding": "identity"},
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._client.aclose()

    async def submit(self, ticket: NewTicket) -> Submitted:
        """File a request."""
        return await self._call("POST", "/tickets", Submitted, body=msgspec.to_builtins(ticket))

    async def ticket(self, tracking: TrackingNumber, token: str) -> TicketInfo:
        """Return the state of a request. Raises TicketNotFound."""
        return await self._call("GET", f"/tickets/{tracking}", TicketInfo, token=token)

    async def join(self, tracking: TrackingNumber, agent_key: str, *, token: str = "", code: str = "") -> Joined:
        """Trade the requester's token or a join code for an agent token. Raises TicketNotFound."""
        body = {"agent_key": agent_key, **({"code": code} if code else {})}
        return await self._call("POST", f"/tickets/{tracking}/join", Joined, body=body, token=token)

    async def organisation(self) -> Organisation:
        """Return the organisation behind this server."""
        return await self._call("GET", "/organisation", Organisation)

    async def tell_consent(self, tracking: TrackingNumber, agent_token: str, told: ConsentReport) -> None:
        """Tell what the user decided."""
        await self._ask("POST", f"/tickets/{tracking}/consent", body=msgspec.to_builtins(told), token=agent_token)

    async def _call(
        self, method: str, path: str, kind: type[_T], *, body: dict[str, Any] | None = None, token: str = ""
    ) -> _T:
        content = await self._ask(method, path, body=body, token=token)
        try:
            return msgspec.json.decode(content, type=kind)
        except (msgspec.MsgspecError, UnicodeDecodeError) as error:
            raise ApiError(
                f"{self._server.origin} gave an answer that this version does not understand. Is it a Towline server?"
            ) from error

    async def _ask(self, method: str, path: str, *, body: dict[str, Any] | None = None, token: str = "") -> bytes:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        try:
            async with self._client.stream(method, self._server.api(path), json=body, headers=headers) as answer:
                content = await _read(answer)
        except (httpx.HTTPError, httpx.InvalidURL, OSError, ValueError) as error:
            raise _unreachable(self._server, error) from error
        if answer.is_success:
            return content
        raise _problem(self._server, answer, content)


async def _read(answer: httpx.Response) -> bytes:
    """Return the body as far as it may go; one that is longer is cut short, and no JSON any more."""
    content = bytearray()
    async for part in answer.aiter_bytes():
        content += part
        if len(content) > MAX_ANSWER_BYTES:
            break
    return bytes(content[:MAX_ANSWER_BYTES])


def _unreachable(server: Server, error: BaseException) -> Unreachable:
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ssl.SSLCertVerificationError):
            return Unreachable(
                f"The certificate of {server.origin} is not trusted ({cause.verify_message}). If your organisation has "
                "its own root certificate, name its file with --ca or TOWLINE_CA."
            )
        cause = cause.__cause__ or cause.__context__
    if isinstance(error, httpx.TimeoutException):
        return Unreachable(f"{server.origin} does not answer. Try again in a minute.")
    return Unreachable(f"{server.origin} cannot be reached. Check the network and the address.")


def _problem(server: Server, answer: httpx.Response, content: bytes) -> ApiError:
    """Return the one-line error of a problem document, or of whatever else came."""
    problem = Problem()
    if answer.headers.get("content-type", "").startswith(("application/problem+json", "application/json")):
        try:
            problem = msgspec.json.decode(content, type=Problem)
        except (msgspec.MsgspecError, UnicodeDecodeError):
            problem = Problem()
    text = clean(problem.detail or problem.title, 400)
    slug = clean(problem.type.rsplit("/", 1)[-1], 60)
    if answer.status_code == httpx.codes.NOT_FOUND:
        return TicketNotFound(
            text or "There is no such request, or it is closed, or it is not yours. Check the tracking number.",
            status=answer.status_code,
            slug=slug,
        )
    if not text:
        text = f"{server.origin} answered with status {answer.status_code}. Try again in a minute."
    return ApiError(text, status=answer.status_code, slug=slug)
