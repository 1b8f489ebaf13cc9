"""The OpenAPI document: the structs that the API takes and gives, what stands in its addresses, and how it refuses."""

from collections.abc import Iterator
from http import HTTPStatus
from typing import Any, Final

import msgspec
from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from fastapi.routing import iter_route_contexts

from tickets.api.offer import PREFIX, SCHEMAS, Offered, offered_by
from tickets.domain.access import ANY_TICKET, Requirement, Role, requirement_of
from tickets.domain.errors import DeskError
from tickets.domain.linking import Link
from tickets.web.once import LONGEST_KEY
from tickets.web.problems import MEDIA_TYPE, Problem

_TITLE: Final = "Towline help desk"
_VERSION: Final = "1"
_ID: Final = {"type": "string", "minLength": 1, "maxLength": 64}
# What stands in braces in addresses; everything else is an id.
_IN_ADDRESSES: Final[dict[str, dict[str, Any]]] = {
    "tracking": {**_ID, "description": "A tracking number, with or without its signs, in any case."},
    "other": {**_ID, "description": "The tracking number of the other ticket."},
    "mail": {"type": "string", "pattern": "^[0-9]{1,18}$"},
    "email": {"type": "string", "minLength": 3, "maxLength": 254},
    "link": {"type": "string", "enum": list(Link)},
    "field": _ID,
}
_IDEMPOTENCY_KEY: Final = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "schema": {"type": "string", "minLength": 1, "maxLength": LONGEST_KEY, "pattern": "^[ -~]+$"},
    "description": "New for each request; the same request with the same key is carried out once.",
}
_HEADERS: Final[dict[int, dict[str, Any]]] = {
    HTTPStatus.UNAUTHORIZED: {"WWW-Authenticate": {"schema": {"type": "string"}}},
    HTTPStatus.TOO_MANY_REQUESTS: {
        "Retry-After": {"schema": {"type": "integer", "minimum": 1}, "description": "Seconds to wait."}
    },
}
_ANYWHERE: Final = (HTTPStatus.INTERNAL_SERVER_ERROR, HTTPStatus.SERVICE_UNAVAILABLE)


def describe(app: FastAPI) -> dict[str, Any]:
    """Return the document."""
    document = get_openapi(
        title=_TITLE,
        version=_VERSION,
        summary="Tickets, their sessions and the knowledge base.",
        routes=app.routes,
    )
    kinds: dict[type[msgspec.Struct], None] = {Problem: None}
    for path, method, endpoint in _offered(app):
        offered, requirement = offered_by(endpoint), requirement_of(endpoint)
        if offered is not None and requirement is not None:
            kinds |= dict.fromkeys(offered.kinds)
            _complete(document["paths"][path][method.lower()], method, path, offered, requirement)
    _, schemas = msgspec.json.schema_components(tuple(kinds), ref_template=SCHEMAS)
    document["components"] = {
        "schemas": schemas,
        "responses": _responses(),
        "securitySchemes": {
            "token": {
                "type": "http",
                "scheme": "bearer",
                "description": "A requester token, an agent token, or a technician's API token.",
            },
            "cookie": {"type": "apiKey", "in": "cookie", "name": "__Host-towline"},
        },
    }
    document["security"] = [{"token": []}, {"cookie": []}, {}]
    return document


def _offered(app: FastAPI) -> Iterator[tuple[str, str, object]]:
    """Give path, method and endpoint of every route of the API."""
    for route in iter_route_contexts(app.routes):
        path = str(getattr(route, "path", ""))
        if path.startswith(f"{PREFIX}/"):
            for method in sorted(getattr(route, "methods", None) or ()):
                yield path, method, getattr(route, "endpoint", None)


def _complete(operation: dict[str, Any], method: str, path: str, offered: Offered, requirement: Requirement) -> None:
    """Put into `operation` what stands in its address, and every way in which it refuses."""
    for parameter in operation.get("parameters", ()):
        if parameter["in"] == "path":
            parameter["schema"] = _IN_ADDRESSES.get(parameter["name"], _ID)
    if method == "POST":
        operation.setdefault("parameters", []).append(_IDEMPOTENCY_KEY)
    done = {status: answer for status, answer in operation["responses"].items() if status.startswith("2")}
    refusals = {str(int(status)): _reference(status) for status in _refusals(method, path, offered, requirement)}
    operation["responses"] = done | refusals


def _refusals(method: str, path: str, offered: Offered, requirement: Requirement) -> list[int]:
    """Return the statuses of the problems that a route answers with."""
    roles = set(requirement.roles())
    on_ticket = bool(set(requirement.things) & set(ANY_TICKET))
    changes = method != "GET"
    return sorted(
        int(status)
        for status, is_so in {
            HTTPStatus.UNAUTHORIZED: Role.ANONYMOUS not in roles,
            # Also a browser's request that another site made.
            HTTPStatus.FORBIDDEN: changes or roles != set(Role),
            HTTPStatus.NOT_FOUND: on_ticket or "{" in path,
            HTTPStatus.CONFLICT: changes and method != "DELETE",
            HTTPStatus.REQUEST_ENTITY_TOO_LARGE: offered.takes_body or method == "POST",
            HTTPStatus.UNSUPPORTED_MEDIA_TYPE: offered.takes_json,
            HTTPStatus.UNPROCESSABLE_ENTITY: offered.takes_body or offered.takes_query or method == "POST",
            **dict.fromkeys((*offered.refuses, *_ANYWHERE), True),
        }.items()
        if is_so
    )


def _reference(status: int) -> dict[str, str]:
    return {"$ref": f"#/components/responses/Problem{int(status)}"}


def _responses() -> dict[str, Any]:
    """Describe for each status the problems that have it."""
    found: dict[int, list[type[DeskError]]] = {}
    for kind in _kinds_of(DeskError):
        found.setdefault(int(kind.status), []).append(kind)
    return {
        f"Problem{status}": {
            "description": "; ".join(f"`{kind.slug}`: {kind.title}" for kind in kinds),
            "content": {MEDIA_TYPE: {"schema": {"$ref": SCHEMAS.format(name=Problem.__name__)}}},
            **({"headers": _HEADERS[status]} if status in _HEADERS else {}),
        }
        for status, kinds in sorted(found.items())
    }


def _kinds_of(kind: type[DeskError]) -> Iterator[type[DeskError]]:
    for one in kind.__subclasses__():
        yield one
        yield from _kinds_of(one)
