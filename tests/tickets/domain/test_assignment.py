"""Who gets a ticket, as pure rules."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tickets.domain.assignment import Candidate, RuleView, Strategy, choose, eligible, rule_for
from tickets.domain.values import TechnicianId


def somebody(name: str, **changes: object) -> Candidate:
    return Candidate(TechnicianId(name.lower()), name, **changes)  # type: ignore[arg-type]


ADA, BOB, CLEO = somebody("Ada"), somebody("Bob"), somebody("Cleo")


@pytest.mark.parametrize(
    ("wrong", "right"),
    [
        ({"available": False}, {}),
        ({"at_work": False}, {}),
        ({"skills": frozenset({"sql"})}, {"skills": frozenset({"sql", "mail"})}),
        ({"load": 5, "cap": 5}, {"load": 4, "cap": 5}),
    ],
)
def test_one_thing_that_is_wrong_rules_out(wrong: dict[str, object], right: dict[str, object]) -> None:
    needed = frozenset({"mail"} if "skills" in wrong else ())
    assert eligible([somebody("Ada", **wrong)], needed) == []
    assert eligible([somebody("Ada", **right)], needed) == [somebody("Ada", **right)]


def test_the_lower_cap_counts() -> None:
    busy = somebody("Ada", load=3, cap=5)
    assert eligible([busy], cap=3) == []
    assert eligible([busy], cap=4) == [busy]
    assert eligible([somebody("Ada", load=3)], cap=3) == []
    assert eligible([somebody("Ada", load=900)]) == [somebody("Ada", load=900)]


def test_round_robin_goes_round_by_name() -> None:
    everybody, given_to, last = [CLEO, ADA, BOB], [], None
    for _ in range(7):
        last = choose(everybody, Strategy.ROUND_ROBIN, last)
        assert last is not None
        given_to.append(last.name)
    assert given_to == ["Ada", "Bob", "Cleo", "Ada", "Bob", "Cleo", "Ada"]


def test_round_robin_goes_on_after_somebody_who_is_away_now() -> None:
    assert choose([ADA, CLEO], Strategy.ROUND_ROBIN, BOB) == CLEO
    assert choose([ADA, BOB], Strategy.ROUND_ROBIN, CLEO) == ADA
    assert choose([BOB], Strategy.ROUND_ROBIN, BOB) == BOB


def test_least_loaded_takes_the_one_with_the_fewest_and_goes_round_among_equals() -> None:
    ada, bob, cleo = somebody("Ada", load=2), somebody("Bob", load=1), somebody("Cleo", load=1)
    assert choose([ada, cleo, bob], Strategy.LEAST_LOADED) == bob
    assert choose([ada, cleo, bob], Strategy.LEAST_LOADED, bob) == cleo
    assert choose([ada, cleo, bob], Strategy.LEAST_LOADED, cleo) == bob


def test_nobody_is_chosen_by_hand_or_from_nobody() -> None:
    assert choose([ADA], Strategy.MANUAL) is None
    assert choose([], Strategy.ROUND_ROBIN) is None
    assert choose([], Strategy.LEAST_LOADED, ADA) is None


people = st.lists(
    st.builds(somebody, st.text("ABCDE", min_size=1, max_size=3), load=st.integers(0, 3)),
    min_size=1,
    max_size=6,
    unique_by=lambda each: each.technician,
)


@given(people, st.randoms(use_true_random=False), st.sampled_from(list(Strategy)[1:]))
def test_the_order_in_which_they_are_found_does_not_matter(
    found: list[Candidate], random: object, strategy: Strategy
) -> None:
    last = found[0]
    before = choose(found, strategy, last)
    random.shuffle(found)  # type: ignore[attr-defined]
    assert choose(found, strategy, last) == before


@given(people)
def test_round_robin_leaves_nobody_out(found: list[Candidate]) -> None:
    last, given_to = None, set()
    for _ in found:
        last = choose(found, Strategy.ROUND_ROBIN, last)
        assert last is not None
        given_to.add(last.technician)
    assert given_to == {each.technician for each in found}


def rule(name: str, **changes: object) -> RuleView:
    return RuleView(id=name, name=name, **changes)  # type: ignore[arg-type]


def test_the_first_active_rule_that_fits_counts() -> None:
    rules = [rule("off", active=False), rule("mail", category="mail"), rule("team", team="blue"), rule("rest")]
    assert rule_for(rules, ("mail", "software"), None) == rules[1]
    assert rule_for(rules, ("outlook", "mail"), None) == rules[1]
    assert rule_for(rules, ("printing",), "blue") == rules[2]
    assert rule_for(rules, (), None) == rules[3]
    assert rule_for(rules[:3], ("printing",), "red") is None
