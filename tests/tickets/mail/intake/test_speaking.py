"""Who may speak for a technician by mail: only they, through their own reply address, proven by our mail server."""

from dataclasses import dataclass

import pytest

from tests.tickets.mail.intake.inbox import DESK, PASSES, Inbox, mail
from tests.tickets.world import Caller, Json
from tickets.domain.intake import IntakeState

ADA = "Ada <ada@help.example>"
ADA_PASSES = PASSES.replace("office.example", "help.example", 2).replace("mx.help", "mx.office")


@dataclass(frozen=True)
class Case:
    """What a mail has that says it is Ada's; each of the three is needed."""

    sender: str = ADA
    own_address: bool = True
    authentic: bool = True


async def said(inbox: Inbox, case: Case) -> tuple[Caller, Json]:
    staff, other = await inbox.world.technician("Ada"), await inbox.world.technician("Bob")
    filed = await inbox.world.claimed(staff)
    whom = staff.id if case.own_address else other.id
    raw = mail(
        "Please restart it.",
        sender=case.sender,
        to=inbox.reply_to(filed.tracking, whom),
        ident="<2@x>",
        In_Reply_To=inbox.own_id(filed.tracking, "new", 2),
        Authentication_Results=ADA_PASSES if case.authentic else "mx.evil.example; none",
    )
    row = await inbox.take(raw)
    assert (row.state, row.tracking) == (IntakeState.DONE, filed.tracking)
    return staff, await inbox.last_line(staff, filed.tracking)


async def test_a_technician_answers_by_mail(inbox: Inbox) -> None:
    _staff, line = await said(inbox, Case())
    assert (line["kind"], line["text"], line["internal"]) == ("message", "Please restart it.", False)
    assert (line["who"], line["role"]) == ("Ada", "technician")
    assert [row["kind"] for row in await inbox.outbox()][-1] == "reply"


@pytest.mark.parametrize(
    ("case", "why"),
    [
        (Case(authentic=False), "did not verify"),
        (Case(own_address=False), "from somebody else"),
        (Case(sender="Ada <ada@evil.example>"), "from somebody else"),
    ],
    ids=["not verified", "another one's address", "another sender"],
)
async def test_without_one_of_the_proofs_it_is_an_internal_note(inbox: Inbox, case: Case, why: str) -> None:
    _, line = await said(inbox, case)
    assert (line["kind"], line["internal"], line["role"]) == ("note", True, "anonymous")
    assert line["text"].startswith("Please restart it.")
    assert why in line["text"]
    assert "reply" not in [row["kind"] for row in await inbox.outbox()]


async def test_a_technician_who_answers_a_notice_to_the_plain_address_leaves_a_note(inbox: Inbox) -> None:
    staff = await inbox.world.technician("Ada")
    filed = await inbox.world.ticket()
    raw = mail(
        "Hm.",
        sender=ADA,
        to=DESK,
        ident="<2@x>",
        In_Reply_To=inbox.own_id(filed.tracking, "new", 2),
        Authentication_Results=ADA_PASSES,
    )
    row = await inbox.take(raw)
    assert row.tracking == filed.tracking
    line = await inbox.last_line(staff, filed.tracking)
    assert (line["kind"], line["internal"]) == ("note", True)
    assert "did not come to a technician's own reply address" in line["text"]


async def test_somebody_else_who_answers_is_shown_with_their_address(inbox: Inbox) -> None:
    staff = await inbox.world.technician("Ada")
    filed = await inbox.world.ticket()
    raw = mail("I know!", sender="Ada <eve@evil.example>", ident="<2@x>", In_Reply_To=inbox.own_id(filed.tracking))
    assert (await inbox.take(raw)).tracking == filed.tracking
    line = await inbox.last_line(staff, filed.tracking)
    assert (line["who"], line["role"]) == ("Ada <eve@evil.example>", "requester")


async def test_a_technician_can_ask_for_help_like_everybody(inbox: Inbox) -> None:
    staff = await inbox.world.technician("Ada")
    first = await inbox.take(mail(sender=ADA))
    row = await inbox.take(mail("More.", sender=ADA, ident="<2@x>", In_Reply_To=inbox.own_id(first.tracking)))
    assert row.tracking == first.tracking
    line = await inbox.last_line(staff, first.tracking)
    assert (line["kind"], line["role"]) == ("message", "requester")


async def test_a_technician_in_copy_is_not_believed_by_their_address_alone(inbox: Inbox) -> None:
    staff = await inbox.world.technician("Ada")
    first = await inbox.take(mail(Cc=ADA))
    row = await inbox.take(mail("Pay me.", sender=ADA, ident="<2@x>", In_Reply_To=inbox.own_id(first.tracking)))
    assert row.tracking == first.tracking
    assert (await inbox.last_line(staff, first.tracking))["internal"]
