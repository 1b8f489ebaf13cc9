"""Names of files in an article: safe, and each only once."""

import pytest

from tickets.domain.article_files import name_among
from tickets.domain.attachments import MAX_NAME


@pytest.mark.parametrize(
    ("given", "taken", "name"),
    [
        ("a.png", (), "a.png"),
        ("a.png", ("a.png",), "a-2.png"),
        ("a.png", ("a.png", "a-2.png"), "a-3.png"),
        ("README", ("README",), "README-2"),
        ("../a.png", ("a.png",), "a-2.png"),
        ("x" * 200 + ".png", ("x" * (MAX_NAME - 4) + ".png",), "x" * (MAX_NAME - 6) + "-2.png"),
    ],
)
def test_name_among(given: str, taken: tuple[str, ...], name: str) -> None:
    assert name_among(given, taken) == name
