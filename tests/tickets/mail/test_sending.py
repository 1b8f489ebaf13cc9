"""Leases, waiting, giving up, and what a crash leaves behind."""

import asyncio
from datetime import timedelta

import pytest

from tests.support.mail_peer import MailPeer, mail_peer
from tests.tickets.mail.desk import MailDesk, lead_to
from tickets import setup
from tickets.mail.backoff import FIRST, GIVE_UP_AFTER, LONGEST, wait_after
from tickets.mail.sending import KEPT_AFTER_SENT, LEASE, MailSender
from tickets.ports import SilentBell


def sender_of(office: MailDesk) -> MailSender:
    sender = office.world.desk._sender
    assert sender is not None
    return sender


async def test_the_bell_is_rung_after_the_transaction(office: MailDesk) -> None:
    await office.world.ticket()
    assert office.bell.rung == 1
    # SQLite's writer would hold this up if the transaction were still open.
    await office.send()
    [row] = await office.rows()
    assert (row["state"], row["attempts"], row["lease_until"]) == ("sent", 1, None)
    assert row["sent_at"] == row["created_at"]


async def test_what_was_sent_is_not_sent_again(office: MailDesk, peer: MailPeer) -> None:
    await office.world.ticket()
    await office.send()
    office.world.clock.forward(7 * 86_400)
    await office.send()
    assert len(peer.mails) == 1


async def test_a_server_that_is_down_gets_it_once_when_it_is_back(office: MailDesk) -> None:
    async with mail_peer() as away:
        port = away.port
    lead_to(office, port)
    await office.world.ticket()
    await office.send()
    [row] = await office.rows()
    assert (row["state"], row["attempts"]) == ("pending", 1)
    assert "Nothing takes mail at 127.0.0.1" in row["last_error"]
    assert FIRST <= row["next_try_at"] - row["created_at"] <= FIRST * 1.25
    # Not before its time.
    await office.send()
    assert (await office.rows())[0]["attempts"] == 1
    async with mail_peer(MailPeer(port=port)) as back:
        await office.send()
        assert back.mails == []
        office.world.clock.forward(75)
        await office.send()
        await office.send()
        assert len(back.mails) == 1
    [row] = await office.rows()
    assert (row["state"], row["attempts"], row["last_error"]) == ("sent", 2, None)


async def test_while_the_server_is_away_one_try_a_round_is_enough(office: MailDesk, peer: MailPeer) -> None:
    await office.world.ticket()
    await office.world.ticket()
    peer.refuse_data = lambda: "421 closing"
    await office.send()
    assert [row["attempts"] for row in await office.rows()] in ([1, 0], [1, 1])
    peer.refuse_data = lambda: None
    office.world.clock.forward(80)
    await office.send()
    assert len(peer.mails) == 2


async def test_a_mail_that_is_refused_for_good_is_given_up_and_shown(office: MailDesk, peer: MailPeer) -> None:
    await office.world.ticket(email="nobody@office.example")
    await office.world.ticket()
    peer.refuse_recipient = lambda address: "550 no such mailbox" if address.startswith("nobody") else None
    await office.send()
    first, second = await office.rows()
    assert (first["state"], second["state"]) == ("dead", "sent")
    assert "550 no such mailbox" in first["last_error"]
    [shown] = await setup.unsent_mail(office.world.settings)
    assert (shown.id, shown.recipient, shown.last_error) == (first["id"], "nobody@office.example", first["last_error"])
    assert await setup.count_dead_mail(office.world.settings) == 1
    # It stays so by itself, and goes out when an admin says so.
    office.world.clock.forward(86_400)
    await office.send()
    assert len(peer.mails) == 1
    peer.refuse_recipient = lambda _address: None
    assert await setup.retry_mail(office.world.settings, second["id"], SilentBell()) == 0
    assert await setup.retry_mail(office.world.settings, first["id"], SilentBell()) == 1
    # That command runs by the computer's own clock.
    office.world.clock.now_s = 4_000_000_000.0
    async with office.world.desk._context.database.write() as connection:
        await connection.exec_driver_sql("UPDATE outbox SET give_up_at = 5000000000000")
    await office.send()
    assert peer.mails[-1]["To"] == "nobody@office.example"
    assert peer.mails[-1]["Message-ID"] == first["message_id"]


