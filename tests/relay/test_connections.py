"""What a client can make the HTTP side hold or wait for is bounded."""

import asyncio
import socket
from collections.abc import Iterator
from typing import Any

import pytest

from relay import connections
from relay.front import Front, Listening
from tests.relay.support import in_thread


async def echo_size(scope: Any, receive: Any, send: Any) -> None:
    size = 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            return
        size += len(message["body"])
        if not message["more_body"]:
            break
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"8")]})
    await send({"type": "http.response.body", "body": b"%08d" % size})


@pytest.fixture
def port(monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    monkeypatch.setattr(connections, "HEAD_S", 0.4)
    monkeypatch.setattr(connections, "BODY_S", 0.8)

    async def farewell() -> None:
        return

    front = Front(echo_size, Listening("127.0.0.1", 0), farewell)

    class Running:
        async def __aenter__(self) -> None:
            await front.start()

        async def __aexit__(self, *_: object) -> None:
            await front.stop()

    with in_thread(Running):
        yield front.port


def ask(port: int, *pieces: bytes, close: bool = True) -> bytes:
    """Send pieces, then read to the end; a connection that is cut while sending may have been answered."""
    with socket.create_connection(("127.0.0.1", port), timeout=10) as client:
        try:
            for piece in pieces:
                client.sendall(piece)
        except OSError:
            pass
        answer = b""
        try:
            while more := client.recv(65_536):
                answer += more
        except ConnectionResetError:
            pass
        return answer


HEAD = b"POST / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n"


def test_usual_requests_are_answered(port: int) -> None:
    answer = ask(port, HEAD + b"Content-Length: 5\r\n\r\n12345")
    assert answer.startswith(b"HTTP/1.1 200 OK")
    assert answer.endswith(b"00000005")
    assert b"server:" not in answer.lower()
    assert ask(port, HEAD + b"X: " + b"x" * 8_000 + b"\r\nContent-Length: 0\r\n\r\n").startswith(b"HTTP/1.1 200")
    chunks = b"".join(b"5\r\n12345\r\n" for _ in range(1_000)) + b"0\r\n\r\n"
    assert ask(port, HEAD + b"Transfer-Encoding: chunked\r\n\r\n", chunks).endswith(b"00005000")


@pytest.mark.parametrize(
    ("pieces", "status"),
    [
        ([HEAD + b"X: " + b"x" * 20_000], 431),
        ([HEAD + b"X: " + b"x" * 20_000 + b"\r\n\r\n"], 400),
        ([HEAD + b"X: y\r\n" * 100 + b"\r\n"], 400),
        ([b"GET /" + b"x" * 20_000 + b" HTTP/1.1\r\n\r\n"], 400),
        ([HEAD + b"Content-Length: 2000000\r\n\r\n", b"x" * 2_000_000], 413),
        (
            [
                HEAD + b"Transfer-Encoding: chunked\r\n\r\n",
                b"fffff\r\n" + b"x" * 0xFFFFF + b"\r\n",
                b"ff\r\n" + b"x" * 255,
            ],
            413,
        ),
        ([HEAD + b"Transfer-Encoding: chunked\r\n\r\n0\r\nX: ", b"x" * 10_000, b"x" * 30_000], 431),
        ([b"GET / HT"], 408),
        ([b""], 408),
        ([HEAD + b"Content-Length: 5\r\n\r\n123"], 408),
        ([b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"], 400),
        ([b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"], 400),
    ],
)
def test_too_much_or_too_slow_is_refused(port: int, pieces: list[bytes], status: int) -> None:
    answer = ask(port, *pieces)
    # With more still coming in, the system may reset the connection before the answer is read.
    assert answer == b"" or answer.startswith(b"HTTP/1.1 %d" % status), answer[:100]


async def test_slow_beginner_is_cut_off_in_time(port: int) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(b"GET / HTTP/1.1\r\n")
    assert (await asyncio.wait_for(reader.read(), 5)).startswith(b"HTTP/1.1 408")
    writer.close()


@pytest.mark.parametrize(("proxies", "seen"), [((), b"127.0.0.1"), (("127.0.0.1",), b"192.0.2.1")])
def test_a_forwarded_address_is_believed_of_trusted_proxies_only(proxies: tuple[str, ...], seen: bytes) -> None:
    async def echo_address(scope: Any, _receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": scope["client"][0].encode()})

    async def farewell() -> None:
        return

    front = Front(echo_address, Listening("127.0.0.1", 0, trusted_proxies=proxies), farewell)

    class Running:
        async def __aenter__(self) -> None:
            await front.start()

        async def __aexit__(self, *_: object) -> None:
            await front.stop()

    with in_thread(Running):
        answer = ask(front.port, HEAD + b"X-Forwarded-For: 192.0.2.1\r\nContent-Length: 0\r\n\r\n")
    assert seen in answer.partition(b"\r\n\r\n")[2]
