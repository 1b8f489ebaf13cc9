"""A reader that stops costs bounded memory, slows its sender down, and is given up; the server stops in time."""

import asyncio
import socket
import ssl
import struct
import time

import pytest

from protocol.envelope import AgentSession, CloseCode, Joined, ViewerHello, ViewerWaiting, pack_control
from relay.certificates import CertificatePaths, ensure_server_certificate, make_authority, utc_now
from relay.connections import BoundedWebsocket
from relay.switch.limits import SwitchLimits
from tests.relay.support import (
    AGENT_KEY,
    AGENT_TOKEN,
    SOON_S,
    RunningRelay,
    close_code,
    control,
    running_relay,
    session_id,
    until,
)
from tests.relay.test_hostile import frame, request
from tests.relay.test_meeting import agent_control, agent_session, pair

RECORD = bytes(16_000)
# Socket buffers of two connections on loopback and the server's own; the kernel's grow to a few MB each.
ENOUGH_BYTES = 64 * 1024 * 1024


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> CertificatePaths:
    folder = tmp_path_factory.mktemp("tls")
    paths = CertificatePaths.of(folder / "ca.pem", folder)
    make_authority(paths, "127.0.0.1", "Test desk", utc_now())
    ensure_server_certificate(paths, "127.0.0.1", utc_now())
    return paths


async def silent_viewer(relay: RunningRelay, ticket: str) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """Open a viewer's socket that will not read any further than it is asked to."""
    plain = socket.create_connection(("127.0.0.1", relay.front.port))
    plain.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65_536)
    reader, writer = await asyncio.open_connection(
        sock=plain, ssl=relay.tls, server_hostname=None if relay.tls is None else "127.0.0.1", limit=1_024
    )
    writer.write(request("/relay/TL-0000-0000/viewer"))
    await reader.readuntil(b"\r\n\r\n")
    writer.write(frame(1, pack_control(ViewerHello(ticket=ticket)).encode()))
    return reader, writer


@pytest.mark.parametrize("tls", [False, True])
async def test_stalled_viewer(authority: CertificatePaths, tls: bool) -> None:
    limits = SwitchLimits(stalled_write_s=1.0)
    files = (authority.server, authority.server_key, authority.root) if tls else (None, None, None)
    with running_relay(limits, *files) as relay:
        relay.admit_agent()
        session = session_id(1)
        async with agent_control(relay) as on_control:
            reader, writer = await silent_viewer(relay, relay.socket_ticket(session))
            assert await control(on_control) == ViewerWaiting(session=session)
            async with agent_session(relay, session) as sharing:
                assert await control(sharing) == Joined()
                sent = 0
                began = time.monotonic()
                try:
                    async with asyncio.timeout(SOON_S):
                        while sent < ENOUGH_BYTES:
                            await sharing.send(RECORD)
                            sent += len(RECORD)
                except Exception as error:  # noqa: BLE001 - it is looked at below
                    assert type(error).__name__.startswith("ConnectionClosed")
                # The sender was slowed down: it could not get everything rid of, and the pair was given up in time.
                assert sent < ENOUGH_BYTES
                assert time.monotonic() - began < 6
                assert await close_code(sharing) == CloseCode.PEER_GONE
            await until(lambda: relay.switchboard.stats["pairs"] == 0)
            await until(lambda: ("ended", "TL-0000-0000", session, "stalled") in relay.gate.happened)
            assert relay.switchboard.is_online("TL-0000-0000")
            writer.transport.abort()
            del reader


async def test_slow_viewer_gets_everything(authority: CertificatePaths) -> None:
    files = (authority.server, authority.server_key, authority.root)
    with running_relay(None, *files) as relay:
        relay.admit_agent()
        async with pair(relay) as (_, sharing, watching):

            async def share() -> None:
                for number in range(600):
                    await sharing.send(struct.pack(">I", number) + RECORD)

            sharing_task = asyncio.create_task(share())
            for number in range(600):
                record = await asyncio.wait_for(watching.recv(), SOON_S)
                assert isinstance(record, bytes)
                assert record == struct.pack(">I", number) + RECORD
            await sharing_task


async def test_ping_flood_without_reading_is_bounded() -> None:
    with running_relay(SwitchLimits(stalled_write_s=1.0)) as relay:
        relay.admit_agent()
        _reader, writer = await silent_viewer(relay, relay.socket_ticket(session_id(2)))
        flood = frame(9, b"x" * 125) * 500
        for _ in range(200):
            writer.write(flood)
            await asyncio.wait_for(writer.drain(), SOON_S)
        [connection] = [each for each in relay.front.connections if isinstance(each, BoundedWebsocket)]
        assert connection.transport.get_write_buffer_size() < 200_000
        writer.transport.abort()


async def test_server_stops_with_sockets_of_every_kind_open(authority: CertificatePaths) -> None:
    files = (authority.server, authority.server_key, authority.root)
    with running_relay(None, *files) as relay:
        relay.admit_agent()
        async with pair(relay) as sockets, relay.connect("viewer") as newcomer:
            # One that never reads, and one that has not even finished its request.
            _, stalled = await silent_viewer(relay, relay.socket_ticket(session_id(3)))
            half = socket.create_connection(("127.0.0.1", relay.front.port))
            half.sendall(b"GET / HT")
            began = time.monotonic()
            await relay.on_server(relay.front.stop())
            assert time.monotonic() - began < 5
            for connection in (*sockets, newcomer):
                assert await close_code(connection) == CloseCode.GOING_AWAY
            stalled.transport.abort()
            half.close()


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion:DeprecationWarning")
async def test_old_tls_is_refused(authority: CertificatePaths) -> None:
    with running_relay(None, authority.server, authority.server_key, authority.root) as relay:
        for newest, works in ((ssl.TLSVersion.TLSv1_2, True), (ssl.TLSVersion.TLSv1_1, False)):
            context = ssl.create_default_context(cafile=str(authority.root))
            context.set_ciphers("DEFAULT:@SECLEVEL=0")
            if not works:
                context.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED
            context.maximum_version = newest
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", relay.front.port, ssl=context)
            except (ssl.SSLError, ConnectionError):
                assert not works
            else:
                assert works
                writer.transport.abort()


def test_agent_frame_is_small() -> None:
    hello = AgentSession(token=AGENT_TOKEN, agent_key=AGENT_KEY, session=session_id(1))
    assert len(pack_control(hello)) < 400
