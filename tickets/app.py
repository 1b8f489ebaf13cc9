"""Puts the help desk together: `build_help_desk` is the whole of it for the server that runs it."""

import asyncio
import os
from contextlib import suppress
from functools import cache, partial
from typing import Final

import structlog
from fastapi import APIRouter, FastAPI
from sqlalchemy.exc import SQLAlchemyError
from starlette.exceptions import HTTPException
from starlette.routing import BaseRoute, Route, WebSocketRoute
from starlette.types import ASGIApp

from tickets.api import article_files as article_file_routes
from tickets.api import articles as article_routes
from tickets.api import (
    assets,
    canned,
    connecting,
    description,
    desk,
    fields,
    finding,
    incoming_mail,
    outgoing,
    spreading,
    tickets,
)
from tickets.api import attachments as attachment_routes
from tickets.api import conversation as conversation_routes
from tickets.api import importing as import_api
from tickets.api import people as people_api
from tickets.api import push as push_api
from tickets.api import reports as report_api
from tickets.api import tokens as token_api
from tickets.api import webhooks as webhook_api
from tickets.api.offer import METHODS, PREFIX, no_such_route
from tickets.domain.errors import DeskError
from tickets.domain.services import DeskServices
from tickets.keys import load_keys
from tickets.mail.intake.office import MailIntake
from tickets.mail.intake.understanding import ChildReader
from tickets.mail.sending import MailSender
from tickets.mail.smtp import Mailer, SmtpMailer
from tickets.pages.app import build_pages
from tickets.passwords import Passwords
from tickets.ports import Clock, Entropy, MailBell, SilentBell, Switchboard, SystemClock, moment
from tickets.push.sending import PushSender
from tickets.services.article_files import ArticleFileService
from tickets.services.articles import ArticleService
from tickets.services.assets import AssetService, note_computer
from tickets.services.attachments import AttachmentService
from tickets.services.bulk import BulkService
from tickets.services.canned import CannedAnswerService
from tickets.services.clock_keeper import ClockKeeper
from tickets.services.consents import ConsentService
from tickets.services.context import Context
from tickets.services.delivering import Delivering
from tickets.services.devices import DeviceService
from tickets.services.echo import Echo
from tickets.services.escalating import Escalating
from tickets.services.fields import FieldService
from tickets.services.gate import Gate
from tickets.services.hub import LiveHub
from tickets.services.importing import Importing, ImportService
from tickets.services.indexing import index_ticket
from tickets.services.intake import IntakeService
from tickets.services.join_codes import JoinCodeService
from tickets.services.knowledge import KnowledgeService, follow_tickets
from tickets.services.live import LiveService
from tickets.services.logins import LoginService
from tickets.services.mail_templates import MailTemplateService
from tickets.services.mailed_links import MailedLinkService
from tickets.services.merging import MergingService
from tickets.services.organisation import OrganisationService
from tickets.services.outgoing import OutboxService
from tickets.services.people import PeopleService
from tickets.services.push import PushService
from tickets.services.ratings import RatingService
from tickets.services.registers import (
    CalendarService,
    CategoryService,
    PolicyService,
    RuleService,
    TeamService,
)
from tickets.services.reports import ReportService
from tickets.services.saved_views import SavedViewService
from tickets.services.sessions import SessionService
from tickets.services.settling import SettlingService
from tickets.services.story import Story
from tickets.services.surroundings import SurroundingsService
from tickets.services.technicians import TechnicianService
from tickets.services.tickets import TicketService
from tickets.services.tokens import TokenService
from tickets.services.triaging import TriageService
from tickets.services.webhooks import WebhookService
from tickets.services.workforce import WeightService, WorkService
from tickets.settings import HelpDeskSettings
from tickets.store import counters, idempotency, join_codes, logins
from tickets.store import sessions as session_store
from tickets.store.database import Database
from tickets.store.files import FileStore
from tickets.web.edge import Edge
from tickets.web.guard import OriginGuard
from tickets.web.live import LiveSocket
from tickets.web.once import Once
from tickets.web.problems import MAX_BODY_BYTES, answer_problem
from tickets.web.reading import ReadsTogether

# A technician who lost a ticket loses its session within a second, whichever process took it away.
_RECONCILE_S: Final = 0.5
WATCH: Final = "help desk: permissions"
"""The name of the task that does it."""

_log = structlog.get_logger("tickets")


