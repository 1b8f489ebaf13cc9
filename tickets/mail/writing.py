"""What mails say: a subject, plain text and the same as HTML, in the reader's language.

The wordings that come with the program lie beside this module, one file for each kind and language; an admin's take
their place. The HTML loads nothing from anywhere: no pictures, no fonts, no scripts.
"""

from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Final

import structlog
from markupsafe import Markup

from tickets.domain.values import Urgency
from tickets.mail.message import header_line
from tickets.mail.wording import (
    Wording,
    WordingFault,
    check_made_html,
    check_wording,
    parse_wording,
    render_wording,
)

TEMPLATES: Final = Path(__file__).parent / "templates"

LANGUAGES: Final = ("en", "de")
"""In which there is a wording of every mail."""

KEY_PLACE: Final = "\x01key\x01"
"""Stands in the outbox where the requester's access key belongs: the key itself is put in when the mail leaves.

No text of a person can hold it, since control characters are taken out of them.
"""
RATING_PLACE: Final = "\x01rating\x01"
"""The same for the key that says how it was, and nothing else."""
LIST_PLACE: Final = "\x01list\x01"
"""The same for the key that opens the list of one person's requests."""

_log: structlog.stdlib.BoundLogger = structlog.get_logger("tickets.mail")


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
    LATE = "late"
    """To technicians: a target is missed, or will be soon."""
    SOLUTION = "solution"
    """To the requester: this solved it. How was it?"""
    COPY = "copy"
    """To a watcher: somebody answered."""
    COPY_SOLVED = "copy-solved"
    """To a watcher: this solved it."""
    LINK = "link"
    """To the requester, who asked for it: the link to one request."""
    MY = "my"
    """To a requester, who asked for it: the link to all of their requests."""


TO_REQUESTER: Final = frozenset({MailKind.CONFIRMATION, MailKind.REPLY, MailKind.SOLUTION, MailKind.LINK, MailKind.MY})
TO_STAFF: Final = frozenset({MailKind.NEW, MailKind.ASSIGNED, MailKind.ANSWER, MailKind.LATE})

_COMMON: Final = frozenset({"organisation", "tracking", "title", "requester", "category", "urgency"})
_SAID: Final = frozenset({"who", "said"})
_EXTRA: Final[dict[MailKind, frozenset[str]]] = {
    MailKind.CONFIRMATION: frozenset({"link"}),
    MailKind.NEW: frozenset({"console", "said"}),
    MailKind.ASSIGNED: _SAID | {"console"},
    MailKind.REPLY: _SAID | {"link"},
    MailKind.ANSWER: _SAID | {"console"},
    MailKind.LATE: frozenset({"console", "said"}),
    MailKind.SOLUTION: frozenset({"said", "link", "good", "ok", "bad"}),
    MailKind.COPY: _SAID,
    MailKind.COPY_SOLVED: frozenset({"said"}),
    MailKind.LINK: frozenset({"link"}),
}
NAMES: Final[dict[MailKind, frozenset[str]]] = {
    kind: frozenset({"organisation", "link"}) if kind is MailKind.MY else _COMMON | _EXTRA[kind] for kind in MailKind
}
"""The words that each kind of mail has for its template."""

_URGENCY: Final[dict[str, dict[Urgency, str]]] = {
    "en": {
        Urgency.LOW: "Can wait",
        Urgency.NORMAL: "Normal",
        Urgency.HIGH: "Urgent",
        Urgency.CRITICAL: "Critical",
    },
    "de": {
        Urgency.LOW: "Hat Zeit",
        Urgency.NORMAL: "Normal",
        Urgency.HIGH: "Dringend",
        Urgency.CRITICAL: "Kritisch",
    },
}
_LAYOUT: Final = Markup(
    '<!doctype html>\n<html lang="{language}">\n<head>\n<meta charset="utf-8">\n'
    '<meta name="viewport" content="width=device-width">\n<meta name="color-scheme" content="light">\n'
    "<title>{title}</title>\n</head>\n"
    '<body style="margin:0;padding:24px 12px;background:#f5f4ef;color:#16222b;'
    "font:16px/1.5 system-ui,-apple-system,'Segoe UI','Noto Sans',Cantarell,Arial,sans-serif\">\n"
    '<div style="max-width:36rem;margin:0 auto">\n'
    '<p style="margin:0 0 12px;font-weight:600;color:#0d5f6e">{organisation}</p>\n'
    '<div style="background:#ffffff;border:1px solid #d5d4ca;border-radius:12px;padding:20px 24px;'
    'overflow-wrap:anywhere">\n{content}\n</div>\n</div>\n</body>\n</html>\n'
)


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


