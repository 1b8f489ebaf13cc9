"""Who is written to, when, and what stands in it; the mail goes through a real SMTP server."""

import re
from pathlib import Path

import pytest

from tests.support.mail_peer import MailPeer, part
from tests.tickets.databases import Databases
from tests.tickets.mail.desk import FROM, MailDesk
from tests.tickets.world import A_TICKET, PUBLIC_URL, Caller, Filed, make_world
from tickets import setup
from tickets.mail.identity import message_id
from tickets.settings import Limit, Limits

MARIA = "maria@office.example"


async def test_a_request_is_confirmed_with_number_and_link(office: MailDesk, peer: MailPeer) -> None:
    filed = await office.world.ticket()
    await office.send()
    [mail] = peer.mails
    assert peer.envelopes == [(FROM, (MARIA,))]
    assert mail["To"] == MARIA
    assert mail["From"] == mail["Reply-To"] == f"Office Help <{FROM}>"
    assert mail["Subject"] == f"{filed.tracking}: we have your request"
    assert mail["Auto-Submitted"] == "auto-replied"
    assert mail["X-Auto-Response-Suppress"] == "All"
    link = f"{PUBLIC_URL}/t/{filed.tracking}#{filed.requester.token}"
    for text in (part(mail, "plain"), part(mail, "html")):
        assert filed.tracking in text
        assert link in text
        assert "\x01" not in text
    # It opens the request.
    token = link.partition("#")[2]
    assert (await Caller(office.world.client, token).get(f"/tickets/{filed.tracking}")).status_code == 200


async def test_the_link_is_in_mails_to_its_requester_only(office: MailDesk, peer: MailPeer) -> None:
    ada = await office.world.technician("Ada")
    await office.world.technician("Bob")
    filed = await office.world.ticket()
    await ada.must(f"/tickets/{filed.tracking}/claim")
    await filed.requester.must(f"/tickets/{filed.tracking}/messages", {"text": "Still."}, 201)
    await ada.must(f"/tickets/{filed.tracking}/messages", {"text": "Wait."}, 201)
    await office.send()
    token = filed.requester.token or ""
    assert token
    for staff in ("ada@help.example", "bob@help.example"):
        assert peer.to(staff)
        assert not any(token in part(mail, "plain") + part(mail, "html") for mail in peer.to(staff))
        assert all(f"{PUBLIC_URL}/console/tickets/{filed.tracking}" in part(mail, "html") for mail in peer.to(staff))
    assert len(peer.to(MARIA)) == 2
    assert all(token in part(mail, "plain") for mail in peer.to(MARIA))
    # Nor does the database hold it, from which backups are made.
    assert not any(token in row["text"] + row["html"] for row in await office.rows())


async def test_the_key_does_not_leave_for_another_address(office: MailDesk, peer: MailPeer) -> None:
    """Even if the outbox says so: a row that was changed, or whose requester has another address by now."""
    filed = await office.world.ticket()
    await office.world.ticket()
    async with office.world.desk._context.database.write() as connection:
        await connection.exec_driver_sql(
            "UPDATE outbox SET recipient = 'eve@evil.example' WHERE id = (SELECT min(id) FROM outbox)"
        )
    await office.send()
    [stolen] = peer.to("eve@evil.example")
    assert "#" in part(stolen, "plain")
    assert not re.search(r"#[\w-]{43}", part(stolen, "plain") + part(stolen, "html"))
    assert filed.requester.token is not None
    assert filed.requester.token not in part(stolen, "plain")
    [twin] = peer.to(MARIA)
    assert re.search(r"#[\w-]{43}", part(twin, "plain"))


async def test_everybody_hears_of_a_request_that_nobody_has(office: MailDesk, peer: MailPeer) -> None:
    await office.world.technician("Ada")
    bob = await office.world.technician("Bob")
    await office.world.technician("Cyd")
    await setup.disable_technician(office.world.settings, "cyd@help.example")
    await office.world.ticket()
    await office.send()
    told = sorted(recipient for _, [recipient] in peer.envelopes)
    assert told == ["ada@help.example", "bob@help.example", MARIA]
    [mail] = peer.to("ada@help.example")
    assert "The printer says no" in mail["Subject"]
    assert "It blinks red" in part(mail, "plain")
    # Who files for a caller knows already.
    peer.envelopes.clear()
    await bob.must("/tickets", A_TICKET, 201)
    await office.send()
    assert sorted(recipient for _, [recipient] in peer.envelopes) == ["ada@help.example", MARIA]


async def test_who_is_given_a_request_hears_of_it_and_who_takes_it_does_not(office: MailDesk, peer: MailPeer) -> None:
    ada, bob = await office.world.technician("Ada"), await office.world.technician("Bob")
    filed = await office.world.ticket()
    await ada.must(f"/tickets/{filed.tracking}/claim")
    await office.send()
    before = len(peer.mails)
    await ada.must(f"/tickets/{filed.tracking}/assign", {"technician": bob.id})
    await office.send()
    [mail] = peer.mails[before:]
    assert peer.envelopes[-1] == (FROM, ("bob@help.example",))
    assert mail["Subject"] == f"{filed.tracking}: yours now: The printer says no"
    assert "Ada gave you a request" in part(mail, "html")


async def answered(office: MailDesk) -> tuple[Caller, Filed]:
    ada = await office.world.technician("Ada")
    filed = await office.world.claimed(ada)
    await office.send()
    return ada, filed


