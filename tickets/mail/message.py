"""One mail as bytes: its headers, the plain text and the same as HTML.

What people wrote gets into headers by `email`'s own policy, which encodes it and refuses line ends; control characters
are gone before that, so that a title can neither add a header nor stop its mail from being sent.
"""

import hashlib
import re
from dataclasses import dataclass
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from typing import Final

import idna

# Control characters, line separators and direction overrides: a header is one line that reads as it stands.
_UNWANTED: Final = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069]+")
_MAX_HEADER: Final = 240
# Seven bits, so that no server on the way has to change what we made.
_POLICY: Final = SMTP.clone(cte_type="7bit")


@dataclass(frozen=True)
class Sender:
    """As whom mail goes out: `[mail] from`."""

    name: str
    address: str

    @property
    def host(self) -> str:
        """The domain, which Message-IDs carry."""
        return self.address.rpartition("@")[2]


@dataclass(frozen=True, repr=False)
class Enclosure:
    """A file that goes along; `kind` is its media type."""

    name: str
    kind: str
    data: bytes


@dataclass(frozen=True, repr=False)
class Letter:
    """What is to be sent.

    `thread` is a Message-ID under which mail programs gather all mails of one ticket, empty for a mail of its own;
    `answers` is the recipient's own mail that this one answers, if it came by mail. `automatic` is the word for
    Auto-Submitted, empty for what a person wrote. `reply_to` is the sender's address unless given.
    """

    sender: Sender
    recipient: str
    message_id: str
    thread: str
    subject: str
    text: str
    html: str
    at: datetime
    reply_to: str = ""
    answers: str = ""
    automatic: str = "auto-generated"
    enclosures: tuple[Enclosure, ...] = ()


def header_line(text: str) -> str:
    """Return `text` as it may stand in a header: one line of bounded length, without control characters."""
    return " ".join(_UNWANTED.sub(" ", text).split())[:_MAX_HEADER]


def wire_address(address: str) -> str:
    """Return an address as servers take it: the domain in ASCII (RFC 5890); the local part may need SMTPUTF8.

    Raises ValueError.
    """
    local, _, domain = address.rpartition("@")
    if domain.isascii():
        return address
    try:
        return f"{local}@{idna.encode(domain, uts46=True).decode('ascii')}"
    except idna.IDNAError as error:
        raise ValueError("the domain can't be written in ASCII") from error


def pack_letter(letter: Letter) -> bytes:
    """Return the mail with CRLF line ends (RFC 5322). Raises ValueError when a header can't be made."""
    mail = EmailMessage(_POLICY)
    sender = Address(header_line(letter.sender.name), addr_spec=wire_address(letter.sender.address))
    mail["From"] = sender
    name = header_line(letter.sender.name)
    mail["Reply-To"] = Address(name, addr_spec=wire_address(letter.reply_to)) if letter.reply_to else sender
    mail["To"] = wire_address(letter.recipient)
    mail["Subject"] = header_line(letter.subject)
    mail["Date"] = letter.at
    mail["Message-ID"] = letter.message_id
    if references := " ".join(each for each in (letter.thread, letter.answers) if each):
        mail["References"] = references
        mail["In-Reply-To"] = letter.answers or letter.thread
    if letter.automatic:
        # RFC 3834 section 5.
        mail["Auto-Submitted"] = letter.automatic
    # What Exchange looks at instead; also in what a person wrote, as nobody's absence notice shall answer that.
    mail["X-Auto-Response-Suppress"] = "All"
    mail.set_content(letter.text, charset="utf-8")
    mail.add_alternative(letter.html, subtype="html", charset="utf-8")
    for enclosure in letter.enclosures:
        main, _, sub = enclosure.kind.partition("/")
        mail.add_attachment(enclosure.data, maintype=main, subtype=sub, filename=header_line(enclosure.name))
    # Sent again after a crash, the same mail is the same bytes.
    for place, part in enumerate(each for each in mail.walk() if each.is_multipart()):
        part.set_boundary(f"=_{hashlib.sha256(f'{place} {letter.message_id}'.encode()).hexdigest()[:32]}")
    if not letter.recipient.isascii():
        return mail.as_bytes(policy=_POLICY.clone(utf8=True))
    return mail.as_bytes()
