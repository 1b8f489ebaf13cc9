"""In which language somebody reads: the choice at the foot of every page."""

from dataclasses import dataclass
from typing import Final
from urllib.parse import parse_qsl, urlencode, urlsplit

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from tickets.domain.access import Action, Actor, Thing, requires
from tickets.domain.errors import Invalid, NotFound
from tickets.pages.forms import read_form
from tickets.pages.language import COOKIE, COOKIE_FOR_S, LANGUAGES, tongue_of
from tickets.pages.routing import page
from tickets.pages.site import Site

_KEPT: Final = "public, max-age=3600"


def place_of(back: str) -> str:
    """Return the page of ours that somebody came from, else the front page: nobody is led to another site.

    Browsers take a backslash for a slash, and drop control characters, so that `/\\t/evil` is another site.
    """
    if back.startswith("/") and not back.startswith("//") and "\\" not in back and back.isprintable():
        return back
    return "/"


def came_from(referrer: str, public_url: str, back: str) -> str:
    """Return where to lead back to: the page as the browser names it, with what was asked for, else what the form says.

    The form of a requester's page is the same for every number, so it can't name its own.
    """
    parts = urlsplit(referrer)
    if f"{parts.scheme}://{parts.netloc}" != public_url:
        return place_of(back)
    # Nothing was done a second time.
    asked = urlencode([(name, value) for name, value in parse_qsl(parts.query) if name != "done"])
    return place_of(f"{parts.path}?{asked}" if asked else parts.path)


@dataclass(frozen=True)
class Languages:
    """The form with the languages."""

    site: Site

    @requires(Action.SEE, Thing.PORTAL)
    async def choose(self, request: Request, _actor: Actor) -> Response:
        """Keep the choice in this browser, and lead back."""
        values = await read_form(request)
        if values.get("language") not in LANGUAGES:
            raise Invalid("", "Choose one of the languages.")
        referrer, public_url = request.headers.get("referer", ""), self.site.desk.public_url
        response = self.site.go(came_from(referrer, public_url, values.get("back", "/")))
        response.set_cookie(
            COOKIE,
            values["language"],
            max_age=COOKIE_FOR_S,
            secure=self.site.desk.public_url.startswith("https://"),
            httponly=True,
            samesite="lax",
        )
        return response

    @requires(Action.SEE, Thing.PORTAL)
    async def sentences(self, request: Request, _actor: Actor) -> Response:
        """Give the sentences of a language to browser modules, which get those of the API in English."""
        code = request.path_params["code"]
        if code not in LANGUAGES:
            raise NotFound
        return Response(tongue_of(code).told, media_type="application/json", headers={"cache-control": _KEPT})

    def routes(self) -> list[Route]:
        """Return the routes."""
        return [
            page(self.site, "/language", self.choose, "POST"),
            page(self.site, "/language/{code}.json", self.sentences),
        ]
