"""Machines are told from people, and reports say which mail and which address they are about."""

import pytest

from tests.tickets.mail.reading.mails import delivery_report, mail, multipart, raw_mail
from tickets.mail.reading.kinds import Automatic, Bounce, Complaint, Delay, FailedRecipient, ListMail, Person
from tickets.mail.reading.parsing import parse_mail
from tickets.mail.reading.recognising import recognise

_DAEMON = "Mail Delivery System <MAILER-DAEMON@mx.example.net>"


@pytest.mark.parametrize(
    "field",
    [
        "Auto-Submitted: auto-replied",
        "Auto-Submitted: auto-generated; owner-email=x@example.org",
        "X-Auto-Response-Suppress: OOF, AutoReply",
        "X-Autoreply: yes",
        "X-Autorespond: out",
        "X-Loop: help@example.org",
        "Precedence: bulk",
        "Precedence: auto_reply",
        "Feedback-ID: campaign:1:news:esp",
        "Return-Path: <>",
        "Subject: Automatic reply: Printer",
        "Subject: Abwesenheitsnotiz: Drucker",
        "Subject: 自動応答: プリンター".encode().decode("latin-1"),
        "Content-Type: multipart/report; report-type=disposition-notification; boundary=x",
    ],
)
def test_what_a_machine_wrote_is_automatic(field: str) -> None:
    assert isinstance(recognise(mail(field)), Automatic)


@pytest.mark.parametrize(
    "field",
    [
        "Auto-Submitted: no",
        "X-Auto-Response-Suppress: DR, RN",
        "X-Autoreply: no",
        "Precedence: normal",
        "Feedback-ID: 1.us-west-2.c55:AmazonSES",
        "Return-Path: <ann@example.org>",
        "Subject: Automatic reply does not work",
        "Subject: Re: Undelivered Mail Returned to Sender",
        "Subject: Mail delivery failed",
        "List-Post: NO",
        "X-Priority: 1",
    ],
)
def test_a_person_stays_a_person(field: str) -> None:
    assert recognise(mail(field)) == Person()


def test_senders_who_read_no_answers_are_automatic() -> None:
    for sender in (
        "no-reply@example.org",
        "Shop <donotreply@example.org>",
        "x-noreply@example.org",
        "nicht-antworten@example.org",
    ):
        assert isinstance(recognise(mail(sender=sender)), Automatic), sender
    for sender in ("noreen@example.org", "replyton@example.org", "postman@example.org"):
        assert recognise(mail(sender=sender)) == Person(), sender


@pytest.mark.parametrize(
    "field", ["List-Id: <a.example.org>", "List-Unsubscribe: <mailto:x@example.org>", "Precedence: list"]
)
def test_lists_are_lists(field: str) -> None:
    assert isinstance(recognise(mail(field)), ListMail)


def test_a_delivery_report_names_the_address_and_the_mail() -> None:
    kind = recognise(parse_mail(delivery_report()))
    assert isinstance(kind, Bounce)
    assert kind.failed == (FailedRecipient("kim@example.net", "5.1.1", permanent=True, diagnostic="550 no such user"),)
    assert kind.permanent
    assert kind.original.message_ids == ("lost@desk.example",)
    assert kind.original.subject == "[#1] Printer"
    assert ("x-desk-ticket", "1") in kind.original.fields


def test_a_temporary_failure_is_not_permanent() -> None:
    kind = recognise(parse_mail(delivery_report(status="4.2.2")))
    assert isinstance(kind, Bounce)
    assert not kind.permanent


def test_a_late_mail_is_no_bounce_and_a_delivered_one_neither() -> None:
    assert isinstance(recognise(parse_mail(delivery_report(action="delayed", status="4.4.7"))), Delay)
    assert isinstance(recognise(parse_mail(delivery_report(action="delivered", status="2.0.0"))), Automatic)


def test_a_person_who_sends_a_report_on_is_a_person() -> None:
    report = delivery_report(report="multipart/mixed").replace(b"mailer-daemon@mx.example.net", b"ann@example.org")
    report = report.replace(b"Postal service", b"Ann")
    assert recognise(parse_mail(report)) == Person()
    forwarded = multipart("\r\nWhat is this?", b"Content-Type: message/rfc822\r\n\r\n" + delivery_report())
    assert recognise(mail("Content-Type: multipart/mixed; boundary=cut", body=forwarded)) == Person()


