"""Words of texts and of searches."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tickets.store.search.engines import vector_text
from tickets.store.search.tokens import MAX_GROUPS, MAX_TERM, edits, index_terms, query_words, slips, spellings, stem


def test_codes_are_indexed_in_pieces_and_together() -> None:
    assert index_terms("Fehler E-1234, Code 0x80070005 auf 10.0.0.5!") == [
        "fehler", "e", "1234", "code", "0x80070005", "auf", "10", "0", "0", "5", "e1234", "10005",
    ]  # fmt: skip
    assert index_terms("Straße É") == ["strasse", "e"]


def test_words_that_every_text_has_count_only_alone() -> None:
    assert query_words("Der Drucker geht nicht") == [("drucker",), ("geht",)]
    assert query_words("was ist das") == [("was",), ("ist",), ("das",)]
    assert len(query_words(" ".join(f"word{n}" for n in range(50)))) == MAX_GROUPS


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("printers", "printer"),
        ("printing", "print"),
        ("categories", "category"),
        ("boxes", "box"),
        ("passworter", "passwort"),
        ("hauser", "haus"),
        ("druckern", "drucker"),
        ("laufwerke", "laufwerk"),
        ("rechnungen", "rechnung"),
    ],
)
def test_forms_of_a_word_share_their_stem(one: str, other: str) -> None:
    assert stem(one) == stem(other)


@pytest.mark.parametrize(("one", "other"), [("0x80070005", "0x80070006"), ("1234s", "1234"), ("maus", "haus")])
def test_other_words_do_not(one: str, other: str) -> None:
    assert stem(one) != stem(other)


def test_spellings_of_umlauts() -> None:
    assert list(spellings("geraet")) == ["gerat"]


@pytest.mark.parametrize(
    ("one", "other", "found"),
    [
        ("drucker", "drucker", 0),
        ("durcker", "drucker", 1),
        ("drcker", "drucker", 1),
        ("dtukcer", "drucker", 2),
        ("a", "xyz", 3),
    ],
)
def test_slips_are_counted(one: str, other: str, found: int) -> None:
    assert slips(one, other, 2) == slips(other, one, 2) == found


@given(st.text("abcx1", min_size=1, max_size=6), st.data())
def test_every_single_slip_is_among_the_edits(word: str, data: st.DataObject) -> None:
    slipped = data.draw(st.sampled_from(sorted(set(edits(word)))))
    assert slips(word, slipped, 2) <= 1


@given(st.text())
def test_terms_are_letters_and_digits_only(text: str) -> None:
    for term in index_terms(text):
        assert term.isalnum()
        assert len(term) <= MAX_TERM
    for word in query_words(text):
        assert all(piece.isalnum() for piece in word)


def test_vectors_carry_where_a_word_stands() -> None:
    assert vector_text(["a", "b"], ["b", "c"]) == "'a':1A 'b':2A,3 'c':4"
    assert vector_text(["o'clock\\"], []) == "'o''clock\\\\':1A"
    assert "16383" in vector_text([], ["x"] * 100 + [f"w{n}" for n in range(20_000)])
