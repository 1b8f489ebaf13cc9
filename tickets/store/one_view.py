"""One state of the database for everything that a task reads: a page is made by many services, and shows one picture.

What was read once in it is the same whenever it is read again, so `kept` statements run once.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from contextvars import ContextVar
from functools import wraps
from typing import Any, Concatenate, Final, ParamSpec, TypeVar

from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

P = ParamSpec("P")
T = TypeVar("T")


class OneView:
    """A transaction that reads: the first read opens it, `end` or a write closes it."""

    def __init__(self, reader: AsyncEngine) -> None:
        """Made by `Database.one_view`."""
        self._reader: Final = reader
        self._task: Final = asyncio.current_task()
        self._connection: AsyncConnection | None = None
        self._held = 0
        self._over = False
        self.memory: dict[Any, Any] = {}

    def serves(self, reader: AsyncEngine) -> bool:
        """Whether the task that is running may read in it: a connection answers one task at a time."""
        return not self._over and self._reader is reader and self._task is asyncio.current_task()

    def is_on(self, connection: AsyncConnection) -> bool:
        """Whether `connection` is the one that sees this state."""
        return self._connection is connection

    @asynccontextmanager
    async def lend(self) -> AsyncIterator[AsyncConnection]:
        """Give its connection. After an error the next read sees a new state: PostgreSQL goes on with no other."""
        if self._connection is None:
            self._connection = await self._reader.connect()
        self._held += 1
        try:
            yield self._connection
        except BaseException:
            self._held -= 1
            if not self._held:
                await self.leave()
            raise
        self._held -= 1

    async def leave(self) -> None:
        """Let this state go; what is read next sees a new one. Raises RuntimeError while somebody reads in it."""
        if self._held:
            raise RuntimeError("a transaction that writes was begun inside one that reads")
        connection, self._connection, self.memory = self._connection, None, {}
        if connection is not None:
            await connection.close()

    async def end(self) -> None:
        """Let it go for good: what this task still reads, it reads by itself."""
        self._over = True
        await self.leave()


_current: ContextVar[OneView | None] = ContextVar("view", default=None)


def view_of(reader: AsyncEngine) -> OneView | None:
    """Return the state that the running task reads on this engine."""
    view = _current.get()
    return view if view is not None and view.serves(reader) else None


@asynccontextmanager
async def one_view(reader: AsyncEngine) -> AsyncIterator[OneView]:
    """Let everything that this task reads meanwhile see one state; writes end that state."""
    view = OneView(reader)
    before = _current.set(view)
    try:
        yield view
    finally:
        _current.reset(before)
        await view.end()


def kept(
    read: Callable[Concatenate[AsyncConnection, P], Awaitable[T]],
) -> Callable[Concatenate[AsyncConnection, P], Awaitable[T]]:
    """Let a function that reads do so once for each state and its arguments; nobody may change what it returns."""

    @wraps(read)
    async def remembering(connection: AsyncConnection, /, *args: P.args, **kwargs: P.kwargs) -> T:
        view = _current.get()
        if view is None or not view.is_on(connection):
            return await read(connection, *args, **kwargs)
        key = (read, args, tuple(sorted(kwargs.items())))
        if key not in view.memory:
            view.memory[key] = await read(connection, *args, **kwargs)
        found: T = view.memory[key]
        return found

    return remembering
