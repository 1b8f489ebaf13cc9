"""What leaves: reply addresses, threads, copies for watchers, files of an answer, and words for machines."""

from dataclasses import replace
from datetime import timedelta
from email.message import EmailMessage
from pathlib import Path

import pytest
from sqlalchemy import update

from tests.support.mail_peer import MailPeer, part
from tests.tickets.databases import Databases
from tests.tickets.mail.desk import FROM, MailDesk, mail_desk, mail_settings
from tests.tickets.world import Caller, Filed, make_world
from tickets.domain.intake import IntakeState
from tickets.mail.identity import parse_message_id, parse_reply_address, proves
from tickets.store import people, raw_mails, watchers
from tickets.store.schema import raw_mails as raw_table

MARIA, KARL = "maria@office.example", "karl@office.example"


async def watched(office: MailDesk) -> tuple[Caller, Filed]:
    """File a request that Ada takes, and that Karl and Bob, a technician, watch."""
    ada = await office.world.technician("Ada")
    await office.world.technician("Bob")
    filed = await office.world.claimed(ada)
    await office.send()
    context = office.world.desk._context
    async with context.database.write() as connection:
        row = await context.find(connection, filed.tracking)
        assert row is not None
        for email, name in ((KARL, "Karl"), ("bob@help.example", "Bob")):
            await watchers.add(connection, row.id, email, name, context.now())
    return ada, filed


async def test_watchers_get_copies_and_no_key(office: MailDesk, peer: MailPeer) -> None:
    ada, filed = await watched(office)
    before = len(peer.mails)
    await ada.must(f"/tickets/{filed.tracking}/messages", {"text": "Is it on?"}, 201)
    await ada.must(f"/tickets/{filed.tracking}/messages", {"text": "A dull one.", "internal": True}, 201)
    await ada.must(f"/tickets/{filed.tracking}/resolve", {"solution": "New toner."})
    await office.send()
    told = [envelope[1][0] for envelope in peer.envelopes[before:]]
    assert told == [MARIA, KARL, "bob@help.example", MARIA, KARL]
    for mail in peer.mails[before:]:
        text = part(mail, "plain") + part(mail, "html")
        assert "A dull one." not in text
        assert ((filed.requester.token or "") in text) == (mail["To"] == MARIA)
    copy, solved = peer.to(KARL)
    assert "Is it on?" in part(copy, "plain")
    assert "New toner." in part(solved, "plain")
    assert "/rate#" not in part(solved, "plain")
    assert f"/console/tickets/{filed.tracking}" in part(peer.to("bob@help.example")[-1], "plain")


async def test_colleagues_who_watch_hear_of_answers(office: MailDesk, peer: MailPeer) -> None:
    _, filed = await watched(office)
    before = len(peer.mails)
    await filed.requester.must(f"/tickets/{filed.tracking}/messages", {"text": "It is."}, 201)
    await office.send()
    assert [envelope[1][0] for envelope in peer.envelopes[before:]] == ["ada@help.example", "bob@help.example"]


async def test_while_nobody_has_it_all_who_are_there_hear_of_answers(office: MailDesk, peer: MailPeer) -> None:
    for name in ("Ada", "Bob"):
        await office.world.technician(name)
    filed = await office.world.ticket()
    await office.send()
    before = len(peer.mails)
    await filed.requester.must(f"/tickets/{filed.tracking}/messages", {"text": "Anybody?"}, 201)
    await office.send()
    assert sorted(envelope[1][0] for envelope in peer.envelopes[before:]) == ["ada@help.example", "bob@help.example"]