@pytest.mark.parametrize(("answer", "state"), [("451 later", "pending"), ("554 never", "dead")])
async def test_temporary_and_permanent_refusals_differ(
    office: MailDesk, peer: MailPeer, answer: str, state: str
) -> None:
    await office.world.ticket()
    peer.refuse_data = lambda: answer
    await office.send()
    assert [row["state"] for row in await office.rows()] == [state]


async def test_after_five_days_it_is_given_up(office: MailDesk, peer: MailPeer) -> None:
    peer.refuse_data = lambda: "451 later"
    await office.world.ticket()
    rounds = 0
    while (await office.rows())[0]["state"] == "pending":
        rounds += 1
        assert rounds < 60
        await office.send()
        office.world.clock.forward(LONGEST.total_seconds())
    [row] = await office.rows()
    assert row["state"] == "dead"
    lasted = timedelta(seconds=office.world.clock.now_s) - timedelta(seconds=row["created_at"].timestamp())
    assert GIVE_UP_AFTER - 2 * LONGEST <= lasted <= GIVE_UP_AFTER + LONGEST
    assert "451 later" in row["last_error"]


async def test_a_crash_after_sending_sends_the_same_mail_once_more(
    office: MailDesk, peer: MailPeer, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Killed(BaseException):
        pass

    async def killed(*_: object, **__: object) -> None:
        raise Killed

    await office.world.ticket()
    with monkeypatch.context() as patch:
        patch.setattr(MailSender, "_sent", killed)
        with pytest.raises(Killed):
            await office.send()
    assert len(peer.mails) == 1
    # Whoever comes next leaves it alone while somebody may still be sending it.
    await office.send()
    assert len(peer.mails) == 1
    office.world.clock.forward(LEASE.total_seconds() + 1)
    await office.send()
    await office.send()
    office.world.clock.forward(86_400)
    await office.send()
    assert len(peer.mails) == 2
    assert peer.raw[0] == peer.raw[1]
    [row] = await office.rows()
    assert (row["state"], row["attempts"]) == ("sent", 2)


async def test_a_crash_before_sending_loses_nothing(
    office: MailDesk, peer: MailPeer, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Killed(BaseException):
        pass

    def killed(*_: object) -> bytes:
        raise Killed

    await office.world.ticket()
    with monkeypatch.context() as patch:
        patch.setattr(MailSender, "_packed", killed)
        with pytest.raises(Killed):
            await office.send()
    assert peer.mails == []
    office.world.clock.forward(LEASE.total_seconds() + 1)
    await office.send()
    assert len(peer.mails) == 1


async def test_a_mail_that_kills_its_sender_each_time_is_given_up(
    office: MailDesk, peer: MailPeer, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Killed(BaseException):
        pass

    def killed(*_: object) -> bytes:
        raise Killed

    await office.world.ticket()
    monkeypatch.setattr(MailSender, "_packed", killed)
    with pytest.raises(Killed):
        await office.send()
    office.world.clock.forward(GIVE_UP_AFTER.total_seconds() + 1)
    await office.send()
    assert [row["state"] for row in await office.rows()] == ["dead"]


async def test_two_senders_share_the_work(office: MailDesk, peer: MailPeer) -> None:
    for _ in range(6):
        await office.world.ticket()
    sender = sender_of(office)
    rounds = await asyncio.gather(sender.send_due(), sender.send_due())
    assert sum(each.sent for each in rounds) == 6
    assert len({mail["Message-ID"] for mail in peer.mails}) == len(peer.mails) == 6


async def test_what_mails_said_is_forgotten_after_a_while(office: MailDesk, peer: MailPeer) -> None:
    await office.world.ticket()
    await office.send()
    await office.world.desk.housekeep()
    assert "tracking number" in (await office.rows())[0]["text"]
    peer.refuse_data = lambda: "451 later"
    await office.world.ticket()
    office.world.clock.forward(KEPT_AFTER_SENT.total_seconds() + 1)
    await office.world.desk.housekeep()
    sent, waiting = await office.rows()
    assert (sent["text"], sent["html"]) == ("", "")
    assert "tracking number" in waiting["text"]


def test_waits_double_from_a_minute_to_six_hours() -> None:
    assert wait_after(1, 0) == FIRST
    assert wait_after(1, 1) == FIRST * 1.25
    assert wait_after(3, 0) == FIRST * 4
    assert wait_after(12, 0) == wait_after(10**6, 1) == LONGEST
