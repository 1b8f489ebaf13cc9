"""What all pages share: the help desk's services, the templates and the clock."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from types import CodeType
from typing import Any, Final

import jinja2
from jinja2.bccache import Bucket
from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from tickets.domain.access import ANONYMOUS, Actor, Role
from tickets.domain.services import DeskServices
from tickets.pages import language, words
from tickets.pages.administration import ENTRIES
from tickets.pages.markdown import file_address, render_markdown
from tickets.pages.spreading import IMPACT, PRIORITY
from tickets.pages.times import ago, clock, due, number

TEMPLATES: Final = Path(__file__).parent / "templates"
STATIC: Final = Path(__file__).parent / "static"

PRIVATE: Final = {"cache-control": "no-store"}
"""Kept by no cache, so that nothing shows after a logout. The other headers come from `tickets.web.edge`."""
PUBLIC: Final = {"cache-control": "no-cache"}
"""For pages that are the same for all who read a language; a form that somebody comes back to keeps what was typed."""

_WAYS: Final = language.Choices(("/", "Ask for help"), ("/lookup", "Look up a request"))
_STAFF_WAYS: Final = language.Choices(("/console", "To the queue"))
"""Where to go on from a problem."""


def nav_link(href: str, text: str, here: str, css: str = "", *, count: int = 0) -> Markup:
    """Return a link of the navigation, marked when the page is the one it leads to or below it.

    `count` is how many wait there, shown beside the words.
    """
    above = href in {"/", "/console"}
    inside = here == href or (not above and here.startswith(f"{href}/"))
    current = Markup(' aria-current="page"') if inside else ""
    shape = Markup(' class="{}"').format(css) if css else ""
    mark = Markup('&nbsp;<span class="mark new">{}<span class="out-of-sight"> {}</span></span>').format(
        count, language.gettext("waiting")
    )
    return Markup('<a href="{}"{}{}>{}{}</a>').format(href, shape, current, text, mark if count else "")


class _Compiled(jinja2.BytecodeCache):
    """Compiled templates, kept for every desk of this process: compiling one takes longer than most requests."""

    def __init__(self) -> None:
        self._kept: Final[dict[str, tuple[str, CodeType]]] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        """Give the code of a template that is still the same."""
        checksum, code = self._kept.get(bucket.key, ("", None))
        if checksum == bucket.checksum:
            bucket.code = code

    def dump_bytecode(self, bucket: Bucket) -> None:
        """Keep it."""
        if bucket.code is not None:
            self._kept[bucket.key] = (bucket.checksum, bucket.code)


_COMPILED: Final = _Compiled()


def make_environment(now: Callable[[], datetime]) -> jinja2.Environment:
    """Return the templates with what they call; a name that a page forgot to give is an error, not an empty text."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES),
        extensions=["jinja2.ext.i18n"],
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
        bytecode_cache=_COMPILED,
    )

    def time(at: datetime) -> Markup:
        return Markup('<time datetime="{}" title="{}">{}</time>').format(at.isoformat(), clock(at), ago(at, now()))

    def clock_time(at: datetime) -> Markup:
        return Markup('<time datetime="{}" data-full>{}</time>').format(at.isoformat(), clock(at))

    def due_time(at: datetime) -> Markup:
        return Markup('<time datetime="{}" title="{}" data-due>{}</time>').format(
            at.isoformat(), clock(at), due(at, now())
        )

    def is_late(at: datetime) -> bool:
        return at <= now()

    def seconds_until(at: datetime) -> int:
        return max(0, int((at - now()).total_seconds()))

    environment.install_gettext_callables(  # type: ignore[attr-defined]  # comes with the extension
        language.gettext, language.ngettext, newstyle=True, pgettext=language.pgettext, npgettext=language.npgettext
    )
    environment.filters["say"] = language.say
    environment.globals.update(
        say=language.say,
        number=number,
        time=time,
        seconds_until=seconds_until,
        due=due_time,
        is_late=is_late,
        impact_words=IMPACT,
        priority_words=PRIORITY,
        target_words=words.TARGET,
        clock=clock_time,
        nav_link=nav_link,
        markdown=render_markdown,
        file_address=file_address,
        urgencies=words.URGENCY_CHOICES,
        assets=words.ASSET_CHOICES,
        status_words=words.STATUS,
        urgency_words=words.URGENCY,
        asset_words=words.ASSET,
        channel_words=words.CHANNEL,
        link_words=words.LINK,
        move_words=words.MOVE,
        console_base="console/base.html",
        admin_entries=ENTRIES,
    )
    return environment


@dataclass(frozen=True)
class Site:
    """Renders pages for the people who ask for them."""

    desk: DeskServices
    now: Callable[[], datetime]
    templates: jinja2.Environment = field(repr=False)

    def page(
        self, request: Request, actor: Actor, template: str, *, status: int = 200, private: bool = True, **context: Any
    ) -> Response:
        """Return the rendered page; `?done=word` in its address makes it say what was just done."""
        said_kind, said = words.DONE.get(request.query_params.get("done", ""), ("", ""))
        tongue = language.tongue()
        shared = {
            "site_name": self.desk.organisation_name,
            "prefix": self.desk.tracking_prefix,
            "public_url": self.desk.public_url,
            "sends_mail": self.desk.sends_mail,
            "here": request.url.path,
            "lang": tongue.code,
            "languages": language.LANGUAGES,
            "browser_words": Markup(tongue.browser),  # noqa: S704 - JSON without "<", made from our own catalogue
            "staff": actor.is_staff,
            "admin": actor.role is Role.ADMIN,
            "me": actor.name,
            "my_id": actor.technician,
            "said": language.gettext(said) if said else "",
            "mail_waiting": self.desk.intake.last_seen_waiting,
            "said_kind": said_kind,
        }
        html = self.templates.get_template(template).render(shared | context)
        spoken = {"content-language": tongue.code, "vary": "Cookie, Accept-Language"}
        return HTMLResponse(html, status_code=status, headers={**(PRIVATE if private else PUBLIC), **spoken})

    def go(self, path: str) -> Response:
        """Redirect to a page of ours after a form was taken (303, so that a reload sends nothing twice)."""
        return RedirectResponse(path, status_code=303, headers=PRIVATE)

    def problem(self, request: Request, heading: str, detail: str, status: int) -> Response:
        """Return a page that says what went wrong and where to go from here."""
        actor: Actor = getattr(request.state, "actor", ANONYMOUS)
        console = request.url.path.startswith(("/console", "/admin"))
        ways = _STAFF_WAYS if console else _WAYS
        return self.page(
            request, actor, "problem.html", status=status, heading=heading, detail=detail, ways=tuple(ways)
        )
