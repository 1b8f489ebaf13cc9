"""The words that pages use for the values of the domain, and the choices that forms offer."""

from typing import Final

from tickets.domain.clocks import ClockKind
from tickets.domain.importing import ImportKind
from tickets.domain.knowledge import ArticleState, Visibility
from tickets.domain.linking import Link
from tickets.domain.outgoing import Rating
from tickets.domain.redaction import Kind
from tickets.domain.values import Asset, Channel, EntryKind, QueueView, Status, Urgency
from tickets.pages.language import N_, Choices, Words

URGENCY: Final = Words(
    {
        Urgency.LOW: "Can wait",
        Urgency.NORMAL: "Normal",
        Urgency.HIGH: "Urgent",
        Urgency.CRITICAL: "Critical",
    }
)
URGENCY_CHOICES: Final = Choices(
    (Urgency.LOW, "It can wait", "I can work without it"),
    (Urgency.NORMAL, "Normal", "It slows me down"),
    (Urgency.HIGH, "Urgent", "I can’t do my work"),
    (Urgency.CRITICAL, "Critical", "Many of us can’t work"),
)

ASSET: Final = Words(
    {
        Asset.HARDWARE: "Device",
        Asset.SOFTWARE: "Program",
        Asset.NETWORK: "Network",
        Asset.SERVER: "Server",
        Asset.OTHER: "Other",
    }
)
ASSET_CHOICES: Final = Choices(
    (Asset.HARDWARE, "Device", ""),
    (Asset.SOFTWARE, "Program", ""),
    (Asset.NETWORK, "Network", ""),
    (Asset.SERVER, "Server", ""),
    (Asset.OTHER, "Other", ""),
)

STATUS: Final = Words(
    {
        Status.NEW: "New",
        Status.OPEN: "In progress",
        Status.WAITING: "Waiting for an answer",
        Status.RESOLVED: "Solved",
        Status.CLOSED: "Closed",
    }
)
MOVE: Final = Words(
    {
        Status.NEW: "Back to new",
        Status.OPEN: "In progress",
        Status.WAITING: "Wait for an answer",
        Status.RESOLVED: "Solved",
        Status.CLOSED: "Close",
    }
)

CHANNEL: Final = Words(
    {
        Channel.PORTAL: "Web page",
        Channel.AGENT: "Agent on the computer",
        Channel.PHONE: "Telephone",
        Channel.API: "A program",
        Channel.EMAIL: "E-mail",
    }
)

VIEWS: Final = Choices(
    (QueueView.MINE, "Mine"),
    (QueueView.UNASSIGNED, "Unassigned"),
    (QueueView.ALL, "All"),
)
NOTHING: Final = {
    QueueView.MINE: "You have no open requests.",
    QueueView.UNASSIGNED: "Nothing is waiting: somebody has every request.",
    QueueView.ALL: "There are no requests yet.",
}
NOTHING_FOUND: Final = "No request here has these words."

LINK: Final = Words(
    {
        Link.RELATED: "is related to",
        Link.DUPLICATE_OF: "is a duplicate of",
        Link.HAS_DUPLICATE: "has as a duplicate",
        Link.CHILD_OF: "is a part of",
        Link.PARENT_OF: "has as a part",
        Link.FOLLOW_UP_OF: "follows up",
        Link.FOLLOWED_BY: "is followed up by",
    }
)
"""What this request is to another one."""

SPOKEN: Final = frozenset({EntryKind.MESSAGE, EntryKind.NOTE, EntryKind.RESOLVED})
"""Kinds of timeline entries whose text is a person's own words."""

DONE: Final = {
    "claimed": ("good", N_("You have it now.")),
    "assigned": ("good", N_("Handed over.")),
    "sent": ("good", N_("Sent.")),
    "noted": ("good", N_("The note is on the timeline; the requester does not see it.")),
    "moved": ("good", N_("Moved.")),
    "triaged": ("good", N_("Saved.")),
    "merged": ("good", N_("Merged. Everything is here now.")),
    "unmerged": ("good", N_("The merge is undone.")),
    "split": ("good", N_("This is a request of its own now.")),
    "resolved": ("good", N_("Marked as solved. The requester can read the solution.")),
    "filed": ("good", N_("Filed. Read the tracking number out to the caller.")),
    "published": ("good", N_("Published.")),
    "removed": ("good", N_("Removed.")),
    "erased": ("good", N_("Erased for good.")),
    "revoked": ("good", N_("Revoked. Programs that used it are shut out.")),
    "drafted": ("good", N_("Kept as a draft. Only technicians see it.")),
    "saved": ("good", N_("Saved.")),
    "put-back": ("good", N_("Put back.")),
    "thanks": ("good", N_("Thank you. Good to know that it helped.")),
    "sorry": ("", N_("Thank you for telling us. Ask for help, and somebody will look at your problem.")),
    "article-sent": ("good", N_("Sent. The requester can read the article.")),
    "article-used": ("good", N_("Written down: this article was the solution.")),
    "no-solution": ("warn", N_("This request has no solution yet. Write it down first; then make the article.")),
    "reset": ("good", N_("Back to the built-in wording.")),
    "mail-retried": ("good", N_("It goes out now.")),
    "mail-dropped": ("good", N_("Taken out. It is not sent.")),
    "mail-decided": ("good", N_("Done. It is carried out within a second.")),
    "mail-settled": ("warn", N_("Somebody decided about this mail before you.")),
    "mail-deleted": ("good", N_("What it said is gone.")),
    "address-cleared": ("good", N_("This address gets mail again.")),
    "link-sent": ("good", N_("If there is such a request, the link is on its way to that address.")),
    "out": ("", N_("You are logged out.")),
    "expired": ("", N_("Please log in to go on.")),
}
"""What a page says after a redirect, by the short word in its address."""

IMPORT: Final = Words(
    {
        ImportKind.TECHNICIANS: "Technicians",
        ImportKind.REQUESTERS: "Requesters",
        ImportKind.ARTICLES: "Articles",
    }
)
RATING: Final = Words({Rating.GOOD: "Good", Rating.OK: "All right", Rating.BAD: "Bad"})
TARGET: Final = Words(
    {
        ClockKind.FIRST_ANSWER: "First answer",
        ClockKind.NEXT_ANSWER: "Next answer",
        ClockKind.SOLUTION: "Solution",
    }
)

NOT_CONNECTED: Final = {
    "closed": "The request is solved or closed. Reopen it first.",
    "unassigned": "Nobody has this request yet. Take it first; then you can connect.",
    "foreign": "{name} has this request. Only the person who has it can connect.",
}

ARTICLE_STATE: Final = Words(
    {
        ArticleState.DRAFT: "Draft",
        ArticleState.REVIEW: "In review",
        ArticleState.PUBLISHED: "Published",
        ArticleState.ARCHIVED: "Archived",
    }
)
VISIBILITY_CHOICES: Final = Choices(
    (Visibility.PUBLIC, "Everybody", "Also without logging in"),
    (Visibility.INTERNAL, "Technicians only", "It never shows on the help pages"),
)
REDACTED: Final = Words(
    {
        Kind.SECRET: "Password or key",
        Kind.URL: "Link",
        Kind.EMAIL: "E-mail address",
        Kind.MAC: "Network card",
        Kind.ADDRESS: "Network address",
        Kind.HOST: "Computer",
        Kind.NUMBER: "Number",
        Kind.PHONE: "Telephone",
        Kind.PERSON: "Name",
    }
)
