"""Whether the API keeps what its OpenAPI document says: requests made from it, answers held against it.

Requests are made by schemathesis, both such that fit the document and such that don't, always the same ones. Each is
asked by everybody there is, on a desk on which things happened, with ids that exist in every second one.
"""

import itertools
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias

import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import Case as AnyCase
from schemathesis import GenerationMode
from schemathesis.core.failures import Failure
from schemathesis.core.result import Ok
from schemathesis.schemas import APIOperation as AnyOperation
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    negative_data_rejection,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from tests.gallery.living import PNG, live
from tests.tickets.world import PASSWORD, PUBLIC_URL, Caller, Filed, Json, World

Case: TypeAlias = AnyCase[Any]
Operation: TypeAlias = AnyOperation[Any, Any, Any, Any]

CHECKS: Final = [
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    negative_data_rejection,
]
# What takes other things away comes last, and what ends the login that asks comes at the very end.
_LAST: Final = ("DELETE", "/merge", "/erase", "/logout")


@dataclass
class Outcome:
    """What came of all requests: how many were answered with what, and which answers were not as promised."""

    answers: Counter[int] = field(default_factory=Counter)
    asked: Counter[str] = field(default_factory=Counter)
    broken: list[str] = field(default_factory=list)

    @property
    def requests(self) -> int:
        """How many requests were made."""
        return self.answers.total()


@dataclass(frozen=True)
class Desk:
    """A desk with something of everything, those who ask it, and ids that exist: by collection and name in braces."""

    people: dict[str, Caller]
    known: dict[str, str]
    fields: dict[str, Any]

    def fill(self, case: Case) -> None:
        """Put what exists into the address and the body of a request."""
        if isinstance(case.body, dict):
            case.body |= {name: self.fields[name] for name in case.body if name in self.fields}
        for name in case.path_parameters:
            collection = case.operation.path.removeprefix("/api/v1/").partition("/")[0]
            found = self.known.get(f"{collection}/{name}", self.known.get(name))
            if found is not None:
                case.path_parameters[name] = found


async def furnish(world: World) -> Desk:
    """Fill a desk and let everybody log in."""
    places = await live(world)
    names = places.names
    tracking, requester = names["tracking"], Caller(world.client, names["token"])
    admin, ada = [await _log_in(world, name) for name in ("root", "ada")]
    filed = Filed(tracking, requester)
    agent = Caller(world.client, (await world.joined(filed))[1])
    scopes = ["tickets:read", "tickets:write", "desk:read", "articles:read"]
    scoped = Caller(world.client, (await ada.must("/tokens", {"label": "x", "scopes": scopes}, 201))["token"])
    people = {"stranger": world.stranger, "requester": requester, "agent": agent, "scoped token": scoped}
    path = f"/tickets/{tracking}"
    sent = await world.client.post(
        f"/api/v1{path}/attachments",
        content=PNG,
        headers={"authorization": f"Bearer {ada.token}", "x-file-name": "a.png"},
    )
    span = {"from_at": "2026-12-01T00:00:00Z", "to_at": "2026-12-02T00:00:00Z"}
    entry = (await ada.get(path)).json()["timeline"][0]["id"]
    answers = [(await ada.must("/canned-answers", {"name": f"Hello {n}", "text": "Hello"}, 201))["id"] for n in "ab"]
    views = [(await ada.must("/views", {"name": f"All {n}", "query": "q=x"}, 201))["id"] for n in "ab"]
    known = {
        "tracking": tracking,
        "other": names["solved"],
        "article": names["article"],
        "entry": entry,
        "attachment": sent.json()["id"],
        "email": "office@office.example",
        "link": "related",
        "drafts": "text",
        "technician": ada.id,
        "absence": (await ada.must(f"/technicians/{ada.id}/absences", span, 201))["id"],
        "kind": "confirmation",
        "language": "en",
        "mail/mail": "1",
        "incoming-mail/mail": names["mail"],
        "token": (await ada.get("/tokens")).json()["items"][0]["id"],
        "person": names["person"],
        "imports/ident": names["import"],
        "canned-answers/ident": answers[0],
        "tickets/ident": answers[1],
        "view": views[0],
        "asset": (await ada.must("/assets", {"name": "Router"}, 201))["id"],
        "fields/field": (await admin.must("/fields", {"key": "room", "label": "Room"}, 201))["id"],
        "tickets/field": "text",
        "webhook": names["webhook"],
        **{f"{name}/ident": names[name] for name in ("categories", "teams", "rules", "targets", "calendars")},
    }
    fields: dict[str, Any] = {
        "category": "Printing and scanning",
        "email": "maria@office.example",
        "technician": ada.id,
        "team": names["teams"],
        "article": names["article"],
        "other": names["solved"],
        "into": names["solved"],
        "tickets": [tracking],
        "revision": 1,
        "entry": entry,
        "zone": "Europe/Berlin",
        "hours": "Mon-Fri 09:00-17:00",
        "holidays": "",
        "query": "q=printer",
        "status": "waiting",
        "endpoint": "https://push.example/1",
        "url": "https://hooks.example/1",
    }
    return Desk({**people, "technician": ada, "admin": admin}, known, fields)


