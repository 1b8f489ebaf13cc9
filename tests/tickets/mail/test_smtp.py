"""The way to the SMTP server: always encrypted, always verified, and no password where it does not belong."""

import logging
import ssl
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

import pytest

from relay.certificates import CertificatePaths, ensure_server_certificate, make_authority
from relay.front import tls_context
from tests.support.mail_peer import MailPeer, mail_peer
from tickets.mail.smtp import NotSent, SmtpMailer
from tickets.settings import SmtpServer

PASSWORD = "correct-horse-smtp"
MAIL = b"Subject: x\r\n\r\nHello\r\n"
Security = Literal["tls", "starttls"]


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> dict[str, CertificatePaths]:
    """An authority of ours for `localhost`, and one of somebody else."""
    made, now = {}, datetime.now(UTC)
    for name, host in (("ours", "localhost"), ("theirs", "localhost"), ("elsewhere", "mail.example")):
        folder = tmp_path_factory.mktemp(name)
        paths = CertificatePaths.of(folder / "ca.pem", folder / "tls")
        make_authority(paths, host, name, now)
        with pytest.MonkeyPatch.context() as patch:
            # Ours are good for loopback under any name; this one shall not be.
            patch.setattr("relay.certificates.LOCAL_NAMES", (host,))
            ensure_server_certificate(paths, host, now)
        made[name] = paths
    return made


def server_context(paths: CertificatePaths) -> ssl.SSLContext:
    context = tls_context(paths.server, paths.server_key)
    context.set_alpn_protocols([])
    return context


def mailer(peer: MailPeer, security: Literal["tls", "starttls", "none"], ca: Path | str = "", **login: str) -> Any:
    return SmtpMailer(SmtpServer("localhost", peer.port, security, ca=str(ca), **login))


@pytest.mark.parametrize("security", ["tls", "starttls"])
async def test_mail_and_password_go_over_tls(certificates: dict[str, CertificatePaths], security: Security) -> None:
    ours = certificates["ours"]
    async with mail_peer(security=security, context=server_context(ours), login=("towline", PASSWORD)) as peer:
        sending = mailer(peer, security, ours.root, user="towline", password=PASSWORD)
        await sending.check()
        assert peer.mails == []
        await sending.send("a@x.example", "b@y.example", MAIL)
        assert peer.encrypted == [True]
        assert peer.logins == [("towline", PASSWORD)] * 2


@pytest.mark.parametrize("security", ["tls", "starttls"])
async def test_a_certificate_of_another_authority_is_refused(
    certificates: dict[str, CertificatePaths], security: Security
) -> None:
    async with mail_peer(
        security=security, context=server_context(certificates["theirs"]), login=("towline", PASSWORD)
    ) as peer:
        with pytest.raises(NotSent, match=r"is not trusted.*smtp_ca") as refused:
            await mailer(peer, security, certificates["ours"].root, user="towline", password=PASSWORD).check()
        assert not refused.value.permanent
        assert peer.logins == []
        await mailer(peer, security, certificates["theirs"].root, user="towline", password=PASSWORD).check()


async def test_a_certificate_of_another_host_is_refused(certificates: dict[str, CertificatePaths]) -> None:
    elsewhere = certificates["elsewhere"]
    async with mail_peer(security="tls", context=server_context(elsewhere)) as peer:
        with pytest.raises(NotSent, match="is not trusted"):
            await mailer(peer, "tls", elsewhere.root).check()


async def test_nothing_is_sent_to_a_server_that_offers_no_starttls(certificates: dict[str, CertificatePaths]) -> None:
    """Somebody on the way may have taken the offer out."""
    async with mail_peer(login=("towline", PASSWORD)) as peer:
        with pytest.raises(NotSent, match="STARTTLS"):
            await mailer(peer, "starttls", certificates["ours"].root, user="towline", password=PASSWORD).send(
                "a@x.example", "b@y.example", MAIL
            )
        assert (peer.mails, peer.logins) == ([], [])
        await mailer(peer, "none", user="towline", password=PASSWORD).send("a@x.example", "b@y.example", MAIL)
        assert len(peer.mails) == 1


async def test_a_wrong_password_is_our_fault_and_not_the_mails(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    async with mail_peer(login=("towline", PASSWORD)) as peer:
        wrong = mailer(peer, "none", user="towline", password="not-" + PASSWORD)
        with pytest.raises(NotSent, match="refused the login: 535") as refused:
            await wrong.send("a@x.example", "b@y.example", MAIL)
        assert not refused.value.permanent
        assert refused.value.whole_server
        assert PASSWORD not in str(refused.value) + repr(wrong._server) + str(refused.value.__cause__)
    ours = [record for record in caplog.records if not record.name.startswith("mail.log")]
    assert not any(PASSWORD in record.getMessage() for record in ours)


async def test_an_authority_that_is_not_there_is_named(tmp_path: Path) -> None:
    async with mail_peer() as peer:
        with pytest.raises(NotSent, match="smtp_ca"):
            await mailer(peer, "tls", tmp_path / "none.pem").check()


async def test_refusals_say_whom_they_are_about() -> None:
    async with mail_peer() as peer:
        sending = mailer(peer, "none")
        peer.refuse_recipient = lambda _address: "550 5.1.1 no such user"
        with pytest.raises(NotSent, match=r"refused b@y.example: 550") as refused:
            await sending.send("a@x.example", "b@y.example", MAIL)
        assert (refused.value.permanent, refused.value.whole_server) == (True, False)
        peer.refuse_recipient = lambda _address: "450 busy"
        with pytest.raises(NotSent) as busy:
            await sending.send("a@x.example", "b@y.example", MAIL)
        assert not busy.value.permanent
        # A long answer with line ends stays one short line.
        peer.refuse_recipient = lambda _address: "550-one\r\n550 " + "x" * 400
        with pytest.raises(NotSent) as long:
            await sending.send("a@x.example", "b@y.example", MAIL)
        assert "\n" not in str(long.value)
        assert len(str(long.value)) <= 240


async def test_somebody_who_speaks_no_smtp() -> None:
    import asyncio

    async def silly(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        writer.close()

    server = await asyncio.start_server(silly, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    with pytest.raises(NotSent) as refused:
        await SmtpMailer(SmtpServer("127.0.0.1", port, "none")).check()
    assert refused.value.whole_server
    assert not refused.value.permanent
    server.close()
    await server.wait_closed()
