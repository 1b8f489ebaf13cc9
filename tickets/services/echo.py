"""Hears what other processes wrote: the worker's mail, another node's technicians, a command beside the server.

Live pages are told of every line that was added to a timeline since the last look. PostgreSQL gives ids out before
it commits, so a line can appear below one that was seen already: the last `_LOOK_BACK` ids are looked at each time.
"""

from collections import OrderedDict
from typing import Final

from tickets.services.context import Context
from tickets.store import timeline as timeline_store

_LOOK_BACK: Final = 64


class Echo:
    """Publishes lines of the timeline that this process did not see before."""

    def __init__(self, context: Context) -> None:
        """Use the shared parts."""
        self._context: Final = context
        self._seen: Final[OrderedDict[int, None]] = OrderedDict()
        self._newest: int | None = None

    async def listen(self) -> None:
        """Look once. The first look only takes note of where the timeline stands."""
        async with self._context.database.read() as connection:
            if self._newest is None:
                self._newest = await timeline_store.newest(connection)
                found = await timeline_store.after(connection, self._newest - _LOOK_BACK)
                fresh = []
            else:
                found = await timeline_store.after(connection, self._newest - _LOOK_BACK)
                fresh = [(ident, tracking) for ident, tracking in found if ident not in self._seen]
        for ident, _ in found:
            self._seen[ident] = None
            self._newest = max(self._newest, ident)
        while len(self._seen) > 4 * _LOOK_BACK:
            self._seen.popitem(last=False)
        for tracking in dict.fromkeys(tracking for _, tracking in fresh):
            self._context.hub.publish("ticket", tracking)
            self._context.hub.publish("queue", tracking)
