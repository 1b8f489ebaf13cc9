"""Addresses, certificates, and what a websocket's end means."""

import asyncio
import datetime as dt
import ssl
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from websockets.asyncio.server import ServerConnection, serve
from websockets.typing import Subprotocol

from protocol.envelope import MAX_RECORD_BYTES, SUBPROTOCOL
from technician_viewer.errors import ServerUnreachable, UnusableState
from technician_viewer.transport import SocketClosed, open_transport, parse_server, tls_context
from tests.technician_viewer.fake_agent import TRACKING


@pytest.mark.parametrize(
    ("text", "origin"),
    [
        ("help.example.org", "https://help.example.org"),
        ("https://help.example.org:443/", "https://help.example.org"),
        (" https://help.example.org:8443 ", "https://help.example.org:8443"),
        ("http://127.0.0.1:80", "http://127.0.0.1"),
        ("http://localhost:8080", "http://localhost:8080"),
        ("http://[::1]:8080", "http://[::1]:8080"),
        ("HTTPS://Help.Example.org", "https://help.example.org"),
    ],
)
def test_addresses(text: str, origin: str) -> None:
    server = parse_server(text)
    assert server.origin == origin
    assert server.socket_url(TRACKING) == f"{origin.replace('http', 'ws', 1)}/relay/{TRACKING}/viewer"


@pytest.mark.parametrize(
    "text",
    ["", "http://help.example.org", "http://10.0.0.1", "http://127.0.0.1.example.org", "ws://x", "https://a@b", "https://x/y",
     "https://x?y", "https://x#y", "https://x:99999", "https://[::1"],
)  # fmt: skip
def test_addresses_that_are_refused(text: str) -> None:
    with pytest.raises(ServerUnreachable):
        parse_server(text)


def test_a_root_certificate_that_is_none(tmp_path: Path) -> None:
    path = tmp_path / "ca.pem"
    with pytest.raises(UnusableState, match="root certificate"):
        tls_context(path)
    path.write_text("no certificate")
    with pytest.raises(UnusableState, match="root certificate"):
        tls_context(path)
    make_certificate(tmp_path)
    assert tls_context(path).verify_mode is ssl.CERT_REQUIRED


def make_certificate(folder: Path) -> ssl.SSLContext:
    """Write a self-signed certificate for localhost to ca.pem; return what a server with it speaks."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = dt.datetime.now(dt.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(hours=1))
        .not_valid_after(now + dt.timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    (folder / "ca.pem").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    (folder / "key.pem").write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "ca.pem", folder / "key.pem")
    return context


async def echo(socket: ServerConnection) -> None:
    async for message in socket:
        await socket.send(message)


async def test_tls_is_verified(tmp_path: Path) -> None:
    context = make_certificate(tmp_path)
    async with serve(echo, "localhost", 0, ssl=context, subprotocols=[Subprotocol(SUBPROTOCOL)]) as running:
        port = next(iter(running.sockets)).getsockname()[1]
        server = parse_server(f"https://localhost:{port}")
        with pytest.raises(ServerUnreachable, match="not trusted") as caught:
            await open_transport(server, TRACKING)
        assert caught.value.code == "tls"
        transport = await open_transport(server, TRACKING, ca=tmp_path / "ca.pem")
        await transport.send(b"abc")
        assert await transport.receive() == b"abc"
        assert (transport.received_bytes, transport.sent_bytes) == (3, 3)
        await transport.close()
        # The name counts, too.
        with pytest.raises(ServerUnreachable, match="not trusted"):
            await open_transport(parse_server(f"https://127.0.0.1:{port}"), TRACKING, ca=tmp_path / "ca.pem")


async def test_a_server_that_speaks_no_tls(tmp_path: Path) -> None:
    make_certificate(tmp_path)
    async with serve(echo, "127.0.0.1", 0) as running:
        port = next(iter(running.sockets)).getsockname()[1]
        with pytest.raises(ServerUnreachable) as caught:
            await open_transport(parse_server(f"https://127.0.0.1:{port}"), TRACKING, ca=tmp_path / "ca.pem")
        assert caught.value.code in {"tls", "unreachable"}


async def test_a_server_without_our_protocol() -> None:
    async with serve(echo, "127.0.0.1", 0) as running:
        port = next(iter(running.sockets)).getsockname()[1]
        with pytest.raises(ServerUnreachable):
            await open_transport(parse_server(f"http://127.0.0.1:{port}"), TRACKING)


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n", "http-404"),
        (b"HTTP/1.1 302 Found\r\nLocation: ws://127.0.0.1:9/\r\nContent-Length: 0\r\n\r\n", "http-302"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", "http-200"),
        (b"SSH-2.0-x\r\n", "unreachable"),
        (b"\xff" * 20_000, "unreachable"),
        (b"", "unreachable"),
    ],
    ids=range(6),
)
async def test_answers_that_are_no_websocket(answer: bytes, code: str) -> None:
    async def answering(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(answer)
        writer.close()
        await writer.wait_closed()

    async with await asyncio.start_server(answering, "127.0.0.1", 0) as running:
        port = running.sockets[0].getsockname()[1]
        with pytest.raises(ServerUnreachable) as caught:
            await open_transport(parse_server(f"http://127.0.0.1:{port}"), TRACKING)
    assert caught.value.code == code
    assert "\n" not in str(caught.value)


async def test_the_end_of_a_socket() -> None:
    async def closing(socket: ServerConnection) -> None:
        await socket.close(4440)

    async with serve(closing, "127.0.0.1", 0, subprotocols=[Subprotocol(SUBPROTOCOL)]) as running:
        port = next(iter(running.sockets)).getsockname()[1]
        transport = await open_transport(parse_server(f"http://127.0.0.1:{port}"), TRACKING)
        with pytest.raises(SocketClosed) as caught:
            await transport.receive()
        assert caught.value.code == 4440
        with pytest.raises(SocketClosed):
            await transport.send(b"x")
        await transport.close()


async def test_a_server_that_agrees_on_no_protocol() -> None:
    """A websocket opens, but nobody said what is spoken over it."""
    async with serve(echo, "127.0.0.1", 0, select_subprotocol=lambda *_: None) as running:
        port = next(iter(running.sockets)).getsockname()[1]
        with pytest.raises(ServerUnreachable) as caught:
            await open_transport(parse_server(f"http://127.0.0.1:{port}"), TRACKING)
    assert caught.value.code == "wrong-version"


async def test_a_frame_over_the_limit_closes() -> None:
    async def flood(socket: ServerConnection) -> None:
        await socket.send(b"x" * MAX_RECORD_BYTES)
        await socket.send(b"x" * (MAX_RECORD_BYTES + 1))
        await socket.wait_closed()

    async with serve(flood, "127.0.0.1", 0, subprotocols=[Subprotocol(SUBPROTOCOL)]) as running:
        port = next(iter(running.sockets)).getsockname()[1]
        transport = await open_transport(parse_server(f"http://127.0.0.1:{port}"), TRACKING)
        assert len(await transport.receive()) == MAX_RECORD_BYTES
        with pytest.raises(SocketClosed):
            await transport.receive()
        await transport.close()
