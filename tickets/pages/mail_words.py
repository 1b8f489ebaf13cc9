"""The words that pages use for mail that goes out."""

from typing import Final

from tickets.mail.writing import MailKind
from tickets.pages.language import Words
from tickets.store.outbox import MailState

KINDS: Final = Words(
    {
        MailKind.CONFIRMATION: "We have your request",
        MailKind.NEW: "New request, for technicians",
        MailKind.ASSIGNED: "This request is yours, for technicians",
        MailKind.REPLY: "A technician answered",
        MailKind.ANSWER: "Somebody answered, for technicians",
        MailKind.SOLUTION: "Solved, and how was it?",
        MailKind.COPY: "A technician answered, for watchers",
        MailKind.COPY_SOLVED: "Solved, for watchers",
        MailKind.LINK: "The link to a request",
        MailKind.MY: "The link to all requests",
        MailKind.LATE: "A target is missed, for technicians",
    }
)
LANGUAGES: Final = Words({"en": "English", "de": "German"})
PARTS: Final = Words({"subject": "Subject", "text": "Text", "html": "HTML"})
STATES: Final = Words(
    {
        MailState.DEAD: "Given up",
        MailState.HELD: "Held",
        MailState.PENDING: "Waiting",
        MailState.SENT: "Sent",
        MailState.DROPPED: "Dropped",
    }
)
