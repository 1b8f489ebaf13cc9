"""What mails say: a subject, plain text and the same as HTML, from the templates beside this module.

The HTML loads nothing from anywhere: no pictures, no fonts, no scripts.
"""

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Final

import jinja2

from tickets.domain.values import Urgency
from tickets.mail.message import header_line
from tickets.pages.words import URGENCY

TEMPLATES: Final = Path(__file__).parent / "templates"

KEY_PLACE: Final = "\x01key\x01"
"""Stands in the outbox where the requester's access key belongs: the key itself is put in when the mail leaves.

No text of a person can hold it, since control characters are taken out of them.
"""


class MailKind(StrEnum):
    """What a mail reports."""

    CONFIRMATION = "confirmation"
    """To the requester: we have your request."""
    NEW = "new"
    """To technicians: nobody has this request yet."""
    ASSIGNED = "assigned"
    """To a technician: this request is yours."""
    REPLY = "reply"
    """To the requester: a technician answered."""
    ANSWER = "answer"
    """To the technician: the requester answered."""
    SOLUTION = "solution"
    """To the requester: this solved it."""


TO_REQUESTER: Final = frozenset({MailKind.CONFIRMATION, MailKind.REPLY, MailKind.SOLUTION})

# The tracking number first: people look for it, and narrow lists cut the end off.
_SUBJECTS: Final = {
    MailKind.CONFIRMATION: "{tracking}: we have your request",
    MailKind.NEW: "{tracking}: new request: {title}",
    MailKind.ASSIGNED: "{tracking}: yours now: {title}",
    MailKind.REPLY: "{tracking}: an answer from {who}",
    MailKind.ANSWER: "{tracking}: {who} answered: {title}",
    MailKind.SOLUTION: "{tracking}: solved",
}


@dataclass(frozen=True, repr=False)
class Words:
    """What a mail is about. `who` wrote `said`; links have no key in them."""

    organisation: str
    public_url: str
    tracking: str
    title: str
    requester: str
    category: str
    urgency: Urgency
    who: str = ""
    said: str = ""


@dataclass(frozen=True, repr=False)
class Written:
    """A mail's words, before it has an address."""

    subject: str
    text: str
    html: str


class Writer:
    """Renders mails; a word that a template asks for and does not get is an error, not an empty text."""

    def __init__(self) -> None:
        """Read no template yet."""
        self._templates: Final = jinja2.Environment(
            loader=jinja2.FileSystemLoader(TEMPLATES),
            autoescape=jinja2.select_autoescape(["html"], default=False),
            undefined=jinja2.StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            auto_reload=False,
        )

    def write(self, kind: MailKind, words: Words) -> Written:
        """Return subject, text and HTML."""
        values = {
            "organisation": _clean(words.organisation),
            "tracking": words.tracking,
            "title": _clean(words.title),
            "requester": _clean(words.requester),
            "category": _clean(words.category),
            "urgency": URGENCY[words.urgency],
            "who": _clean(words.who),
            "said": _clean(words.said),
            "link": f"{words.public_url}/t/{words.tracking}#{KEY_PLACE}",
            "console": f"{words.public_url}/console/tickets/{words.tracking}",
        }
        text, html = (self._templates.get_template(f"{kind}.{form}").render(values) for form in ("txt", "html"))
        return Written(header_line(_SUBJECTS[kind].format(**values)), text.strip() + "\n", html)


def with_key(text: str, key: str) -> str:
    """Put the access key where it belongs."""
    return text.replace(KEY_PLACE, key)


def _clean(text: str) -> str:
    return text.replace("\x01", "")