@pytest.mark.parametrize(
    ("subject", "body", "address", "permanent"),
    [
        pytest.param(
            "failure notice",
            "Hi. This is the qmail-send program at mx.example.net.\r\nI'm afraid I wasn't able to deliver your "
            "message to the"
            " following addresses.\r\n\r\n<kim@example.net>:\r\n550 no such user\r\n\r\n--- Below this line is "
            "a copy of the"
            " message.\r\n\r\nMessage-ID: <lost@desk.example>\r\nTo: <other@example.net>\r\n",
            "kim@example.net",
            True,
            id="qmail",
        ),
        pytest.param(
            "Mail delivery failed: returning message to sender",
            "This message was created automatically by mail delivery software.\r\n\r\n  kim@example.net\r\n    "
            "SMTP error: 452"
            " 4.2.2 mailbox full\r\n\r\n------ This is a copy of the message, including all the headers. ------\r\n\r\n"
            "Message-ID: <lost@desk.example>\r\n",
            "kim@example.net",
            False,
            id="Exim",
        ),
        pytest.param(
            "DELIVERY FAILURE: User kim not listed",
            "Your message\r\n\r\n  Subject: x\r\n\r\nwas not delivered to:\r\n\r\n  "
            "kim@example.net\r\n\r\nbecause:\r\n\r\n  User"
            " not listed\r\n\r\nMessage-ID: <lost@desk.example>\r\n",
            "kim@example.net",
            True,
            id="Notes",
        ),
        pytest.param(
            "Unzustellbar: Drucker",
            "Die Nachricht konnte nicht zugestellt werden.\r\nRecipient: <kim@example.net>\r\n\r\n----- "
            "Original message -----\r\n"
            "Message-ID: <lost@desk.example>\r\n",
            "kim@example.net",
            True,
            id="in German",
        ),
    ],
)
def test_reports_in_free_text(subject: str, body: str, address: str, permanent: bool) -> None:
    kind = recognise(mail(f"Subject: {subject}", "To: desk@example.org", body=body, sender=_DAEMON))
    assert isinstance(kind, Bounce)
    assert ([each.address for each in kind.failed], kind.permanent) == ([address], permanent)
    assert kind.original.message_ids == ("lost@desk.example",)
    # The twin: a person who copies the same words, to ask what they mean.
    assert recognise(mail(f"Subject: {subject}", "To: desk@example.org", body=body)) == Person()


def test_a_warning_in_free_text_is_a_delay() -> None:
    body = "THIS IS A WARNING MESSAGE ONLY.\r\n\r\n  kim@example.net\r\n"
    kind = recognise(mail("Subject: Warning: could not send message for past 4 hours", body=body, sender=_DAEMON))
    assert isinstance(kind, Delay)
    assert kind.waiting[0].address == "kim@example.net"


def test_exim_names_who_failed_in_a_field() -> None:
    kind = recognise(mail("X-Failed-Recipients: kim@example.net, lee@example.net", "In-Reply-To: <lost@desk.example>"))
    assert isinstance(kind, Bounce)
    assert [each.address for each in kind.failed] == ["kim@example.net", "lee@example.net"]
    assert kind.original.message_ids == ("lost@desk.example",)


def test_a_feedback_report_is_a_complaint() -> None:
    body = multipart(
        "\r\nabuse",
        "Content-Type: message/feedback-report\r\n\r\nFeedback-Type: Abuse\r\nVersion: 1\r\n",
        "Content-Type: message/rfc822\r\n\r\nMessage-ID: <lost@desk.example>\r\n\r\nText",
    )
    raw = raw_mail("Content-Type: multipart/report; report-type=feedback-report; boundary=cut", body=body)
    kind = recognise(parse_mail(raw))
    assert isinstance(kind, Complaint)
    assert (kind.complaint_type, kind.original.message_ids) == ("abuse", ("lost@desk.example",))