SAMPLE: Final = Words(
    organisation="Office Help",
    public_url="https://help.example.org",
    tracking="TL-7K3M-9QXM",
    title="The printer says <no>",
    requester="Maria Weber",
    category="Printing and scanning",
    urgency=Urgency.HIGH,
    who="Ada Lovelace",
    said="Please switch it off & on again.\n\nThen try <Print> once more.",
)
"""A request that is made up, by which templates are tried and shown."""


def language_of(wanted: str | None, usual: str) -> str:
    """Return a language that there are wordings in: what somebody wants, else the desk's own, else English."""
    for language in (wanted, usual):
        if language and (short := language.replace("_", "-").partition("-")[0].lower()) in LANGUAGES:
            return short
    return LANGUAGES[0]


@cache
def built_in(kind: MailKind, language: str) -> Wording:
    """Return the wording that came with the program."""
    return parse_wording((TEMPLATES / language / f"{kind}.mail").read_text("utf-8"))


def write(kind: MailKind, words: Words, language: str, wording: Wording | None = None) -> Written:
    """Return subject, text and HTML in the admin's wording, or the built-in one where there is none.

    A wording that was fine when it was saved and fails with these words does not stop the mail: the built-in one goes.
    """
    if wording is not None:
        try:
            return _write(kind, words, language, wording)
        except WordingFault as fault:
            _log.warning("mail.wording-failed", kind=kind, language=language, part=fault.part)
    return _write(kind, words, language, built_in(kind, language))


def try_wording(kind: MailKind, language: str, wording: Wording, words: Words = SAMPLE) -> Written:
    """Return what a wording makes of the sample. Raises WordingFault for one that can't be used."""
    check_wording(wording, NAMES[kind])
    written = _write(kind, words, language, wording)
    check_made_html(render_wording(wording, _values(kind, words, language)).html)
    return written


def with_keys(text: str, keys: dict[str, str]) -> str:
    """Put the keys where they belong."""
    for place, key in keys.items():
        text = text.replace(place, key)
    return text


def _write(kind: MailKind, words: Words, language: str, wording: Wording) -> Written:
    values = _values(kind, words, language)
    made = render_wording(wording, values)
    html = _LAYOUT.format(
        language=language,
        title=values.get("tracking", values["organisation"]),
        organisation=values["organisation"],
        content=Markup(made.html),  # noqa: S704 - made by our own templates, which escape
    )
    return Written(header_line(made.subject), made.text, str(html))


def _values(kind: MailKind, words: Words, language: str) -> dict[str, str]:
    ticket = f"{words.public_url}/t/{words.tracking}"
    rate = f"{ticket}/rate#{RATING_PLACE}"
    values = {
        "organisation": _clean(words.organisation),
        "tracking": words.tracking,
        "title": _clean(words.title),
        "requester": _clean(words.requester),
        "category": _clean(words.category),
        "urgency": _URGENCY[language][words.urgency],
        "who": _clean(words.who),
        "said": _clean(words.said),
        "link": f"{words.public_url}/my#{LIST_PLACE}" if kind is MailKind.MY else f"{ticket}#{KEY_PLACE}",
        "console": f"{words.public_url}/console/tickets/{words.tracking}",
        "good": f"{rate}.good",
        "ok": f"{rate}.ok",
        "bad": f"{rate}.bad",
    }
    return {name: values[name] for name in NAMES[kind]}


def _clean(text: str) -> str:
    return text.replace("\x01", "")
