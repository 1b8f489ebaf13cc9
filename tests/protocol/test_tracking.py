from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.tracking import ALPHABET, InvalidTrackingNumber, is_canonical, make_tracking, parse_tracking
from tests.protocol.support import vectors

NUMBERS = st.binary(min_size=7, max_size=7).map(lambda data: make_tracking(lambda _: data))


def test_vectors() -> None:
    file = vectors("tracking.json")
    for case in file["read"]:
        assert parse_tracking(case["text"]) == case["canonical"]
        assert is_canonical(case["canonical"])
    for text in file["rejects"]:
        with pytest.raises(InvalidTrackingNumber):
            parse_tracking(text)


@given(NUMBERS)
def test_every_single_wrong_character_is_seen(number: str) -> None:
    for place in (3, 4, 5, 6, 8, 9, 10, 11):
        for character in ALPHABET:
            changed = number[:place] + character + number[place + 1 :]
            assert is_canonical(changed) == (changed == number)


@given(NUMBERS)
def test_every_swap_of_neighbours_is_seen(number: str) -> None:
    for first, second in pairwise((3, 4, 5, 6, 8, 9, 10, 11)):
        letters = list(number)
        letters[first], letters[second] = letters[second], letters[first]
        changed = "".join(letters)
        assert is_canonical(changed) == (changed == number)


@given(st.text(max_size=60))
def test_any_text_is_read_or_refused_in_words(text: str) -> None:
    try:
        number = parse_tracking(text)
    except InvalidTrackingNumber as error:
        assert str(error)
    else:
        assert is_canonical(number)


def test_the_prefix_is_the_help_desks() -> None:
    number = make_tracking(bytes, prefix="ACME")
    assert number == "ACME-0000-0000"
    assert parse_tracking("acme 00000000", prefix="ACME") == number
    with pytest.raises(InvalidTrackingNumber):
        parse_tracking(number)
