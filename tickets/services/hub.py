"""Live events for open pages: in this process, small, and never in anybody's way."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from typing import Final, Literal

import msgspec

What = Literal["queue", "ticket", "presence"]

# A page that lags this far behind is told to fetch the whole queue instead.
_MOST_PENDING: Final = 64


class Changed(msgspec.Struct, frozen=True, tag="changed"):
    """Something is not what it was; pages fetch again."""

    what: What
    tracking: str = ""


_EVERYTHING: Final = Changed("queue")


class Subscription:
    """The events that one page has not been sent yet; the same event twice is once."""

    def __init__(self, login: str) -> None:
        """`login` is the login that stands behind the page."""
        self.login: Final = login
        self._pending: dict[msgspec.Struct, None] = {}
        self._wake = asyncio.Event()
        self._closed = False

    def put(self, event: msgspec.Struct) -> None:
        """Add an event, which can be hashed; the last of several that are the same counts."""
        if len(self._pending) >= _MOST_PENDING:
            self._pending = {_EVERYTHING: None}
        else:
            self._pending.pop(event, None)
            self._pending[event] = None
        self._wake.set()

    def close(self) -> None:
        """End `events` after what is pending was given."""
        self._closed = True
        self._wake.set()

    async def events(self) -> AsyncIterator[msgspec.Struct]:
        """Give events as they come, until closed."""
        while True:
            await self._wake.wait()
            self._wake.clear()
            pending, self._pending = self._pending, {}
            for event in pending:
                yield event
            if self._closed:
                return


class LiveHub:
    """Hands events to all open pages."""

    def __init__(self) -> None:
        """Start with nobody listening."""
        self._subscriptions: set[Subscription] = set()

    @contextmanager
    def subscribed(self, login: str) -> Iterator[Subscription]:
        """Give a subscription that lasts as long as the block."""
        subscription = Subscription(login)
        self._subscriptions.add(subscription)
        try:
            yield subscription
        finally:
            self._subscriptions.discard(subscription)

    def publish(self, what: What, tracking: str = "") -> None:
        """Tell everybody."""
        event = Changed(what, tracking)
        for subscription in self._subscriptions:
            subscription.put(event)

    def logins(self) -> set[str]:
        """Return the logins of all listeners."""
        return {subscription.login for subscription in self._subscriptions}

    def drop(self, logins: set[str]) -> None:
        """Stop telling pages whose login is gone."""
        for subscription in self._subscriptions:
            if subscription.login in logins:
                subscription.close()

    def close(self) -> None:
        """Stop telling everybody."""
        self.drop(self.logins())
