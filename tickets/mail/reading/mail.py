"""A mail as the help desk sees it. Frozen; every text is free of NUL and of lone surrogates."""

from datetime import datetime

import msgspec


class Unreadable(Exception):
    """These bytes are no mail. `reason` is for people: it stands beside the suspended mail."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Address(msgspec.Struct, frozen=True):
    """Who: a name, which may be empty, and an address whose domain is in lower case."""

    name: str
    address: str

    @property
    def domain(self) -> str:
        """What follows the last @."""
        return self.address.rpartition("@")[2]


class Field(msgspec.Struct, frozen=True):
    """One header field: its name in lower case, its value unfolded and decoded, and the value's bytes, unfolded."""

    name: str
    value: str
    raw: bytes


class Fields(msgspec.Struct, frozen=True):
    """The header fields in the order in which they stand, the topmost (most recently added) first."""

    all: tuple[Field, ...] = ()

    def get(self, name: str) -> str:
        """Return the first field of that name, or an empty text."""
        return next((field.value for field in self.all if field.name == name), "")

    def values(self, name: str) -> tuple[str, ...]:
        """Return every field of that name."""
        return tuple(field.value for field in self.all if field.name == name)

    def raws(self, name: str) -> tuple[bytes, ...]:
        """Return the bytes of every field of that name."""
        return tuple(field.raw for field in self.all if field.name == name)

    def __contains__(self, name: object) -> bool:
        """Say whether there is a field of that name."""
        return any(field.name == name for field in self.all)


class AuthResult(msgspec.Struct, frozen=True):
    """One method's verdict from one Authentication-Results field (RFC 8601 section 2.2), in lower case but for reason.

    `domain` is the one that was authenticated, taken from header.d, header.i, header.from or smtp.mailfrom by method;
    empty if none is named. Anybody can write such a field: only those with the own server's `authserv_id` count.
    """

    authserv_id: str
    method: str
    result: str
    domain: str
    properties: tuple[tuple[str, str], ...] = ()


class Attachment(msgspec.Struct, frozen=True):
    """A part that is a file. `name` has no path and no trick in it; `content_type` is only what the sender declares."""

    name: str
    content_type: str
    content: bytes
    content_id: str = ""
    inline: bool = False


class Returned(msgspec.Struct, frozen=True):
    """A machine's part of a report (message/delivery-status, text/rfc822-headers, message/rfc822), cut at a limit."""

    content_type: str
    content: bytes


class Mail(msgspec.Struct, frozen=True, kw_only=True):
    """A mail, parsed. Addresses that make no sense are left out, so `sender` may be None in spite of a From field.

    `text` is what to read: the plain text, or what the HTML says where there is none (`text_from_html`).
    `delivered_to` are the addresses this mail may have come in by, most certain first: Envelope-To, X-Original-To,
    Delivered-To, X-Delivered-To, then To and Cc. `notes` say in plain English what was wrong or left out.
    """

    fields: Fields
    message_id: str = ""
    in_reply_to: tuple[str, ...] = ()
    references: tuple[str, ...] = ()
    subject: str = ""
    from_: Address | None = None
    sender: Address | None = None
    reply_to: tuple[Address, ...] = ()
    to: tuple[Address, ...] = ()
    cc: tuple[Address, ...] = ()
    date: datetime | None = None
    return_path: str | None = None
    delivered_to: tuple[str, ...] = ()
    authentication: tuple[AuthResult, ...] = ()
    content_type: str = "text/plain"
    content_parameters: tuple[tuple[str, str], ...] = ()
    text: str = ""
    text_from_html: bool = False
    html: str = ""
    attachments: tuple[Attachment, ...] = ()
    returned: tuple[Returned, ...] = ()
    notes: tuple[str, ...] = ()

    def parameter(self, name: str) -> str:
        """Return a parameter of the Content-Type field, or an empty text."""
        return next((value for key, value in self.content_parameters if key == name), "")
