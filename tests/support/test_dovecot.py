"""The mail server that tests use does what they take for granted."""

import imaplib

import pytest

from tests.support.dovecot import USER, DovecotServer

MAIL = b"From: maria@office.example\r\nTo: help@office.example\r\nSubject: Printer\r\n\r\nIt blinks.\r\n"


def test_mail_arrives_by_lmtp_and_stands_there_unread(dovecot: DovecotServer) -> None:
    dovecot.deliver(MAIL, "first@office.example")
    ((uid, raw),) = dovecot.mails(user="first@office.example").items()
    assert raw.endswith(b"\r\n\r\nIt blinks.\r\n")
    assert (
        dovecot.flags(user="first@office.example") == {uid: {"\\Recent"}}
        or "\\Seen" not in dovecot.flags(user="first@office.example")[uid]
    )


def test_mail_is_put_into_folders_byte_for_byte(dovecot: DovecotServer) -> None:
    user = "second@office.example"
    dovecot.create("Old/2026", user=user)
    dovecot.append(MAIL, user=user, folder="Old/2026", flags="(\\Seen)")
    assert dovecot.folders(user=user) == ["INBOX", "Old", "Old/2026"]
    assert list(dovecot.mails(user=user, folder="Old/2026").values()) == [MAIL]
    assert "\\Seen" in dovecot.flags(user=user, folder="Old/2026")[1]


def test_uids_can_be_numbered_anew(dovecot: DovecotServer) -> None:
    user = "third@office.example"
    dovecot.append(MAIL, user=user)
    before = dovecot.uid_validity(user=user)
    dovecot.forget_uids(user=user)
    assert dovecot.uid_validity(user=user) != before


def test_tls_with_a_certificate_that_can_be_verified(dovecot: DovecotServer) -> None:
    with imaplib.IMAP4_SSL("localhost", dovecot.imaps, ssl_context=dovecot.tls()) as connection:
        connection.login(USER, dovecot.password)
        assert connection.select("INBOX")[0] == "OK"
    with imaplib.IMAP4("localhost", dovecot.imap) as connection:
        connection.starttls(dovecot.tls())
        connection.login(USER, dovecot.password)


@pytest.mark.parametrize("mechanism", ["XOAUTH2", "OAUTHBEARER"])
def test_tokens_let_in(dovecot: DovecotServer, mechanism: str) -> None:
    def answer(token: str) -> bytes:
        if mechanism == "XOAUTH2":
            return f"user={USER}\1auth=Bearer {token}\1\1".encode()
        return f"n,a={USER},\1host=localhost\1port=143\1auth=Bearer {token}\1\1".encode()

    with imaplib.IMAP4("localhost", dovecot.imap) as connection:
        connection.authenticate(mechanism, lambda _challenge: answer(dovecot.token()))
        assert connection.select("INBOX")[0] == "OK"
    with imaplib.IMAP4("localhost", dovecot.imap) as connection:
        challenges = []

        def refused(challenge: bytes) -> bytes:
            challenges.append(challenge)
            return answer(dovecot.token(lasts_s=-60)) if len(challenges) == 1 else b"\1"

        with pytest.raises(imaplib.IMAP4.error):
            connection.authenticate(mechanism, refused)


def test_a_wrong_password_is_refused(dovecot: DovecotServer) -> None:
    with imaplib.IMAP4("localhost", dovecot.imap) as connection, pytest.raises(imaplib.IMAP4.error):
        connection.login(USER, "wrong")
