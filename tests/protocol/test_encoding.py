import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.encoding import pack_b64, parse_b64


@given(st.binary(max_size=100))
def test_round_trip(data: bytes) -> None:
    assert parse_b64(pack_b64(data)) == data


@pytest.mark.parametrize("text", ["a", "AB", "AA==", "A A", "AA\n", "A+/A", "ÄÄ"])
def test_what_is_not_canonical_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="base64url"):
        parse_b64(text)


def test_length() -> None:
    assert parse_b64("AAAA", 3) == bytes(3)
    with pytest.raises(ValueError, match="4 bytes expected"):
        parse_b64("AAAA", 4)
