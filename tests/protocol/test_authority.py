from typing import Any

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from hypothesis import given
from hypothesis import strategies as st

from protocol.authority import (
    Authority,
    Credentials,
    DeviceCertificate,
    SessionGrant,
    Trust,
    check_credentials,
    sign,
    verify,
)
from protocol.encoding import parse_b64
from protocol.errors import SecurityError
from protocol.rights import Right
from tests.protocol.support import vectors
from tests.vectors.make import AT, ORGANISATION, device_certificate

FILE = vectors("authority.json")
PUBLIC_TEXT = str(SecurityError("any cause"))


def check(case: dict[str, Any]) -> Authority:
    key = Ed25519PublicKey.from_public_bytes(parse_b64(FILE["organisation_key"]))
    return check_credentials(
        Credentials(**{name: parse_b64(value) for name, value in case["credentials"].items()}),
        Trust(key, **case["trust"]),
        session=FILE["session"],
        tracking=FILE["tracking"],
        peer_static=parse_b64(case["peer_static"]),
    )


def test_good_papers_are_accepted() -> None:
    authority = check(FILE["accepted"])
    assert authority.rights == {Right.VIEW, Right.CONTROL}
    assert (authority.technician, authority.name, authority.kind) == ("7", "Tess Technician", "browser")
    assert (authority.newest_signed, authority.revocation_sequence) == (AT, 3)


@pytest.mark.parametrize("case", FILE["rejects"], ids=lambda case: case["why"])
def test_papers_with_one_thing_wrong_are_refused_in_the_same_words(case: dict[str, Any]) -> None:
    with pytest.raises(SecurityError) as caught:
        check(case)
    assert str(caught.value) == PUBLIC_TEXT
    assert caught.value.cause


def test_an_older_server_clock_does_not_bring_old_papers_to_life() -> None:
    case = FILE["accepted"]
    newer = case | {"trust": case["trust"] | {"newest_signed": AT + 13 * 3_600}}
    with pytest.raises(SecurityError):
        check(newer)
    assert check(case | {"trust": case["trust"] | {"newest_signed": AT + 3_600}}).newest_signed == AT + 3_600


def test_a_wrong_session_or_ticket_is_refused_and_the_right_one_accepted() -> None:
    case = FILE["accepted"]
    key = Ed25519PublicKey.from_public_bytes(parse_b64(FILE["organisation_key"]))
    papers = Credentials(**{name: parse_b64(value) for name, value in case["credentials"].items()})
    static = parse_b64(case["peer_static"])
    for session, tracking in (("A" * 22, FILE["tracking"]), (FILE["session"], "TL-0000-0000")):
        with pytest.raises(SecurityError):
            check_credentials(papers, Trust(key, AT), session=session, tracking=tracking, peer_static=static)
    authority = check_credentials(
        papers, Trust(key, AT), session=FILE["session"], tracking=FILE["tracking"], peer_static=static
    )
    assert authority.device_key == static


SIGNED = sign(ORGANISATION, device_certificate())


@given(st.integers(0, len(SIGNED) - 1), st.integers(1, 255))
def test_one_changed_byte_is_seen(place: int, change: int) -> None:
    changed = SIGNED[:place] + bytes([SIGNED[place] ^ change]) + SIGNED[place + 1 :]
    with pytest.raises(SecurityError):
        verify(ORGANISATION.public_key(), changed, DeviceCertificate)
    assert verify(ORGANISATION.public_key(), SIGNED, DeviceCertificate) == device_certificate()


@given(st.binary(max_size=200))
def test_garbage_is_refused(garbage: bytes) -> None:
    with pytest.raises(SecurityError):
        verify(ORGANISATION.public_key(), garbage, DeviceCertificate)


def test_a_paper_under_another_label_is_refused() -> None:
    text = msgspec.json.encode(device_certificate())
    for label, good in ((DeviceCertificate.LABEL, True), (SessionGrant.LABEL, False), (b"", False)):
        body = label + b"\n" + text
        signed = ORGANISATION.sign(body) + body
        if good:
            assert verify(ORGANISATION.public_key(), signed, DeviceCertificate) == device_certificate()
        else:
            with pytest.raises(SecurityError):
                verify(ORGANISATION.public_key(), signed, DeviceCertificate)


def test_what_is_signed_but_of_the_wrong_form_is_refused() -> None:
    for text in (b"{}", b"[]", b"\xff", b'{"organisation": 1}'):
        body = DeviceCertificate.LABEL + b"\n" + text
        with pytest.raises(SecurityError):
            verify(ORGANISATION.public_key(), ORGANISATION.sign(body) + body, DeviceCertificate)
