"""A mail becomes a ticket or a line of one."""

from base64 import b64encode
from email.message import EmailMessage
from email.policy import SMTP

from tests.tickets.mail.intake.inbox import DESK, MARIA, PASSES, Inbox, mail
from tickets.domain.access import Role
from tickets.domain.intake import IntakeState

PNG = b"\x89PNG\r\n\x1a\n" + bytes(40)


async def test_a_mail_becomes_a_ticket_and_is_confirmed(inbox: Inbox) -> None:
    staff = await inbox.world.technician()
    row = await inbox.take(mail("It blinks red.\n\n-- \nMaria Weber\nOffice", subject="Re: AW: The printer says no"))
    assert row.state is IntakeState.DONE
    ticket = await inbox.ticket(staff, row.tracking)
    assert (ticket["title"], ticket["description"]) == ("The printer says no", "It blinks red.")
    assert ticket["channel"] == "e-mail"
    assert ticket["requester"] == {"name": "Maria Weber", "email": MARIA}
    assert await inbox.confirmed() == 1


async def test_importance_becomes_urgency(inbox: Inbox) -> None:
    staff = await inbox.world.technician()
    urgent = await inbox.take(mail(X_Priority="1 (Highest)"))
    usual = await inbox.take(mail(ident="<two@office.example>", X_Priority="3"))
    assert (await inbox.ticket(staff, urgent.tracking))["urgency"] == "high"
    assert (await inbox.ticket(staff, usual.tracking))["urgency"] == "normal"


async def test_an_answer_to_our_mail_goes_to_its_ticket(inbox: Inbox) -> None:
    staff = await inbox.world.technician()
    first = await inbox.take(mail())
    answer = mail("Now it is green.", ident="<two@x>", In_Reply_To=inbox.own_id(first.tracking))
    row = await inbox.take(answer, trusted=False)
    assert (row.state, row.tracking) == (IntakeState.DONE, first.tracking)
    line = await inbox.last_line(staff, first.tracking)
    assert (line["kind"], line["text"], line["who"]) == ("message", "Now it is green.", "Maria Weber")


async def test_a_forged_message_id_of_ours_is_worth_nothing(inbox: Inbox) -> None:
    first = await inbox.take(mail())
    forged = inbox.own_id(first.tracking).replace(".1.", ".2.")
    row = await inbox.take(mail("Mine?", ident="<two@x>", In_Reply_To=forged))
    assert row.tracking != first.tracking


async def test_a_colleague_who_answers_the_first_mail_lands_in_its_ticket(inbox: Inbox) -> None:
    staff = await inbox.world.technician()
    first = await inbox.take(mail(Cc="Otto <otto@office.example>"))
    row = await inbox.take(
        mail("Mine, too.", sender="otto@office.example", ident="<two@x>", References="<one@office.example>")
    )
    assert row.tracking == first.tracking
    assert (await inbox.last_line(staff, first.tracking))["text"] == "Mine, too."


async def test_a_reply_address_leads_to_its_ticket(inbox: Inbox) -> None:
    first = await inbox.take(mail())
    filed = await inbox.world.ticket()
    async with inbox.context.database.read() as connection:
        row = await inbox.context.find(connection, filed.tracking)
    assert row is not None
    good = await inbox.take(mail("Good.", ident="<two@x>", to=inbox.reply_to(filed.tracking, row.requester_id)))
    assert good.tracking == filed.tracking
    other = await inbox.take(mail("Bad.", ident="<three@x>", to=inbox.reply_to(filed.tracking, "somebody")))
    assert other.state is IntakeState.DONE
    assert other.tracking not in {filed.tracking, first.tracking}


async def test_a_number_in_the_subject_counts_for_its_people_when_proven(inbox: Inbox) -> None:
    first = await inbox.take(mail())
    subject = f"About {first.tracking}"
    proven = await inbox.take(mail("Mine.", ident="<2@x>", subject=subject, Authentication_Results=PASSES))
    assert (proven.state, proven.tracking) == (IntakeState.DONE, first.tracking)
    claimed = await inbox.take(mail("Mine?", ident="<3@x>", subject=subject))
    assert (claimed.state, claimed.tracking) == (IntakeState.SUSPENDED, None)
    assert "did not verify" in claimed.reason
    stranger = await inbox.take(
        mail("Me!", sender="eve@office.example", ident="<4@x>", subject=subject, Authentication_Results=PASSES)
    )
    assert stranger.state is IntakeState.SUSPENDED
    assert "has no part in" in stranger.reason


