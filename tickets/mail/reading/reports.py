"""What delivery reports tell: which addresses failed and why (RFC 3464), and which mail it was."""

import re
from typing import Final

from tickets.mail.reading.addresses import lowered, valid_address
from tickets.mail.reading.fields import split_fields
from tickets.mail.reading.kinds import FailedRecipient, Original
from tickets.mail.reading.machine_marks import ORIGINAL_FOLLOWS
from tickets.mail.reading.mail import Mail, Returned
from tickets.mail.reading.words import decode_value

MAX_RECIPIENTS: Final = 50
_STATUS: Final = re.compile(r"(?<![\d.])([45]\.\d{1,3}\.\d{1,3})(?![\d.])")
_REPLY_CODE: Final = re.compile(r"(?<![\d.])([45])\d\d(?=[ -]|\Z)")
_ADDRESS: Final = r"[^\s<>()\[\],;:\"]{1,64}@[\w.-]{1,190}"
# Where a report in free text names an address: alone on its line, in angles, or after words that announce it.
_NAMED: Final = (
    re.compile(rf"^[ \t]{{0,20}}<?({_ADDRESS})>?:?[ \t]*\r?$", re.MULTILINE),
    re.compile(rf"<({_ADDRESS})>"),
    re.compile(
        rf"(?:recipient|address|rcpt to|userid|user|delivered to|errors?)[s)]?\s?:\s{{0,4}}<?({_ADDRESS})",
        re.IGNORECASE,
    ),
    re.compile(rf"^[ \t]{{0,10}}({_ADDRESS})[ ,\t]", re.MULTILINE),
)
_MESSAGE_ID_LINE: Final = re.compile(
    r"^[ \t>]{0,10}(?:Original-)?Message-ID:[ \t]{0,10}<([^<>\s]{1,998})>", re.IGNORECASE | re.MULTILINE
)
_SUBJECT_LINE: Final = re.compile(r"^[ \t>]{0,10}Subject:[ \t]{0,10}(\S[^\r\n]{0,300})", re.IGNORECASE | re.MULTILINE)
# Header lines of the returned mail, in which addresses and identifiers stand that did not fail.
_NOT_RECIPIENTS: Final = re.compile(
    r"^[ \t>]{0,10}(?:message-id|references|in-reply-to|return-path|received|from|reply-to|sender|date|x-[\w-]{1,60})"
    r"\s?:.*$",
    re.IGNORECASE | re.MULTILINE,
)
_MAX_TEXT: Final = 200_000
_RETURNED_MAILS: Final = frozenset(
    {
        "message/rfc822",
        "message/global",
        "message/rfc822-headers",
        "message/global-headers",
        "text/rfc822-headers",
        "text/rfc822",
    }
)


def status_blocks(mail: Mail) -> list[dict[str, str]]:
    """Return the groups of fields in the mail's delivery-status parts; the first of each part is about the server."""
    blocks = []
    for part in mail.returned:
        if part.content_type in {"message/delivery-status", "message/global-delivery-status"}:
            for group in re.split(rb"\r?\n[ \t]*\r?\n", part.content.strip(b"\r\n")):
                pairs, _ = split_fields(group.lstrip(b"\r\n"))
                if pairs:
                    blocks.append(
                        {name.decode("ascii").lower(): decode_value(value) for name, value in reversed(pairs)}
                    )
    return blocks


def failed_in(blocks: list[dict[str, str]]) -> tuple[FailedRecipient, ...]:
    """Return the recipients that the groups report."""
    found: dict[str, FailedRecipient] = {}
    for block in blocks:
        address = _recipient(block)
        if address is None or len(found) >= MAX_RECIPIENTS:
            continue
        diagnostic = re.sub(r"\A\s*[\w-]{1,20}\s*;\s*", "", block.get("diagnostic-code", ""))
        status = next(iter(_STATUS.findall(block.get("status", ""))), "")
        better = next(iter(_STATUS.findall(diagnostic)), "")
        # "5.0.0" only repeats that it failed; the remote server's own words may know more.
        if better and (not status or status.endswith(".0.0")):
            status = better
        found.setdefault(address, FailedRecipient(address, status, not status.startswith("4"), diagnostic[:500]))
    return tuple(found.values())


