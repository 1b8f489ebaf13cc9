"""No bytes crash the reading of mail or hold it up."""

import time

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.tickets.mail.reading.mails import raw_mail
from tickets.mail.reading.cleaning import clean_html, sandbox_document
from tickets.mail.reading.mail import Mail, Unreadable
from tickets.mail.reading.parsing import parse_mail
from tickets.mail.reading.recognising import recognise
from tickets.mail.reading.trimming import trim

_SIZE = 2_000_000
# Linear work on two megabytes takes some tenths of a second; anything quadratic takes minutes.
_ENOUGH_S = 15


def read_whole(raw: bytes) -> Mail | None:
    """Do all that is done with a mail that comes in."""
    try:
        read = parse_mail(raw)
    except Unreadable as refused:
        assert refused.reason
        return None
    recognise(read)
    assert "".join(piece.text for piece in trim(read.text).pieces) == read.text
    sandbox_document(clean_html(read.html, {"a": "/b"}))
    for text in (read.text, read.html, read.subject, *(file.name for file in read.attachments)):
        text.encode("utf-8")
        assert "\x00" not in text
    assert all(file.name and "/" not in file.name and "\\" not in file.name for file in read.attachments)
    return read


_SPECIAL = rb"""
From: a@b.example
From: =?utf-8?q?a?= <a@b>
To: a:b;,"<(
Subject: =?x?b?=?=
Date: 99
Content-Type
Content-Type: multipart/mixed; boundary=x
Content-Type: multipart/alternative; boundary="x y"
Content-Type: text/html
Content-Type: text/plain; charset=utf-7
Content-Type: message/rfc822
Content-Type: message/delivery-status
Content-Transfer-Encoding: base64
Content-Transfer-Encoding: x-uuencode
Content-Transfer-Encoding: quoted-printable
Content-Disposition: attachment; filename*0*=utf-8''%ff; filename*1="/..\\"
Content-ID: <a>
Return-Path: <>
References: <
Message-ID: <>
Final-Recipient: rfc822;
Action: failed
Authentication-Results: a; (dkim=pass
--x
--x--
--x y
begin 644 x
&#x110000;<p>
> On 1 a@b wrote:
--
=?
AAAA
"""
_LINES = [*_SPECIAL.split(b"\n"), b" ", b"\t=", b"Subject: \xff\x1b$B"]


@given(
    st.lists(st.one_of(st.sampled_from(_LINES), st.binary(max_size=20)), max_size=40),
    st.sampled_from([b"\r\n", b"\n", b"\r", b"\r\r\n"]),
)
@example([b"From: a@b", b"Content-Type: multipart/mixed; boundary=x", b"", b"--x", b"--x--"], b"\n")
@settings(max_examples=250, deadline=None)
def test_any_lines_are_a_mail_or_unreadable(lines: list[bytes], end: bytes) -> None:
    read_whole(end.join(lines))


@given(st.binary(max_size=300))
@settings(max_examples=200, deadline=None)
def test_any_bytes_are_a_mail_or_unreadable(raw: bytes) -> None:
    read_whole(raw)


def _filled(unit: bytes, size: int = _SIZE) -> bytes:
    return unit * (size // len(unit))


_DAEMON = b"Return-Path: <>\r\nFrom: mailer-daemon@x.example\r\nSubject: failure notice\r\n"
_MULTIPART = b"From: a@b.example\r\nContent-Type: multipart/mixed; boundary=x\r\n\r\n"
_HTML = b"From: a@b.example\r\nContent-Type: text/html\r\n\r\n"
_HOSTILE = {
    "parts": _MULTIPART + _filled(b"--x\n"),
    "almost delimiters": _MULTIPART + b"--x\n\nhi\n" + _filled(b"--xa\n"),
    "nested": b"".join(
        b"Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n" % (each, each) for each in range(20_000)
    ),
    "fields": _filled(b"A: b\n"),
    "folds": b"A: b\n" + _filled(b" c\n"),
    "words": b"Subject: " + _filled(b"=?utf-8?q?", 200_000) + b"\n\nx",
    "parentheses": b"To: " + _filled(b"(", 90_000) + b"\n\nx",
    "quotes": b"To: " + _filled(b'"\\', 90_000) + b"\n\nx",
    "angles": b"From: " + _filled(b"<a@", 90_000) + b"\n\nx",
    "local part": b"From: " + _filled(b"a.", 90_000) + b"\n\nx",
    "parameters": b"Content-Type: text/plain" + _filled(b'; a="\\', 90_000) + b"\n\nx",
    "identifiers": b"References: " + _filled(b"<a", 90_000) + b"\n\nx",
    "verdicts": b"Authentication-Results: x; " + _filled(b"dkim=pass (", 90_000) + b"\n\nx",
    "padding": b"From: a@b\nContent-Transfer-Encoding: base64\n\n" + _filled(b"QQ=="),
    "soft breaks": b"From: a@b\nContent-Transfer-Encoding: quoted-printable\n\n" + _filled(b"=      "),
    "uuencoded": b"From: a@b\nContent-Transfer-Encoding: x-uuencode\n\nbegin 644 a\n" + _filled(b"zzz\n"),
    "8 bit": b"From: a@b\n\n" + _filled(bytes(range(128, 256))),
    "status groups": b"Return-Path: <>\nContent-Type: message/delivery-status\n\n"
    + _filled(b"Final-Recipient: rfc822; a@b\n\n"),
    "report of addresses": _DAEMON + b"\n" + _filled(b"<a@b>: "),
    "report of recipients": _DAEMON + b"\n" + _filled(b"rcpt to: "),
    "report of blanks": _DAEMON + b"\n" + _filled(b"  \n"),
    "attributions": b"From: a@b\n\n" + _filled(b"On 1 wrote wrote a@b <c\n"),
    "dates": b"From: a@b\n\n" + _filled(b"1 1 1 1 1 1 1 1 1 1 >\n"),
    "headers": b"From: a@b\n\n" + _filled(b"From: a\nTo: b\n"),
    "rules": b"From: a@b\n\n" + _filled(b"- - - - - - - - x\n"),
    "one line": b"From: a@b\n\n" + _filled(b"> "),
    "elements": _HTML + _filled(b"<div>"),
    "formatting": _HTML + _filled(b"<b><i><p>"),
    "ampersands": _HTML + _filled(b"&"),
    "ampersands in an attribute": _HTML + b"<a href='" + _filled(b"&"),
    "brackets": _HTML + _filled(b"<"),
    "quotes in HTML": _HTML + _filled(b"<blockquote>x"),
    "attributes": _HTML + _filled(b"<p style='a:b;"),
    "comments": _HTML + _filled(b"<!--"),
}


@pytest.mark.parametrize("name", _HOSTILE)
def test_two_megabytes_of_anything_are_read_in_time(name: str) -> None:
    began = time.process_time()
    read_whole(_HOSTILE[name])
    assert time.process_time() - began < _ENOUGH_S


def test_the_same_mail_without_the_trick_is_read() -> None:
    read = read_whole(raw_mail("Content-Type: text/html", body="<div>Hello &amp; thanks</div>"))
    assert read is not None
    assert read.text == "Hello & thanks"
