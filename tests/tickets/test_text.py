"""Cleaning, folding and searching."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tickets.domain.errors import Invalid
from tickets.text import clean_email, clean_line, clean_text, fold, words


@pytest.mark.parametrize(
    ("text", "folded"),
    [("Größe", "grosse"), ("ÉCOLE  à\tParis", "ecole a paris"), ("ﬁx", "fix"), ("İstanbul", "istanbul"), ("", "")],
)
def test_case_marks_and_sharp_s_do_not_matter(text: str, folded: str) -> None:
    assert fold(text) == folded


@given(st.text())
def test_folding_twice_changes_nothing_that_is_searched(text: str) -> None:
    assert set(words(fold(text))) == set(words(text))


def test_a_search_has_at_most_eight_words() -> None:
    assert words("a b a C") == ("a", "b", "c")
    assert len(words(" ".join(map(str, range(100))))) == 8


@pytest.mark.parametrize(
    ("address", "kept"),
    [
        ("maria@office.example", "maria@office.example"),
        (" Maria@Office.EXAMPLE ", "maria@office.example"),
        ("root@localhost", "root@localhost"),
        ("maria@praxis.local", "maria@praxis.local"),
    ],
)
def test_addresses_are_kept_in_one_form(address: str, kept: str) -> None:
    assert clean_email(address) == kept


@pytest.mark.parametrize(
    "address", ["", "maria", "@office.example", "maria@", "a b@c.example", "a@b\nc", "a@b@c.example", "a@gmail", "a@b."]
)
def test_what_is_no_address_is_refused(address: str) -> None:
    with pytest.raises(Invalid, match="e-mail"):
        clean_email(address)


def test_lines_and_texts_lose_what_can_not_be_seen() -> None:
    assert clean_line(" a\x00\n\tb\u202e ", "title") == "a b"
    assert clean_text(" a\r\n\x1bb\tc \r", "text") == "a\nb\tc"
    for clean in (clean_line, clean_text):
        with pytest.raises(Invalid, match="title"):
            clean(" \x00\u202e ", "title")
        with pytest.raises(Invalid, match="title"):
            clean("a\ud800", "title")
