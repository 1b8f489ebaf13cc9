"""Who runs this help desk, and which of its certificates are no longer good."""

from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from protocol.encoding import pack_b64
from tickets.domain.views import OrganisationView
from tickets.services.context import Context
from tickets.store import devices as device_store


class OrganisationService:
    """Implements `tickets.domain.services.Organisation`."""

    def __init__(self, context: Context) -> None:
        """Use the shared parts."""
        self._context: Final = context

    async def shown(self) -> OrganisationView:
        """Return name, key and revocations."""
        context = self._context
        async with context.database.read() as connection:
            revocations = await signed_revocations(context, connection)
        return OrganisationView(
            name=context.settings.organisation_name,
            id=context.keys.organisation_id,
            public_key=context.keys.organisation_public,
            mode="server-trusted",
            revocations=pack_b64(revocations),
        )


async def signed_revocations(context: Context, connection: AsyncConnection) -> bytes:
    """Return the revocation list of this moment, signed."""
    now = context.now()
    sequence, serials = await device_store.revoked(connection, now)
    return context.keys.revocation_list(sequence=sequence, serials=serials, now=now)