class HelpDesk:
    """The running help desk: an ASGI application, the gate for the relay, and its start and end."""

    def __init__(
        self,
        context: Context,
        services: DeskServices,
        sessions: SessionService,
        *,
        sender: MailSender | None,
        intake: MailIntake | None,
        review: IntakeService,
        asgi: ASGIApp,
    ) -> None:
        """Made by `build_help_desk`."""
        self._context: Final = context
        self._sessions: Final = sessions
        self._sender: Final = sender
        self._intake: Final = intake
        self._review: Final = review
        self._echo: Final = Echo(context)
        self._links: Final = MailedLinkService(context)
        self._pushing: Final = PushSender(context)
        self._delivering: Final = Delivering(context)
        self._importing: Final = Importing(context)
        self._escalating: Final = Escalating(context)
        self._files: Final = AttachmentService(context)
        self._settling: Final = SettlingService(context)
        self._task: asyncio.Task[None] | None = None
        self._stopping: Final = asyncio.Event()
        self.services: Final = services
        self.gate: Final = Gate(context)
        self.asgi: Final = asgi

    async def open(self) -> None:
        """Begin to watch over permissions; renews the grant key's certificate when it is due."""
        self._context.keys.grant_key_certificate(self._context.now(), self._context.new_id())
        self._task = asyncio.create_task(self._watch(), name=WATCH)

    async def close(self) -> None:
        """Stop, and close the database."""
        self._context.hub.close()
        if self._task is not None:
            # Not cancelled: that could tear a statement apart and leave its connection's thread behind.
            self._stopping.set()
            await self._task
            self._task = None
        await self._review.close()
        await self._context.database.close()

    async def housekeep(self) -> None:
        """Remove rows that have run out: logins, codes, socket tickets, counters; forget what old mails said."""
        now = self._context.now()
        async with self._context.database.write() as connection:
            for noun in (logins, join_codes, session_store, counters, idempotency):
                await noun.purge(connection, now)
        await self._files.housekeep()
        await self._settling.housekeep()
        await self._delivering.tidy()
        if self._sender is not None:
            await self._sender.tidy()

    async def escalate(self) -> None:
        """Warn of targets that will be missed, tell of those that were, pass on what absent technicians have."""
        await self._escalating.run()

    async def take_mail(self) -> None:
        """Take mail in until cancelled; for one process beside the one that serves."""
        if self._intake is not None:
            await self._intake.run()

    async def send_mail(self) -> None:
        """Send the mail that is due; for one process beside the one that serves."""
        if self._intake is not None:
            # Whoever rang may have decided about a mail that came in.
            self._intake.wake()
        if self._sender is not None:
            await self._links.answer()
            await self._pushing.send_due()
            await self._sender.send_due()

    async def send_webhooks(self) -> None:
        """Send what webhooks are owed; for the worker."""
        await self._delivering.send_due()

    async def read_imports(self) -> None:
        """Read files in that admins gave; for the worker."""
        await self._importing.read_due()

    async def reconcile(self) -> None:
        """End every session and live page whose permission is gone, now."""
        await self._sessions.reconcile()

    async def _watch(self) -> None:
        failing = False
        while not self._stopping.is_set():
            with suppress(TimeoutError):
                async with asyncio.timeout(_RECONCILE_S):
                    await self._stopping.wait()
            try:
                await self._sessions.reconcile()
                await self._echo.listen()
                await self._review.look()
                failing = False
            except Exception:  # noqa: BLE001 - the edge of the task: it must not end
                # The next round tries again; once is enough for the log.
                if not failing:
                    _log.exception("permissions can't be checked")
                failing = True


def build_context(
    settings: HelpDeskSettings,
    *,
    switchboard: Switchboard,
    bell: MailBell | None = None,
    clock: Clock | None = None,
    entropy: Entropy = os.urandom,
    passwords: Passwords | None = None,
) -> Context:
    """Return the shared parts of all services. Raises KeysUnusable."""
    return Context(
        settings=settings,
        database=Database(settings.database),
        keys=load_keys(settings.keys_dir),
        passwords=passwords or Passwords(),
        switchboard=switchboard,
        hub=LiveHub(),
        story=_story(),
        files=FileStore(settings.files_dir, settings.attachments.file_bytes),
        bell=bell or SilentBell(),
        clock=clock or SystemClock(),
        entropy=entropy,
    )


def _story() -> Story:
    """Return a story with those that every process has to listen with."""
    story = Story()
    story.listen(index_ticket)
    story.listen(note_computer)
    story.listen(follow_tickets)
    return story


