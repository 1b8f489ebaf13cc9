"""What people decide about mail that waits, by API and on the pages."""

from tests.tickets.mail.intake.inbox import MARIA, PASSES, Inbox, mail
from tests.tickets.world import Caller
from tickets.domain.access import Role
from tickets.domain.intake import IntakeState

EVE = "Eve <eve@evil.example>"


async def waiting(inbox: Inbox, text: str = "Let me in.") -> tuple[str, int]:
    """Return a ticket, and a mail of a stranger that names it."""
    first = await inbox.take(mail())
    row = await inbox.take(mail(text, sender=EVE, ident="<eve@x>", subject=f"Re: {first.tracking}"))
    assert row.state is IntakeState.SUSPENDED
    return str(first.tracking), row.id


async def test_it_is_listed_with_its_reason_and_can_be_read(inbox: Inbox) -> None:
    staff = await inbox.world.technician()
    tracking, ident = await waiting(inbox)
    listed = (await staff.get("/incoming-mail")).json()
    assert [each["id"] for each in listed["items"]] == [ident]
    assert f"It names {tracking}" in listed["items"][0]["reason"]
    found = (await staff.get(f"/incoming-mail/{ident}")).json()
    assert (found["text"].strip(), found["sender_name"]) == ("Let me in.", "Eve")
    raw = await staff.get(f"/incoming-mail/{ident}/raw")
    assert b"Message-ID: <eve@x>" in raw.content
    assert raw.headers["content-type"] == "application/octet-stream"
    assert raw.headers["content-disposition"].startswith("attachment")


async def test_put_where_it_belongs_it_is_its_senders_words(inbox: Inbox) -> None:
    staff = await inbox.world.technician()
    tracking, ident = await waiting(inbox)
    assert (await staff.post(f"/incoming-mail/{ident}/attach", {"tracking": "TL-0000-0000"})).status_code == 404
    await staff.must(f"/incoming-mail/{ident}/attach", {"tracking": tracking.lower()})
    await inbox.processor.process_due()
    assert (await inbox.row(ident)).tracking == tracking
    line = await inbox.last_line(staff, tracking)
    assert (line["who"], line["text"]) == ("Eve <eve@evil.example>", "Let me in.")
    refused = await staff.post(f"/incoming-mail/{ident}/attach", {"tracking": tracking})
    assert (refused.status_code, refused.json()["type"].rpartition("/")[2]) == (409, "mail-settled")


async def test_it_can_become_a_ticket_of_its_own(inbox: Inbox) -> None:
    staff = await inbox.world.technician()
    tracking, ident = await waiting(inbox)
    await staff.must(f"/incoming-mail/{ident}/file")
    await inbox.processor.process_due()
    row = await inbox.row(ident)
    assert row.state is IntakeState.DONE
    assert row.tracking != tracking


async def test_looked_at_once_more_it_follows_what_holds_now(inbox: Inbox) -> None:
    staff = await inbox.world.technician()
    first = await inbox.take(mail())
    subject = f"About {first.tracking}"
    row = await inbox.take(
        mail("Me, too.", sender="otto@office.example", ident="<2@x>", subject=subject, Authentication_Results=PASSES)
    )
    assert row.state is IntakeState.SUSPENDED
    await inbox.take(mail("Otto has it, too.", ident="<3@x>", Cc="otto@office.example",
                          In_Reply_To=inbox.own_id(first.tracking)))  # fmt: skip
    await staff.must(f"/incoming-mail/{row.id}/replay")
    await inbox.processor.process_due()
    assert (await inbox.row(row.id)).tracking == first.tracking


