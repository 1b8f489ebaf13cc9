"""The pages about mail that goes out, and those that mailed links open."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.support.mail_peer import MailPeer, mail_peer
from tests.tickets.mail.desk import MailDesk, mail_desk
from tests.tickets.pages.html import Person
from tests.tickets.world import PASSWORD
from tickets.domain.access import Role
from tickets.pages.administration import ENTRIES

AT = "/admin/mail/templates/reply/en"


@pytest.fixture
async def peer() -> AsyncIterator[MailPeer]:
    """A real SMTP server."""
    async with mail_peer() as running:
        yield running


@pytest.fixture
async def office(tmp_path: Path, peer: MailPeer) -> AsyncIterator[MailDesk]:
    """A help desk that sends mail to it."""
    async with mail_desk(tmp_path / "data", peer) as made:
        yield made


@pytest.fixture
async def root(office: MailDesk) -> AsyncIterator[Person]:
    """An admin who is logged in."""
    await office.world.technician("Root", Role.ADMIN)
    async with office.world.somebody_at("203.0.113.8") as client:
        somebody = Person(client)
        await somebody.go("/console/login?next=/admin/mail/outbox")
        await somebody.send("/console/login", email="root@help.example", password=PASSWORD)
        assert somebody.at == "/admin/mail/outbox"
        yield somebody


async def test_the_front_page_leads_everywhere(root: Person) -> None:
    page = await root.go("/admin")
    assert page.one("h1").text == "Administration"
    for entry in ENTRIES:
        await root.go(entry.path)
        assert (root.status, root.at) == (200, entry.path)


async def test_technicians_see_no_admin_pages(office: MailDesk) -> None:
    await office.world.technician("Ada")
    cookie = {"cookie": await office.world.cookie("Ada")}
    for path in ("/admin", "/admin/mail/outbox", "/admin/mail/templates", AT):
        assert (await office.world.client.get(path, headers=cookie)).status_code == 403
        stranger = await office.world.client.get(path)
        assert stranger.status_code == 303
        assert stranger.headers["location"].startswith("/console/login")


async def test_a_wording_is_changed_on_its_page(root: Person, office: MailDesk, peer: MailPeer) -> None:
    await root.go(AT)
    page = await root.send(AT, "Save", text="one\n{{ foo }}")
    assert root.status == 422
    assert "line 2: there is no {{ foo }} in this mail" in page.text
    assert "{{ foo }}" in page.by_id("text").text
    await root.send(AT, "Save", text="Hi {{ requester }}!\n{{ said }}\n{{ link }}")
    assert root.at.startswith(f"{AT}?done=saved")
    root_caller = await office.world.technician("Ada")
    filed = await office.world.ticket()
    await root_caller.must(f"/tickets/{filed.tracking}/messages", {"text": "Is it on?"}, 201)
    await office.send()
    [mail] = [mail for mail in peer.to("maria@office.example") if "answer" in mail["Subject"]]
    body = mail.get_body(("plain",))
    assert body is not None
    assert body.get_content().startswith("Hi Maria Weber!")
    # Somebody else saved meanwhile: what was typed stays, and saving again is a decision.
    page = await root.send(AT, "Save", text="Older", revision="0")
    assert root.status == 409
    assert "Somebody changed this meanwhile" in page.text
    assert page.by_id("text").text.strip() == "Older"
    await root.send(AT, "Save")
    assert root.at.startswith(f"{AT}?done=saved")
    await root.send(AT, "Back to the built-in")
    assert root.at.startswith(f"{AT}?done=reset")


async def test_the_frame_shows_what_is_typed_and_runs_nothing(office: MailDesk) -> None:
    await office.world.technician("Root", Role.ADMIN)
    headers = {"cookie": await office.world.cookie("Root"), "origin": office.world.settings.public_url}
    form = {"subject": "S {{ tracking }}", "text": "T {{ who }}", "html": "<p>H {{ said }}</p>"}
    client = office.world.client
    shown = await client.post(f"{AT}/shown", data=form | {"part": "html"}, headers=headers)
    assert "<p>H Please switch it off &amp; on again." in shown.text
    assert "sandbox" in shown.headers["content-security-policy"]
    assert "script-src" not in shown.headers["content-security-policy"]
    text = await client.post(f"{AT}/shown", data=form | {"part": "text"}, headers=headers)
    assert "S TL-7K3M-9QXM\n\nT Ada Lovelace" in text.text
    wrong = await client.post(f"{AT}/shown", data=form | {"html": "{{ x<y }}"}, headers=headers)
    assert "HTML: line 1" in wrong.text
    assert "{{ x<" not in wrong.text


async def test_dead_mail_is_shown_tried_and_dropped(root: Person, office: MailDesk, peer: MailPeer) -> None:
    peer.refuse_recipient = lambda _address: "550 no such <mailbox>"
    await office.world.ticket()
    await office.world.ticket(email="karl@office.example")
    await office.send()
    page = await root.go("/admin/mail/outbox")
    assert "550 no such <mailbox>" in page.text
    # The other two are notices for the admin.
    first, _, second, _ = [row["id"] for row in await office.rows()]
    peer.refuse_recipient = lambda _address: None
    await root.send(f"/admin/mail/outbox/{second}/retry", state="dead")
    assert root.at.startswith("/admin/mail/outbox?state=dead&done=mail-retried")
    await root.send(f"/admin/mail/outbox/{first}/drop", state="dead")
    await office.send()
    assert [envelope[1][0] for envelope in peer.envelopes] == ["karl@office.example"]
    page = await root.go("/admin/mail/outbox?state=dropped")
    assert "maria@office.example" in page.text
    for nonsense in ("?state=x", "?before=x", "?before=9", "?state=sent"):
        await root.go(f"/admin/mail/outbox{nonsense}")
        assert root.status == (404 if nonsense == "?before=x" else 200)


async def test_a_link_is_asked_for_without_a_script(office: MailDesk, peer: MailPeer) -> None:
    filed = await office.world.ticket()
    await office.send()
    async with office.world.somebody_at("203.0.113.7") as client:
        person = Person(client)
        await person.go("/my")
        page = await person.send("/my", email="", tracking="TL-0000-0001")
        assert person.status == 422
        assert "One character of that tracking number is wrong" in page.text
        assert "enter the e-mail address" in page.text
        await person.send("/my", email="nobody", tracking="")
        assert person.status == 422
        said = []
        for email in ("maria@office.example", "eve@evil.example"):
            page = await person.send("/my", email=email, tracking=filed.tracking.lower())
            said.append((person.status, person.at, page.text))
        assert said[0] == said[1]
        assert "the link is on its way" in said[0][2]
    await office.send()
    assert [envelope[1][0] for envelope in peer.envelopes] == ["maria@office.example"] * 2


async def test_the_question_is_the_same_page_for_every_number(office: MailDesk) -> None:
    filed = await office.world.ticket()
    shells = {
        (await office.world.client.get(f"/t/{number}/rate")).content
        for number in (filed.tracking, "TL-0000-0000", "nonsense")
    }
    assert len(shells) == 1
