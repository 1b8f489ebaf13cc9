"""Pages of canned answers."""

from dataclasses import dataclass
from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from tickets.domain.access import Action, Actor, Thing, is_allowed, requires
from tickets.domain.canned import VARIABLES, CannedAnswer, NewCannedAnswer
from tickets.domain.errors import Invalid, NotFound
from tickets.domain.views import MAX_LINE, MAX_TEXT
from tickets.pages.forms import Checked, Values, read_form
from tickets.pages.routing import page
from tickets.pages.site import Site
from tickets.pages.spreading import category_options

_AT: Final = "/console/answers"
_ANY: Final = (Thing.OWN_ANSWER, Thing.SHARED_ANSWER)


def read_answer(values: Values) -> tuple[NewCannedAnswer | None, dict[str, str]]:
    """Return the answer that a form describes, or None and what is wrong by field."""
    form = Checked(values)
    name = form.text("name", "Please give it a name.", MAX_LINE)
    text = form.text("text", "Please write the answer.", MAX_TEXT)
    category = form.text("category", "", MAX_LINE, required=False)
    if form.faults:
        return None, form.faults
    return NewCannedAnswer(name=name, text=text, shared=values.get("shared") == "yes", category=category), {}


@dataclass(frozen=True)
class CannedPages:
    """The list and one answer."""

    site: Site

    @requires(Action.LIST, Thing.CANNED_ANSWERS)
    async def listed(self, request: Request, actor: Actor) -> Response:
        """List one's own and the shared ones."""
        found = await self.site.desk.canned_answers.listed(actor)
        return self.site.page(request, actor, "console/answers.html", answers=found.items)

    async def _form(
        self,
        request: Request,
        actor: Actor,
        values: Values,
        faults: dict[str, str],
        *,
        answer: CannedAnswer | None = None,
        status: int = 200,
    ) -> Response:
        return self.site.page(
            request,
            actor,
            "console/answer.html",
            status=status,
            here=_AT,
            values=values,
            faults=faults,
            answer=answer,
            variables=VARIABLES,
            categories=await category_options(self.site.desk, actor),
            may_share=is_allowed(actor.role, Action.ADD, Thing.SHARED_ANSWER),
            may_change=answer is None or answer.mine or is_allowed(actor.role, Action.CHANGE, Thing.SHARED_ANSWER),
        )

    async def _one(self, request: Request, actor: Actor) -> CannedAnswer:
        ident = request.path_params["ident"]
        for each in (await self.site.desk.canned_answers.listed(actor)).items:
            if each.id == ident:
                return each
        raise NotFound("canned answer")

    @requires(Action.ADD, *_ANY)
    async def new(self, request: Request, actor: Actor) -> Response:
        """Show the empty form."""
        return await self._form(request, actor, {}, {})

    @requires(Action.ADD, *_ANY)
    async def add(self, request: Request, actor: Actor) -> Response:
        """Keep an answer."""
        values = await read_form(request)
        new, faults = read_answer(values)
        if new is None:
            return await self._form(request, actor, values, faults, status=422)
        try:
            await self.site.desk.canned_answers.add(actor, new)
        except Invalid as error:
            return await self._form(request, actor, values, {error.field: error.text}, status=422)
        return self.site.go(f"{_AT}?done=saved")

    @requires(Action.LIST, Thing.CANNED_ANSWERS)
    async def shown(self, request: Request, actor: Actor) -> Response:
        """Show one answer."""
        answer = await self._one(request, actor)
        values = {"name": answer.name, "text": answer.text, "category": answer.category}
        return await self._form(request, actor, {**values, "shared": "yes" if answer.shared else ""}, {}, answer=answer)

    @requires(Action.CHANGE, *_ANY)
    async def change(self, request: Request, actor: Actor) -> Response:
        """Change an answer."""
        values, answer = await read_form(request), await self._one(request, actor)
        new, faults = read_answer(values)
        if new is None:
            return await self._form(request, actor, values, faults, answer=answer, status=422)
        try:
            await self.site.desk.canned_answers.change(actor, answer.id, new)
        except Invalid as error:
            return await self._form(request, actor, values, {error.field: error.text}, answer=answer, status=422)
        return self.site.go(f"{_AT}?done=saved")

    @requires(Action.REMOVE, *_ANY)
    async def remove(self, request: Request, actor: Actor) -> Response:
        """Remove an answer."""
        await self.site.desk.canned_answers.remove(actor, request.path_params["ident"])
        return self.site.go(f"{_AT}?done=removed")

    def routes(self) -> list[Route]:
        """Return the routes of these pages."""
        return [
            page(self.site, _AT, self.listed, staff_only=True),
            page(self.site, f"{_AT}/new", self.new, staff_only=True),
            page(self.site, f"{_AT}/new", self.add, "POST", staff_only=True),
            page(self.site, f"{_AT}/{{ident}}", self.shown, staff_only=True),
            page(self.site, f"{_AT}/{{ident}}", self.change, "POST", staff_only=True),
            page(self.site, f"{_AT}/{{ident}}/remove", self.remove, "POST", staff_only=True),
        ]
