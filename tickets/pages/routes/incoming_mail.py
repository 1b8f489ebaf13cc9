"""Mail that came in and waits for a decision; and addresses that get no more mail."""

from dataclasses import dataclass
from typing import Final
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from tickets.domain.access import Action, Actor, Thing, requires
from tickets.domain.errors import Invalid, MailSettled, NotFound, TicketNotFound
from tickets.domain.intake import IncomingMailQuery, IntakeState
from tickets.pages.forms import read_form
from tickets.pages.language import Choices
from tickets.pages.routing import page
from tickets.pages.site import Site
from tickets.web.downloads import mail_answer
from tickets.web.raw_mail import raw_mail_answer

STATES: Final = Choices(
    (IntakeState.SUSPENDED, "To decide"),
    (IntakeState.IGNORED, "Ignored"),
    (IntakeState.DONE, "Let in"),
)
NOTHING: Final = {
    IntakeState.SUSPENDED: "No mail waits. What nobody could place would be here.",
    IntakeState.IGNORED: "Nothing was ignored.",
    IntakeState.DONE: "No mail came in yet.",
}
UNDECIDED: Final = frozenset({IntakeState.SUSPENDED, IntakeState.IGNORED})
_PATH: Final = "/console/mail"
_LARGEST: Final = 2**53


def mail_of(request: Request) -> int:
    """Return the number of the mail in the address. Raises NotFound."""
    text: str = request.path_params["mail"]
    if not (text.isascii() and text.isdigit() and 0 < int(text[:20]) < _LARGEST):
        raise NotFound("mail")
    return int(text)


@dataclass(frozen=True)
class IncomingMailPages:
    """The pages about mail that came in."""

    site: Site

    @requires(Action.LIST, Thing.INCOMING_MAIL)
    async def listed(self, request: Request, actor: Actor) -> Response:
        """List what waits, what was ignored, or what was let in."""
        asked = request.query_params
        known = {state.value: state for state, _ in STATES}
        state = known.get(asked.get("state", ""), IntakeState.SUSPENDED)
        before = asked.get("before", "")
        query = IncomingMailQuery(state=state, before=int(before) if before.isdigit() and len(before) < 16 else None)
        found = await self.site.desk.intake.listed(actor, query)
        more = f"{_PATH}?{urlencode({'state': state, 'before': found.next_before})}" if found.next_before else ""
        blocked = await self.site.desk.intake.blocked(actor)
        return self.site.page(
            request,
            actor,
            "console/incoming_mail.html",
            state=state,
            states=STATES,
            items=found.items,
            more=more,
            nothing=NOTHING[state],
            blocked=blocked.items,
        )

    @requires(Action.READ, Thing.INCOMING_MAIL)
    async def shown(self, request: Request, actor: Actor) -> Response:
        """Show one mail, as text, and what can be done about it."""
        return await self._shown(request, actor)

    async def _shown(
        self, request: Request, actor: Actor, faults: dict[str, str] | None = None, status: int = 200
    ) -> Response:
        found = await self.site.desk.intake.get(actor, mail_of(request))
        return self.site.page(
            request,
            actor,
            "console/incoming_mail_one.html",
            status=status,
            found=found,
            mail=found.mail,
            undecided=found.mail.state in UNDECIDED,
            state_words=dict(STATES),
            values={},
            faults=faults or {},
        )

    @requires(Action.READ, Thing.INCOMING_MAIL)
    async def html(self, request: Request, actor: Actor) -> Response:
        """Give the mail's HTML to a frame that may neither run nor load anything."""
        return mail_answer(await self.site.desk.intake.page(actor, mail_of(request)))

    @requires(Action.READ, Thing.INCOMING_MAIL)
    async def raw(self, request: Request, actor: Actor) -> Response:
        """Give the mail as it came, to be saved."""
        mail = mail_of(request)
        return raw_mail_answer(mail, await self.site.desk.intake.raw(actor, mail))

    @requires(Action.CHANGE, Thing.INCOMING_MAIL)
    async def decide(self, request: Request, actor: Actor) -> Response:
        """Do what was chosen about a mail."""
        values, mail, intake = await read_form(request), mail_of(request), self.site.desk.intake
        try:
            match values.get("do"):
                case "replay":
                    await intake.replay(actor, mail)
                case "file":
                    await intake.file(actor, mail)
                case "ignore":
                    await intake.ignore(actor, mail)
                case "attach":
                    await intake.attach(actor, mail, values.get("tracking", "").strip()[:40])
                case _:
                    raise Invalid("", "choose one of the buttons.")
        except TicketNotFound:
            fault = {"tracking": "There is no request with this number. Please look again."}
            return await self._shown(request, actor, fault, 422)
        except MailSettled:
            return self.site.go(f"{_PATH}/{mail}?done=mail-settled")
        return self.site.go(f"{_PATH}?done=mail-decided")

    @requires(Action.REMOVE, Thing.INCOMING_MAIL)
    async def delete(self, request: Request, actor: Actor) -> Response:
        """Forget what a mail said."""
        mail = mail_of(request)
        try:
            await self.site.desk.intake.delete(actor, mail)
        except MailSettled:
            return self.site.go(f"{_PATH}/{mail}?done=mail-settled")
        return self.site.go(f"{_PATH}?done=mail-deleted")

    @requires(Action.CHANGE, Thing.INCOMING_MAIL)
    async def clear(self, request: Request, actor: Actor) -> Response:
        """Let an address have mail again."""
        values = await read_form(request)
        await self.site.desk.intake.clear(actor, values.get("address", ""))
        return self.site.go(f"{_PATH}?done=address-cleared")

    def routes(self) -> list[Route]:
        """Return the routes of these pages."""
        one = f"{_PATH}/{{mail}}"
        return [
            page(self.site, _PATH, self.listed, staff_only=True),
            page(self.site, f"{_PATH}/addresses/clear", self.clear, "POST", staff_only=True),
            page(self.site, one, self.shown, staff_only=True),
            page(self.site, one, self.decide, "POST", staff_only=True),
            page(self.site, f"{one}/html", self.html, staff_only=True),
            page(self.site, f"{one}/raw", self.raw, staff_only=True),
            page(self.site, f"{one}/delete", self.delete, "POST", staff_only=True),
        ]
