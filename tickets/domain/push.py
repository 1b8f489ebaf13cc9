"""Notices on a technician's own phone, as the pages and the API show them."""

from datetime import datetime
from typing import Annotated, Protocol

import msgspec

from tickets.domain.access import Actor


class NewPhone(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a browser says when it subscribes: where its service takes notices, and its keys in b64."""

    endpoint: Annotated[str, msgspec.Meta(min_length=12, max_length=1_000)]
    p256dh: Annotated[str, msgspec.Meta(min_length=86, max_length=90)]
    auth: Annotated[str, msgspec.Meta(min_length=20, max_length=24)]
    label: Annotated[str, msgspec.Meta(max_length=100)] = ""

    def __repr__(self) -> str:
        return "NewPhone()"


class PhoneView(msgspec.Struct, frozen=True):
    """A phone that gets notices."""

    id: str
    label: str
    created_at: datetime


class Phones(msgspec.Struct, frozen=True):
    """A technician's phones; `public_key` is what browsers subscribe with, empty while the server sends no notices."""

    public_key: str
    items: tuple[PhoneView, ...]


class Pushes(Protocol):
    """Notices on phones; everybody sees and changes their own only. All raise NotLoggedIn, NotAllowed."""

    async def phones(self, actor: Actor) -> Phones:
        """List one's own."""

    async def subscribe(self, actor: Actor, new: NewPhone) -> PhoneView:
        """Send notices to this phone from now on; the same phone again changes it. Raises Invalid."""

    async def unsubscribe(self, actor: Actor, phone: str) -> None:
        """Send no more notices there. Raises NotFound."""
