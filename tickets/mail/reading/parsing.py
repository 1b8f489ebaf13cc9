"""Bytes to a mail. All is parsed by hand and in linear time; only the date goes to the standard library."""

import re
from collections.abc import Iterable
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Final

from tickets.mail.reading.addresses import parse_addresses
from tickets.mail.reading.authentication import parse_authentication
from tickets.mail.reading.bodies import Collector
from tickets.mail.reading.charsets import decode
from tickets.mail.reading.fields import charset_hint, normal_line_ends, read_fields
from tickets.mail.reading.limits import (
    MAX_MAIL_BYTES,
    MAX_MESSAGE_ID_CHARS,
    MAX_REFERENCES,
    MAX_SUBJECT_CHARS,
)
from tickets.mail.reading.mail import Address, Fields, Mail, Unreadable
from tickets.mail.reading.parts import Budget, Span, build_part

_MESSAGE_ID: Final = re.compile(r"<([^<>]{1,998})>")
_DELIVERY_FIELDS: Final = (
    "envelope-to",
    "x-original-to",
    "delivered-to",
    "x-delivered-to",
    "x-envelope-to",
    "to",
    "cc",
)
_CONTROL: Final = bytes(range(8)) + bytes(range(14, 27)) + bytes(range(28, 32))


def parse_mail(raw: bytes) -> Mail:
    """Return the mail in these bytes.

    Raises:
        Unreadable: there is nothing to read in them (empty, beyond the size limit, binary without a header field).
    """
    if len(raw) > MAX_MAIL_BYTES:
        raise Unreadable(f"The mail is larger than {MAX_MAIL_BYTES // 1_000_000} MB.")
    if not raw.strip(b"\x00 \t\r\n"):
        raise Unreadable("The mail is empty.")
    content = normal_line_ends(raw.removeprefix(b"\xef\xbb\xbf"))
    hint = charset_hint(content)
    fields, start = read_fields(content, hint, junk_allowed=True)
    if not fields.all and _is_binary(content):
        raise Unreadable("These bytes are no mail: no header, and no text.")
    budget = Budget()
    root = build_part(fields, Span(content, start, len(content)), hint, budget)
    body = Collector(hint).collect(root)
    notes = [*body.notes]
    if budget.exceeded:
        notes.append("The mail has more or deeper parts than are read; what is left is attached as it is.")
    if not fields.all:
        notes.append("The mail has no header.")
    addresses = {name: _addresses(fields, name, hint) for name in ("from", "sender", "reply-to", *_DELIVERY_FIELDS)}
    references = _identifiers(fields.values("references"))
    return Mail(
        fields=fields,
        message_id=next(iter(_identifiers(fields.values("message-id"), loose=True)), ""),
        in_reply_to=_identifiers(fields.values("in-reply-to")),
        references=references,
        subject=re.sub(r"\s+", " ", fields.get("subject"))[:MAX_SUBJECT_CHARS],
        from_=next(iter(addresses["from"]), None),
        sender=next(iter(addresses["sender"]), None),
        reply_to=addresses["reply-to"],
        to=addresses["to"],
        cc=addresses["cc"],
        date=_date(fields.get("date")),
        return_path=_return_path(fields),
        delivered_to=_delivered_to(addresses),
        authentication=parse_authentication(fields),
        content_type=root.content_type,
        content_parameters=tuple(root.parameters.items()),
        text=body.text,
        text_from_html=body.text_from_html,
        html=body.html,
        attachments=tuple(body.attachments),
        returned=tuple(body.returned),
        notes=tuple(notes),
    )


def _is_binary(content: bytes) -> bool:
    sample = content[:4_096]
    return (len(sample) - len(sample.translate(None, _CONTROL))) * 20 > len(sample)


def _addresses(fields: Fields, name: str, hint: str) -> tuple[Address, ...]:
    found: dict[Address, None] = {}
    for raw in fields.raws(name):
        found.update(dict.fromkeys(parse_addresses(decode(raw, "utf-8", hint))))
    return tuple(found)


def _delivered_to(addresses: dict[str, tuple[Address, ...]]) -> tuple[str, ...]:
    """Return every address this mail may have come in by, once each, the surest field first."""
    return tuple(dict.fromkeys(each.address for name in _DELIVERY_FIELDS for each in addresses[name]))


def _identifiers(values: Iterable[str], *, loose: bool = False) -> tuple[str, ...]:
    """Return message identifiers without their angles; with `loose`, also one that has none."""
    found: dict[str, None] = {}
    for value in values:
        matches = _MESSAGE_ID.findall(value)
        if not matches and (bare := value.strip("<> \t")) and (loose or "@" in bare):
            matches = [word for word in bare.split()[:MAX_REFERENCES] if loose or "@" in word][:MAX_REFERENCES]
        tidy = ("".join(match.split())[:MAX_MESSAGE_ID_CHARS] for match in matches)
        found.update(dict.fromkeys(identifier for identifier in tidy if identifier))
    identifiers = tuple(found)
    if len(identifiers) > MAX_REFERENCES:
        # The first names the thread, the last ones its nearest mails.
        return (identifiers[0], *identifiers[-(MAX_REFERENCES - 1) :])
    return identifiers


def _return_path(fields: Fields) -> str | None:
    """Return the envelope's sender: None if no server wrote it down, empty if it was the null path."""
    if "return-path" not in fields:
        return None
    value = fields.get("return-path").strip()
    found = parse_addresses(value)
    return found[0].address if found else ("" if value.strip("<> ") == "" else value.strip("<> "))


def _date(value: str) -> datetime | None:
    try:
        date = parsedate_to_datetime(value[:200])
    except (ValueError, TypeError, OverflowError, IndexError, AttributeError):
        return None
    try:
        return date.replace(tzinfo=UTC) if date.tzinfo is None else date.astimezone(UTC)
    except (OverflowError, ValueError):
        return None
