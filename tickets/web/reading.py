"""Requests that only look: everything that one reads, it reads from one state of the database, in one transaction.

A page is made by many services, each of which reads on its own. Together they show one picture, and cost one
transaction instead of a dozen.
"""

from typing import Final

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from tickets.store.database import Database

_LOOKING: Final = frozenset({"GET", "HEAD"})


class ReadsTogether:
    """ASGI middleware; the transaction ends when the answer begins, so that a slow line holds none."""

    def __init__(self, app: ASGIApp, database: Database) -> None:
        """`database` is the one that `app` reads."""
        self.app: Final = app
        self._database: Final = database

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on."""
        if scope["type"] != "http" or scope["method"] not in _LOOKING:
            await self.app(scope, receive, send)
            return
        async with self._database.one_view() as view:

            async def send_after(message: Message) -> None:
                if message["type"] == "http.response.start":
                    await view.end()
                await send(message)

            await self.app(scope, receive, send_after)
