"""The websocket to the relay: whom it trusts, where it goes, what it says of itself."""

import asyncio
import ssl
from pathlib import Path

import pytest
from websockets.asyncio.server import ServerConnection, serve
from websockets.typing import Subprotocol

from agent.link import Dialer, LinkClosed, LinkFailed
from agent.server import Server, parse_server, tls_context
from protocol.envelope import MAX_RECORD_BYTES, SUBPROTOCOL
from protocol.tracking import TrackingNumber
from relay.certificates import CertificatePaths, ensure_server_certificate, make_authority, utc_now

TRACKING = TrackingNumber("TL-0000-0000")


@pytest.fixture
def authority(tmp_path: Path) -> CertificatePaths:
    """A private root certificate and one for localhost."""
    paths = CertificatePaths.of(tmp_path / "ca.pem", tmp_path)
    make_authority(paths, "localhost", "Test desk", utc_now())
    ensure_server_certificate(paths, "localhost", utc_now())
    return paths


async def echo(socket: ServerConnection) -> None:
    async for message in socket:
        await socket.send(message)


async def test_the_servers_certificate_is_verified(authority: CertificatePaths) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(authority.server, authority.server_key)
    async with serve(echo, "localhost", 0, ssl=context, subprotocols=[Subprotocol(SUBPROTOCOL)]) as running:
        server = parse_server(f"https://localhost:{next(iter(running.sockets)).getsockname()[1]}")
        with pytest.raises(LinkFailed, match="not trusted") as refused:
            await Dialer(server, tls_context(None)).open(TRACKING)
        assert refused.value.final
        link = await Dialer(server, tls_context(authority.root)).open(TRACKING)
        await link.send(b"abc")
        assert await link.receive() == b"abc"
        await link.close()


def test_a_root_certificate_of_ones_own_is_the_only_one(authority: CertificatePaths) -> None:
    context = tls_context(authority.root)
    assert context.verify_mode is ssl.CERT_REQUIRED
    assert context.check_hostname
    assert len(context.get_ca_certs()) == 1


async def test_no_redirect_is_followed() -> None:
    followed: list[str] = []

    async def elsewhere(socket: ServerConnection) -> None:
        followed.append(socket.request.path if socket.request else "")

    async def redirect(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(f"HTTP/1.1 302 Found\r\nLocation: ws://127.0.0.1:{other}/\r\nContent-Length: 0\r\n\r\n".encode())
        writer.close()

    async with (
        serve(elsewhere, "127.0.0.1", 0, subprotocols=[Subprotocol(SUBPROTOCOL)]) as running,
        await asyncio.start_server(redirect, "127.0.0.1", 0) as redirecting,
    ):
        other = next(iter(running.sockets)).getsockname()[1]
        with pytest.raises(LinkFailed, match="HTTP 302"):
            await Dialer(local(redirecting.sockets[0].getsockname()[1]), None).open(TRACKING)
        assert followed == []
        await (await Dialer(local(other), None).open(TRACKING)).close()
        assert followed == [f"/relay/{TRACKING}/agent"]


def local(port: int) -> Server:
    return parse_server(f"http://127.0.0.1:{port}")


async def test_a_server_without_our_protocol_is_none() -> None:
    """A websocket opens, but nobody said what is spoken over it."""
    async with serve(echo, "127.0.0.1", 0, select_subprotocol=lambda *_: None) as running:
        with pytest.raises(LinkFailed, match="not a Towline server") as refused:
            await Dialer(local(next(iter(running.sockets)).getsockname()[1]), None).open(TRACKING)
    assert refused.value.final


async def test_a_frame_over_the_limit_closes() -> None:
    async def flood(socket: ServerConnection) -> None:
        await socket.send(b"x" * MAX_RECORD_BYTES)
        await socket.send(b"x" * (MAX_RECORD_BYTES + 1))
        await socket.wait_closed()

    async with serve(flood, "127.0.0.1", 0, subprotocols=[Subprotocol(SUBPROTOCOL)]) as running:
        link = await Dialer(local(next(iter(running.sockets)).getsockname()[1]), None).open(TRACKING)
        assert len(await link.receive()) == MAX_RECORD_BYTES
        with pytest.raises(LinkClosed):
            await link.receive()
        await link.close()
