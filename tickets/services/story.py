"""The story of a ticket: its timeline, and whoever has to know at once when a line is added to it."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from tickets.domain.views import TimelineEntry
from tickets.store import timeline as timeline_store
from tickets.store.timeline import NewEntry


@dataclass(frozen=True)
class Told:
    """A line of the timeline: as it was written (`new`, with the ticket's id and the actor's), and as it is shown."""

    new: NewEntry
    shown: TimelineEntry


Listener = Callable[[AsyncConnection, Told], Awaitable[None]]
"""Called in the transaction that wrote the line; what it raises undoes that transaction."""


class Story:
    """Writes the timeline. Nothing happens to a ticket that is not told here."""

    def __init__(self) -> None:
        """Start without listeners."""
        self._listeners: Final[list[Listener]] = []

    def listen(self, listener: Listener) -> None:
        """Let `listener` hear of every line; called once for each while the help desk is put together."""
        self._listeners.append(listener)

    async def tell(self, connection: AsyncConnection, new: NewEntry) -> TimelineEntry:
        """Write a line and return it as it is shown."""
        shown = await timeline_store.add(connection, new)
        told = Told(new, shown)
        for listener in self._listeners:
            await listener(connection, told)
        return shown
