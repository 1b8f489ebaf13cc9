"""What technicians do around a ticket: tags, watchers, links, time, merging, splitting. Forms of the ticket's page."""

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from tickets.domain.access import Action, Actor, requires
from tickets.domain.conversation import (
    MAX_MINUTES,
    MAX_TAGS,
    MAX_WATCHERS,
    MergeRequest,
    NewLink,
    NewTags,
    NewTime,
    NewWatchers,
    SplitRequest,
)
from tickets.domain.errors import IllegalMove, Invalid, NotAllowed, NotFound, TicketClosed
from tickets.domain.linking import Link
from tickets.pages.forms import Values, read_form
from tickets.pages.routes.ticket import STAFF_TICKETS, Ticket
from tickets.pages.routing import page
from tickets.pages.site import Site

_EXPLAINED: Final = (IllegalMove, Invalid, NotAllowed, NotFound, TicketClosed)
_SEPARATORS: Final = re.compile(r"[,;\s]+")
_ENTRY: Final = re.compile(r"[0-9]{1,18}\Z")

Deed = Callable[[Actor, str, Values], Awaitable[str]]
"""Does what a form asks for on the ticket with this number; returns the page to go on with."""


@dataclass(frozen=True)
class Around:
    """The deeds; each leads back to the ticket, or says there why not."""

    site: Site
    ticket: Ticket

    async def _done(self, request: Request, actor: Actor, deed: Deed) -> Response:
        values = await read_form(request)
        try:
            return self.site.go(await deed(actor, request.path_params["tracking"], values))
        except _EXPLAINED as refusal:
            return await self.ticket.explain(request, actor, refusal)

    @requires(Action.ORGANISE, *STAFF_TICKETS)
    async def tags(self, request: Request, actor: Actor) -> Response:
        """Give the ticket these tags and no others."""

        async def deed(actor: Actor, tracking: str, values: Values) -> str:
            tags = tuple(tag.strip()[:200] for tag in values.get("tags", "").split(",") if tag.strip())
            if len(tags) > MAX_TAGS:
                raise Invalid("", f"At most {MAX_TAGS} tags, please.")
            await self.site.desk.conversations.tag(actor, tracking, NewTags(tags))
            return _back(tracking, "saved")

        return await self._done(request, actor, deed)

    @requires(Action.ORGANISE, *STAFF_TICKETS)
    async def watchers(self, request: Request, actor: Actor) -> Response:
        """Tell more people."""

        async def deed(actor: Actor, tracking: str, values: Values) -> str:
            emails = tuple(email for email in _SEPARATORS.split(values.get("emails", "")) if email)
            if not emails:
                raise Invalid("", "Write an e-mail address first.")
            if len(emails) > MAX_WATCHERS:
                raise Invalid("", f"At most {MAX_WATCHERS} people, please.")
            await self.site.desk.conversations.watch(actor, tracking, NewWatchers(emails))
            return _back(tracking, "saved")

        return await self._done(request, actor, deed)

    @requires(Action.ORGANISE, *STAFF_TICKETS)
    async def unwatch(self, request: Request, actor: Actor) -> Response:
        """Tell somebody no more."""

        async def deed(actor: Actor, tracking: str, values: Values) -> str:
            await self.site.desk.conversations.unwatch(actor, tracking, values.get("email", ""))
            return _back(tracking, "saved")

        return await self._done(request, actor, deed)

    @requires(Action.ORGANISE, *STAFF_TICKETS)
    async def links(self, request: Request, actor: Actor) -> Response:
        """Link another ticket."""

        async def deed(actor: Actor, tracking: str, values: Values) -> str:
            new = NewLink(_link(values), values.get("other", "")[:40])
            await self.site.desk.conversations.link(actor, tracking, new)
            return _back(tracking, "saved")

        return await self._done(request, actor, deed)

    @requires(Action.ORGANISE, *STAFF_TICKETS)
    async def unlink(self, request: Request, actor: Actor) -> Response:
        """Take a link away."""

        async def deed(actor: Actor, tracking: str, values: Values) -> str:
            await self.site.desk.conversations.unlink(actor, tracking, _link(values), values.get("other", "")[:40])
            return _back(tracking, "saved")

        return await self._done(request, actor, deed)

    @requires(Action.ORGANISE, *STAFF_TICKETS)
    async def time(self, request: Request, actor: Actor) -> Response:
        """Write time down."""

        async def deed(actor: Actor, tracking: str, values: Values) -> str:
            minutes = values.get("minutes", "")
            if not (minutes.isascii() and minutes.isdigit() and 1 <= int(minutes[:6]) <= MAX_MINUTES):
                raise Invalid("", f"Write whole minutes, from 1 to {MAX_MINUTES:,}.")
            new = NewTime(int(minutes), values.get("note", "")[:200])
            await self.site.desk.conversations.spend(actor, tracking, new)
            return _back(tracking, "saved")

        return await self._done(request, actor, deed)

    @requires(Action.MERGE, *STAFF_TICKETS)
    async def merge(self, request: Request, actor: Actor) -> Response:
        """Put everything into another ticket."""

        async def deed(actor: Actor, tracking: str, values: Values) -> str:
            merged = await self.site.desk.merging.merge(actor, tracking, MergeRequest(values.get("into", "")[:40]))
            return _back(merged.tracking, "merged")

        return await self._done(request, actor, deed)

    @requires(Action.MERGE, *STAFF_TICKETS)
    async def unmerge(self, request: Request, actor: Actor) -> Response:
        """Undo a merge into this ticket."""

        async def deed(actor: Actor, _tracking: str, values: Values) -> str:
            undone = await self.site.desk.merging.unmerge(actor, values.get("tracking", "")[:40])
            return _back(undone.tracking, "unmerged")

        return await self._done(request, actor, deed)

    @requires(Action.MERGE, *STAFF_TICKETS)
    async def split(self, request: Request, actor: Actor) -> Response:
        """Make a ticket of a message and what follows."""

        async def deed(actor: Actor, tracking: str, values: Values) -> str:
            entry = values.get("entry", "")
            if not _ENTRY.match(entry):
                raise Invalid("", "Choose a message first.")
            made = await self.site.desk.merging.split(
                actor, tracking, SplitRequest(entry, values.get("title", "")[:200])
            )
            return _back(made.tracking, "split")

        return await self._done(request, actor, deed)

    def routes(self) -> list[Route]:
        """Return the routes of these deeds."""
        at = "/console/tickets/{tracking}"
        deeds = {
            "tags": self.tags,
            "watchers": self.watchers,
            "unwatch": self.unwatch,
            "links": self.links,
            "unlink": self.unlink,
            "time": self.time,
            "merge": self.merge,
            "unmerge": self.unmerge,
            "split": self.split,
        }
        return [
            *(page(self.site, f"{at}/{name}", deed, "POST", staff_only=True) for name, deed in deeds.items()),
            *(page(self.site, f"{at}/{name}", self.ticket.back, staff_only=True) for name in deeds),
        ]


def _back(tracking: str, done: str) -> str:
    return f"/console/tickets/{tracking}?done={done}"


def _link(values: Values) -> Link:
    wanted = values.get("link", "")
    if wanted not in set(Link):
        raise Invalid("", "Choose how the two belong together.")
    return Link(wanted)
