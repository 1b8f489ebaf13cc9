"""What there is for admins: the one list from which the navigation and the front page of `/admin` are made."""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True)
class Entry:
    """A page for admins: its address under `/admin`, its name, and in a line what it is for."""

    path: str
    name: str
    purpose: str


ENTRIES: Final[tuple[Entry, ...]] = (
    Entry("/admin/categories", "Categories", "What requests are about, and whose work they are."),
    Entry("/admin/fields", "Extra fields", "What requests of a category are asked besides."),
    Entry("/admin/teams", "Teams", "Who works together."),
    Entry("/admin/technicians", "Technicians", "Skills, hours, absences, and how much each has."),
    Entry("/admin/rules", "Assignment", "Who gets a new request."),
    Entry("/admin/priorities", "Priorities", "What urgency and impact make together."),
    Entry("/admin/targets", "Targets", "How long an answer and a solution may take."),
    Entry("/admin/calendars", "Business hours", "When work is done, and holidays."),
    Entry("/admin/mail/outbox", "Mail out", "What waits, what is held, what was given up and why."),
    Entry("/admin/mail/templates", "Wording", "What mails say, in English and German."),
    Entry("/admin/people", "Requesters", "Hand out or erase what is kept about a person."),
    Entry("/admin/imports", "Import", "Technicians, requesters and articles from CSV."),
    Entry("/admin/webhooks", "Webhooks", "Other programs that are told what happens."),
)
