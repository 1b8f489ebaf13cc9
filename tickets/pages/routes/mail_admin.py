"""For admins: how mails are worded, and what became of those that went out."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from tickets.domain.access import Action, Actor, Thing, requires
from tickets.domain.errors import EditConflict, Invalid, NotFound
from tickets.domain.outgoing import MailTemplateView, NewWording, OutboxQuery, WordingReset
from tickets.pages import mail_words as words
from tickets.pages.forms import Values, read_form
from tickets.pages.routing import page
from tickets.pages.site import PRIVATE, Site

_MOST_DIGITS: Final = 18
_NO_FAULTS: Final[Mapping[str, str]] = {}
# Nothing runs and nothing is loaded; the wording's own style attributes are all that counts.
_SHOWN_POLICY: Final = "default-src 'none'; style-src 'unsafe-inline'; sandbox; frame-ancestors 'self'; base-uri 'none'"
_STATES: Final = ("dead", "held", "pending", "sent", "dropped")


def wording_of(values: Values) -> NewWording:
    """Return what the form holds; the service judges it."""
    revision = values.get("revision", "")
    number = int(revision) if revision.isascii() and revision.isdigit() and len(revision) < 10 else 0
    return NewWording(values.get("subject", ""), values.get("text", ""), values.get("html", ""), number)


def mail_of(text: str) -> int:
    """Return the number of a mail. Raises NotFound."""
    if not (text.isascii() and text.isdigit() and len(text) <= _MOST_DIGITS):
        raise NotFound("unsent mail")
    return int(text)


@dataclass(frozen=True)
class MailAdmin:
    """The pages about mail that goes out."""

    site: Site

    @requires(Action.SEE, Thing.ADMINISTRATION)
    async def templates(self, request: Request, actor: Actor) -> Response:
        """List the wordings."""
        found = await self.site.desk.mail_templates.listed(actor)
        return self.site.page(
            request,
            actor,
            "admin/mail_templates.html",
            items=found.items,
            kinds=words.KINDS,
            languages=words.LANGUAGES,
        )

    def _form(
        self,
        request: Request,
        actor: Actor,
        wording: MailTemplateView,
        values: Values,
        faults: Mapping[str, str] = _NO_FAULTS,
        *,
        status: int = 200,
    ) -> Response:
        return self.site.page(
            request,
            actor,
            "admin/mail_template.html",
            status=status,
            wording=wording,
            values=values,
            faults=faults,
            kinds=words.KINDS,
            languages=words.LANGUAGES,
        )

    async def _template(self, request: Request, actor: Actor) -> MailTemplateView:
        path = request.path_params
        return await self.site.desk.mail_templates.get(actor, path["kind"], path["language"])

    @requires(Action.SEE, Thing.ADMINISTRATION)
    async def template(self, request: Request, actor: Actor) -> Response:
        """Show one wording to change."""
        found = await self._template(request, actor)
        values = {"subject": found.subject, "text": found.text, "html": found.html, "revision": str(found.revision)}
        return self._form(request, actor, found, values)

    @requires(Action.CHANGE, Thing.ADMINISTRATION)
    async def save(self, request: Request, actor: Actor) -> Response:
        """Use the wording, or go back to the built-in one."""
        values = await read_form(request)
        new, found = wording_of(values), await self._template(request, actor)
        service = self.site.desk.mail_templates
        try:
            if values.get("do") == "reset":
                await service.reset(actor, found.kind, found.language, WordingReset(new.revision))
            else:
                await service.save(actor, found.kind, found.language, new)
        except Invalid as error:
            return self._form(request, actor, found, values, {error.field: error.text}, status=422)
        except EditConflict as error:
            # With the newest revision in the form, saving again is a decision.
            kept = {**values, "revision": str(found.revision)}
            return self._form(request, actor, found, kept, {"": f"{error.title}. {error}"}, status=error.status)
        done = "reset" if values.get("do") == "reset" else "saved"
        return self.site.go(f"/admin/mail/templates/{found.kind}/{found.language}?done={done}")

    @requires(Action.SEE, Thing.ADMINISTRATION)
    async def shown(self, request: Request, actor: Actor) -> Response:
        """Show what the form's wording makes, in a frame: the HTML as mail programs do, or the text."""
        values, path = await read_form(request), request.path_params
        try:
            made = await self.site.desk.mail_templates.preview(
                actor, path["kind"], path["language"], wording_of(values)
            )
        except Invalid as error:
            text = f"{words.PARTS.get(error.field, error.field)}: {error.text}"
        else:
            if values.get("part") != "text":
                return _framed(made.html)
            text = f"{made.subject}\n\n{made.text}"
        template = self.site.templates.get_template("admin/mail_shown.html")
        return _framed(template.render(text=text, lang=request.path_params["language"]))

    @requires(Action.SEE, Thing.ADMINISTRATION)
    async def outbox(self, request: Request, actor: Actor) -> Response:
        """List mail in one state, with how many there are in each."""
        state = request.query_params.get("state", _STATES[0])
        before = request.query_params.get("before", "")
        query = OutboxQuery(state=state if state in _STATES else _STATES[0], before=mail_of(before) if before else None)
        found = await self.site.desk.outbox.listed(actor, query)
        return self.site.page(
            request,
            actor,
            "admin/outbox.html",
            items=found.items,
            state=query.state,
            states=words.STATES,
            kinds=words.KINDS,
            numbers=await self.site.desk.outbox.numbers(actor),
            more=f"/admin/mail/outbox?state={query.state}&before={found.next_before}" if found.next_before else "",
        )

    @requires(Action.CHANGE, Thing.ADMINISTRATION)
    async def retry(self, request: Request, actor: Actor) -> Response:
        """Try one mail now."""
        await self.site.desk.outbox.retry(actor, mail_of(request.path_params["mail"]))
        return self._back(await read_form(request), "mail-retried")

    @requires(Action.CHANGE, Thing.ADMINISTRATION)
    async def drop(self, request: Request, actor: Actor) -> Response:
        """Take one mail out."""
        await self.site.desk.outbox.drop(actor, mail_of(request.path_params["mail"]))
        return self._back(await read_form(request), "mail-dropped")

    @requires(Action.CHANGE, Thing.ADMINISTRATION)
    async def retry_all(self, request: Request, actor: Actor) -> Response:
        """Try all unsent mail now."""
        await self.site.desk.outbox.retry(actor, None)
        return self._back(await read_form(request), "mail-retried")

    def _back(self, values: Values, done: str) -> Response:
        state = values.get("state", "")
        return self.site.go(f"/admin/mail/outbox?state={state if state in _STATES else _STATES[0]}&done={done}")

    @requires(Action.SEE, Thing.ADMINISTRATION)
    async def to_template(self, request: Request, _actor: Actor) -> Response:
        """Lead from the frame's address to the page with the form."""
        path = request.path_params
        return self.site.go(f"/admin/mail/templates/{path['kind']}/{path['language']}")

    def routes(self) -> list[Route]:
        """Return the routes of these pages."""
        at, one = "/admin/mail", "/admin/mail/templates/{kind}/{language}"
        return [
            page(self.site, f"{at}/templates", self.templates, staff_only=True),
            page(self.site, one, self.template, staff_only=True),
            page(self.site, one, self.save, "POST", staff_only=True),
            page(self.site, f"{one}/shown", self.shown, "POST", staff_only=True),
            page(self.site, f"{one}/shown", self.to_template, staff_only=True),
            page(self.site, f"{at}/outbox", self.outbox, staff_only=True),
            page(self.site, f"{at}/outbox/retry", self.retry_all, "POST", staff_only=True),
            page(self.site, f"{at}/outbox/{{mail}}/retry", self.retry, "POST", staff_only=True),
            page(self.site, f"{at}/outbox/{{mail}}/drop", self.drop, "POST", staff_only=True),
        ]


def _framed(html: str) -> Response:
    return HTMLResponse(html, headers={**PRIVATE, "content-security-policy": _SHOWN_POLICY})
