"""What the pages and the API show, and what they hand in. Frozen; times are aware and in UTC."""

from datetime import datetime
from typing import Annotated

import msgspec

from protocol.rights import Right
from tickets.domain.access import Action, Role
from tickets.domain.attachments import AttachmentView
from tickets.domain.conversation import LinkView, MergeView, TimeSpent, WatcherView
from tickets.domain.finding import Sort
from tickets.domain.priority import Impact, Priority
from tickets.domain.values import Asset, Channel, ConsentAnswer, DeviceKind, EntryKind, QueueView, Status, Urgency

MAX_TEXT = 20_000
MAX_TITLE = 200
MAX_LINE = 100

Line = Annotated[str, msgspec.Meta(min_length=1, max_length=MAX_LINE)]
Title = Annotated[str, msgspec.Meta(min_length=1, max_length=MAX_TITLE)]
Text = Annotated[str, msgspec.Meta(min_length=1, max_length=MAX_TEXT)]
# RFC 5321 section 4.5.3.1.3 allows no longer path.
Email = Annotated[str, msgspec.Meta(min_length=3, max_length=254)]
Password = Annotated[str, msgspec.Meta(min_length=1, max_length=1_024)]
KeyText = Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9_-]{43}$")]
Code = Annotated[str, msgspec.Meta(min_length=1, max_length=40)]
Id = Annotated[str, msgspec.Meta(min_length=1, max_length=64)]


# --- handed in -------------------------------------------------------------------------------------------------------


