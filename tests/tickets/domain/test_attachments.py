"""What files are, by their first bytes, and what they may be called."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tickets.domain.attachments import MAX_NAME, safe_name
from tickets.domain.file_types import SHOWN, UNKNOWN, declared_type, is_shown, sniff


@pytest.mark.parametrize(
    ("head", "kind"),
    [
        (b"\x89PNG\r\n\x1a\n....", "image/png"),
        (b"\xff\xd8\xff\xe0", "image/jpeg"),
        (b"GIF89a", "image/gif"),
        (b"RIFF\x00\x00\x00\x00WEBPVP8 ", "image/webp"),
        (b"RIFF\x00\x00\x00\x00WAVE", UNKNOWN),
        (b"%PDF-1.7", "application/pdf"),
        (b"PK\x03\x04", "application/zip"),
        (b"MZ\x90\x00", "application/x-msdownload"),
        (b"  <!-- x --><HTML>", "text/html"),
        (b'<?xml version="1.0"?><svg onload="x">', "image/svg+xml"),
        ("Grüße\n".encode(), "text/plain"),
        ("ü".encode()[:1] * 1, UNKNOWN),
        (b"text\x00", UNKNOWN),
        (b"", UNKNOWN),
    ],
)
def test_the_bytes_say_what_a_file_is(head: bytes, kind: str) -> None:
    assert sniff(head) == kind


def test_a_text_that_is_cut_in_a_character_is_still_text() -> None:
    assert sniff("grün".encode()[:3]) == "text/plain"
    assert sniff(b"gr\xff\xff\xffn") == UNKNOWN


@given(st.binary(max_size=64))
def test_only_pictures_of_known_kinds_are_shown(head: bytes) -> None:
    assert is_shown(sniff(head)) == (sniff(head) in SHOWN)
    assert not is_shown("image/svg+xml")


@pytest.mark.parametrize(
    ("given_as", "kind"),
    [("Text/Plain; charset=utf-8", "text/plain"), ("", UNKNOWN), ("text", UNKNOWN), ("text/html\r\nX: y", UNKNOWN)],
)
def test_a_declared_type_has_a_form(given_as: str, kind: str) -> None:
    assert declared_type(given_as) == kind


@given(st.text(max_size=400))
def test_any_name_is_a_safe_one(text: str) -> None:
    name = safe_name(text)
    assert 0 < len(name) <= MAX_NAME
    assert name not in {".", ".."}
    assert not set(name) & set('/\\:*?"<>|\x00\r\n')
    assert safe_name(name) == name
