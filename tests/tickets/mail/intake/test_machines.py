"""Mail that machines wrote: never answered, on its ticket when it is about one, and addresses that are gone."""

from pathlib import Path
from typing import Any

from sqlalchemy import event

from tests.tickets.databases import Databases
from tests.tickets.mail.intake.inbox import DESK, MARIA, Inbox, mail, make_inbox
from tests.tickets.world import Json, database_engine
from tickets.domain.intake import IntakeState
from tickets.mail.intake.receiving import Arrival
from tickets.settings import Limit, Limits
from tickets.store import mail_addresses

ARRIVAL = Arrival("test", trusted=True)


def bounce(about: str, *, address: str = MARIA, status: str = "5.1.1", ident: str = "<bounce@mx.example>") -> bytes:
    """Return a delivery report (RFC 3464)."""
    return (
        f"Return-Path: <>\r\nFrom: MAILER-DAEMON@mx.example\r\nTo: {DESK}\r\nSubject: Undelivered Mail\r\n"
        f"Message-ID: {ident}\r\nAuto-Submitted: auto-replied\r\nMIME-Version: 1.0\r\n"
        'Content-Type: multipart/report; report-type=delivery-status; boundary="b"\r\n\r\n'
        "--b\r\nContent-Type: text/plain\r\n\r\nIt did not work.\r\n"
        "--b\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx.example\r\n\r\n"
        f"Final-Recipient: rfc822; {address}\r\nAction: failed\r\nStatus: {status}\r\n"
        f"Diagnostic-Code: smtp; 550 {status} no such user\r\n\r\n"
        f"--b\r\nContent-Type: text/rfc822-headers\r\n\r\nMessage-ID: {about}\r\nSubject: x\r\n\r\n--b--\r\n"
    ).encode()


async def confirmation(inbox: Inbox) -> Json:
    """Return the outbox row of the only confirmation."""
    [row] = [row for row in await inbox.outbox() if row["kind"] == "confirmation"]
    return row


async def shut(inbox: Inbox, address: str = MARIA) -> bool:
    async with inbox.context.database.read() as connection:
        return address in await mail_addresses.shut_among(connection, [address])


async def ticket_page(inbox: Inbox, tracking: str | None) -> str:
    headers = {"cookie": await inbox.world.cookie()}
    return (await inbox.world.client.get(f"/console/tickets/{tracking}", headers=headers)).text


async def test_a_bounce_goes_to_its_ticket_and_marks_the_address(inbox: Inbox) -> None:
    staff = await inbox.world.technician()
    first = await inbox.take(mail())
    row = await inbox.take(bounce((await confirmation(inbox))["message_id"]))
    assert (row.state, row.tracking) == (IntakeState.DONE, first.tracking)
    line = await inbox.last_line(staff, first.tracking)
    assert (line["kind"], line["internal"]) == ("note", True)
    assert "550 5.1.1 no such user" in line["text"]
    assert f"No more mail goes to {MARIA}" in line["text"]
    assert await shut(inbox)
    assert "Mail to it comes back" in await ticket_page(inbox, first.tracking)
    listed = (await staff.get("/incoming-mail/blocked-addresses")).json()["items"]
    assert [each["address"] for each in listed] == [MARIA]
    await staff.must("/incoming-mail/blocked-addresses/clear", {"address": MARIA}, 204)
    assert not await shut(inbox)
    assert "Mail to it comes back" not in await ticket_page(inbox, first.tracking)
    assert (await staff.post("/incoming-mail/blocked-addresses/clear", {"address": MARIA})).status_code == 404


async def test_a_mailbox_that_is_full_gets_mail_again(inbox: Inbox) -> None:
    await inbox.take(mail())
    row = await inbox.take(bounce((await confirmation(inbox))["message_id"], status="4.2.2"))
    assert row.state is IntakeState.DONE
    assert not await shut(inbox)


async def test_a_report_marks_only_whom_we_wrote_to(inbox: Inbox) -> None:
    await inbox.take(mail())
    await inbox.take(bounce("<invented@office.example>", address="victim@office.example"))
    assert not await shut(inbox, "victim@office.example")
    ident = (await confirmation(inbox))["message_id"]
    await inbox.take(bounce(ident, address="victim@office.example", ident="<b2@mx.example>"))
    assert not await shut(inbox, "victim@office.example")


async def test_a_bounce_about_nothing_of_ours_waits(inbox: Inbox) -> None:
    row = await inbox.take(bounce("<other@somewhere.example>"))
    assert row.state is IntakeState.SUSPENDED
    assert "about no mail of ours" in row.reason
    assert await inbox.outbox() == []


