"""One deed for several tickets: the same services, one ticket after the other, each with its own check and result."""

from collections.abc import Awaitable, Callable
from typing import Final

from tickets.domain.access import Action, Actor, Thing, check
from tickets.domain.bulk import BulkDone, BulkRequest, BulkResult, Deed, check_bulk
from tickets.domain.conversation import Conversations, MergeRequest, Merging, NewTags
from tickets.domain.errors import DeskError, Invalid
from tickets.domain.services import Tickets
from tickets.domain.values import Status


class BulkService:
    """Implements `tickets.domain.bulk.Bulk`."""

    def __init__(self, tickets: Tickets, conversations: Conversations, merging: Merging) -> None:
        """Use the services that do it to one ticket."""
        self._tickets: Final = tickets
        self._conversations: Final = conversations
        self._merging: Final = merging

    async def carry_out(self, actor: Actor, request: BulkRequest) -> BulkDone:
        """Do it to each ticket, each in a transaction of its own, and only where `actor` may. Raises Invalid."""
        check(actor, Action.LIST, Thing.QUEUE)
        check_bulk(request)
        deed = self._deed(actor, request)
        results = []
        for tracking in dict.fromkeys(request.tickets):
            try:
                await deed(tracking)
            except DeskError as error:
                results.append(BulkResult(tracking, done=False, problem=error.slug, detail=str(error)))
            else:
                results.append(BulkResult(tracking, done=True))
        return BulkDone(tuple(results))

    def _deed(self, actor: Actor, request: BulkRequest) -> Callable[[str], Awaitable[None]]:
        deeds: dict[Deed, Callable[[Actor, BulkRequest, str], Awaitable[None]]] = {
            Deed.ASSIGN: self._assign,
            Deed.STATUS: self._move,
            Deed.TAG: self._tag,
            Deed.UNTAG: self._tag,
            Deed.MERGE: self._merge,
            Deed.RESOLVE: self._resolve,
        }

        async def do(tracking: str) -> None:
            await deeds[request.deed](actor, request, tracking)

        return do

    async def _assign(self, actor: Actor, request: BulkRequest, tracking: str) -> None:
        await self._tickets.assign(actor, tracking, request.technician)

    async def _move(self, actor: Actor, request: BulkRequest, tracking: str) -> None:
        await self._tickets.set_status(actor, tracking, request.status or Status.OPEN)

    async def _tag(self, actor: Actor, request: BulkRequest, tracking: str) -> None:
        tag = request.tag.strip()
        has = (await self._tickets.get(actor, tracking)).tags
        others = tuple(each for each in has if each.casefold() != tag.casefold())
        await self._conversations.tag(actor, tracking, NewTags(others if request.deed is Deed.UNTAG else (*has, tag)))

    async def _merge(self, actor: Actor, request: BulkRequest, tracking: str) -> None:
        into = (await self._tickets.get(actor, request.into)).tracking
        if (await self._tickets.get(actor, tracking)).tracking == into:
            raise Invalid("into", "this is the request that took the others in.")
        await self._merging.merge(actor, tracking, MergeRequest(into))

    async def _resolve(self, actor: Actor, request: BulkRequest, tracking: str) -> None:
        await self._tickets.resolve(actor, tracking, request.text)