def build_help_desk(
    settings: HelpDeskSettings,
    *,
    switchboard: Switchboard,
    bell: MailBell | None = None,
    mailer: Mailer | None = None,
    clock: Clock | None = None,
    entropy: Entropy = os.urandom,
    passwords: Passwords | None = None,
) -> HelpDesk:
    """Return the help desk, not yet opened; `tickets.setup.initialise` has to have run once. Raises KeysUnusable."""
    context = build_context(
        settings, switchboard=switchboard, bell=bell, clock=clock, entropy=entropy, passwords=passwords
    )
    context.story.listen(ClockKeeper(context).hear)
    mail = settings.mail
    sender = None if mail is None else MailSender(context, mail, mailer or SmtpMailer(mail.smtp))
    sessions, live, webhooks = SessionService(context), LiveService(context), WebhookService(context)
    context.story.listen(webhooks.heard)
    articles = ArticleService(context)
    intake = None if settings.intake is None else MailIntake(context, settings.intake, ChildReader())
    review = IntakeService(context)
    ticket_service = TicketService(context)
    conversations, merging = SurroundingsService(context), MergingService(context)
    services = DeskServices(
        organisation_name=settings.organisation_name,
        public_url=settings.public_url,
        tracking_prefix=settings.tracking_prefix,
        sends_mail=mail is not None,
        language=settings.language,
        tickets=ticket_service,
        attachments=AttachmentService(context),
        conversations=conversations,
        merging=merging,
        bulk=BulkService(ticket_service, conversations, merging),
        technicians=TechnicianService(context),
        logins=LoginService(context),
        articles=articles,
        article_files=ArticleFileService(context),
        knowledge=KnowledgeService(context, articles.sightings),
        join_codes=JoinCodeService(context),
        devices=DeviceService(context),
        sessions=sessions,
        consents=ConsentService(context),
        organisation=OrganisationService(context),
        live=live,
        mail_templates=MailTemplateService(context),
        outbox=OutboxService(context),
        links=MailedLinkService(context),
        ratings=RatingService(context),
        pushes=PushService(context),
        categories=CategoryService(context),
        teams=TeamService(context),
        rules=RuleService(context),
        calendars=CalendarService(context),
        targets=PolicyService(context),
        weights=WeightService(context),
        work=WorkService(context),
        triaging=TriageService(context, ticket_service),
        tokens=TokenService(context),
        people=PeopleService(context),
        imports=ImportService(context),
        reports=ReportService(context),
        webhooks=webhooks,
        intake=review,
        saved_views=SavedViewService(context),
        canned_answers=CannedAnswerService(context),
        assets=AssetService(context),
        fields=FieldService(context),
    )
    app = build_application(services, live, settings, context.clock)
    once = Once(ReadsTogether(app, context.database), context.database, context.now)
    edge = Edge(OriginGuard(once, settings.origins), settings.public_url)
    return HelpDesk(context, services, sessions, sender=sender, intake=intake, review=review, asgi=edge)


def build_application(services: DeskServices, live: LiveService, settings: HelpDeskSettings, clock: Clock) -> FastAPI:
    """Return the routes of API, live socket and pages."""
    app = FastAPI(title="Towline", openapi_url=None, docs_url=None, redoc_url=None, max_body_size=MAX_BODY_BYTES)
    app.state.desk = services
    app.router.routes.extend(_api_routes())
    app.router.routes.append(WebSocketRoute("/live", LiveSocket(live, settings.origins)))
    for path in ("/api", "/api/{rest:path}"):
        app.router.routes.append(Route(path, no_such_route, methods=METHODS, include_in_schema=False))
    app.mount("/", build_pages(services, lambda: moment(clock)))
    for kind in (DeskError, HTTPException, SQLAlchemyError, OSError, Exception):
        app.add_exception_handler(kind, answer_problem)
    # Hundreds of routes take a while to describe: not before somebody asks.
    app.openapi = cache(partial(description.describe, app))  # type: ignore[method-assign]
    return app


@cache
def _api_routes() -> tuple[BaseRoute, ...]:
    """Return the routes of the API; what FastAPI works out about them serves every desk of this process."""
    api = APIRouter()
    for router in (
        tickets.router,
        attachment_routes.router,
        conversation_routes.router,
        article_routes.router,
        article_file_routes.router,
        connecting.router,
        spreading.router,
        desk.router,
        outgoing.router,
        push_api.router,
        token_api.router,
        people_api.router,
        import_api.router,
        report_api.router,
        finding.router,
        canned.router,
        assets.router,
        fields.router,
        webhook_api.router,
        incoming_mail.router,
    ):
        api.include_router(router, prefix=PREFIX)
    return tuple(api.routes)
