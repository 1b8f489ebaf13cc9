"""Mail delivered to us over real SMTP and LMTP: ours only, and kept before it is answered."""

import asyncio
import smtplib
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from relay.certificates import CertificatePaths, ensure_server_certificate, make_authority
from tests.tickets.mail.intake.inbox import DESK, Inbox, mail
from tickets.domain.intake import IntakeState
from tickets.mail import listener as module
from tickets.mail.listener import Listener, stamped
from tickets.settings import MailListener
from tickets.store.database import Database

OTHER = "somebody@else.example"


@asynccontextmanager
async def listening(inbox: Inbox, **settings: Any) -> AsyncIterator[Listener]:
    chosen = MailListener(**{"host": "127.0.0.1", "port": 0, **settings})
    listener = Listener(chosen, (DESK,), inbox.receiver)
    server = await listener.start()
    try:
        yield listener
    finally:
        await listener.stop(server)


def send(port: int, raw: bytes, *recipients: str, tls: ssl.SSLContext | None = None) -> dict[str, tuple[int, bytes]]:
    """Send over SMTP; returns the recipients that were refused."""
    with smtplib.SMTP("127.0.0.1", port, timeout=20) as client:
        if tls is not None:
            client.starttls(context=tls)
        refused: dict[str, tuple[int, bytes]] = client.sendmail("maria@office.example", recipients or (DESK,), raw)
        return refused


async def test_a_mail_over_smtp_becomes_a_ticket(inbox: Inbox) -> None:
    async with listening(inbox) as listener:
        await asyncio.to_thread(send, listener.port, mail())
    # Answered: so it is on disk already.
    assert await inbox.count(IntakeState.RECEIVED) == 1
    await inbox.processor.process_due()
    assert await inbox.count(IntakeState.DONE) == 1


async def test_mail_for_others_is_not_taken(inbox: Inbox) -> None:
    async with listening(inbox) as listener:
        with pytest.raises(smtplib.SMTPRecipientsRefused) as raised:
            await asyncio.to_thread(send, listener.port, mail(), OTHER)
        assert raised.value.recipients[OTHER][0] == 550
        for claimed in (f"{DESK}@else.example", f"else.example!{DESK}", f"x{DESK}"):
            with pytest.raises(smtplib.SMTPRecipientsRefused):
                await asyncio.to_thread(send, listener.port, mail(), claimed)
        assert await inbox.count(IntakeState.RECEIVED) == 0
        # Ours among others: for ours it is taken.
        refused = await asyncio.to_thread(send, listener.port, mail(), OTHER, DESK, "Help+anything@OFFICE.example")
        assert list(refused) == [OTHER]
    assert await inbox.count(IntakeState.RECEIVED) == 1


async def test_what_can_not_be_kept_is_refused_for_now(inbox: Inbox, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(_self: Database) -> None:
        raise OSError("the disk is gone")

    async with listening(inbox) as listener:
        with monkeypatch.context() as patched:
            patched.setattr(Database, "write", broken)
            with pytest.raises(smtplib.SMTPDataError) as raised:
                await asyncio.to_thread(send, listener.port, mail())
            assert raised.value.smtp_code == 451
        await asyncio.to_thread(send, listener.port, mail())
    assert await inbox.count(IntakeState.RECEIVED) == 1


async def test_sent_again_it_is_the_same_mail(inbox: Inbox) -> None:
    async with listening(inbox) as listener:
        for _ in range(3):
            await asyncio.to_thread(send, listener.port, mail(ident=""))
    assert await inbox.count(IntakeState.RECEIVED) == 1


async def test_a_mail_that_is_too_large_is_refused_for_good(inbox: Inbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_BYTES", 20_000)
    async with listening(inbox) as listener:
        with pytest.raises(smtplib.SMTPSenderRefused) as raised:
            await asyncio.to_thread(send, listener.port, mail("x\n" * 20_000))
        assert raised.value.smtp_code == 552
        await asyncio.to_thread(send, listener.port, mail("x" * 5_000))
    assert await inbox.count(IntakeState.RECEIVED) == 1


async def test_starttls_with_the_servers_certificate(inbox: Inbox, tmp_path: Path) -> None:
    paths = CertificatePaths.of(tmp_path / "ca.pem", tmp_path / "tls")
    make_authority(paths, "localhost", "Test", datetime.now(UTC))
    ensure_server_certificate(paths, "localhost", datetime.now(UTC))
    context = ssl.create_default_context(cafile=str(paths.root))
    async with listening(inbox, certificate=str(paths.server), key=str(paths.server_key)) as listener:
        await asyncio.to_thread(send, listener.port, mail(), tls=context)
    assert await inbox.count(IntakeState.RECEIVED) == 1


async def test_lmtp_over_a_local_socket_answers_for_each_recipient(inbox: Inbox, tmp_path: Path) -> None:
    path = tmp_path / "lmtp"

    def talk() -> list[tuple[int, bytes]]:
        with smtplib.LMTP(str(path), timeout=20) as client:
            client.ehlo("mx.office.example")
            client.mail("maria@office.example")
            answers = [client.rcpt(each) for each in (DESK, OTHER, DESK.replace("@", "+x@"))]
            client.putcmd("data")
            assert client.getreply()[0] == 354
            client.send(mail() + b".\r\n")
            return [*answers, client.getreply(), client.getreply()]

    async with listening(inbox, socket=str(path), lmtp=True):
        answers = await asyncio.to_thread(talk)
    assert [code for code, _ in answers] == [250, 550, 250, 250, 250]
    assert await inbox.count(IntakeState.RECEIVED) == 1


async def test_too_many_connections_wait_outside(inbox: Inbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_CONNECTIONS", 2)

    def fill(port: int) -> None:
        first, second = smtplib.SMTP("127.0.0.1", port, timeout=20), smtplib.SMTP("127.0.0.1", port, timeout=20)
        with pytest.raises((smtplib.SMTPConnectError, smtplib.SMTPServerDisconnected)):
            smtplib.SMTP("127.0.0.1", port, timeout=20).noop()
        first.quit()
        second.quit()

    async with listening(inbox) as listener:
        await asyncio.to_thread(fill, listener.port)
        deadline = asyncio.get_running_loop().time() + 10
        while listener._open:
            assert asyncio.get_running_loop().time() < deadline
            await asyncio.sleep(0.01)
        await asyncio.to_thread(send, listener.port, mail())
    assert await inbox.count(IntakeState.RECEIVED) == 1


def test_the_sender_stands_on_top_and_brings_no_header_with_it() -> None:
    assert stamped(b"A: b\r\n\r\nx", "").startswith(b"Return-Path: <>\r\nA: b")
    assert stamped(b"A: b\r\n\r\nx", "a@b>\r\nX: <y").startswith(b"Return-Path: <a@bX: y>\r\nA: b")
