"""Technicians' devices (server-trusted mode: the server holds the organisation key and certifies at login)."""

from datetime import UTC, datetime
from typing import Final

from protocol.encoding import pack_b64, parse_b64
from tickets.domain.access import Action, Actor, Thing, check
from tickets.domain.errors import Invalid, NotAllowed
from tickets.domain.values import DeviceKind
from tickets.domain.views import DeviceCertified, NewDevice
from tickets.services.context import Context
from tickets.store import devices as device_store
from tickets.store.devices import DeviceRow


class DeviceService:
    """Implements `tickets.domain.services.Devices`."""

    def __init__(self, context: Context) -> None:
        """Use the shared parts."""
        self._context: Final = context

    async def certify(self, actor: Actor, new: NewDevice) -> DeviceCertified:
        """Sign a certificate for the device key; one that is less than half over is given again. Raises Invalid."""
        check(actor, Action.CERTIFY, Thing.DEVICES)
        if actor.technician is None:
            raise NotAllowed(Action.CERTIFY)
        try:
            parse_b64(new.public_key, 32)
        except ValueError:
            raise Invalid("public_key", "send the 32 bytes of an X25519 public key in base64url.") from None
        context, now = self._context, self._context.now()
        async with context.database.write() as connection:
            row = await device_store.newest_good(connection, actor.technician, new.public_key, now)
            half = None if row is None else row.not_before + (row.not_after - row.not_before) / 2
            if row is None or half is None or now >= half or row.kind != new.kind:
                row = self._sign(actor, new, now)
                await device_store.add(connection, row)
        return DeviceCertified(pack_b64(row.certificate), row.not_after)

    def _sign(self, actor: Actor, new: NewDevice, now: datetime) -> DeviceRow:
        serial, technician = self._context.new_id(), str(actor.technician)
        certificate, not_after_s = self._context.keys.device_certificate(
            serial=serial,
            technician=technician,
            name=actor.name,
            device_key=new.public_key,
            kind="browser" if new.kind is DeviceKind.BROWSER else "native",
            now=now,
            life=self._context.settings.lives.certificate,
        )
        return DeviceRow(
            serial=serial,
            technician_id=technician,
            device_key=new.public_key,
            kind=new.kind,
            certificate=certificate,
            not_before=now,
            not_after=datetime.fromtimestamp(not_after_s, UTC),
        )