def _recipient(block: dict[str, str]) -> str | None:
    for name in ("original-recipient", "final-recipient", "x-actual-recipient"):
        value = block.get(name, "")
        address = valid_address(value.partition(";")[2] or value)
        if address is not None:
            return address
    return None


def report_text(mail: Mail) -> str:
    """Return what the report itself says, without the mail it returns."""
    text = mail.text[:_MAX_TEXT]
    cut = ORIGINAL_FOLLOWS.search(text)
    return text[: cut.start()] if cut is not None and cut.start() > 0 else text


def failed_in_text(mail: Mail) -> tuple[FailedRecipient, ...]:
    """Return the recipients that a report in free text names, leaving out whom it is written to and by."""
    text = _NOT_RECIPIENTS.sub("", report_text(mail))
    declared = [
        address for value in mail.fields.values("x-failed-recipients") for address in re.split(r"[,;\s]+", value)
    ]
    parties = {each.address.lower() for each in (*mail.to, *mail.cc)} | {
        (mail.from_.address if mail.from_ else "").lower()
    }
    addresses: dict[str, int] = {}
    for address in declared:
        if (valid := valid_address(address)) is not None:
            addresses.setdefault(valid, text.find(address))
    if not addresses:
        for pattern in _NAMED:
            for match in pattern.finditer(text):
                address = lowered(match[1].rstrip("."))
                if address.lower() not in parties and len(addresses) < MAX_RECIPIENTS:
                    addresses.setdefault(address, match.start())
            if addresses:
                break
    return tuple(_judged(address, text[max(0, place) :][:2_000]) for address, place in addresses.items())


def _judged(address: str, nearby: str) -> FailedRecipient:
    status = next(iter(_STATUS.findall(nearby)), "")
    code = _REPLY_CODE.search(nearby)
    permanent = status[0] != "4" if status else code is None or code[1] == "5"
    said = next(
        (line.strip() for line in nearby.splitlines()[:8] if _STATUS.search(line) or _REPLY_CODE.search(line)), ""
    )
    return FailedRecipient(address, status, permanent, said[:500])


def original_of(mail: Mail) -> Original:
    """Return what the report says of the mail it is about."""
    identifiers: list[str] = []
    fields: tuple[tuple[str, str], ...] = ()
    for part in mail.returned:
        if part.content_type in _RETURNED_MAILS and (found := _returned_fields(part)):
            fields = fields or found
            identifiers += [re.sub(r"\s", "", value.strip("<> ")) for name, value in found if name == "message-id"]
    texts = [mail.text[:_MAX_TEXT]]
    texts += [
        file.content[:65_536].decode("utf-8", "replace")
        for file in mail.attachments
        if file.content_type.startswith("text/")
    ]
    for text in texts:
        identifiers += _MESSAGE_ID_LINE.findall(text)
    identifiers += [*mail.in_reply_to, *reversed(mail.references)]
    subject = next((value for name, value in fields if name == "subject"), "")
    if not subject:
        subject = next(
            (decode_value(match.encode("utf-8", "replace")) for match in _SUBJECT_LINE.findall(texts[0])), ""
        )
    unique = tuple(
        dict.fromkeys(identifier for identifier in identifiers if identifier and identifier != mail.message_id)
    )
    return Original(unique[:20], subject, fields)


def _returned_fields(part: Returned) -> tuple[tuple[str, str], ...]:
    pairs, _ = split_fields(part.content.lstrip(b"\r\n"), junk_allowed=True)
    return tuple((name.decode("ascii").lower(), decode_value(value)) for name, value in pairs)
