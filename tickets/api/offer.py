"""How a route of the API is declared: once, with its permission, what it takes and what it gives.

Bodies and answers are the structs of `tickets.domain.views`; msgspec reads, checks and writes them, and their JSON
schemas go into the OpenAPI document.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from http import HTTPStatus
from typing import Annotated, Any, Final, TypeVar

import msgspec
from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response
from starlette.routing import Match

from tickets.domain.access import Action, Actor, Thing, requirement_of, requires
from tickets.domain.errors import Invalid, MethodNotAllowed, NotAllowed, NotFound, WrongMediaType
from tickets.domain.services import DeskServices
from tickets.web.asking import address_of, permitted_actor

PREFIX: Final = "/api/v1"
METHODS: Final = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
SCHEMAS: Final = "#/components/schemas/{name}"
_BYTES: Final = {"type": "string", "format": "binary"}
_OFFERED: Final = "_towline_offered"
# Programs that say nothing mean JSON.
_JSON_TYPES: Final = frozenset({"", "application/json"})

_T = TypeVar("_T")
_Endpoint = TypeVar("_Endpoint", bound=Callable[..., Awaitable[Response]])


@dataclass(frozen=True)
class Offered:
    """What `tickets.api.description` has to know of a route besides what FastAPI does.

    `kinds` are its bodies, queries and answers, `refuses` the statuses that only routes like this one answer with.
    """

    kinds: tuple[type[msgspec.Struct], ...]
    takes_json: bool
    takes_body: bool
    takes_query: bool
    refuses: tuple[HTTPStatus, ...]


def offered_by(endpoint: object) -> Offered | None:
    """Return what `offer` noted of an endpoint, or None."""
    found = getattr(endpoint, _OFFERED, None)
    return found if isinstance(found, Offered) else None


def desk_of(request: Request) -> DeskServices:
    """Return the services that `tickets.app` put into the application."""
    desk: DeskServices = request.app.state.desk
    return desk


async def _asking(request: Request) -> Actor:
    """Return who is asking, when the route's declaration lets them; a route without one lets nobody."""
    requirement = requirement_of(request.scope.get("endpoint"))
    if requirement is None:
        raise NotAllowed("undeclared")
    return await permitted_actor(request, desk_of(request), requirement)


# Asynchronous, since FastAPI gives every other dependency to a thread.
async def _desk(request: Request) -> DeskServices:
    return desk_of(request)


async def _address(request: Request) -> str:
    return address_of(request)


Desk = Annotated[DeskServices, Depends(_desk)]
Asking = Annotated[Actor, Depends(_asking)]
Address = Annotated[str, Depends(_address)]


@requires(Action.SEE, Thing.ORGANISATION)
async def no_such_route(request: Request) -> Response:
    """Catch what is under /api and no route of it, so that it does not end at the pages."""
    for route in request.app.routes:
        if route.matches(request.scope)[0] is Match.PARTIAL:
            raise MethodNotAllowed
    raise NotFound("address")


def body_of(kind: type[_T]) -> Callable[[Request], Awaitable[_T]]:
    """Return a dependency that reads the body as a `kind`. It raises Invalid, WrongMediaType."""

    async def read(request: Request) -> _T:
        return await read_body(request, kind)

    return read


async def read_body(request: Request, kind: type[_T]) -> _T:
    """Return the body as a `kind`. Raises Invalid; WrongMediaType for one that says it is no JSON.

    What GET gave may be PUT back changed: fields that only the answer has are passed over then.
    """
    declared = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if declared not in _JSON_TYPES and not declared.endswith("+json"):
        raise WrongMediaType
    offered = offered_by(request.scope.get("endpoint")) if request.method == "PUT" else None
    answered = [name for known in offered.kinds for name in known.__struct_fields__] if offered else ()
    return parse_body(await request.body(), kind, passed_over=frozenset(answered))


