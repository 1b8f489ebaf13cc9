"""Fields that requests of a category have besides the usual five: what they are, and what may stand in them."""

import re
from collections.abc import Iterable, Mapping
from datetime import date
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from typing import Annotated, Final, Protocol

import msgspec

from tickets.domain.access import Actor
from tickets.domain.errors import Invalid
from tickets.domain.views import MAX_LINE, Id, Line
from tickets.text import clean_line

MAX_VALUE: Final = 1_000
MAX_CHOICES: Final = 50
_KEY: Final = r"^[a-z][a-z0-9-]{0,39}$"
YES: Final = "yes"


class FieldKind(StrEnum):
    """What stands in a field."""

    TEXT = "text"
    NUMBER = "number"
    CHOICE = "choice"
    DATE = "date"
    CHECKBOX = "checkbox"


class Required(StrEnum):
    """When a field must not be empty."""

    NEVER = "never"
    SUBMIT = "submit"
    RESOLVE = "resolve"


class FieldFields(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A field of a category, of all categories without one; `internal`: technicians alone see it."""

    category: Annotated[str, msgspec.Meta(max_length=MAX_LINE)] = ""
    key: Annotated[str, msgspec.Meta(pattern=_KEY)]
    label: Line
    hint: Annotated[str, msgspec.Meta(max_length=200)] = ""
    kind: FieldKind = FieldKind.TEXT
    choices: Annotated[tuple[Line, ...], msgspec.Meta(max_length=MAX_CHOICES)] = ()
    required: Required = Required.NEVER
    internal: bool = False
    position: Annotated[int, msgspec.Meta(ge=0, le=10_000)] = 0
    active: bool = True


class FieldView(FieldFields, frozen=True, kw_only=True):
    """A field that is kept."""

    id: Id


class FieldList(msgspec.Struct, frozen=True):
    """Fields in their order."""

    items: tuple[FieldView, ...]


class FieldValue(msgspec.Struct, frozen=True):
    """What stands in a field of a ticket."""

    key: str
    label: str
    kind: FieldKind
    value: str
    internal: bool


class FieldValues(msgspec.Struct, frozen=True):
    """All fields of a ticket that have something in them."""

    items: tuple[FieldValue, ...]


Values = Annotated[dict[str, Annotated[str, msgspec.Meta(max_length=MAX_VALUE)]], msgspec.Meta(max_length=60)]


class NewFieldValues(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is to stand in fields, by key; an empty text empties a field, others stay."""

    fields: Values


def check_field(new: FieldFields) -> None:
    """Pass when the field makes sense. Raises Invalid."""
    if new.kind is FieldKind.CHOICE and len(new.choices) < 2:
        raise Invalid("choices", "give at least two choices.")
    if new.kind is not FieldKind.CHOICE and new.choices:
        raise Invalid("choices", "only a field of kind choice has choices.")
    if new.internal and new.required is Required.SUBMIT:
        raise Invalid("required", "who files a request does not see an internal field. Ask for it when it is resolved.")


def for_category(fields: Iterable[FieldView], category: str, *, internal: bool) -> list[FieldView]:
    """Return the active fields of requests of a category, the internal ones too when asked."""
    return [
        each for each in fields if each.active and each.category in {"", category} and (internal or not each.internal)
    ]


def clean_values(fields: Iterable[FieldView], given: Mapping[str, str]) -> dict[str, str]:
    """Return what is given, by key, in the form in which it is kept. Raises Invalid."""
    known = {each.key: each for each in fields}
    for key in given:
        if key not in known:
            raise Invalid(f"fields.{key}"[:80], "requests of this category have no such field.")
    return {key: clean_value(known[key], value) for key, value in given.items()}


def clean_value(field: FieldView, value: str) -> str:
    """Return a value in the form in which it is kept; "" when there is none. Raises Invalid."""
    name = f"fields.{field.key}"
    if not value.strip():
        return ""
    line = clean_line(value, name)
    if field.kind is FieldKind.CHOICE and line not in field.choices:
        raise Invalid(name, f"choose one of these: {', '.join(field.choices)}.")
    if field.kind is FieldKind.CHECKBOX:
        if line.lower() not in {YES, "no", "true", "false"}:
            raise Invalid(name, "write yes or no.")
        return YES if line.lower() in {YES, "true"} else ""
    if field.kind is FieldKind.NUMBER:
        return _number(line, name)
    if field.kind is FieldKind.DATE:
        return _date(line, name)
    return line


def _number(text: str, name: str) -> str:
    try:
        number = Decimal(text.replace(",", ".")) if re.fullmatch(r"[+-]?\d{1,18}([.,]\d{1,9})?", text) else None
    except InvalidOperation:
        number = None
    if number is None:
        raise Invalid(name, "write a number, such as 12 or 3.5.")
    return format(number, "f")


def _date(text: str, name: str) -> str:
    try:
        return date.fromisoformat(text).isoformat()
    except ValueError:
        raise Invalid(name, "write a day as 2026-01-31.") from None


def check_required(fields: Iterable[FieldView], values: Mapping[str, str], when: Required) -> None:
    """Pass when every field that is needed then has something in it. Raises Invalid for the first that has not."""
    for each in fields:
        needed = each.required is when or (when is Required.RESOLVE and each.required is Required.SUBMIT)
        if needed and not values.get(each.key):
            raise Invalid(f"fields.{each.key}", f"fill in “{each.label}”.")


class Fields(Protocol):
    """Fields and what stands in them. All raise NotAllowed."""

    async def listed(self, actor: Actor) -> FieldList:
        """Return all fields as `actor` sees them: the internal and retired ones for technicians only."""

    async def add(self, actor: Actor, new: FieldFields) -> FieldView:
        """Add a field. Raises Invalid, AlreadyThere for a key that the category has."""

    async def change(self, actor: Actor, ident: Id, new: FieldFields) -> FieldView:
        """Change a field; what stands in it stays. Raises Invalid, AlreadyThere, NotFound."""

    async def of_ticket(self, actor: Actor, tracking: str) -> FieldValues:
        """Return what stands in a ticket's fields. Raises TicketNotFound."""

    async def put(self, actor: Actor, tracking: str, new: NewFieldValues) -> FieldValues:
        """Fill fields of a ticket in. Raises TicketNotFound, Invalid."""
