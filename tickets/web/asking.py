"""Who sent a request: the one place that reads the bearer token, the cookie and the client's address."""

from typing import Final

from starlette.requests import HTTPConnection

from tickets.domain.access import ANY_TICKET, Actor, Requirement, check
from tickets.domain.errors import NotLoggedIn, TicketNotFound
from tickets.domain.services import DeskServices

COOKIE: Final = "__Host-towline"
"""Set with Secure, HttpOnly, SameSite=Lax and Path=/; browsers treat http on loopback as trustworthy too."""


def bearer_of(connection: HTTPConnection) -> str | None:
    """Return the token of `Authorization: Bearer …`, or None."""
    scheme, _, token = connection.headers.get("authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else None


def address_of(connection: HTTPConnection) -> str:
    """Return the client's network address; the server in front has already judged forwarded headers."""
    return connection.client.host if connection.client else "unknown"


async def actor_of(connection: HTTPConnection, desk: DeskServices) -> Actor:
    """Return who is asking; the path parameter `tracking`, when there is one, tells for which ticket."""
    return await desk.logins.resolve(
        bearer=bearer_of(connection),
        cookie=connection.cookies.get(COOKIE),
        tracking=connection.path_params.get("tracking"),
    )


async def permitted_actor(connection: HTTPConnection, desk: DeskServices, requirement: Requirement) -> Actor:
    """Return who is asking, when the route is for them at all.

    Raises NotLoggedIn, NotAllowed; for a ticket TicketNotFound instead of the former, since a stranger must not learn
    which tracking numbers exist.
    """
    actor = await actor_of(connection, desk)
    try:
        check(actor, requirement.action, *requirement.things)
    except NotLoggedIn:
        if set(requirement.things) & set(ANY_TICKET):
            raise TicketNotFound from None
        raise
    return actor
