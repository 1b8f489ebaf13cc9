"""Technicians: listing them, and what an admin does from the command line."""

from typing import Final

from tickets.domain.access import Action, Actor, Role, Thing, check
from tickets.domain.errors import AlreadyThere, Invalid, NotFound
from tickets.domain.values import TechnicianId
from tickets.domain.views import TechnicianList, TechnicianView
from tickets.services.context import Context
from tickets.services.views import technician_view
from tickets.store import devices as device_store
from tickets.store import logins as login_store
from tickets.store import people as people_store
from tickets.store.people import TechnicianRow
from tickets.text import clean_email, clean_line

_SHORTEST_PASSWORD: Final = 8
_STAFF: Final = (Role.TECHNICIAN, Role.ADMIN)


class TechnicianService:
    """Implements `tickets.domain.services.Technicians`; the other methods are for the machine's own admin."""

    def __init__(self, context: Context) -> None:
        """Use the shared parts."""
        self._context: Final = context

    async def listed(self, actor: Actor) -> TechnicianList:
        """Return everybody who can be given a ticket."""
        check(actor, Action.LIST, Thing.TECHNICIANS)
        async with self._context.database.read() as connection:
            rows = await people_store.all_technicians(connection)
        return TechnicianList(tuple(technician_view(row) for row in rows))

    async def rows(self) -> list[TechnicianRow]:
        """List all technicians, the disabled ones too."""
        async with self._context.database.read() as connection:
            return await people_store.all_technicians(connection, disabled=True)

    async def add(self, email: str, name: str, password: str, role: Role) -> TechnicianView:
        """Add a technician or an admin. Raises Invalid, AlreadyThere."""
        if role not in _STAFF:
            raise Invalid("role", "choose technician or admin.")
        address, line = clean_email(email), clean_line(name, "name")[:100]
        row = TechnicianRow(
            id=TechnicianId(self._context.new_id()),
            email=address,
            name=line,
            role=role,
            password_hash=await self._hash(password),
            available=True,
            created_at=self._context.now(),
            disabled_at=None,
        )
        async with self._context.database.write() as connection:
            if await people_store.technician_by_email(connection, address) is not None:
                raise AlreadyThere(f"a technician with the address {address}")
            await people_store.add_technician(connection, row)
        return technician_view(row)

    async def disable(self, email: str) -> TechnicianView:
        """End a technician's logins, devices and, within a second, sessions; their name stays in the history.

        Raises NotFound.
        """
        now = self._context.now()
        async with self._context.database.write() as connection:
            row = await people_store.technician_by_email(connection, clean_email(email))
            if row is None:
                raise NotFound("technician")
            await people_store.change_technician(connection, row.id, disabled_at=now, available=False)
            await login_store.end_all(connection, row.id)
            await device_store.revoke_all(connection, row.id, now)
        return technician_view(row)

    async def reset_password(self, email: str, password: str) -> TechnicianView:
        """Set a new password and end all logins. Raises NotFound, Invalid."""
        address, hashed = clean_email(email), await self._hash(password)
        async with self._context.database.write() as connection:
            row = await people_store.technician_by_email(connection, address)
            if row is None:
                raise NotFound("technician")
            await people_store.change_technician(connection, row.id, password_hash=hashed)
            await login_store.end_all(connection, row.id)
        return technician_view(row)

    async def _hash(self, password: str) -> str:
        if not _SHORTEST_PASSWORD <= len(password) <= 1_024:
            raise Invalid("password", f"use at least {_SHORTEST_PASSWORD} characters.")
        return await self._context.passwords.hash(password)
