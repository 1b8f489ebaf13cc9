"""For everybody: asking for help, what was sent, looking a request up, and the requester's own page."""

from dataclasses import dataclass
from typing import Final
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from protocol.tracking import InvalidTrackingNumber, TrackingNumber, parse_tracking
from tickets.domain.access import ANONYMOUS, Action, Actor, Thing, requires
from tickets.domain.attachments import MessageExtras
from tickets.domain.errors import Invalid, TooManyTries
from tickets.domain.values import Channel
from tickets.domain.views import Submitted
from tickets.pages.access_keys import InvalidAccessKey, parse_access_key, split_link
from tickets.pages.forms import Values, check_request, read_form
from tickets.pages.language import tongue
from tickets.pages.routing import page
from tickets.pages.site import Site
from tickets.pages.spreading import category_options
from tickets.pages.uploads import filled_form
from tickets.web.asking import address_of
from tickets.web.uploads import MAX_UPLOAD_BYTES

SENT_COOKIE: Final = "__Host-towline-sent"
"""Tracking number and requester token, for the page after sending only: a redirect must not carry them."""
SENT_FOR_S: Final = 600

_NOTHING: Final = {"tracking": ""}


@dataclass(frozen=True)
class Portal:
    """The pages that need no login."""

    site: Site

    async def _form(self, request: Request, values: Values, faults: dict[str, str], status: int = 200) -> Response:
        return self.site.page(
            request,
            ANONYMOUS,
            "portal.html",
            status=status,
            private=False,
            categories=await category_options(self.site.desk, ANONYMOUS),
            fields=(await self.site.desk.fields.listed(ANONYMOUS)).items,
            values=values,
            faults=faults,
            lookup_values=_NOTHING,
            lookup_faults={},
        )

    @requires(Action.SEE, Thing.PORTAL)
    async def ask(self, request: Request, _actor: Actor) -> Response:
        """Show the empty form."""
        return await self._form(request, {}, {})

    @requires(Action.SUBMIT, Thing.TICKETS)
    async def submit(self, request: Request, actor: Actor) -> Response:
        """Take the request, or show the form again with what is wrong beside each field."""
        async with filled_form(request, self.site.desk) as filled:
            values = filled.values
            new, faults = check_request(values)
            if new is None and filled.has_files:
                faults["attachments"] = "Please choose the files again."
            if new is None:
                return await self._form(request, values, faults, 422)
            # What comes in here is the requester's own, even in a browser in which a technician is logged in.
            who = ANONYMOUS if actor.is_staff else actor
            extras = MessageExtras(channel=Channel.PORTAL, attachments=filled.files, language=tongue().code)
            try:
                sent = await self.site.desk.tickets.submit(
                    who, new, channel=Channel.PORTAL, address=address_of(request), extras=extras
                )
            except Invalid as error:
                return await self._form(request, values, {error.field: error.text}, 422)
            except TooManyTries as error:
                return await self._form(request, values, {"": str(error)}, 429)
        return self._sent(sent)

    def _sent(self, sent: Submitted) -> Response:
        response = self.site.go("/sent")
        response.set_cookie(
            SENT_COOKIE,
            f"{sent.tracking}.{sent.requester_token}",
            max_age=SENT_FOR_S,
            secure=True,
            httponly=True,
            samesite="strict",
        )
        return response

    @requires(Action.SEE, Thing.PORTAL)
    async def sent(self, request: Request, _actor: Actor) -> Response:
        """Show the tracking number and the secret link of what this browser sent last."""
        number, _, key = request.cookies.get(SENT_COOKIE, "").partition(".")
        try:
            tracking = parse_tracking(number, self.site.desk.tracking_prefix)
            key = parse_access_key(key)
        except (InvalidTrackingNumber, InvalidAccessKey):
            return self.site.page(request, ANONYMOUS, "sent_gone.html", status=404)
        link = f"{self.site.desk.public_url}/t/{tracking}#{key}"
        return self.site.page(request, ANONYMOUS, "sent.html", tracking=tracking, link=link)

    def _lookup(self, request: Request, tracking: str, faults: dict[str, str], status: int = 200) -> Response:
        return self.site.page(
            request,
            ANONYMOUS,
            "lookup.html",
            status=status,
            lookup_values={"tracking": tracking},
            lookup_faults=faults,
        )

    @requires(Action.SEE, Thing.PORTAL)
    async def lookup(self, request: Request, _actor: Actor) -> Response:
        """Show the form for a tracking number and an access key."""
        return self._lookup(request, "", {})

    @requires(Action.SEE, Thing.PORTAL)
    async def find(self, request: Request, _actor: Actor) -> Response:
        """Lead to the requester's page; whether the key is right is found out there, where it stays."""
        values = await read_form(request)
        number, in_link = split_link(values.get("tracking", ""))
        faults: dict[str, str] = {}
        tracking: TrackingNumber | None = None
        key = ""
        try:
            tracking = parse_tracking(number, self.site.desk.tracking_prefix)
        except InvalidTrackingNumber as error:
            faults["tracking"] = str(error)
        try:
            key = parse_access_key(values.get("key", "") or in_link)
        except InvalidAccessKey as error:
            faults["key"] = str(error)
        if faults or tracking is None:
            return self._lookup(request, number, faults, 422)
        return self.site.go(f"/t/{quote(tracking)}#{key}")

    @requires(Action.SEE, Thing.PORTAL)
    async def ticket(self, request: Request, _actor: Actor) -> Response:
        """Show the shell of a requester's ticket: the same bytes for every number, whether there is one or not."""
        return self.site.page(request, ANONYMOUS, "requester.html", here="/lookup")

    def routes(self) -> list[Route]:
        """Return the routes of these pages."""
        return [
            page(self.site, "/", self.ask),
            page(self.site, "/", self.submit, "POST", max_body=MAX_UPLOAD_BYTES),
            page(self.site, "/sent", self.sent),
            page(self.site, "/lookup", self.lookup),
            page(self.site, "/lookup", self.find, "POST"),
            page(self.site, "/t/{number}", self.ticket),
        ]