async def test_ignored_it_is_kept_and_deleted_it_is_gone(inbox: Inbox) -> None:
    staff, admin = await inbox.world.technician(), await inbox.world.technician("Root", Role.ADMIN)
    _, ident = await waiting(inbox)
    await staff.must(f"/incoming-mail/{ident}/ignore")
    assert (await staff.get("/incoming-mail")).json()["items"] == []
    assert len((await staff.get("/incoming-mail?state=ignored")).json()["items"]) == 1
    raw = (await staff.get(f"/incoming-mail/{ident}/raw")).content
    assert raw != b""
    assert (await staff.ask("DELETE", f"/incoming-mail/{ident}")).status_code == 403
    assert (await admin.ask("DELETE", f"/incoming-mail/{ident}")).status_code == 204
    assert (await staff.get(f"/incoming-mail/{ident}/raw")).content == b""
    # Fetched again it does not come back.
    assert (await inbox.take(raw)).id == ident
    assert await inbox.count(IntakeState.SUSPENDED) == 0


async def test_strangers_and_requesters_see_no_mail(inbox: Inbox) -> None:
    staff = await inbox.world.technician()
    _, ident = await waiting(inbox)
    filed = await inbox.world.ticket()
    for caller, status in ((inbox.world.stranger, 401), (filed.requester, 401), (staff, 200)):
        for path in ("/incoming-mail", f"/incoming-mail/{ident}", f"/incoming-mail/{ident}/raw"):
            assert (await caller.get(path)).status_code == status, path
    for path in ("replay", "ignore", "file"):
        assert (await inbox.world.stranger.post(f"/incoming-mail/{ident}/{path}")).status_code == 401
    for path in ("/incoming-mail/0", "/incoming-mail/x", "/incoming-mail/99999999999999999999", "/incoming-mail/77"):
        assert (await staff.get(path)).status_code == 404


async def _page(inbox: Inbox, path: str, **form: str) -> str:
    cookie = await inbox.world.cookie()
    headers = {"cookie": cookie, "origin": inbox.world.settings.public_url}
    if form:
        answer = await inbox.world.client.post(path, data=form, headers=headers)
    else:
        answer = await inbox.world.client.get(path, headers=headers)
    assert answer.status_code in {200, 303, 422}, answer.text
    return answer.text if answer.status_code != 303 else answer.headers["location"]


async def test_the_pages_do_the_same(inbox: Inbox) -> None:
    staff: Caller = await inbox.world.technician()
    tracking, ident = await waiting(inbox, "Let <b>me</b> in.")
    inbox.world.clock.forward(10)
    await inbox.world.desk._review.look()
    listed = await _page(inbox, "/console/mail")
    assert f'href="/console/mail/{ident}"' in listed
    assert '<span class="mark new">1' in listed
    shown = await _page(inbox, f"/console/mail/{ident}")
    assert "Let &lt;b&gt;me&lt;/b&gt; in." in shown
    missed = await _page(inbox, f"/console/mail/{ident}", do="attach", tracking="TL-0000-0000")
    assert "There is no request with this number" in missed
    assert (await _page(inbox, f"/console/mail/{ident}", do="attach", tracking=tracking)).endswith("done=mail-decided")
    await inbox.processor.process_due()
    assert (await inbox.last_line(staff, tracking))["text"] == "Let <b>me</b> in."
    assert (await _page(inbox, f"/console/mail/{ident}", do="ignore")).endswith("done=mail-settled")


async def test_html_is_shown_in_a_frame_that_can_do_nothing(inbox: Inbox) -> None:
    await inbox.world.technician()
    raw = (
        mail()
        .replace(b"text/plain", b"text/html")
        .replace(b"It blinks red.", b"<p>Hi<script>x()</script><img src=http://evil.example/a.png></p>")
    )
    row = await inbox.take(raw)
    cookie = await inbox.world.cookie()
    answer = await inbox.world.client.get(f"/console/mail/{row.id}/html", headers={"cookie": cookie})
    assert answer.status_code == 200
    assert "<script" not in answer.text
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert ' src="http' not in answer.text
    shown = await _page(inbox, f"/console/mail/{row.id}")
    assert "sandbox" in shown
    assert MARIA in shown