async def _log_in(world: World, name: str) -> Caller:
    done = await world.stranger.must("/login", {"email": f"{name}@help.example", "password": PASSWORD})
    return Caller(world.client, done["token"], done["technician"]["id"])


def operations(document: Json) -> list[Operation]:
    """Return the operations of a document, in the order in which they are asked."""
    schema = schemathesis.openapi.from_dict(document)
    found = [result.ok() for result in schema.get_all_operations() if isinstance(result, Ok)]
    return sorted(found, key=lambda one: [end in one.label for end in reversed(_LAST)])


def made(operation: Operation, mode: GenerationMode, most: int) -> list[Case]:
    """Return requests of one operation, always the same ones; none when nothing about it can be wrong."""
    cases: list[Case] = []

    @settings(
        max_examples=most, derandomize=True, database=None, deadline=None,
        phases=[Phase.generate], suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    @given(case=operation.as_strategy(generation_mode=mode))
    def collect(case: Case) -> None:
        cases.append(case)

    if mode.is_negative and not operation.body and not list(operation.iter_parameters()):
        return []
    try:
        collect()
    except Unsatisfiable:
        return []
    return cases[:most]


async def ask(world: World, desk: Desk, operation: Operation, examples: int, outcome: Outcome) -> None:
    """Ask one operation `examples` fitting requests and half as many unfitting ones.

    Those who may do most are asked last, and go on when everybody had a turn.
    """
    everybody = list(desk.people.items())
    fitting = made(operation, GenerationMode.POSITIVE, examples)
    unfitting = made(operation, GenerationMode.NEGATIVE, examples // 2)
    turns = itertools.chain(everybody[::-1], itertools.cycle(everybody[-2:]))
    for number, (case, (who, caller)) in enumerate(zip([*fitting, *unfitting], turns, strict=False)):
        if number < len(fitting) and number % 4 != 3:
            desk.fill(case)
        # Brakes are no subject here: a minute later everybody may ask again.
        world.clock.forward(60)
        outcome.asked[operation.label] += 1
        await _send(world, case, who, caller, outcome)


async def _send(world: World, case: Case, who: str, caller: Caller, outcome: Outcome) -> None:
    prepared = requests.Request(**case.as_transport_kwargs(base_url=PUBLIC_URL)).prepare()
    sent = [(name, value) for name, value in prepared.headers.items() if name.lower() != "authorization"]
    if caller.token is not None:
        sent.append(("authorization", f"Bearer {caller.token}"))
    headers = [(_bytes(name), _bytes(value)) for name, value in sent]
    body = prepared.body.encode() if isinstance(prepared.body, str) else prepared.body
    assert isinstance(body, bytes | None)
    response = await world.client.request(prepared.method or "", prepared.url or "", headers=headers, content=body)
    outcome.answers[response.status_code] += 1
    asked = f"{who}: {case.operation.label} -> {response.status_code}"
    sent_and_got = f"  {prepared.url} {body!r:.400}\n  {response.text[:300]}"
    if response.status_code >= 500:
        outcome.broken.append(f"{asked}: a fault of the server\n{sent_and_got}")
    # Any bytes are a file, and an empty parameter, or `null`, counts as left out: neither can be wrong.
    # A body over the limit is refused whatever is wrong with it besides.
    fits = (
        response.status_code == 413
        or case.media_type == "multipart/form-data"
        or any(value in {"", "null", None} for value in _values(case.query))
    )
    checks = [check for check in CHECKS if not (fits and check is negative_data_rejection)]
    try:
        case.validate_response(response, checks=checks)
    except* Failure as failures:
        for failure in _each(failures):
            outcome.broken.append(f"{asked}: {type(failure).__name__} {failure}\n{sent_and_got}")


def _values(query: dict[str, Any]) -> list[Any]:
    one_each = (value[0] if isinstance(value, list) and len(value) == 1 else value for value in query.values())
    return [value for value in one_each if value is None or isinstance(value, str)]


def _bytes(text: str | bytes) -> bytes:
    return text if isinstance(text, bytes) else text.encode("utf-8")


def _each(group: BaseExceptionGroup[Failure]) -> Iterator[Failure]:
    for one in group.exceptions:
        if isinstance(one, BaseExceptionGroup):
            yield from _each(one)
        else:
            yield one
