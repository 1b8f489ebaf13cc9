"""The way to the SMTP server: always encrypted, always verified, and no password where it does not belong."""

import asyncio
import logging
import ssl
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

import pytest
from aiosmtpd.smtp import Session

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


# --- one connection for many mails -----------------------------------------------------------------------------------


class Counting(MailPeer):
    """Counts connections, and may end or forget them."""

    def __init__(self) -> None:
        super().__init__()
        self.connections = 0

    async def handle_EHLO(
        self, _server: object, session: Session, _envelope: object, hostname: str, responses: list[str]
    ) -> list[str]:
        """Count."""
        session.host_name = hostname
        self.connections += 1
        return responses


async def test_a_round_uses_one_connection() -> None:
    async with mail_peer(Counting()) as peer:
        assert isinstance(peer, Counting)
        async with mailer(peer, "none").round() as courier:
            assert peer.connections == 0
            for number in range(5):
                await courier.send("a@x.example", f"b{number}@y.example", MAIL)
        assert len(peer.mails) == 5
        assert peer.connections == 1
        # Each mail is one recipient's: the next one does not hear of the one before.
        assert [envelope[1] for envelope in peer.envelopes] == [(f"b{number}@y.example",) for number in range(5)]


async def test_a_refused_mail_does_not_spoil_the_next() -> None:
    async with mail_peer(Counting()) as peer:
        assert isinstance(peer, Counting)
        peer.refuse_recipient = {"b@y.example": "550 no", "c@y.example": "451 later"}.get
        async with mailer(peer, "none").round() as courier:
            for address, permanent in (("b@y.example", True), ("c@y.example", False)):
                with pytest.raises(NotSent) as refused:
                    await courier.send("a@x.example", address, MAIL)
                assert (refused.value.permanent, refused.value.whole_server) == (permanent, False)
            peer.refuse_data = lambda: "552 too large"
            with pytest.raises(NotSent):
                await courier.send("a@x.example", "d@y.example", MAIL)
            peer.refuse_data = lambda: None
            await courier.send("a@x.example", "e@y.example", MAIL)
        assert [envelope[1] for envelope in peer.envelopes] == [("e@y.example",)]
        assert peer.connections == 1


async def test_a_connection_that_the_server_ended_is_made_anew() -> None:
    async with mail_peer(Counting()) as peer:
        assert isinstance(peer, Counting)
        answers = iter((None, "421 enough for one connection", None, "421 enough", "421 go away"))
        peer.refuse_data = lambda: next(answers)
        async with mailer(peer, "none").round() as courier:
            await courier.send("a@x.example", "b@y.example", MAIL)
            await courier.send("a@x.example", "c@y.example", MAIL)
            assert peer.connections == 2
            with pytest.raises(NotSent) as refused:
                await courier.send("a@x.example", "d@y.example", MAIL)
            # Refused on a fresh connection too: now it is the server.
            assert refused.value.whole_server
        assert [envelope[1][0] for envelope in peer.envelopes] == ["b@y.example", "c@y.example"]


async def test_a_connection_carries_so_many_mails(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tickets.mail.smtp.MOST_MAILS", 2)
    async with mail_peer(Counting()) as peer:
        assert isinstance(peer, Counting)
        async with mailer(peer, "none").round() as courier:
            for _ in range(5):
                await courier.send("a@x.example", "b@y.example", MAIL)
        assert (len(peer.mails), peer.connections) == (5, 3)


@pytest.mark.parametrize("silent_at", ["greeting", "data"])
async def test_a_server_that_says_nothing_is_left(monkeypatch: pytest.MonkeyPatch, silent_at: str) -> None:
    monkeypatch.setattr("tickets.mail.smtp.WHOLE_S", 0.3)
    spoken = [b"220 mail.test\r\n", b"250 mail.test\r\n", b"250 ok\r\n", b"250 ok\r\n", b"354 go on\r\n"]
    finished = asyncio.Event()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if silent_at == "data":
            for line in spoken:
                writer.write(line)
                await reader.readline()
        await finished.wait()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    try:
        with pytest.raises(NotSent) as left:
            await SmtpMailer(SmtpServer("127.0.0.1", port, "none")).send("a@x.example", "b@y.example", MAIL)
        assert left.value.whole_server
        assert not left.value.permanent
        assert "did not answer in time" in str(left.value)
    finally:
        finished.set()
        server.close()
        await server.wait_closed()


async def test_eight_bits_are_asked_for_where_there_are_some() -> None:
    async with mail_peer() as peer:
        await mailer(peer, "none").send("a@x.example", "b@y.example", MAIL)
        await mailer(peer, "none").send("a@x.example", "grün@y.example", "Subject: ü\r\n\r\nü\r\n".encode())
        assert peer.options == [[], ["SMTPUTF8", "BODY=8BITMIME"]]
