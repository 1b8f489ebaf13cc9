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
class Letter:
    """What is to be sent; `thread` is a Message-ID under which mail programs gather all mails of one ticket."""

    sender: Sender
    recipient: str
    message_id: str
    thread: str
    subject: str
    text: str
    html: str
    at: datetime


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
    mail["Reply-To"] = sender
    mail["To"] = wire_address(letter.recipient)
    mail["Subject"] = header_line(letter.subject)
    mail["Date"] = letter.at
    mail["Message-ID"] = letter.message_id
    mail["References"] = letter.thread
    mail["In-Reply-To"] = letter.thread
    # RFC 3834 section 5, and what Exchange looks at instead: nobody's absence notice shall answer this.
    mail["Auto-Submitted"] = "auto-generated"
    mail["X-Auto-Response-Suppress"] = "All"
    mail.set_content(letter.text, charset="utf-8")
    mail.add_alternative(letter.html, subtype="html", charset="utf-8")
    # Sent again after a crash, the same mail is the same bytes.
    mail.set_boundary(f"=_{hashlib.sha256(letter.message_id.encode()).hexdigest()[:32]}")
    if not letter.recipient.isascii():
        return mail.as_bytes(policy=_POLICY.clone(utf8=True))
    return mail.as_bytes()