async def test_an_absence_notice_is_an_internal_line_and_opens_nothing_again(inbox: Inbox) -> None:
    staff = await inbox.world.technician()
    first = await inbox.take(mail())
    await staff.must(f"/tickets/{first.tracking}/claim")
    await staff.must(f"/tickets/{first.tracking}/resolve", {"solution": "Paper."})
    queued = len(await inbox.outbox())
    away = mail(
        "I am away.", subject="Out of office", ident="<2@x>",
        In_Reply_To=inbox.own_id(first.tracking), Auto_Submitted="auto-replied",
    )  # fmt: skip
    row = await inbox.take(away)
    assert (row.state, row.tracking) == (IntakeState.DONE, first.tracking)
    ticket = await inbox.ticket(staff, first.tracking)
    assert (ticket["status"], ticket["timeline"][-1]["internal"]) == ("resolved", True)
    assert len(await inbox.outbox()) == queued


async def test_a_machine_that_reports_something_gets_a_ticket_and_no_answer(inbox: Inbox) -> None:
    row = await inbox.take(mail("Disk full", sender="nagios@office.example", Auto_Submitted="auto-generated"))
    assert row.state is IntakeState.DONE
    assert await inbox.confirmed() == 0
    by_hand = await inbox.take(mail("Disk full", sender="otto@office.example", ident="<2@x>"))
    assert by_hand.state is IntakeState.DONE
    assert await inbox.confirmed() == 1


async def test_an_automatic_answer_to_nothing_waits(inbox: Inbox) -> None:
    row = await inbox.take(mail("Away.", Auto_Submitted="auto-replied"))
    assert row.state is IntakeState.SUSPENDED
    assert "to no mail of ours" in row.reason


async def test_our_own_mail_that_comes_back_is_nothing(inbox: Inbox) -> None:
    first = await inbox.take(mail())
    ident = (await confirmation(inbox))["message_id"]
    row = await inbox.take(mail("We have your request", sender=DESK, to=MARIA, ident=ident))
    assert row.state is IntakeState.IGNORED
    claimed = await inbox.take(mail("Hello", sender=DESK, ident="<3@x>"))
    assert claimed.state is IntakeState.SUSPENDED
    assert "own address" in claimed.reason
    assert await inbox.confirmed() == 1
    assert first.state is IntakeState.DONE


async def test_a_thousand_automatic_answers_meet_the_budget(tmp_path: Path) -> None:
    # Takes a while, and what it is about is no database's business.
    async with make_inbox(tmp_path / "storm", None) as inbox:
        # This desk need not survive a power cut.
        event.listen(database_engine(inbox.world, "_writer"), "connect", hasty)
        await inbox.context.database.close()
        await storm(inbox, 1_000)


async def test_automatic_answers_meet_a_budget(inbox: Inbox) -> None:
    await storm(inbox, Limits().mail_ticket_automatic.count + 3)


def hasty(connection: Any, _record: object) -> None:
    cursor = connection.cursor()
    cursor.execute("PRAGMA synchronous = OFF")
    cursor.close()


async def storm(inbox: Inbox, answers: int) -> None:
    staff = await inbox.world.technician()
    first = await inbox.take(mail())
    queued = len(await inbox.outbox())
    for number in range(answers):
        raw = mail(
            f"Away {number}", sender=f"a{number % 7}@x.example", ident=f"<{number}@x>",
            In_Reply_To=inbox.own_id(first.tracking), Auto_Submitted="auto-replied",
        )  # fmt: skip
        await inbox.receiver.receive(raw, ARRIVAL)
    await inbox.processor.process_due()
    limit = Limits().mail_ticket_automatic.count
    lines = (await inbox.ticket(staff, first.tracking))["timeline"]
    held = [line for line in lines if "is held back" in line["text"]]
    assert len(lines) == 1 + limit + 1
    assert len(held) == 1
    assert await inbox.count(IntakeState.SUSPENDED) == answers - limit
    assert len(await inbox.outbox()) == queued


async def test_people_have_a_budget_too_and_nothing_is_lost(tmp_path: Path, databases: Databases) -> None:
    limits = Limits(mail_sender=Limit(3, Limits().mail_sender.window))
    async with make_inbox(tmp_path / "few", databases, limits=limits) as inbox:
        for number in range(5):
            await inbox.take(mail(ident=f"<{number}@x>"))
        assert await inbox.count(IntakeState.DONE) == 3
        assert await inbox.count(IntakeState.SUSPENDED) == 2
        other = await inbox.take(mail(sender="otto@office.example", ident="<o@x>"))
        assert other.state is IntakeState.DONE
        inbox.world.clock.forward(3_700)
        assert (await inbox.take(mail(ident="<later@x>"))).state is IntakeState.DONE
