"""Mails put together byte by byte, the way nobody's library would write them."""

from tickets.mail.reading.mail import Mail
from tickets.mail.reading.parsing import parse_mail


def raw_mail(*fields: str, body: bytes | str = "Hello", sender: str = "Ann Author <ann@example.org>") -> bytes:
    """Return a mail from these fields ("Name: value"; a From is put in front) and this body."""
    head = "\r\n".join(([f"From: {sender}"] if sender else []) + list(fields))
    content = body.encode() if isinstance(body, str) else body
    return head.encode("latin-1") + b"\r\n\r\n" + content


def mail(*fields: str, body: bytes | str = "Hello", sender: str = "Ann Author <ann@example.org>") -> Mail:
    """Return it parsed."""
    return parse_mail(raw_mail(*fields, body=body, sender=sender))


def multipart(*parts: str | bytes, boundary: str = "cut", end: bool = True) -> bytes:
    """Return a multipart body of parts that bring their own header."""
    pieces = [f"--{boundary}\r\n".encode() + (part.encode() if isinstance(part, str) else part) for part in parts]
    return b"\r\n".join(pieces) + (f"\r\n--{boundary}--\r\n".encode() if end else b"")


def delivery_report(*, action: str = "failed", status: str = "5.1.1", report: str = "multipart/report") -> bytes:
    """Return a report in RFC 3464's form about kim@example.net, with the headers of <lost@desk.example> in it."""
    status_part = (
        "Content-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx.example.net\r\n\r\n"
        f"Final-Recipient: rfc822; kim@example.net\r\nAction: {action}\r\nStatus: {status}\r\n"
        "Diagnostic-Code: smtp; 550 no such user\r\n"
    )
    original = (
        "Content-Type: text/rfc822-headers\r\n\r\nMessage-ID: <lost@desk.example>\r\nSubject: [#1] Printer\r\n"
        "X-Desk-Ticket: 1\r\n"
    )
    return raw_mail(
        "To: desk@example.org",
        "Subject: It did not work",
        f'Content-Type: {report}; report-type=delivery-status; boundary="cut"',
        body=multipart("Content-Type: text/plain\r\n\r\nSorry.", status_part, original),
        sender="Postal service <mailer-daemon@mx.example.net>",
    )