async def test_a_verdict_counts_from_our_own_server_only(inbox: Inbox) -> None:
    first = await inbox.take(mail())
    subject = f"About {first.tracking}"
    forged = "mx.evil.example; dmarc=pass header.from=office.example"
    row = await inbox.take(mail("1", ident="<2@x>", subject=subject, Authentication_Results=forged))
    assert row.state is IntakeState.SUSPENDED
    direct = mail("2", ident="<3@x>", subject=subject, Authentication_Results=PASSES)
    assert (await inbox.take(direct, trusted=False)).state is IntakeState.SUSPENDED
    other = f"{PASSES.partition(';')[0]}; dmarc=pass header.from=evil.example"
    row = await inbox.take(mail("3", ident="<4@x>", subject=subject, Authentication_Results=other))
    assert row.state is IntakeState.SUSPENDED
    row = await inbox.take(mail("4", ident="<5@x>", subject=subject, Authentication_Results=PASSES))
    assert row.state is IntakeState.DONE


async def test_people_in_copy_watch(inbox: Inbox) -> None:
    from tickets.store import watchers

    first = await inbox.take(mail(Cc=f"Otto <otto@office.example>, {DESK}, no-reply@shop.example"))
    async with inbox.context.database.read() as connection:
        row = await inbox.context.find(connection, first.tracking or "")
        assert row is not None
        found = await watchers.of_ticket(connection, row.id)
    assert [each.email for each in found] == ["otto@office.example"]


async def test_files_come_along_and_programs_stay_behind(inbox: Inbox) -> None:
    staff = await inbox.world.technician()
    raw = mail(files=(("red.png", "image/png", PNG), ("virus.exe", "application/octet-stream", b"MZ" + bytes(60))))
    row = await inbox.take(raw)
    ticket = await inbox.ticket(staff, row.tracking)
    assert "virus.exe was left out: it is a program" in ticket["description"]
    files = [each["name"] for line in ticket["timeline"] for each in line.get("attachments", ())]
    assert files == ["red.png"]


async def test_an_answer_after_closing_becomes_a_linked_ticket(inbox: Inbox) -> None:
    staff = await inbox.world.technician()
    first = await inbox.take(mail())
    await staff.must(f"/tickets/{first.tracking}/claim")
    await staff.must(f"/tickets/{first.tracking}/status", {"status": "closed"})
    row = await inbox.take(mail("Again!", ident="<2@x>", In_Reply_To=inbox.own_id(first.tracking)))
    assert row.state is IntakeState.DONE
    assert row.tracking != first.tracking
    assert str(row.tracking) in str((await inbox.ticket(staff, first.tracking))["timeline"])


async def test_an_answer_to_a_merged_ticket_goes_where_it_went(inbox: Inbox) -> None:
    staff = await inbox.world.technician("Root", Role.ADMIN)
    first, second = await inbox.take(mail()), await inbox.take(mail(ident="<2@x>"))
    await staff.must(f"/tickets/{first.tracking}/merge", {"into": second.tracking})
    row = await inbox.take(mail("More.", ident="<3@x>", In_Reply_To=inbox.own_id(first.tracking)))
    assert row.tracking == second.tracking
    assert (await inbox.last_line(staff, second.tracking))["text"] == "More."


async def test_pictures_in_a_mail_are_shown_in_it(inbox: Inbox) -> None:
    staff = await inbox.world.technician()
    made = EmailMessage(SMTP)
    made["From"], made["To"], made["Subject"] = MARIA, DESK, "Look"
    made.set_content("Look: it is red.")
    made.add_alternative('<p>Look: <img src="cid:red.1@office"> it is red.</p>', subtype="html")
    html = made.get_body(("html",))
    assert html is not None
    html.add_related(PNG, maintype="image", subtype="png", cid="<red.1@office>", filename="red.png")
    row = await inbox.take(made.as_bytes())
    line = (await inbox.ticket(staff, row.tracking))["timeline"][0]
    assert line["has_html"]
    shown = await staff.get(f"/tickets/{row.tracking}/messages/{line['id']}/html")
    assert shown.status_code == 200
    assert f'src="data:image/png;base64,{b64encode(PNG).decode()}"' in shown.text


async def test_what_a_mail_repeats_is_folded_and_kept(inbox: Inbox) -> None:
    staff = await inbox.world.technician()
    first = await inbox.take(mail())
    text = "It is.\n\nOn Mon, 23 Nov 2026 at 10:00, Ada <help@office.example> wrote:\n> Is it on?\n> Try it.\n"
    await inbox.take(mail(text, ident="<2@x>", In_Reply_To=inbox.own_id(first.tracking)))
    line = await inbox.last_line(staff, first.tracking)
    assert line["text"] == "It is."
    assert "> Is it on?" in line["quoted"]
