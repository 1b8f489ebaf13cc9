"""What is too much is held, seen by an admin, and let go; nothing is dropped in silence."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.support.mail_peer import MailPeer
from tests.tickets.databases import Databases
from tests.tickets.mail.desk import MailDesk, mail_desk
from tickets.domain.access import Role
from tickets.settings import Limit, Limits
from tickets.store import mail_addresses

HOUR = timedelta(hours=1)
MARIA = "maria@office.example"


def limits(**changes: int) -> Limits:
    """Return limits with some counts an hour changed."""
    chosen: dict[str, Any] = {name: Limit(count, HOUR) for name, count in changes.items()}
    return Limits(**chosen)


async def test_a_thousand_automatic_replies_come_to_rest(tmp_path: Path, peer: MailPeer, databases: Databases) -> None:
    """As if nobody recognised them: each is an answer of the requester, and the technician's machine answers it."""
    chosen = limits(sent_ticket=5, sent_recipient=8)
    async with mail_desk(tmp_path / "storm", peer, databases, limits=chosen) as office:
        ada = await office.world.technician("Ada")
        filed = await office.world.claimed(ada)
        context = office.world.desk._context
        for _ in range(1_000):
            # Both sides without the brakes of the API: only what is mailed counts here.
            await filed.requester.post(f"/tickets/{filed.tracking}/messages", {"text": "I am away until Monday."})
            if len(await office.rows()) > 60:
                break
        for _ in range(20):
            await ada.must(f"/tickets/{filed.tracking}/messages", {"text": "We are looking into it."}, 201)
        await office.send()
        # To the requester: the confirmation and four answers; to the technician eight notices.
        assert len(peer.to(MARIA)) == 5
        assert len(peer.to("ada@help.example")) == 8
        held = [row for row in await office.rows() if row["state"] == "held"]
        assert len(held) == len(await office.rows()) - 13
        assert {row["held_by"] for row in held} == {"ticket", "recipient"}
        assert all(row["last_error"].startswith("Held: more than") for row in held)
        assert context.settings.limits.sent_ticket.count == 5


async def test_what_is_held_waits_for_an_admin(tmp_path: Path, peer: MailPeer, databases: Databases) -> None:
    async with mail_desk(tmp_path / "held", peer, databases, limits=limits(sent_ticket=1)) as office:
        root = await office.world.technician("Root", Role.ADMIN)
        filed = await office.world.ticket()
        await root.must(f"/tickets/{filed.tracking}/claim")
        for text in ("One.", "Two."):
            await root.must(f"/tickets/{filed.tracking}/messages", {"text": text}, 201)
        office.world.clock.forward(7_200)
        await office.send()
        assert len(peer.to(MARIA)) == 1
        numbers = (await root.get("/mail/outbox/numbers")).json()
        assert (numbers["held"], numbers["dead"], numbers["pending"]) == (2, 0, 0)
        shown = (await root.get("/mail/outbox?state=held")).json()["items"]
        assert [each["to"] for each in shown] == [MARIA, MARIA]
        assert "about one request" in shown[0]["reason"]
        # One is let go, the other taken out.
        first, second = shown[1]["id"], shown[0]["id"]
        assert (await root.must(f"/mail/outbox/{first}/retry"))["count"] == 1
        await root.must(f"/mail/outbox/{second}/drop", status=204)
        await office.send()
        assert len(peer.to(MARIA)) == 2
        assert (await root.post(f"/mail/outbox/{second}/retry")).status_code == 404
        assert (await root.post(f"/mail/outbox/{first}/drop")).status_code == 404
        states = {row["id"]: row["state"] for row in await office.rows()}
        assert (states[first], states[second]) == ("sent", "dropped")


async def test_what_is_over_in_all_goes_when_there_is_room(
    tmp_path: Path, peer: MailPeer, databases: Databases
) -> None:
    async with mail_desk(tmp_path / "all", peer, databases, limits=limits(sent_all=2)) as office:
        for name in "abcde":
            await office.world.ticket(email=f"{name}@office.example")
        await office.send()
        assert len(peer.mails) == 2
        office.world.clock.forward(3_601)
        await office.send()
        assert len(peer.mails) == 4
        await office.send()
        assert len(peer.mails) == 4
        office.world.clock.forward(3_601)
        await office.send()
        assert [row["state"] for row in await office.rows()] == ["sent"] * 5


async def test_notices_for_a_large_team_are_no_storm(tmp_path: Path, peer: MailPeer, databases: Databases) -> None:
    async with mail_desk(tmp_path / "team", peer, databases, limits=limits(sent_ticket=1)) as office:
        for name in ("Ada", "Bob", "Cyd"):
            await office.world.technician(name)
        await office.world.ticket()
        await office.send()
        assert len(peer.mails) == 4


async def test_confirmations_beyond_the_limit_are_held_not_lost(
    tmp_path: Path, peer: MailPeer, databases: Databases
) -> None:
    async with mail_desk(tmp_path / "conf", peer, databases, limits=limits(confirmation_recipient=1)) as office:
        await office.world.ticket()
        await office.world.ticket()
        first, second = await office.rows()
        assert (first["state"], second["state"], second["held_by"]) == ("pending", "held", "confirmation")


@pytest.mark.parametrize("when", ["before", "after"])
async def test_an_address_that_takes_no_mail_gets_none(office: MailDesk, peer: MailPeer, when: str) -> None:
    context = office.world.desk._context

    async def shut() -> None:
        async with context.database.write() as connection:
            await mail_addresses.bounced(
                connection, MARIA, permanent=True, reason="5.1.1 no such mailbox", now=context.now()
            )

    if when == "before":
        await shut()
    await office.world.ticket()
    if when == "after":
        await shut()
    await office.world.ticket(email="karl@office.example")
    await office.send()
    assert [envelope[1] for envelope in peer.envelopes] == [("karl@office.example",)]
    first, second = await office.rows()
    assert (first["state"], second["state"]) == ("dead", "sent")
    assert "came back for good" in first["last_error"]
    # The twin: once it is cleared, an admin has it tried again.
    async with context.database.write() as connection:
        assert await mail_addresses.clear(connection, MARIA)
    root = await office.world.technician("Root", Role.ADMIN)
    await root.must(f"/mail/outbox/{first['id']}/retry")
    await office.send()
    assert len(peer.to(MARIA)) == 1
