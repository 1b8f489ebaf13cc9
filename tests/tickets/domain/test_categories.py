"""Names of categories as people write them, and priorities."""

import pytest

from tickets.domain.categories import CategoryView, check_parent, fallback, lineage, named
from tickets.domain.errors import Invalid
from tickets.domain.priority import DEFAULT_MATRIX, Impact, Priority, raised
from tickets.domain.values import Urgency


def category(name: str, **changes: object) -> CategoryView:
    return CategoryView(id=name.lower(), name=name, **changes)  # type: ignore[arg-type]


EVERY = (
    category("Printing and scanning"),
    category("Prints of art", active=False),
    category("Programs"),
    category("Project rooms"),
    category("Payroll", portal=False),
    category("Something else", fallback=True),
)


@pytest.mark.parametrize("text", ["Printing and scanning", "printing  AND scanning", "Printing", "pri"])
def test_a_name_or_its_beginning_names_a_category(text: str) -> None:
    assert named(EVERY, text, internal=False) == EVERY[0]


@pytest.mark.parametrize("text", ["Pro", "pr", "Coffee", "Prints of art", "Payroll", "scanning"])
def test_what_names_none_or_several_is_refused_with_the_list(text: str) -> None:
    with pytest.raises(Invalid) as refused:
        named(EVERY, text, internal=False)
    assert str(refused.value) == (
        "category: use one of these: Printing and scanning, Programs, Project rooms, Something else."
    )


def test_internal_ones_are_for_technicians() -> None:
    assert named(EVERY, "payroll", internal=True).name == "Payroll"
    assert fallback(EVERY) == EVERY[-1]
    assert fallback(EVERY[:-1]) is None


def test_those_above_a_category_and_no_circle() -> None:
    by_id = {each.id: each for each in (category("A"), category("B", parent="a"), category("C", parent="b"))}
    assert lineage(by_id, "c") == ("c", "b", "a")
    check_parent(by_id, "c", "a")
    with pytest.raises(Invalid):
        check_parent(by_id, "a", "c")
    with pytest.raises(Invalid):
        check_parent(by_id, "a", "a")


def test_the_usual_matrix() -> None:
    shown = {
        urgency.value: [DEFAULT_MATRIX[urgency, impact].value for impact in Impact] for urgency in Urgency
    }  # fmt: skip
    assert shown == {
        "low": ["low", "low", "normal"],
        "normal": ["low", "normal", "high"],
        "high": ["normal", "high", "critical"],
        "critical": ["high", "critical", "critical"],
    }
    assert [raised(each) for each in Priority] == [
        Priority.NORMAL,
        Priority.HIGH,
        Priority.CRITICAL,
        Priority.CRITICAL,
    ]