async def test_each_has_a_reply_address_of_their_own(tmp_path: Path, peer: MailPeer, databases: Databases) -> None:
    mail = replace(mail_settings(peer), plus_addressing=True)
    async with make_world(tmp_path / "keyed", databases, mail=mail) as world:
        office = MailDesk(world)
        ada, filed = await watched(office)
        await ada.must(f"/tickets/{filed.tracking}/messages", {"text": "Is it on?"}, 201)
        await office.send()
        context = world.desk._context
        async with context.database.read() as connection:
            row = await context.find(connection, filed.tracking)
        assert row is not None
        holders = {MARIA: row.requester_id, KARL: KARL, "ada@help.example": ada.id}
        for address, holder in holders.items():
            for sent in peer.to(address):
                [reply_to] = sent["Reply-To"].addresses
                claimed = parse_reply_address(FROM, reply_to.addr_spec)
                assert claimed is not None
                assert claimed.tracking == filed.tracking
                good = [who for who in holders.values() if proves(context.keys.token_key, claimed, who)]
                assert good == [holder]
                assert sent["From"].addresses[0].addr_spec == FROM


async def test_without_plus_addresses_answers_go_to_the_desk(office: MailDesk, peer: MailPeer) -> None:
    await office.world.ticket()
    await office.send()
    assert peer.mails[0]["Reply-To"] == peer.mails[0]["From"]


@pytest.mark.parametrize("given", ["<abc.1@phone.example>", " <abc.1@phone.example>\n", "", "<a@b>\r\nBcc: x", "<a b>"])
async def test_mails_of_a_ticket_hold_together_under_what_they_answer(
    office: MailDesk, peer: MailPeer, given: str
) -> None:
    ada = await office.world.technician("Ada")
    filed = await office.world.claimed(ada)
    context = office.world.desk._context
    async with context.database.write() as connection:
        row = await context.find(connection, filed.tracking)
        assert row is not None
        ident = await raw_mails.add(
            connection, b"x", message_id=given, source="imap", trusted=True, recipients="", sender=MARIA, subject="x",
            state=IntakeState.DONE, reason="", received_at=context.now(),
        )  # fmt: skip
        await connection.execute(update(raw_table).where(raw_table.c.id == ident).values(ticket_id=row.id))
    await ada.must(f"/tickets/{filed.tracking}/messages", {"text": "Is it on?"}, 201)
    await office.send()
    reply = peer.to(MARIA)[-1]
    thread, *answered = reply["References"].split()
    assert answered == (["<abc.1@phone.example>"] if "abc.1" in given else [])
    assert reply["In-Reply-To"] == (answered[0] if answered else thread)
    assert reply["Bcc"] is None
    ours = parse_message_id(context.keys.token_key, thread)
    assert ours is not None
    assert (ours.kind, ours.tracking) == ("thread", filed.tracking)
    # Others did not write it.
    assert "abc.1" not in peer.to("ada@help.example")[-1].as_string()


KINDS = {"we have": "auto-replied", "new request": "auto-generated", "an answer": None, "solved": "auto-generated"}


async def test_machines_are_told_what_no_person_wrote(office: MailDesk, peer: MailPeer) -> None:
    ada = await office.world.technician("Ada")
    filed = await office.world.claimed(ada)
    await ada.must(f"/tickets/{filed.tracking}/messages", {"text": "Is it on?"}, 201)
    await ada.must(f"/tickets/{filed.tracking}/resolve", {"solution": "It was off."})
    await office.send()
    seen = {}
    for mail in peer.mails:
        [word] = [word for word in KINDS if word in mail["Subject"]]
        seen[word] = mail["Auto-Submitted"]
        assert mail["X-Auto-Response-Suppress"] == "All"
        assert mail["Precedence"] is mail["List-Id"] is None
    assert seen == KINDS


def files_of(mail: EmailMessage) -> list[tuple[str, bytes]]:
    """Return the files of a mail."""
    return [(each.get_filename() or "", each.get_content()) for each in mail.iter_attachments()]


