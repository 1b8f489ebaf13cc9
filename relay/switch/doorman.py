"""What is checked before a socket's first frame: where it comes from, what it speaks, and how many there are."""

import ipaddress
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from protocol.envelope import SUBPROTOCOL, CloseCode, is_tracking_path
from relay.switch.limits import SwitchLimits
from relay.switch.socket import Goodbye, Scope

ROLES = ("agent", "viewer")


class Unwelcome(Exception):
    """The upgrade is answered with a plain HTTP status instead."""

    def __init__(self, status: int, detail: str) -> None:
        super().__init__(detail)
        self.status = status


def block_of(host: str) -> str:
    """Return what counts as one address: an IPv4 address, or the /64 that one IPv6 customer has."""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return host
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped is not None:
            return str(address.ipv4_mapped)
        return str(ipaddress.ip_network((int(address) >> 64 << 64, 64)))
    return str(address)


class Doorman:
    """Looks at upgrades, and counts the sockets whose first frame was not accepted yet."""

    def __init__(self, origins: frozenset[str], limits: SwitchLimits) -> None:
        self._origins = origins
        self._limits = limits
        self._by_block: Counter[str] = Counter()
        self.newcomers = 0

    def check(self, scope: Scope) -> tuple[str, str]:
        """Return tracking number and role of an upgrade request. Raises Unwelcome."""
        # As it was sent, since a balancer finds the node by these very characters: no escapes, one spelling.
        parts = scope["raw_path"].decode("latin-1").split("/")
        if len(parts) != 4 or parts[3] not in ROLES or not is_tracking_path(parts[2]):
            raise Unwelcome(404, "There is nothing here.")
        # Exact and the same for everybody: agents and native viewers send the address they were given as Origin.
        origins = [value for name, value in scope["headers"] if name == b"origin"]
        if len(origins) != 1 or origins[0].decode("latin-1") not in self._origins:
            raise Unwelcome(403, "This address is not allowed to connect: see allowed_origins in towline.toml.")
        if SUBPROTOCOL not in scope["subprotocols"]:
            raise Unwelcome(400, f"This server speaks the websocket subprotocol {SUBPROTOCOL} only.")
        return parts[2], parts[3]

    @contextmanager
    def newcomer(self, host: str) -> Iterator[None]:
        """Count a socket while its first frame is awaited and judged. Raises Goodbye when a cap is reached."""
        block = block_of(host)
        if (
            self.newcomers >= self._limits.newcomers_in_all
            or self._by_block[block] >= self._limits.newcomers_per_address
        ):
            raise Goodbye(CloseCode.TOO_MANY)
        self.newcomers += 1
        self._by_block[block] += 1
        try:
            yield
        finally:
            self.newcomers -= 1
            self._by_block[block] -= 1
            if not self._by_block[block]:
                del self._by_block[block]
