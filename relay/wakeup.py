"""How the front process wakes the worker: an empty datagram on a local socket.

It says only that there may be something to do; what that is stands in the database, so a lost one costs a wait.
"""

import asyncio
import os
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

# sun_path (unix(7)) has 108 bytes with its closing zero.
MAX_PATH_BYTES: Final = 107


class WakeUpError(Exception):
    """The local socket can't be made; `str()` says what to do."""


class Bell:
    """The front's end. Ringing never waits: a worker that is away finds its work when it comes back."""

    def __init__(self, path: Path) -> None:
        self._path = os.fspath(path)

    def ring(self) -> bool:
        """Wake the worker; False when nobody listens."""
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender:
            sender.setblocking(False)
            try:
                sender.sendto(b"!", self._path)
            except BlockingIOError:
                # Its queue is full of wake-ups it has not read yet: it will wake.
                return True
            except OSError:
                return False
        return True


class _Listener(asyncio.DatagramProtocol):
    def __init__(self, rung: asyncio.Event) -> None:
        self._rung = rung

    def datagram_received(self, data: bytes, addr: object) -> None:  # noqa: ARG002 - asyncio's names
        self._rung.set()


def _make_receiver(path: Path) -> socket.socket:
    """Return a bound socket; one that a dead process left is replaced. Raises WakeUpError."""
    if len(os.fsencode(path)) > MAX_PATH_BYTES:
        raise WakeUpError(f"The path {path} is too long for a local socket: move the data folder to a shorter one.")
    receiver = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    try:
        receiver.setblocking(False)
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        if path.is_socket():
            path.unlink()
        receiver.bind(os.fspath(path))
        path.chmod(0o600)
    except OSError as error:
        receiver.close()
        raise WakeUpError(f"The local socket {path} can't be made: {error}") from error
    return receiver


@asynccontextmanager
async def listening(path: Path) -> AsyncIterator[asyncio.Event]:
    """Give an event that is set whenever the bell is rung. Raises WakeUpError."""
    rung = asyncio.Event()
    receiver = _make_receiver(path)
    transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(lambda: _Listener(rung), sock=receiver)
    try:
        yield rung
    finally:
        # The path stays: by now it may be the socket of the process that came after this one.
        transport.close()
