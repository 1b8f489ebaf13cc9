from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol import envelope
from tests.protocol.support import vectors

READERS: dict[str, Callable[[str], envelope.Control]] = {
    "first": envelope.parse_first_frame,
    "agent": envelope.parse_from_agent,
    "relay": envelope.parse_from_relay,
}


def test_vectors() -> None:
    file = vectors("envelope.json")
    for case in file["frames"]:
        assert envelope.pack_control(READERS[case["reader"]](case["text"])) == case["text"]
    for case in file["rejects"]:
        with pytest.raises(envelope.MalformedFrame):
            READERS[case["reader"]](case["text"])


@given(st.text(max_size=300), st.sampled_from(sorted(READERS)))
def test_any_text_is_a_frame_or_malformed(text: str, reader: str) -> None:
    try:
        READERS[reader](text)
    except envelope.MalformedFrame as error:
        assert not error.too_large


def test_the_size_limit_has_two_sides() -> None:
    frame = '{"type":"asking"}'
    fits = frame.ljust(envelope.MAX_CONTROL_BYTES)
    assert envelope.parse_from_relay(fits) == envelope.Asking()
    for too_long in (fits + " ", "ä" * (envelope.MAX_CONTROL_BYTES - 10)):
        with pytest.raises(envelope.MalformedFrame) as caught:
            envelope.parse_from_relay(too_long)
        assert caught.value.too_large


def test_a_lone_surrogate_is_malformed() -> None:
    with pytest.raises(envelope.MalformedFrame):
        envelope.parse_first_frame("\udc80")


def test_records_have_one_to_65535_bytes() -> None:
    envelope.check_record(bytes(1))
    envelope.check_record(bytes(65_535))
    for size in (0, 65_536):
        with pytest.raises(envelope.MalformedFrame):
            envelope.check_record(bytes(size))


def test_tracking_numbers_in_paths() -> None:
    assert envelope.is_tracking_path("TL-0000-0000")
    for text in ("tl-0000-0000", "TL-0000-000I", "TL-0000-0000\n", "TL0000-0000", "", "TOOLONG-0000-0000"):
        assert not envelope.is_tracking_path(text)