@pytest.mark.parametrize("room", [10_000, 100])
async def test_small_files_go_along_and_large_ones_are_named(
    tmp_path: Path, peer: MailPeer, databases: Databases, room: int
) -> None:
    mail = replace(mail_settings(peer), attached_bytes=room)
    async with make_world(tmp_path / "files", databases, mail=mail) as world:
        office = MailDesk(world)
        ada, filed = await watched(office)
        idents = []
        for name, data in (("a.txt", b"small"), ("big.bin", bytes(500))):
            headers = {"x-file-name": name, "authorization": f"Bearer {ada.token}"}
            done = await world.client.post(
                f"/api/v1/tickets/{filed.tracking}/attachments", content=data, headers=headers
            )
            assert done.status_code == 201, done.text
            idents.append(done.json()["id"])
        body = {"text": "See the files.", "attachments": idents}
        await ada.must(f"/tickets/{filed.tracking}/messages", body, 201)
        await office.send()
        for who in (MARIA, KARL):
            sent = peer.to(who)[-1]
            names = [name for name, _ in files_of(sent)]
            assert "See the files." in part(sent, "plain")
            if room == 100:
                assert names == ["a.txt"]
                assert "- big.bin (1 KiB)" in part(sent, "plain")
                assert "<li>big.bin (1 KiB)</li>" in part(sent, "html")
            else:
                assert dict(files_of(sent))["big.bin"] == bytes(500)
                assert sorted(names) == ["a.txt", "big.bin"]
        # Colleagues read them on the ticket.
        assert files_of(peer.to("bob@help.example")[-1]) == []


async def test_files_of_internal_notes_stay(office: MailDesk, peer: MailPeer) -> None:
    ada, filed = await watched(office)
    headers = {"x-file-name": "secret.txt", "authorization": f"Bearer {ada.token}"}
    done = await office.world.client.post(
        f"/api/v1/tickets/{filed.tracking}/attachments", content=b"secret", headers=headers
    )
    body = {"text": "Look.", "attachments": [done.json()["id"]], "internal": True}
    await ada.must(f"/tickets/{filed.tracking}/messages", body, 201)
    before = len(peer.mails)
    await ada.must(f"/tickets/{filed.tracking}/messages", {"text": "Hello."}, 201)
    await office.send()
    assert [files_of(mail) for mail in peer.mails[before:]] == [[], [], []]


async def test_people_are_written_to_in_their_language(tmp_path: Path, peer: MailPeer, databases: Databases) -> None:
    async with mail_desk(tmp_path / "german", peer, databases, language="de") as office:
        await office.world.technician("Ada")
        await office.world.ticket()
        context = office.world.desk._context
        async with context.database.write() as connection:
            await people.person(connection, KARL, fresh_id="k" * 22, now=context.now())
            await people.set_language(connection, "k" * 22, "en")
        await office.world.ticket(email=KARL)
        await office.send()
        assert peer.to(MARIA)[0]["Subject"].endswith("Ihre Anfrage ist bei uns")
        assert peer.to(KARL)[0]["Subject"].endswith("we have your request")
        assert "neue Anfrage" in peer.to("ada@help.example")[0]["Subject"]


async def test_the_same_mail_with_files_is_the_same_bytes(tmp_path: Path, peer: MailPeer, databases: Databases) -> None:
    async with mail_desk(tmp_path / "again", peer, databases) as office:
        ada, filed = await watched(office)
        headers = {"x-file-name": "a.txt", "authorization": f"Bearer {ada.token}"}
        done = await office.world.client.post(
            f"/api/v1/tickets/{filed.tracking}/attachments", content=b"x", headers=headers
        )
        await ada.must(f"/tickets/{filed.tracking}/messages", {"text": "Hi.", "attachments": [done.json()["id"]]}, 201)
        await office.send()
        first = len(peer.raw)
        async with office.world.desk._context.database.write() as connection:
            await connection.exec_driver_sql("UPDATE outbox SET state = 'pending'")
        office.world.clock.forward(timedelta(minutes=1).total_seconds())
        await office.send()
        assert sorted(peer.raw[first:]) == sorted(peer.raw[:first])
