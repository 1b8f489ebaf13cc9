"""Hostile HTML is cut where it begins to cost too much, and nowhere before."""

import pytest

from tickets.mail.reading.html_bounds import bounded_html
from tickets.mail.reading.limits import MAX_HTML_CHARS, MAX_HTML_DEPTH, MAX_HTML_REFERENCES, MAX_HTML_TAGS


@pytest.mark.parametrize(
    ("unit", "most"),
    [
        pytest.param("a", MAX_HTML_CHARS, id="length"),
        pytest.param("&", MAX_HTML_REFERENCES, id="references"),
        pytest.param("<", MAX_HTML_TAGS, id="tags"),
        pytest.param("<div>", MAX_HTML_DEPTH + 1, id="depth"),
        pytest.param("<div></x>", MAX_HTML_DEPTH + 1, id="depth with end tags of nothing"),
    ],
)
def test_html_is_cut_at_a_limit(unit: str, most: int) -> None:
    assert bounded_html(unit * (most + 10)).count(unit[:5]) == most


@pytest.mark.parametrize("unit", ["<p>a", "<li>", "<br>", "<div></div>", "<B></b>", "a &amp; b "])
def test_what_does_not_nest_is_not_cut(unit: str) -> None:
    assert bounded_html(unit * 2_000) == unit * 2_000
