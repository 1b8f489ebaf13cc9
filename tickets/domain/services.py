"""The help desk's services as pages and API call them; every method checks the table of rights itself."""

from dataclasses import dataclass
from typing import Protocol

from tickets.domain.access import Actor
from tickets.domain.article_files import ArticleFiles
from tickets.domain.assets import Assets
from tickets.domain.assignment import RuleFields, RuleView
from tickets.domain.attachments import NOTHING_MORE, Attachments, MessageExtras
from tickets.domain.bulk import Bulk
from tickets.domain.canned import CannedAnswers
from tickets.domain.clocks import PolicyFields, PolicyView
from tickets.domain.conversation import Conversations, Merging
from tickets.domain.fields import Fields
from tickets.domain.importing import Imports
from tickets.domain.intake import Intake
from tickets.domain.knowledge import Articles, Knowledge
from tickets.domain.outgoing import MailedLinks, MailTemplates, Outbox, Ratings
from tickets.domain.people import People
from tickets.domain.push import Pushes
from tickets.domain.registers import Categories, Register, Triaging, Weights, Work
from tickets.domain.reports import Reports
from tickets.domain.saved_views import SavedViews
from tickets.domain.teams import CalendarFields, CalendarView, TeamFields, TeamView
from tickets.domain.tokens import Tokens
from tickets.domain.values import Channel, Status
from tickets.domain.views import (
    ConsentReport,
    Credentials,
    DeviceCertified,
    JoinCodeView,
    Joined,
    JoinRequest,
    LiveTicket,
    LoggedIn,
    NewDevice,
    NewTicket,
    OrganisationView,
    QueuePage,
    QueueQuery,
    SessionOffer,
    Submitted,
    TechnicianList,
    TicketView,
    TimelineEntry,
)
from tickets.domain.webhooks import Webhooks


class Tickets(Protocol):
    """Filing and working on tickets; `tracking` is text as it came, canonical or spoken.

    All but `submit` and `queue` raise TicketNotFound (unknown or foreign), NotLoggedIn, NotAllowed.
    """

    async def submit(
        self,
        actor: Actor,
        new: NewTicket,
        *,
        channel: Channel,
        address: str,
        extras: MessageExtras = NOTHING_MORE,
    ) -> Submitted:
        """File a ticket; `address` is the client's, for the rate limit. Raises Invalid, TooManyTries."""

    async def get(self, actor: Actor, tracking: str) -> TicketView:
        """Return the ticket as `actor` may see it."""

    async def queue(self, actor: Actor, query: QueueQuery) -> QueuePage:
        """List tickets, the most urgent and oldest first. Raises Invalid for a cursor that is none."""

    async def message(
        self,
        actor: Actor,
        tracking: str,
        text: str,
        *,
        internal: bool = False,
        extras: MessageExtras = NOTHING_MORE,
    ) -> TimelineEntry:
        """Add a reply or an internal note. Raises TicketClosed for a requester whose ticket is closed."""

    async def follow_up(self, actor: Actor, tracking: str, text: str, *, channel: Channel) -> Submitted:
        """File a new ticket after one's own that is closed. Raises IllegalMove while it is not, TooManyTries."""

    async def claim(self, actor: Actor, tracking: str) -> TicketView:
        """Take an unassigned ticket; exactly one of many wins. Raises AlreadyClaimed(by)."""

    async def assign(self, actor: Actor, tracking: str, technician: str | None) -> TicketView:
        """Hand over (own ticket), take over or assign (admin); ends running sessions. Raises Invalid."""

    async def set_status(self, actor: Actor, tracking: str, status: Status) -> TicketView:
        """Move the ticket. Raises IllegalMove."""

    async def resolve(self, actor: Actor, tracking: str, solution: str) -> TicketView:
        """Write the solution down and end running sessions. Raises IllegalMove."""


class Technicians(Protocol):
    """The colleagues."""

    async def listed(self, actor: Actor) -> TechnicianList:
        """Return everybody who can be given a ticket."""


class Logins(Protocol):
    """Proving who one is."""

    async def login(self, credentials: Credentials, *, address: str, by_cookie: bool) -> LoggedIn:
        """Log in for a cookie (12 h) or an API token (30 days). Raises LoginFailed, TooManyTries."""

    async def logout(self, actor: Actor) -> None:
        """End the login that `actor` used."""

    async def resolve(self, *, bearer: str | None, cookie: str | None, tracking: str | None) -> Actor:
        """Return who is asking; a bearer token goes before a cookie, a token that is no good makes a stranger.

        Requester and agent tokens are good only together with the `tracking` number of the path.
        """


class JoinCodes(Protocol):
    """Getting a computer onto a ticket."""

    async def make(self, actor: Actor, tracking: str) -> JoinCodeView:
        """Make the code that the technician reads out; an older one for this ticket ends. Raises TicketClosed."""

    async def join(self, actor: Actor, tracking: str, request: JoinRequest, *, address: str) -> Joined:
        """Pin an agent key to the ticket. Raises TicketNotFound for every bad proof, OtherComputer, TooManyTries."""


class Devices(Protocol):
    """Technicians' devices."""

    async def certify(self, actor: Actor, new: NewDevice) -> DeviceCertified:
        """Sign a certificate for the device key (server-trusted mode). Raises Invalid."""


class Sessions(Protocol):
    """Permission to connect."""

    async def open(self, actor: Actor, tracking: str, device_key: str) -> SessionOffer:
        """Make a session for the assigned technician. Raises NotAllowed, TicketClosed, DeviceUnknown."""


class Consents(Protocol):
    """What the user at the computer decided."""

    async def report(self, actor: Actor, tracking: str, told: ConsentReport) -> None:
        """Write down what an agent says about its user; the same again adds nothing.

        Raises NotFound for a session that is not this agent's, Invalid, AnsweredAlready, TooManyTries.
        """


class Organisation(Protocol):
    """Who runs this help desk."""

    async def shown(self) -> OrganisationView:
        """Return name, key and revocations."""


class Live(Protocol):
    """Events for open pages."""

    async def admit(self, actor: Actor) -> LiveTicket:
        """Return a socket ticket for `/live`."""


@dataclass(frozen=True)
class DeskServices:
    """All services together with what pages show about the desk; `public_url` has no slash at its end.

    `language` is that of people of whom nothing else is known.

    Without `sends_mail` no page may promise any.
    """

    organisation_name: str
    public_url: str
    tracking_prefix: str
    sends_mail: bool
    language: str
    tickets: Tickets
    attachments: Attachments
    conversations: Conversations
    merging: Merging
    technicians: Technicians
    logins: Logins
    articles: Articles
    article_files: ArticleFiles
    knowledge: Knowledge
    join_codes: JoinCodes
    devices: Devices
    sessions: Sessions
    consents: Consents
    organisation: Organisation
    live: Live
    mail_templates: MailTemplates
    outbox: Outbox
    links: MailedLinks
    ratings: Ratings
    pushes: Pushes
    tokens: Tokens
    people: People
    imports: Imports
    reports: Reports
    webhooks: Webhooks
    categories: Categories
    teams: Register[TeamFields, TeamView]
    rules: Register[RuleFields, RuleView]
    calendars: Register[CalendarFields, CalendarView]
    targets: Register[PolicyFields, PolicyView]
    weights: Weights
    work: Work
    triaging: Triaging
    intake: Intake
    saved_views: SavedViews
    bulk: Bulk
    canned_answers: CannedAnswers
    assets: Assets
    fields: Fields
