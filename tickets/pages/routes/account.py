"""Logging in and out of the console."""

import re
from dataclasses import dataclass
from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from tickets.domain.access import Action, Actor, Thing, requires
from tickets.domain.errors import LoginFailed, TooManyTries
from tickets.domain.views import Credentials
from tickets.pages.forms import Values, read_form
from tickets.pages.routes.spreading import own_page
from tickets.pages.routing import LOGIN_PAGE, page
from tickets.pages.site import Site
from tickets.web.asking import COOKIE, address_of

LOGIN_S: Final = 12 * 3_600
HOME: Final = "/console"
_INSIDE: Final = re.compile(r"/(?:console|admin)(/[A-Za-z0-9-]+)*(\?[A-Za-z0-9_=&%+.~-]*)?\Z")


def inside(wanted: str) -> str:
    """Return `wanted` when it is an address of the console or for admins, else the console's front page."""
    if len(wanted) > 300 or not _INSIDE.match(wanted) or wanted.startswith((LOGIN_PAGE, "/console/logout")):
        return HOME
    return wanted


@dataclass(frozen=True)
class Account:
    """The login page and the account page."""

    site: Site

    def _form(self, request: Request, actor: Actor, values: Values, fault: str = "", status: int = 200) -> Response:
        faults = {"": fault} if fault else {}
        wanted = inside(values.get("next", ""))
        return self.site.page(
            request, actor, "console/login.html", status=status, values=values, faults=faults, next=wanted
        )

    @requires(Action.LOG_IN, Thing.LOGIN)
    async def login_form(self, request: Request, actor: Actor) -> Response:
        """Show the form, or go on when this browser is logged in."""
        wanted = request.query_params.get("next", "")
        if actor.is_staff:
            return self.site.go(inside(wanted))
        return self._form(request, actor, {"next": wanted})

    @requires(Action.LOG_IN, Thing.LOGIN)
    async def log_in(self, request: Request, actor: Actor) -> Response:
        """Set the cookie and go where the person wanted to."""
        values = await read_form(request, verbatim="password")
        email, password = values.get("email", ""), values.get("password", "")
        if not email or not password:
            return self._form(request, actor, values, "Please enter your e-mail address and your password.", 422)
        try:
            credentials = Credentials(email=email[:254], password=password[:1_024], label="browser")
            login = await self.site.desk.logins.login(credentials, address=address_of(request), by_cookie=True)
        except (LoginFailed, TooManyTries) as error:
            return self._form(request, actor, values, str(error), error.status)
        response = self.site.go(inside(values.get("next", "")))
        response.set_cookie(COOKIE, login.token, max_age=LOGIN_S, secure=True, httponly=True, samesite="lax")
        return response

    @requires(Action.SEE, Thing.CONSOLE)
    async def shown(self, request: Request, actor: Actor) -> Response:
        """Show who is logged in."""
        return await own_page(self.site, request, actor, {}, {})

    @requires(Action.LOG_OUT, Thing.LOGIN)
    async def log_out(self, _request: Request, actor: Actor) -> Response:
        """End this login."""
        await self.site.desk.logins.logout(actor)
        response = self.site.go(f"{LOGIN_PAGE}?done=out")
        response.delete_cookie(COOKIE, secure=True, httponly=True, samesite="lax")
        return response

    def routes(self) -> list[Route]:
        """Return the routes of these pages."""
        return [
            page(self.site, LOGIN_PAGE, self.login_form),
            page(self.site, LOGIN_PAGE, self.log_in, "POST"),
            page(self.site, "/console/account", self.shown, staff_only=True),
            page(self.site, "/console/logout", self.log_out, "POST", staff_only=True),
        ]