async def test_answers_go_to_the_other_side(office: MailDesk, peer: MailPeer) -> None:
    ada, filed = await answered(office)
    peer.envelopes.clear()
    peer.mails.clear()
    await ada.must(f"/tickets/{filed.tracking}/messages", {"text": "Is it <b>on</b>?"}, 201)
    await filed.requester.must(f"/tickets/{filed.tracking}/messages", {"text": "It is."}, 201)
    await ada.must(f"/tickets/{filed.tracking}/messages", {"text": "A dull one.", "internal": True}, 201)
    await office.send()
    assert [recipient for _, [recipient] in peer.envelopes] == [MARIA, "ada@help.example"]
    to_maria, to_ada = peer.mails
    assert "Is it <b>on</b>?" in part(to_maria, "plain")
    assert "Is it &lt;b&gt;on&lt;/b&gt;?" in part(to_maria, "html")
    assert "Maria Weber answered" in part(to_ada, "html")
    assert "It is." in part(to_ada, "plain")
    # Mail programs gather them under one ticket.
    assert to_maria["References"] == to_ada["References"] != to_maria["Message-ID"]


async def test_a_disabled_technician_is_told_of_no_answer(office: MailDesk, peer: MailPeer) -> None:
    _, filed = await answered(office)
    message = f"/tickets/{filed.tracking}/messages"
    await filed.requester.must(message, {"text": "It is."}, 201)
    await office.send()
    assert [mail["Subject"] for mail in peer.to("ada@help.example")][-1].endswith("answered: The printer says no")
    before = len(peer.mails)
    await setup.disable_technician(office.world.settings, "ada@help.example")
    await filed.requester.must(message, {"text": "Hello?"}, 201)
    await office.send()
    assert len(peer.mails) == before


async def test_a_solution_is_sent_to_the_requester(office: MailDesk, peer: MailPeer) -> None:
    ada, filed = await answered(office)
    await ada.must(f"/tickets/{filed.tracking}/resolve", {"solution": "New toner."})
    await office.send()
    mail = peer.mails[-1]
    assert mail["To"] == MARIA
    assert mail["Subject"] == f"{filed.tracking}: solved"
    assert "New toner." in part(mail, "plain")
    assert filed.requester.token is not None
    assert filed.requester.token in part(mail, "html")


async def test_message_ids_are_keyed_and_never_the_same(office: MailDesk, peer: MailPeer) -> None:
    await answered(office)
    idents = [mail["Message-ID"] for mail in peer.mails]
    assert len(set(idents)) == len(idents) == 2
    filed = re.fullmatch(r"<tl\.confirmation\.(TL-\w{4}-\w{4})\.1\.[\w-]{16}@office\.example>", idents[0])
    assert filed is not None
    key = office.world.desk._context.keys.token_key
    assert message_id(key, "confirmation", filed[1], 1, "office.example") == idents[0]
    assert message_id(bytes(32), "confirmation", filed[1], 1, "office.example") != idents[0]


async def test_nothing_is_queued_when_the_transaction_fails(
    office: MailDesk, monkeypatch: pytest.MonkeyPatch, peer: MailPeer
) -> None:
    ada, filed = await answered(office)
    queued, rung = len(await office.rows()), office.bell.rung

    class Broken(Exception):
        pass

    async def broken(*_: object, **__: object) -> None:
        raise Broken

    with monkeypatch.context() as patch:
        patch.setattr("tickets.services.tickets.TicketService._reloaded", broken)
        answer = await ada.post(f"/tickets/{filed.tracking}/resolve", {"solution": "New toner."})
        assert answer.status_code == 500
    assert (len(await office.rows()), office.bell.rung) == (queued, rung)
    # The twin: the same call, when nothing breaks.
    await ada.must(f"/tickets/{filed.tracking}/resolve", {"solution": "New toner."})
    assert (len(await office.rows()), office.bell.rung) == (queued + 1, rung + 1)


async def test_a_request_that_mail_can_not_be_queued_for_is_not_filed(
    office: MailDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They stand in one transaction: there is no request whose confirmation was lost."""

    async def broken(*_: object, **__: object) -> None:
        raise OSError("the disk is full")

    with monkeypatch.context() as patch:
        patch.setattr("tickets.mail.notices.outbox_store.add", broken)
        assert (await office.world.stranger.post("/tickets", A_TICKET)).status_code >= 500
    ada = await office.world.technician("Ada")
    assert (await ada.get("/tickets")).json()["items"] == []
    await office.world.ticket()
    assert len((await ada.get("/tickets")).json()["items"]) == 1


async def test_an_address_is_not_flooded_with_confirmations(tmp_path: Path, peer: MailPeer) -> None:
    from tests.tickets.mail.desk import mail_desk

    limits = Limits(confirmation_recipient=Limit(2, Limits().confirmation_recipient.window))
    async with mail_desk(tmp_path / "small", peer, limits=limits) as office:
        for _ in range(3):
            await office.world.ticket()
        await office.world.ticket(email="karl@office.example")
        await office.send()
        assert (len(peer.to(MARIA)), len(peer.to("karl@office.example"))) == (2, 1)
        office.world.clock.forward(3_601)
        await office.world.ticket()
        await office.send()
        assert len(peer.to(MARIA)) == 3


async def test_without_mail_nothing_is_queued_and_nothing_is_promised(
    tmp_path: Path, office: MailDesk, databases: Databases
) -> None:
    async with make_world(tmp_path / "silent", databases) as silent:
        desk = MailDesk(silent)
        await silent.ticket()
        await silent.desk.send_mail()
        assert await desk.rows() == []
        said = [(await silent.client.get(page)).text for page in ("/", "/t/TL-0000-0000")]
    assert not any("every answer go" in page or "in every mail" in page for page in said)
    # The twin.
    promised = [(await office.world.client.get(page)).text for page in ("/", "/t/TL-0000-0000")]
    assert "every answer go there" in promised[0]
    assert "in every mail about it" in promised[1]
