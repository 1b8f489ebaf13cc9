"""Puts the help desk together: `build_help_desk` is the whole of it for the server that runs it."""

import asyncio
import os
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Final

import structlog
from fastapi import FastAPI
from sqlalchemy.exc import SQLAlchemyError
from starlette.exceptions import HTTPException
from starlette.routing import Route, WebSocketRoute
from starlette.types import ASGIApp

from tickets.api import connecting, description, desk, tickets
from tickets.api.offer import METHODS, PREFIX, no_such_route
from tickets.domain.errors import DeskError
from tickets.domain.services import DeskServices
from tickets.keys import load_keys
from tickets.mail.sending import MailSender
from tickets.mail.smtp import Mailer, SmtpMailer
from tickets.pages.app import build_pages
from tickets.passwords import Passwords
from tickets.ports import Clock, Entropy, MailBell, SilentBell, Switchboard, SystemClock, moment
from tickets.services.articles import ArticleService
from tickets.services.consents import ConsentService
from tickets.services.context import Context
from tickets.services.devices import DeviceService
from tickets.services.echo import Echo
from tickets.services.gate import Gate
from tickets.services.hub import LiveHub
from tickets.services.join_codes import JoinCodeService
from tickets.services.live import LiveService
from tickets.services.logins import LoginService
from tickets.services.organisation import OrganisationService
from tickets.services.sessions import SessionService
from tickets.services.story import Story
from tickets.services.technicians import TechnicianService
from tickets.services.tickets import TicketService
from tickets.settings import HelpDeskSettings
from tickets.store import counters, join_codes, logins
from tickets.store import sessions as session_store
from tickets.store.database import Database
from tickets.web.edge import Edge
from tickets.web.guard import OriginGuard
from tickets.web.live import LiveSocket
from tickets.web.problems import MAX_BODY_BYTES, answer_problem

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
        sender: MailSender | None,
        asgi: ASGIApp,
    ) -> None:
        """Made by `build_help_desk`."""
        self._context: Final = context
        self._sessions: Final = sessions
        self._sender: Final = sender
        self._echo: Final = Echo(context)
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
        await self._context.database.close()

    async def housekeep(self) -> None:
        """Remove rows that have run out: logins, codes, socket tickets, counters; forget what old mails said."""
        now = self._context.now()
        async with self._context.database.write() as connection:
            for noun in (logins, join_codes, session_store, counters):
                await noun.purge(connection, now)
        if self._sender is not None:
            await self._sender.tidy()

    async def send_mail(self) -> None:
        """Send the mail that is due; for one process beside the one that serves."""
        if self._sender is not None:
            await self._sender.send_due()

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
        story=Story(),
        bell=bell or SilentBell(),
        clock=clock or SystemClock(),
        entropy=entropy,
    )


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
    mail = settings.mail
    sender = None if mail is None else MailSender(context, mail, mailer or SmtpMailer(mail.smtp))
    sessions, live = SessionService(context), LiveService(context)
    services = DeskServices(
        organisation_name=settings.organisation_name,
        public_url=settings.public_url,
        tracking_prefix=settings.tracking_prefix,
        sends_mail=mail is not None,
        tickets=TicketService(context),
        technicians=TechnicianService(context),
        logins=LoginService(context),
        articles=ArticleService(context),
        join_codes=JoinCodeService(context),
        devices=DeviceService(context),
        sessions=sessions,
        consents=ConsentService(context),
        organisation=OrganisationService(context),
        live=live,
    )
    app = build_application(services, live, settings, context.clock)
    edge = Edge(OriginGuard(app, settings.origins), settings.public_url)
    return HelpDesk(context, services, sessions, sender, edge)


def build_application(services: DeskServices, live: LiveService, settings: HelpDeskSettings, clock: Clock) -> FastAPI:
    """Return the routes of API, live socket and pages."""
    app = FastAPI(title="Towline", openapi_url=None, docs_url=None, redoc_url=None, max_body_size=MAX_BODY_BYTES)
    app.state.desk = services
    for router in (tickets.router, connecting.router, desk.router):
        app.include_router(router, prefix=PREFIX)
    app.router.routes.append(WebSocketRoute("/live", LiveSocket(live, settings.origins)))
    for path in ("/api", "/api/{rest:path}"):
        app.router.routes.append(Route(path, no_such_route, methods=METHODS, include_in_schema=False))
    app.mount("/", build_pages(services, lambda: moment(clock)))
    for kind in (DeskError, HTTPException, SQLAlchemyError, OSError, Exception):
        app.add_exception_handler(kind, answer_problem)
    described: dict[str, Any] = description.describe(app)
    app.openapi = _constant(described)  # type: ignore[method-assign]
    return app


def _constant(value: dict[str, Any]) -> Callable[[], dict[str, Any]]:
    return lambda: value
