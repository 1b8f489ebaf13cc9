"""What may stand in extra fields, and what canned answers put in."""

import pytest

from tickets.domain.canned import check_variables, fill
from tickets.domain.errors import Invalid
from tickets.domain.fields import (
    FieldFields,
    FieldKind,
    FieldView,
    Required,
    check_field,
    check_required,
    clean_value,
    clean_values,
    for_category,
)


def field(kind: FieldKind = FieldKind.TEXT, **more: object) -> FieldView:
    given: dict[str, object] = {"id": "1", "key": "room", "label": "Room", "kind": kind, **more}
    return FieldView(**given)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("kind", "given", "kept"),
    [
        (FieldKind.TEXT, "  B 12 ", "B 12"),
        (FieldKind.TEXT, "   ", ""),
        (FieldKind.NUMBER, "3,50", "3.50"),
        (FieldKind.NUMBER, "-12", "-12"),
        (FieldKind.DATE, "2026-01-31", "2026-01-31"),
        (FieldKind.CHECKBOX, "yes", "yes"),
        (FieldKind.CHECKBOX, "no", ""),
        (FieldKind.CHOICE, "red", "red"),
    ],
)
def test_a_value_is_kept_as(kind: FieldKind, given: str, kept: str) -> None:
    assert clean_value(field(kind, choices=("red", "blue")), given) == kept


@pytest.mark.parametrize(
    ("kind", "given"),
    [
        (FieldKind.NUMBER, "twelve"),
        (FieldKind.NUMBER, "1e5"),
        (FieldKind.NUMBER, "1" * 19),
        (FieldKind.DATE, "31.1.2026"),
        (FieldKind.DATE, "2026-02-30"),
        (FieldKind.CHECKBOX, "maybe"),
        (FieldKind.CHOICE, "green"),
    ],
)
def test_another_value_is_refused_and_names_its_field(kind: FieldKind, given: str) -> None:
    with pytest.raises(Invalid) as raised:
        clean_value(field(kind, choices=("red", "blue")), given)
    assert raised.value.field == "fields.room"


def test_a_field_that_is_not_there_is_refused() -> None:
    assert clean_values([field()], {"room": "1"}) == {"room": "1"}
    with pytest.raises(Invalid):
        clean_values([field()], {"rooms": "1"})


def test_what_is_needed_is_needed_when_it_is_needed() -> None:
    early, late = field(required=Required.SUBMIT), field(required=Required.RESOLVE)
    check_required([late], {}, Required.SUBMIT)
    check_required([early, late], {"room": "1"}, Required.RESOLVE)
    with pytest.raises(Invalid, match="Room"):
        check_required([early], {}, Required.SUBMIT)
    with pytest.raises(Invalid, match="Room"):
        check_required([late], {"room": ""}, Required.RESOLVE)


def test_a_category_has_its_own_fields_and_those_of_all() -> None:
    every, own, other = field(), field(category="Printing"), field(category="Telephone")
    inner, gone = field(internal=True), field(active=False)
    assert for_category([every, own, other, inner, gone], "Printing", internal=False) == [every, own]
    assert for_category([every, own, other, inner, gone], "Printing", internal=True) == [every, own, inner]


@pytest.mark.parametrize(
    "new",
    [
        FieldFields(key="a", label="A", kind=FieldKind.CHOICE, choices=("one",)),
        FieldFields(key="a", label="A", choices=("one", "two")),
        FieldFields(key="a", label="A", internal=True, required=Required.SUBMIT),
    ],
)
def test_a_field_without_sense_is_refused(new: FieldFields) -> None:
    with pytest.raises(Invalid):
        check_field(new)


def test_variables_are_put_in_once_and_nothing_else_is_read() -> None:
    values = {"requester.name": "{technician.name} {0.__class__}", "technician.name": "Ada"}
    text = "Hello {requester.name}, {unknown.one} {{technician.name}} {technician.name.__class__} {}"
    assert fill(text, values) == (
        "Hello {technician.name} {0.__class__}, {unknown.one} {Ada} {technician.name.__class__} {}"
    )


def test_an_unknown_variable_is_said() -> None:
    check_variables("{requester.name} { ticket.number } 100 {} {1}")
    with pytest.raises(Invalid, match=r"\{requester.password\}.*\{requester.name\}"):
        check_variables("Hello {requester.password}")
