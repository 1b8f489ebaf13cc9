"""Requests from this server to addresses that people typed in: never to where only this server can reach.

A name is looked up here, every address it has is judged, and the connection goes to the address that was judged, so
that a second answer of the name server can't lead elsewhere. Certificates are checked against the name. Redirects
are not followed (httpx's default), since they would lead to an address that nobody judged.
"""

import asyncio
import ipaddress
import socket
import ssl
from collections.abc import Iterable
from typing import Final

import httpx

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

LOOK_UP_S: Final = 5.0


class NotOutward(httpx.TransportError):
    """The address is no place to which this server sends anything; `str()` says why."""


class OutwardTransport(httpx.AsyncBaseTransport):
    """HTTPS to public addresses, and to `networks` that an admin named."""

    def __init__(self, networks: Iterable[Network] = (), *, ca_file: str = "") -> None:
        """`ca_file` is a PEM file with the authorities to trust; the system's when empty."""
        self._networks: Final = tuple(networks)
        context = ssl.create_default_context(cafile=ca_file or None)
        self._inner: Final = httpx.AsyncHTTPTransport(verify=context, retries=0, trust_env=False)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send the request to an address that was judged. Raises NotOutward."""
        if request.url.scheme != "https":
            raise NotOutward("the address has to begin with https://")
        host, port = request.url.host, request.url.port or 443
        address = await self._judged(host, port)
        inner = httpx.Request(
            request.method,
            request.url.copy_with(host=str(address)),
            headers=request.headers,
            stream=request.stream,
            extensions={**request.extensions, "sni_hostname": host},
        )
        return await self._inner.handle_async_request(inner)

    async def aclose(self) -> None:
        """Close all connections."""
        await self._inner.aclose()

    async def _judged(self, host: str, port: int) -> Address:
        try:
            async with asyncio.timeout(LOOK_UP_S):
                found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError, TimeoutError):
            raise NotOutward(f"the name {host} has no address") from None
        addresses = [ipaddress.ip_address(str(entry[4][0]).partition("%")[0]) for entry in found]
        # One bad address among good ones is how such a check is got round.
        for address in addresses:
            if not is_outward(address, self._networks):
                raise NotOutward(f"{host} is {address}, which is not public; [webhooks] networks can allow it")
        if not addresses:
            raise NotOutward(f"the name {host} has no address")
        return addresses[0]


def is_outward(address: Address, networks: Iterable[Network] = ()) -> bool:
    """Whether something may be sent there: a public address, or one of `networks`."""
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None:
        address = address.ipv4_mapped
    if any(address.version == network.version and address in network for network in networks):
        return True
    return address.is_global and not address.is_multicast