def parse_body(data: bytes, kind: type[_T], *, passed_over: frozenset[str] = frozenset()) -> _T:
    """Return the JSON in `data` as a `kind`, without fields of `passed_over` that `kind` does not have.

    Raises Invalid, which says where and what.
    """
    try:
        if passed_over and isinstance(found := msgspec.json.decode(data), dict):
            own = frozenset(getattr(kind, "__struct_fields__", ()))
            return msgspec.convert({name: found[name] for name in found if name not in passed_over - own}, kind)
        return msgspec.json.decode(data, type=kind)
    except msgspec.ValidationError as error:
        text, _, where = str(error).partition(" - at `$.")
        raise Invalid(where.rstrip("`"), _sentence(text)) from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise Invalid("", "The body is not JSON in UTF-8. Send one JSON object.") from None


def parse_query(request: Request, kind: type[_T]) -> _T:
    """Return the query parameters as a `kind`. Raises Invalid."""
    values: dict[str, str] = {}
    for name, value in request.query_params.multi_items():
        if name in values:
            # Which of the two was meant, nobody knows.
            raise Invalid(name, "send it once.")
        if value:
            values[name] = value
    try:
        return msgspec.convert(values, kind, strict=False)
    except msgspec.ValidationError as error:
        text, _, where = str(error).partition(" - at `$.")
        raise Invalid(where.rstrip("`"), _sentence(text)) from None


def _sentence(text: str) -> str:
    return f"{text[:1].lower()}{text[1:200].rstrip('.')}."


def answer(value: msgspec.Struct, status: int = HTTPStatus.OK) -> Response:
    """Return `value` as JSON; nothing keeps it, since it is for one person."""
    return Response(
        msgspec.json.encode(value),
        status_code=status,
        media_type="application/json",
        headers={"cache-control": "no-store"},
    )


def offer(
    router: APIRouter,
    method: str,
    path: str,
    action: Action,
    *things: Thing,
    summary: str,
    gives: type[msgspec.Struct] | None = None,
    takes: type[msgspec.Struct] | None = None,
    query: type[msgspec.Struct] | None = None,
    status: int = HTTPStatus.OK,
    gives_bytes: tuple[str, ...] = (),
    max_body: int | None = None,
    described: dict[str, Any] | None = None,
    refuses: tuple[HTTPStatus, ...] = (),
) -> Callable[[_Endpoint], _Endpoint]:
    """Put an endpoint into `router`, declared in the table of rights and described in OpenAPI.

    `gives_bytes` are the media types of an answer that is no JSON, `max_body` takes the place of the general limit,
    `described` holds what OpenAPI is told besides, and `refuses` the statuses that most routes don't answer with.
    """

    def put(endpoint: _Endpoint) -> _Endpoint:
        declared = requires(action, *things)(endpoint)
        extra: dict[str, Any] = {}
        if takes is not None:
            extra["requestBody"] = {"required": True, "content": {"application/json": {"schema": _reference(takes)}}}
        if query is not None:
            extra["parameters"] = _parameters(query)
        extra |= described or {}
        kinds = tuple(kind for kind in (takes, query, gives) if kind is not None)
        setattr(
            declared, _OFFERED, Offered(kinds, takes is not None, "requestBody" in extra, query is not None, refuses)
        )
        content = {"content": {kind: {"schema": _BYTES} for kind in gives_bytes}} if gives_bytes else _content(gives)
        router.add_api_route(
            path,
            declared,
            methods=[method],
            summary=summary,
            name=endpoint.__name__,
            response_model=None,
            response_class=Response,
            status_code=status,
            responses={status: {"description": "Done", **content}},
            openapi_extra=extra,
            max_body_size=max_body,
        )
        return declared

    return put


def _reference(kind: type[msgspec.Struct]) -> dict[str, str]:
    return {"$ref": SCHEMAS.format(name=kind.__name__)}


def _content(kind: type[msgspec.Struct] | None) -> dict[str, Any]:
    return {} if kind is None else {"content": {"application/json": {"schema": _reference(kind)}}}


def _parameters(kind: type[msgspec.Struct]) -> list[dict[str, Any]]:
    """Describe each field of `kind` as a query parameter."""
    (_,), schemas = msgspec.json.schema_components([kind], ref_template=SCHEMAS)
    properties = schemas[kind.__name__]["properties"]
    return [{"name": name, "in": "query", "required": False, "schema": schema} for name, schema in properties.items()]
