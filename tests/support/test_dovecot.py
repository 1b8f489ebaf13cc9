"""The mail server that tests use does what they take for granted."""

import imaplib
from collections.abc import Iterator

import pytest

from tests.support.dovecot import USER, DovecotServer, dovecot_server

MAIL = b"From: maria@office.example\r\nTo: help@office.example\r\nSubject: Printer\r\n\r\nIt blinks.\r\n"


@pytest.fixture(scope="module")
def server() -> Iterator[DovecotServer]:
    with dovecot_server() as running:
        yield running


def test_mail_arrives_by_lmtp_and_stands_there_unread(server: DovecotServer) -> None:
    server.deliver(MAIL, "first@office.example")
    ((uid, raw),) = server.mails(user="first@office.example").items()
    assert raw.endswith(b"\r\n\r\nIt blinks.\r\n")
    assert (
        server.flags(user="first@office.example") == {uid: {"\\Recent"}}
        or "\\Seen" not in server.flags(user="first@office.example")[uid]
    )


def test_mail_is_put_into_folders_byte_for_byte(server: DovecotServer) -> None:
    user = "second@office.example"
    server.create("Old/2026", user=user)
    server.append(MAIL, user=user, folder="Old/2026", flags="(\\Seen)")
    assert server.folders(user=user) == ["INBOX", "Old", "Old/2026"]
    assert list(server.mails(user=user, folder="Old/2026").values()) == [MAIL]
    assert "\\Seen" in server.flags(user=user, folder="Old/2026")[1]


def test_uids_can_be_numbered_anew(server: DovecotServer) -> None:
    user = "third@office.example"
    server.append(MAIL, user=user)
    before = server.uid_validity(user=user)
    server.forget_uids(user=user)
    assert server.uid_validity(user=user) != before


def test_tls_with_a_certificate_that_can_be_verified(server: DovecotServer) -> None:
    with imaplib.IMAP4_SSL("localhost", server.imaps, ssl_context=server.tls()) as connection:
        connection.login(USER, server.password)
        assert connection.select("INBOX")[0] == "OK"
    with imaplib.IMAP4("localhost", server.imap) as connection:
        connection.starttls(server.tls())
        connection.login(USER, server.password)


@pytest.mark.parametrize("mechanism", ["XOAUTH2", "OAUTHBEARER"])
def test_tokens_let_in(server: DovecotServer, mechanism: str) -> None:
    def answer(token: str) -> bytes:
        if mechanism == "XOAUTH2":
            return f"user={USER}\1auth=Bearer {token}\1\1".encode()
        return f"n,a={USER},\1host=localhost\1port=143\1auth=Bearer {token}\1\1".encode()

    with imaplib.IMAP4("localhost", server.imap) as connection:
        connection.authenticate(mechanism, lambda _challenge: answer(server.token()))
        assert connection.select("INBOX")[0] == "OK"
    with imaplib.IMAP4("localhost", server.imap) as connection:
        challenges = []

        def refused(challenge: bytes) -> bytes:
            challenges.append(challenge)
            return answer(server.token(lasts_s=-60)) if len(challenges) == 1 else b"\1"

        with pytest.raises(imaplib.IMAP4.error):
            connection.authenticate(mechanism, refused)


def test_a_wrong_password_is_refused(server: DovecotServer) -> None:
    with imaplib.IMAP4("localhost", server.imap) as connection, pytest.raises(imaplib.IMAP4.error):
        connection.login(USER, "wrong")
