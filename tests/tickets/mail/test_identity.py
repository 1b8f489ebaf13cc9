"""Names that only this server can make, and who holds a reply address."""

import re

import pytest

from protocol.tracking import TrackingNumber
from tests.tickets.mail.desk import FROM, MailDesk
from tickets import setup
from tickets.mail.holders import holder_of
from tickets.mail.identity import (
    MAX_LOCAL_OCTETS,
    ReplyKey,
    ReplyRole,
    SentMail,
    key_of_address,
    message_id,
    proves,
    read_message_id,
    read_reply_key,
    reply_address,
    reply_key,
)

KEY, OTHER = bytes(range(32)), bytes(32)
NUMBER, SECOND = TrackingNumber("TL-0000-0000"), TrackingNumber("TL-0000-0012")
IDENT = message_id(KEY, "reply", NUMBER, 7, "office.example")


def test_a_message_id_of_ours_is_read_back() -> None:
    assert read_message_id(KEY, IDENT) == SentMail("reply", NUMBER, 7)
    assert read_message_id(KEY, f" {IDENT}\t") == SentMail("reply", NUMBER, 7)
    # A desk that moved to another domain still knows its own.
    assert read_message_id(KEY, IDENT.replace("office", "other")) == SentMail("reply", NUMBER, 7)
    assert read_message_id(KEY, message_id(KEY, "my", "-a_b-C", 0, "x")) == SentMail("my", None, 0)


@pytest.mark.parametrize(
    "forged",
    [
        message_id(OTHER, "reply", NUMBER, 7, "office.example"),
        IDENT.replace(".7.", ".8."),
        IDENT.replace(".7.", ".07."),
        IDENT.replace("reply", "answer"),
        IDENT.replace("TL-0000-0000", "TL-0000-0012"),
        IDENT[1:],
        IDENT + "x",
        IDENT.replace("@", "@ "),
        "",
        "<>",
        "<tl.reply.TL-0000-0000.7.@office.example>",
        "\udcff",
    ],
)
def test_nobody_else_makes_one(forged: str) -> None:
    assert read_message_id(KEY, forged) is None


def key_for(role: ReplyRole = ReplyRole.REQUESTER, person: str = "p", generation: int = 1) -> str:
    return reply_key(KEY, role, NUMBER, "ticket", person, generation)


def read(text: str) -> ReplyKey:
    found = read_reply_key(text)
    assert found is not None
    return found


@pytest.mark.parametrize("role", ReplyRole)
def test_a_reply_key_names_ticket_and_role_and_is_one_persons(role: ReplyRole) -> None:
    key = key_for(role)
    assert re.fullmatch("[a-z0-9]{27}", key)
    for spelling in (key, key.upper(), key.title()):
        claimed = read(spelling)
        assert (claimed.role, claimed.tracking) == (role, NUMBER)
        assert proves(KEY, claimed, "ticket", "p", 1)
    assert not proves(KEY, claimed, "ticket", "q", 1)
    assert not proves(KEY, claimed, "other ticket", "p", 1)
    assert not proves(KEY, claimed, "ticket", "p", 2)
    assert not proves(OTHER, claimed, "ticket", "p", 1)


def test_a_key_changed_to_another_role_or_ticket_proves_nothing() -> None:
    key = key_for()
    assert not proves(KEY, read("t" + key[1:]), "ticket", "p", 1)
    assert not proves(KEY, read(key.replace("tl00000000", "tl00000012")), "ticket", "p", 1)
    assert proves(KEY, read(key), "ticket", "p", 1)


@pytest.mark.parametrize(
    "text", ["", "r", "x" + key_for()[1:], key_for() + "0", key_for()[:-1], "rtl0000000u" + "0" * 16]
)
def test_what_is_no_key_is_none(text: str) -> None:
    assert read_reply_key(text) is None
    assert read_reply_key(key_for()) is not None


def test_addresses_carry_the_key_behind_a_plus() -> None:
    address = reply_address("Help@office.example", key_for())
    assert address == f"Help+{key_for()}@office.example"
    assert key_of_address(address, "Help@office.example") == read(key_for())
    assert key_of_address(address.upper(), "Help@office.example") == read(key_for())
    for foreign in (
        "help@office.example",
        "Help+x@office.example",
        address.replace("office", "other"),
        f"x{address}",
        "",
    ):
        assert key_of_address(foreign, "Help@office.example") is None


def test_a_long_address_stays_plain() -> None:
    longest = "x" * (MAX_LOCAL_OCTETS - 1 - len(key_for()))
    assert reply_address(f"{longest}@office.example", key_for()).startswith(f"{longest}+")
    assert reply_address(f"{longest}x@office.example", key_for()) == f"{longest}x@office.example"


async def test_the_holder_of_an_address_is_found(office: MailDesk) -> None:
    ada = await office.world.technician("Ada")
    filed = await office.world.ticket()
    context = office.world.desk._context
    token_key = context.keys.token_key
    async with context.database.read() as connection:
        ticket = await context.find(connection, filed.tracking)
        assert ticket is not None
        of_maria = reply_key(token_key, ReplyRole.REQUESTER, ticket.tracking, ticket.id, ticket.requester_id, 1)
        of_ada = reply_key(token_key, ReplyRole.TECHNICIAN, ticket.tracking, ticket.id, ada.id, 0)
        forged = reply_key(OTHER, ReplyRole.TECHNICIAN, ticket.tracking, ticket.id, ada.id, 0)
        maria = await holder_of(connection, token_key, read(of_maria))
        technician = await holder_of(connection, token_key, read(of_ada))
        assert await holder_of(connection, token_key, read(forged)) is None
        elsewhere = reply_key(token_key, ReplyRole.REQUESTER, NUMBER, "x", "y", 1)
        assert await holder_of(connection, token_key, read(elsewhere)) is None
    assert maria is not None
    assert (maria.ticket.tracking, maria.role, maria.person) == (
        filed.tracking,
        ReplyRole.REQUESTER,
        ticket.requester_id,
    )
    assert technician is not None
    assert technician.technician is not None
    assert technician.technician.email == "ada@help.example"
    assert len(reply_address(FROM, of_ada).partition("@")[0]) <= MAX_LOCAL_OCTETS
    # Who was disabled holds nothing any more.
    await setup.disable_technician(office.world.settings, "ada@help.example")
    async with context.database.read() as connection:
        assert await holder_of(connection, token_key, read(of_ada)) is None
