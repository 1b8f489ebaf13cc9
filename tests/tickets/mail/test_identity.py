"""Names that only this server can make: Message-IDs and reply addresses, made and read back."""

import re

import pytest

from protocol.tracking import TrackingNumber
from tickets.mail.identity import (
    OwnId,
    ReplyTo,
    message_id,
    parse_message_id,
    parse_reply_address,
    proves,
    reply_address,
)

KEY, OTHER = bytes(range(32)), bytes(32)
BASE = "Help@office.example"
NUMBER = TrackingNumber("TL-0000-0000")
IDENT = message_id(KEY, "reply", NUMBER, 7, "office.example")


def test_a_message_id_of_ours_is_read_back() -> None:
    ours = OwnId("reply", NUMBER, 7)
    assert parse_message_id(KEY, IDENT) == parse_message_id(KEY, f" {IDENT}\t") == ours
    # A desk that moved to another domain still knows its own.
    assert parse_message_id(KEY, IDENT.replace("office", "other")) == ours


@pytest.mark.parametrize(
    "forged",
    [
        message_id(OTHER, "reply", NUMBER, 7, "office.example"),
        IDENT.replace(".7.", ".8."),
        IDENT.replace(".7.", ".07."),
        IDENT.replace("reply", "answer"),
        IDENT.replace("TL-0000-0000", "TL-0000-0012"),
        f"x{IDENT}",
        f"{IDENT}x",
        IDENT.replace("@", "@ "),
        "",
        "<>",
        "<tl.reply.TL-0000-0000.7.@office.example>",
        "\udcff",
    ],
)
def test_nobody_else_makes_one(forged: str) -> None:
    assert parse_message_id(KEY, forged) is None


def read(address: str) -> ReplyTo:
    found = parse_reply_address(BASE, address)
    assert found is not None
    return found


def test_a_reply_address_is_one_persons_on_one_ticket() -> None:
    address = reply_address(KEY, BASE, NUMBER, "maria")
    assert re.fullmatch(r"Help\+tl-0000-0000-[a-z2-7]{16}@office\.example", address)
    for spelling in (address, address.upper(), address.lower(), f" {address} "):
        claimed = read(spelling)
        assert claimed.tracking == NUMBER
        assert proves(KEY, claimed, "maria")
    assert not proves(KEY, claimed, "karl")
    assert not proves(OTHER, claimed, "maria")
    elsewhere = read(address.replace("tl-0000-0000", "tl-0000-0012"))
    assert not proves(KEY, elsewhere, "maria")


@pytest.mark.parametrize(
    "foreign",
    [
        "",
        BASE,
        "help+x@office.example",
        "xhelp+tl-0000-0000-aaaaaaaaaaaaaaaa@office.example",
        "help+tl-0000-0000-aaaaaaaaaaaaaaaa@other.example",
        "help+tl-0000-0001-aaaaaaaaaaaaaaaa@office.example",
        "help+tl-0000-0000-aaaaaaaaaaaaaaa@office.example",
        "help+tl-0000-0000-aaaaaaaaaaaaaaa1@office.example",
    ],
)
def test_what_is_no_reply_address_is_none(foreign: str) -> None:
    assert parse_reply_address(BASE, foreign) is None
    assert parse_reply_address(BASE, "help+tl-0000-0000-aaaaaaaaaaaaaaaa@office.example") is not None


def test_a_long_address_stays_plain() -> None:
    room = 64 - len("+tl-0000-0000-") - 16
    fits, too_long = "x" * room + "@office.example", "x" * (room + 1) + "@office.example"
    assert reply_address(KEY, fits, NUMBER, "maria") != fits
    assert reply_address(KEY, too_long, NUMBER, "maria") == too_long
