"""Bytes become mails: what a mail says, and what broken mails still say."""

import base64
from datetime import UTC, datetime

import pytest

from tests.tickets.mail.reading.mails import mail, multipart, raw_mail
from tickets.mail.reading.limits import MAX_MAIL_BYTES, MAX_PARTS, MAX_REFERENCES
from tickets.mail.reading.mail import Address, Unreadable
from tickets.mail.reading.parsing import parse_mail


def test_a_plain_mail_says_who_what_and_when() -> None:
    read = mail(
        "To: Desk <desk+t1@Example.ORG>, other@example.org",
        "Cc: Bo <bo@example.org>",
        "Reply-To: answers@example.org",
        "Sender: office@example.org",
        "Subject: The\r\n printer",
        "Date: Tue, 24 Nov 2026 09:00:00 +0100",
        "Message-ID: <one@example.org>",
        "In-Reply-To: <zero@desk.example>",
        "References: <first@desk.example>\r\n <zero@desk.example>",
        "Delivered-To: inbox@example.org",
        "X-Original-To: desk+t1@example.org",
        "Envelope-To: desk+t2@example.org",
    )
    assert read.from_ == Address("Ann Author", "ann@example.org")
    assert read.sender == Address("", "office@example.org")
    assert [each.address for each in read.to] == ["desk+t1@example.org", "other@example.org"]
    assert read.cc == (Address("Bo", "bo@example.org"),)
    assert read.reply_to[0].address == "answers@example.org"
    assert (read.subject, read.text) == ("The printer", "Hello")
    assert read.date == datetime(2026, 11, 24, 8, tzinfo=UTC)
    assert (read.message_id, read.in_reply_to) == ("one@example.org", ("zero@desk.example",))
    assert read.references == ("first@desk.example", "zero@desk.example")
    assert read.delivered_to == (
        *("desk+t2@example.org", "desk+t1@example.org", "inbox@example.org", "other@example.org", "bo@example.org"),
    )
    assert read.return_path is None
    assert read.notes == ()


@pytest.mark.parametrize(
    ("field", "path"), [("Return-Path: <>", ""), ("Return-Path: <a@B.example>", "a@b.example"), ("X: y", None)]
)
def test_the_null_path_is_not_a_missing_one(field: str, path: str | None) -> None:
    assert mail(field).return_path == path


@pytest.mark.parametrize(
    "raw",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(b"\r\n \x00\r\n", id="blanks"),
        pytest.param(bytes(range(32)) * 100, id="binary"),
        pytest.param(b"a" * (MAX_MAIL_BYTES + 1), id="too large"),
    ],
)
def test_what_is_no_mail_is_unreadable_with_a_reason(raw: bytes) -> None:
    with pytest.raises(Unreadable) as refused:
        parse_mail(raw)
    assert len(refused.value.reason) > 10


def test_text_without_any_header_is_read_and_noted() -> None:
    read = parse_mail(b"my printer is broken\r\n")
    assert read.text.strip() == "my printer is broken"
    assert (read.from_, read.notes) == (None, ("The mail has no header.",))


@pytest.mark.parametrize(
    "junk",
    [
        b"From ann@example.org Tue Nov 24 09:00:00 2026\r\n",
        b"\r\n\r\n",
        b">From ann@example.org\r\n",
        b"\xef\xbb\xbf",
        b"garbage without colon\r\n\r\n",
    ],
)
def test_junk_before_the_first_field_is_skipped(junk: bytes) -> None:
    read = parse_mail(junk + raw_mail("Subject: S"))
    assert (read.subject, read.text) == ("S", "Hello")


@pytest.mark.parametrize(("old", "new"), [(b"\r\n", b"\n"), (b"\r\n", b"\r"), (b"\r\n", b"\r\r\n")])
def test_any_line_end_will_do(old: bytes, new: bytes) -> None:
    raw = raw_mail("Subject: S", "Content-Type: multipart/mixed; boundary=cut", body=multipart("\r\nOne"))
    read = parse_mail(raw.replace(old, new))
    assert (read.subject, read.text.strip()) == ("S", "One")


def test_a_broken_line_amid_the_fields_does_not_end_them() -> None:
    broken = (
        b"From: a@example.org\r\nTo: b@example.org,\r\n \t\r\n c@example.org\r\nSubject: A\r\nB\r\nX: y\r\n\r\nBody"
    )
    read = parse_mail(broken)
    assert [each.address for each in read.to] == ["b@example.org", "c@example.org"]
    assert (read.subject, read.text) == ("A B", "Body")


def test_alternatives_give_one_text_and_one_html() -> None:
    read = mail(
        "Content-Type: multipart/alternative; boundary=cut",
        body=multipart("Content-Type: text/plain\r\n\r\nplain", "Content-Type: text/html\r\n\r\n<p>rich"),
    )
    assert (read.text, read.html, read.text_from_html) == ("plain", "<p>rich", False)


def test_html_alone_is_also_read_as_text() -> None:
    read = mail("Content-Type: text/html; charset=utf-8", body="<p>One</p><ul><li>two</li></ul>")
    assert (read.text, read.text_from_html) == ("One\n\n- two", True)


def test_texts_side_by_side_are_all_read() -> None:
    body = multipart(
        "Content-Type: text/plain\r\n\r\nabove", "Content-Type: text/html\r\n\r\n<b>below</b>", "\r\nthird & last"
    )
    read = mail("Content-Type: multipart/mixed; boundary=cut", body=body)
    assert read.text == "above\n\nbelow\n\nthird & last"
    assert "<pre>third &amp; last</pre>" in read.html


