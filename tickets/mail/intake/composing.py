"""What of a mail goes into a ticket: title, words, urgency, people in copy. Pure."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from tickets.domain.errors import Invalid
from tickets.domain.values import Urgency
from tickets.domain.views import MAX_LINE, MAX_TEXT, MAX_TITLE
from tickets.mail.intake.understanding import Understood
from tickets.mail.reading.mail import Mail
from tickets.text import clean_email, clean_line, clean_text

NO_SUBJECT: Final = "(no subject)"
NO_TEXT: Final = "(The mail has no text.)"
ONLY_QUOTED: Final = "(The mail says nothing new; what it repeats is below.)"
MAX_PEOPLE: Final = 20
# Marks of answers and forwards in the languages that mail programs come in.
_REPLY_MARK: Final = re.compile(
    r"\A\s*(?:re|aw|antw|sv|vs|ref|rif|r|odp|vá|ynt|fwd?|wg|tr|rv|enc|i|doorst|pd|vl)\s*(?:\[\d{1,3}\]|\(\d{1,3}\))?\s*[:：]\s*",
    re.IGNORECASE,
)
_MOST_MARKS: Final = 10
# X-Priority 1 and 2 (Outlook Express), Importance (RFC 2156), Priority (RFC 2156).
_HIGH: Final = re.compile(r"\s*(?:[12]\b|high\b|highest\b|urgent\b)", re.IGNORECASE)
_NO_REPLY: Final = re.compile(
    r"\A(?:no|do|donot|not)[-_.]?(?:t[-_.]?)?reply|\A(?:mailer-daemon|postmaster)\Z", re.IGNORECASE
)


@dataclass(frozen=True)
class Party:
    """Somebody with an address in the form in which it is kept."""

    email: str
    name: str

    @property
    def shown(self) -> str:
        """Name and address in a line of limited length; the address stays whole as far as it can."""
        address = f"<{self.email}>"
        return f"{self.name[: max(0, MAX_LINE - len(address) - 1)]} {address}".strip()[:MAX_LINE]


def party(address: str, name: str) -> Party | None:
    """Return somebody, None when the address can't be written to."""
    try:
        email = clean_email(address)
    except Invalid:
        return None
    try:
        return Party(email, clean_line(name, "name")[:MAX_LINE])
    except Invalid:
        return Party(email, email[:MAX_LINE])


def sender_of(mail: Mail) -> Party | None:
    """Return who wrote it, as far as the mail says."""
    for found in (mail.from_, mail.sender, *mail.reply_to):
        if found is not None and (who := party(found.address, found.name)) is not None:
            return who
    return None


def subject_of(mail: Mail) -> str:
    """Return the subject as one line; empty when there is none."""
    try:
        return clean_line(mail.subject, "subject")
    except Invalid:
        return ""


def title_of(mail: Mail) -> str:
    """Return the subject without the marks of answers."""
    title = subject_of(mail)
    for _ in range(_MOST_MARKS):
        title, count = _REPLY_MARK.subn("", title, count=1)
        if not count:
            break
    return title.strip()[:MAX_TITLE] or NO_SUBJECT


def words_of(understood: Understood, remarks: Iterable[str] = ()) -> tuple[str, str]:
    """Return what the mail says anew, with our own remarks in brackets below it, and the rest that is folded away."""
    said, rest = _clean(understood.said), _clean(understood.rest)
    if not said:
        said = ONLY_QUOTED if rest else NO_TEXT
    notes = [f"[{remark}]" for remark in remarks]
    room = MAX_TEXT - sum(len(note) + 2 for note in notes)
    if len(said) > room:
        cut = "[The mail goes on from here; all of it is in the folded part.]"
        rest = _clean(understood.mail.text)
        said = f"{said[: room - len(cut) - 2]}\n\n{cut}"
    return "\n\n".join([said, *notes]), rest


def urgency_of(mail: Mail) -> Urgency:
    """Return what the sender's mail program was told."""
    names = ("x-priority", "importance", "priority", "x-msmail-priority")
    return Urgency.HIGH if any(_HIGH.match(mail.fields.get(name)) for name in names) else Urgency.NORMAL


def people_in_copy(mail: Mail) -> list[Party]:
    """Return everybody else who got the mail, the first ones of many."""
    found: dict[str, Party] = {}
    for each in (*mail.cc, *mail.to):
        who = party(each.address, each.name)
        if who is not None and not _NO_REPLY.match(who.email):
            found.setdefault(who.email, who)
    return list(found.values())[:MAX_PEOPLE]


def _clean(text: str) -> str:
    try:
        return clean_text(text, "text")
    except Invalid:
        return ""
