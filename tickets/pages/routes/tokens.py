"""One's own tokens for programs."""

from dataclasses import dataclass
from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from tickets.domain.access import Action, Actor, Thing, requires
from tickets.domain.errors import Invalid, StrongerToken
from tickets.domain.scopes import Scope
from tickets.domain.tokens import MAX_DAYS, NewToken, TokenMade
from tickets.domain.views import MAX_LINE
from tickets.pages.forms import Values, read_form
from tickets.pages.language import Choices
from tickets.pages.routing import page
from tickets.pages.site import Site

SCOPE_WORDS: Final = Choices(
    (Scope.TICKETS_READ, "Read requests and the queue"),
    (Scope.TICKETS_WRITE, "File, answer and work on requests"),
    (Scope.ARTICLES_READ, "Read the knowledge base, drafts too"),
    (Scope.ARTICLES_WRITE, "Write articles"),
    (Scope.DESK_READ, "Read technicians, teams and categories"),
    (Scope.DESK_WRITE, "Say when you are available"),
    (Scope.SESSIONS, "Make join codes and open sessions"),
    (Scope.ADMIN_READ, "Read what admins see"),
    (Scope.ADMIN_WRITE, "Change what admins may change"),
    (Scope.TOKENS, "Make and revoke tokens that are no stronger"),
)
_PATH: Final = "/console/tokens"
_DAYS: Final = "90"
# A form gives one value for each name, so every box has its own.
_BOX: Final = "scope:"


@dataclass(frozen=True)
class Tokens:
    """The page of tokens."""

    site: Site

    async def _page(
        self,
        request: Request,
        actor: Actor,
        *,
        values: Values | None = None,
        chosen: tuple[str, ...] = (),
        faults: dict[str, str] | None = None,
        made: TokenMade | None = None,
        status: int = 200,
    ) -> Response:
        found = await self.site.desk.tokens.listed(actor)
        return self.site.page(
            request,
            actor,
            "console/tokens.html",
            status=status,
            items=found.items,
            scopes=SCOPE_WORDS,
            values=values or {"days": _DAYS},
            chosen=chosen,
            faults=faults or {},
            made=made,
        )

    @requires(Action.LIST, Thing.TOKENS)
    async def shown(self, request: Request, actor: Actor) -> Response:
        """List them, with the form for a new one."""
        return await self._page(request, actor)

    @requires(Action.ADD, Thing.TOKENS)
    async def make(self, request: Request, actor: Actor) -> Response:
        """Make one and show it once."""
        values = await read_form(request)
        chosen = tuple(name.removeprefix(_BOX) for name in values if name.startswith(_BOX))
        label, days = values.get("label", ""), values.get("days", "")
        known = set(Scope)
        scopes = tuple(Scope(word) for word in chosen if word in known)
        faults: dict[str, str] = {}
        if not label or len(label) > MAX_LINE:
            faults["label"] = "Please write what it is for, in at most 100 characters."
        if not scopes:
            faults["scopes"] = "Please choose at least one."
        if not days.isascii() or not days.isdigit() or len(days) > 3 or not 1 <= int(days) <= MAX_DAYS:
            faults["days"] = f"Please write a number from 1 to {MAX_DAYS}."
        if faults:
            return await self._page(request, actor, values=values, chosen=chosen, faults=faults, status=422)
        try:
            made = await self.site.desk.tokens.make(actor, NewToken(label, scopes, int(days)))
        except (Invalid, StrongerToken) as error:
            told = {"": str(error)}
            return await self._page(request, actor, values=values, chosen=chosen, faults=told, status=error.status)
        return await self._page(request, actor, made=made, status=201)

    @requires(Action.REMOVE, Thing.TOKENS)
    async def revoke(self, request: Request, actor: Actor) -> Response:
        """End one."""
        await self.site.desk.tokens.revoke(actor, request.path_params["token"])
        return self.site.go(f"{_PATH}?done=revoked")

    def routes(self) -> list[Route]:
        """Return the routes of this page."""
        return [
            page(self.site, _PATH, self.shown, staff_only=True),
            page(self.site, _PATH, self.make, "POST", staff_only=True),
            page(self.site, f"{_PATH}/{{token}}/revoke", self.revoke, "POST", staff_only=True),
        ]