def test_attachments_keep_bytes_type_and_content_id_and_lose_paths() -> None:
    picture = b"\x89PNG\r\n\x1a\n\x00\xff"
    body = multipart(
        "\r\nlook",
        b"Content-Type: image/png\r\nContent-ID: <pic@1>\r\nContent-Disposition: inline; filename=pic.png\r\n"
        b"Content-Transfer-Encoding: base64\r\n\r\n" + base64.encodebytes(picture),
        'Content-Disposition: attachment; filename="..\\\\..\\\\etc/pass\u202ewd.exe."\r\n\r\nx',
        "Content-Type: message/rfc822\r\n\r\nSubject: Inner: mail\r\n\r\nText",
        "Content-Type: application/ms-tnef; name=winmail.dat\r\n\r\nTNEF",
        "Content-Type: text/calendar; method=REQUEST\r\n\r\nBEGIN:VCALENDAR",
    )
    read = mail("Content-Type: multipart/mixed; boundary=cut", body=body)
    assert read.text == "look"
    picture_part, trick, inner, winmail, calendar = read.attachments
    assert (picture_part.content, picture_part.content_id, picture_part.inline) == (picture, "pic@1", True)
    assert (trick.name, trick.inline) == ("passwd.exe", False)
    assert (inner.name, inner.content) == ("Inner mail.eml", b"Subject: Inner: mail\r\n\r\nText")
    assert (winmail.name, winmail.content, calendar.name) == ("winmail.dat", b"TNEF", "attachment-5.ics")
    assert read.returned[0].content_type == "message/rfc822"


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        pytest.param("multipart/mixed; boundary=cut", multipart("\r\nOne", "\r\nTwo", end=False), id="no end"),
        pytest.param(
            "multipart/mixed",
            multipart("Content-Type: text/plain\r\n\r\nOne", "\r\nTwo", boundary="longer1"),
            id="undeclared",
        ),
        pytest.param("multipart/mixed; boundary=cut", b"--cut--\r\n" + multipart("\r\nOne", "\r\nTwo"), id="end first"),
        pytest.param(
            "multipart/mixed; boundary=cut", multipart("\r\nOne", multipart("\r\nTwo"), boundary="cut"), id="twice"
        ),
        pytest.param(
            "multipart/mixed; boundary=cut",
            multipart(
                "Content-Type: multipart/mixed; boundary=cut-in\r\n\r\n"
                + multipart("\r\nOne", boundary="cut-in").decode(),
                "\r\nTwo",
            ),
            id="one boundary begins with the other",
        ),
    ],
)
def test_boundaries_may_be_wrong(content_type: str, body: bytes) -> None:
    read = mail(f"Content-Type: {content_type}", body=body)
    assert read.text.split() == ["One", "Two"]


def test_a_multipart_that_has_no_parts_is_text() -> None:
    assert mail("Content-Type: multipart/mixed; boundary=nowhere", body="just text").text == "just text"


def test_more_parts_than_are_read_stay_attached_together() -> None:
    body = multipart(
        *(f"Content-Disposition: attachment; filename={number}\r\n\r\n{number}" for number in range(MAX_PARTS + 50))
    )
    read = mail("Content-Type: multipart/mixed; boundary=cut", body=body)
    assert len(read.attachments) == MAX_PARTS + 1
    assert str(MAX_PARTS + 49).encode() in read.attachments[-1].content
    assert "more or deeper parts" in read.notes[0]


def test_deeper_parts_than_are_read_stay_attached() -> None:
    body = b"Content-Type: text/plain\r\n\r\ndeep"
    for level in range(30):
        body = f"Content-Type: multipart/mixed; boundary=l{level}\r\n\r\n".encode() + multipart(
            body, boundary=f"l{level}"
        )
    read = parse_mail(b"From: a@example.org\r\n" + body)
    assert b"deep" in read.attachments[0].content
    assert "more or deeper parts" in read.notes[0]


@pytest.mark.parametrize(
    ("encoding", "body", "text"),
    [
        ("base64", b"SGVs\r\nbG8", "Hello"),
        ("BASE64;", b"SGVs!bG8=", "Hello"),
        ("base64", b"SGU=bGxv", "Hello"),
        ("base64", b"This is plainly no base64 at all, is it?", "This is plainly no base64 at all, is it?"),
        ("quoted-printable", b"Hel=\r\nlo =E2=82=AC =ZZ", "Hello \u20ac =ZZ"),
        ("quoted-printable ", b"Hel=  \r\nlo", "Hello"),
        ("7-bit", b"Hello", "Hello"),
        ("x-uuencode", b"begin 644 a.txt\r\n%2&5L;&\\\r\n`\r\nend\r\n", "Hello"),
        ("x-uuencode", b"no file here", "no file here"),
    ],
)
def test_transfer_encodings_are_undone_also_when_they_are_bad(encoding: str, body: bytes, text: str) -> None:
    assert mail(f"Content-Transfer-Encoding: {encoding}", body=body).text == text


def test_long_threads_keep_their_beginning_and_their_end() -> None:
    references = " ".join(f"<{number}@example.org>" for number in range(1_000))
    read = mail(f"References: {references}")
    assert len(read.references) == MAX_REFERENCES
    assert (read.references[0], read.references[-1]) == ("0@example.org", "999@example.org")


@pytest.mark.parametrize(
    "date", ["yesterday", "Wed, 15 Dec 2010    59:10 -0500", "Mon, 99 Foo 99999", "31 Dec 9999 23:59:00 -1200"]
)
def test_a_date_that_makes_no_sense_is_none(date: str) -> None:
    assert mail(f"Date: {date}").date is None