class NewTicket(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A request as it is filed: the five fields, those of its category, and who asks."""

    category: Line
    title: Title
    description: Text
    urgency: Urgency
    asset: Asset
    email: Email
    name: Annotated[str, msgspec.Meta(max_length=MAX_LINE)] = ""
    # What stands in the category's extra fields, by their keys.
    fields: Annotated[dict[str, Annotated[str, msgspec.Meta(max_length=1_000)]], msgspec.Meta(max_length=60)] = {}


class NewMessage(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A reply, or an internal note that only technicians see; `attachments` are ids of files that were sent before."""

    text: Text
    internal: bool = False
    attachments: Annotated[tuple[Id, ...], msgspec.Meta(max_length=20)] = ()


class FollowUp(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is wrong again, after a request that is closed."""

    text: Text


class Assignment(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """To whom a ticket goes; None puts it back to nobody."""

    technician: Id | None


class StatusChange(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where a ticket shall stand."""

    status: Status


class Solution(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What solved it."""

    solution: Text


class JoinRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An agent asks to belong to a ticket; `code` is what the technician read out."""

    agent_key: KeyText
    code: Code | None = None


class SessionRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A technician asks for a session; `device_key` has a certificate."""

    device_key: KeyText


class ConsentReport(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An agent tells what its user decided on a session, or that fewer rights are left than the user gave.

    `beforehand`: nobody was asked for this session, the answer was given with `--allow` or to an earlier question.
    """

    session: Id
    answer: ConsentAnswer
    rights: Annotated[tuple[Right, ...], msgspec.Meta(max_length=len(Right))] = ()
    beforehand: bool = False


class NewDevice(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A technician's X25519 public key to be certified."""

    public_key: KeyText
    kind: DeviceKind


class Credentials(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A login; `label` names the program that wants the token."""

    email: Email
    password: Password
    label: Annotated[str, msgspec.Meta(max_length=MAX_LINE)] = ""

    def __repr__(self) -> str:
        return f"Credentials(email={self.email!r})"


class QueueQuery(msgspec.Struct, frozen=True):
    """Which tickets to list."""

    view: QueueView = QueueView.ALL
    status: Status | None = None
    q: Annotated[str, msgspec.Meta(max_length=MAX_TITLE)] = ""
    team: Annotated[str, msgspec.Meta(max_length=64)] = ""
    # The rest narrows down as the words of the search line do (`tickets.domain.finding`).
    priority: Priority | None = None
    category: Annotated[str, msgspec.Meta(max_length=MAX_LINE)] = ""
    assigned: Annotated[str, msgspec.Meta(max_length=MAX_LINE)] = ""
    tag: Annotated[str, msgspec.Meta(max_length=MAX_LINE)] = ""
    asset: Annotated[str, msgspec.Meta(max_length=MAX_LINE)] = ""
    channel: Channel | None = None
    watcher: Annotated[str, msgspec.Meta(max_length=254)] = ""
    age: Annotated[str, msgspec.Meta(max_length=10)] = ""
    sort: Sort | None = None
    cursor: Annotated[str, msgspec.Meta(max_length=200)] = ""
    limit: Annotated[int, msgspec.Meta(ge=1, le=100)] = 50


# --- shown -----------------------------------------------------------------------------------------------------------


class RequesterView(msgspec.Struct, frozen=True):
    """Who asked."""

    name: str
    email: str


class AssigneeView(msgspec.Struct, frozen=True):
    """Who works on it."""

    id: str
    name: str


class TeamName(msgspec.Struct, frozen=True):
    """Whose work it is."""

    id: str
    name: str


class TicketSummary(msgspec.Struct, frozen=True):
    """A ticket as a line of the queue; `due_at` is when the first of its clocks runs out."""

    tracking: str
    title: str
    category: str
    urgency: Urgency
    asset: Asset
    status: Status
    requester: RequesterView
    assignee: AssigneeView | None
    channel: Channel
    created_at: datetime
    updated_at: datetime
    agent_online: bool
    impact: Impact = Impact.NORMAL
    priority: Priority = Priority.NORMAL
    team: TeamName | None = None
    due_at: datetime | None = None


class QueuePage(msgspec.Struct, frozen=True):
    """A stretch of the queue; hand `next_cursor` in to get the next one."""

    items: tuple[TicketSummary, ...]
    next_cursor: str | None


class TimelineEntry(msgspec.Struct, frozen=True):
    """One thing that happened; `text` is a person's own words or a ready sentence about the event.

    `channel` is the way by which words came, `quoted` what a mail repeated of earlier ones. With `has_html` there is
    more at `/tickets/{tracking}/messages/{id}/html`.
    """

    id: str
    at: datetime
    kind: EntryKind
    who: str
    role: Role
    text: str
    internal: bool
    channel: Channel | None = None
    quoted: str = ""
    has_html: bool = False
    attachments: tuple[AttachmentView, ...] = ()


class TicketView(msgspec.Struct, frozen=True):
    """A ticket with its history, as this person may see it.

    `allowed` are the actions this person may take now; `next_statuses` what "set-status" accepts.
    """

    tracking: str
    title: str
    description: str
    category: str
    urgency: Urgency
    asset: Asset
    status: Status
    requester: RequesterView
    assignee: AssigneeView | None
    channel: Channel
    created_at: datetime
    updated_at: datetime
    solution: str | None
    timeline: tuple[TimelineEntry, ...]
    agent_online: bool
    allowed: tuple[Action, ...]
    next_statuses: tuple[Status, ...]
    watchers: tuple[WatcherView, ...] = ()
    tags: tuple[str, ...] = ()
    links: tuple[LinkView, ...] = ()
    time_spent: TimeSpent | None = None
    merged: tuple[MergeView, ...] = ()
    impact: Impact = Impact.NORMAL
    priority: Priority = Priority.NORMAL
    team: TeamName | None = None
    due_at: datetime | None = None


class Submitted(msgspec.Struct, frozen=True):
    """The answer to a filed ticket; `link` carries the requester token in its fragment."""

    tracking: str
    requester_token: str
    link: str
    status: Status

    def __repr__(self) -> str:
        return f"Submitted(tracking={self.tracking!r})"


class TechnicianView(msgspec.Struct, frozen=True):
    """A technician as colleagues see them."""

    id: str
    name: str
    role: Role
    available: bool


class TechnicianList(msgspec.Struct, frozen=True):
    """All technicians who can be given a ticket."""

    items: tuple[TechnicianView, ...]


class LoggedIn(msgspec.Struct, frozen=True):
    """A fresh login: the token (for a header or the cookie) and whose it is."""

    token: str
    technician: TechnicianView

    def __repr__(self) -> str:
        return f"LoggedIn(technician={self.technician!r})"


class JoinCodeView(msgspec.Struct, frozen=True):
    """A code to read out; it is shown once."""

    code: str
    expires_at: datetime

    def __repr__(self) -> str:
        return f"JoinCodeView(expires_at={self.expires_at!r})"


class Joined(msgspec.Struct, frozen=True):
    """What an agent needs to register; `organisation` is the b64 id, `server_time` seconds since 1970."""

    agent_token: str
    tracking: str
    title: str
    organisation: str
    server_time: int

    def __repr__(self) -> str:
        return f"Joined(tracking={self.tracking!r})"


class DeviceCertified(msgspec.Struct, frozen=True):
    """A device certificate (docs/protocol section 3) in b64."""

    certificate: str
    not_after: datetime


class OrganisationView(msgspec.Struct, frozen=True):
    """Whom agents and viewers pin: `id`, `public_key` and the signed `revocations` in b64."""

    name: str
    id: str
    public_key: str
    mode: str
    revocations: str


class SessionOffer(msgspec.Struct, frozen=True):
    """Everything a viewer needs for one session; signed objects and keys in b64, `organisation` the b64 id.

    `agent_key` is the key pinned to the ticket, None while no agent joined.
    """

    session: str
    socket_ticket: str
    grant: str
    grant_key_certificate: str
    certificate: str
    revocations: str
    organisation: str
    organisation_name: str
    agent_key: str | None
    agent_online: bool
    tracking: str
    title: str
    rights: tuple[str, ...]

    def __repr__(self) -> str:
        return f"SessionOffer(tracking={self.tracking!r}, session={self.session!r})"


class LiveTicket(msgspec.Struct, frozen=True):
    """The proof for the first frame on `/live`; 30 s, one use."""

    socket_ticket: str

    def __repr__(self) -> str:
        return "LiveTicket()"
