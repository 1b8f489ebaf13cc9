"""What has to be written together with whatever a request writes first: in that transaction or not at all."""

from collections.abc import Awaitable, Callable
from contextvars import ContextVar
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

Companion = Callable[[AsyncConnection], Awaitable[None]]

FIRST_WRITE: Final[ContextVar[Companion | None]] = ContextVar("first_write", default=None)
"""Taken by the next transaction that writes in this context; what it raises undoes that transaction."""


async def accompany(connection: AsyncConnection) -> None:
    """Let what waits for the first transaction write in this one."""
    companion = FIRST_WRITE.get()
    if companion is not None:
        FIRST_WRITE.set(None)
        await companion(connection)
