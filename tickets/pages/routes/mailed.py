"""What mailed links open: the list of one's own requests, and the question how the help was."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from protocol.tracking import InvalidTrackingNumber, parse_tracking
from tickets.domain.access import ANONYMOUS, Action, Actor, Thing, requires
from tickets.domain.errors import Invalid, NoMail, TooManyTries
from tickets.pages.forms import Values, read_form
from tickets.pages.routing import page
from tickets.pages.site import Site
from tickets.web.asking import address_of

_EMPTY: Final[Mapping[str, str]] = {}


@dataclass(frozen=True)
class Mailed:
    """Shells whose scripts hold the key of the address's fragment, and the form that has such a link sent."""

    site: Site

    def _form(self, request: Request, values: Values, faults: Mapping[str, str], status: int = 200) -> Response:
        return self.site.page(request, ANONYMOUS, "my.html", status=status, values=values, faults=faults)

    @requires(Action.SEE, Thing.PORTAL)
    async def my(self, request: Request, _actor: Actor) -> Response:
        """Show the form; with a key in the address the script shows the list instead."""
        return self._form(request, _EMPTY, _EMPTY)

    @requires(Action.SUBMIT, Thing.MAILED_LINKS)
    async def ask(self, request: Request, actor: Actor) -> Response:
        """Have a link sent; the answer is the same whether or not anything fits."""
        values = await read_form(request)
        number, email = values.get("tracking", ""), values.get("email", "")
        faults: dict[str, str] = {}
        if number:
            try:
                number = parse_tracking(number, self.site.desk.tracking_prefix)
            except InvalidTrackingNumber as error:
                faults["tracking"] = str(error)
        if not email:
            faults["email"] = "Please enter the e-mail address that you gave with your request."
        if faults:
            return self._form(request, values, faults, 422)
        try:
            await self.site.desk.links.ask(actor, number, email[:254], address=address_of(request))
        except Invalid:
            fault = {"email": "That is not a whole e-mail address. It looks like name@example.org."}
            return self._form(request, values, fault, 422)
        except (TooManyTries, NoMail) as error:
            return self._form(request, values, {"": str(error)}, error.status)
        return self.site.go("/my?done=link-sent")

    @requires(Action.SEE, Thing.PORTAL)
    async def rate(self, request: Request, _actor: Actor) -> Response:
        """Show the shell of the question: the same bytes for every number. Opening it records nothing."""
        return self.site.page(request, ANONYMOUS, "rate.html", here="/lookup")

    def routes(self) -> list[Route]:
        """Return the routes of these pages."""
        return [
            page(self.site, "/my", self.my),
            page(self.site, "/my", self.ask, "POST"),
            page(self.site, "/t/{number}/rate", self.rate),
        ]
