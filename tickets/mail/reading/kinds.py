"""What kind of mail came in. Everything but a `Person` is never answered automatically."""

import msgspec


class FailedRecipient(msgspec.Struct, frozen=True):
    """An address that mail did not reach.

    `status` is RFC 3463's code ("5.1.1") or empty; `permanent` says that trying again is no use.
    """

    address: str
    status: str = ""
    permanent: bool = True
    diagnostic: str = ""


class Original(msgspec.Struct, frozen=True):
    """What is known of the mail that a report is about.

    `message_ids` may name it, the surest first: its own Message-ID as returned, then what the report answers to.
    `fields` are the returned header fields, names in lower case.
    """

    message_ids: tuple[str, ...] = ()
    subject: str = ""
    fields: tuple[tuple[str, str], ...] = ()


class Person(msgspec.Struct, frozen=True, tag="person"):
    """Nothing says that a machine wrote it."""


class Automatic(msgspec.Struct, frozen=True, tag="automatic"):
    """A machine wrote it: an absence notice, a receipt, a newsletter, a monitoring system."""

    reason: str


class ListMail(msgspec.Struct, frozen=True, tag="list"):
    """It came over a mailing list."""

    reason: str


class Bounce(msgspec.Struct, frozen=True, tag="bounce"):
    """A mail could not be delivered. `failed` may be empty where the report names nobody."""

    reason: str
    failed: tuple[FailedRecipient, ...] = ()
    original: Original = Original()

    @property
    def permanent(self) -> bool:
        """Whether any address is out of reach for good."""
        return any(recipient.permanent for recipient in self.failed) or not self.failed


class Delay(msgspec.Struct, frozen=True, tag="delay"):
    """A mail is late, and its server goes on trying."""

    reason: str
    waiting: tuple[FailedRecipient, ...] = ()
    original: Original = Original()


class Complaint(msgspec.Struct, frozen=True, tag="complaint"):
    """A recipient called a mail unwanted (ARF, RFC 5965)."""

    reason: str
    complaint_type: str = ""
    original: Original = Original()


Kind = Person | Automatic | ListMail | Bounce | Delay | Complaint
