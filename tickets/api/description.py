"""The OpenAPI document, with the schemas of the structs that the API takes and gives."""

from typing import Any, Final

import msgspec
from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from tickets.api.offer import SCHEMAS
from tickets.domain import (
    assets,
    assignment,
    bulk,
    canned,
    categories,
    clocks,
    fields,
    knowledge,
    priority,
    registers,
    saved_views,
    teams,
    views,
)
from tickets.web.problems import Problem

_TITLE: Final = "Towline help desk"
_VERSION: Final = "1"
# Where the structs are that the API takes and gives.
_MODULES: Final = (
    views,
    assets,
    assignment,
    bulk,
    canned,
    categories,
    clocks,
    fields,
    knowledge,
    priority,
    registers,
    saved_views,
    teams,
)


def _structs() -> list[type[msgspec.Struct]]:
    kinds = (kind for module in _MODULES for kind in vars(module).values())
    found = (kind for kind in kinds if isinstance(kind, type) and issubclass(kind, msgspec.Struct))
    return [kind for kind in dict.fromkeys(found) if kind is not msgspec.Struct] + [Problem]


def describe(app: FastAPI) -> dict[str, Any]:
    """Return the document."""
    document = get_openapi(
        title=_TITLE,
        version=_VERSION,
        summary="Tickets, their sessions and the knowledge base.",
        routes=app.routes,
    )
    _, schemas = msgspec.json.schema_components(_structs(), ref_template=SCHEMAS)
    components = document.setdefault("components", {})
    components["schemas"] = {**components.get("schemas", {}), **schemas}
    components["securitySchemes"] = {
        "token": {
            "type": "http",
            "scheme": "bearer",
            "description": "A requester token, an agent token, or a technician's API token.",
        },
        "cookie": {"type": "apiKey", "in": "cookie", "name": "__Host-towline"},
    }
    document["security"] = [{"token": []}, {"cookie": []}, {}]
    return document
