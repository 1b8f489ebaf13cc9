"""Keeps the search index of tickets in step with their story, in the transaction that tells it."""

from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from tickets.domain.values import EntryKind
from tickets.services.story import Told
from tickets.store import ticket_documents

_WITHOUT_WORDS: Final = frozenset(
    {
        EntryKind.CLAIMED,
        EntryKind.ASSIGNED,
        EntryKind.HANDED_OVER,
        EntryKind.TAKEN_OVER,
        EntryKind.UNASSIGNED,
        EntryKind.JOIN_CODE,
        EntryKind.AGENT_JOINED,
        EntryKind.AGENT_REPLACED,
        EntryKind.AGENT_ONLINE,
        EntryKind.AGENT_OFFLINE,
        EntryKind.SESSION_OPENED,
        EntryKind.SESSION_ASKED,
        EntryKind.SESSION_JOINED,
        EntryKind.SESSION_ALLOWED,
        EntryKind.SESSION_REFUSED,
        EntryKind.SESSION_NARROWED,
        EntryKind.SESSION_ENDED,
    }
)
"""Lines that change nothing of what a search looks into; any other kind may."""


async def index_ticket(connection: AsyncConnection, told: Told) -> None:
    """Index the ticket of a line; a listener of the story."""
    if told.new.kind not in _WITHOUT_WORDS:
        await ticket_documents.write(connection, told.new.ticket)
