"""Files on disk, by the hash of their bytes: written beside, then renamed, never changed, never under a given name.

A file lies under its SHA-256, so the same bytes lie there once; the table `files` says which there are, and
`attachments` what they are called and to which ticket they belong. Nothing here is served by its path.
"""

import asyncio
import hashlib
import os
import re
import secrets
from collections.abc import AsyncIterator, Iterator
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import BinaryIO, Final

from tickets.domain.attachments import KeptFile
from tickets.domain.errors import TooLarge
from tickets.domain.file_types import HEAD_BYTES, sniff

_CONTENT: Final = re.compile(r"[0-9a-f]{64}\Z")
_PIECE_BYTES: Final = 256 * 1024
_ARRIVING: Final = "arriving"
FORGOTTEN_AFTER: Final = timedelta(days=1)
"""Age at which what arrived and was not kept is cleared away."""


class IncomingFile:
    """A file while it is received: hashed as it comes, in a temporary place."""

    def __init__(self, folder: Path, limit_bytes: int) -> None:
        """Nothing is written before the first bytes."""
        self._path: Final = folder / _ARRIVING / secrets.token_hex(16)
        self._limit: Final = limit_bytes
        self._hash: Final = hashlib.sha256()
        self._file: BinaryIO | None = None
        self._head = b""
        self.size = 0

    def write(self, chunk: bytes) -> None:
        """Take the next bytes. Raises TooLarge when the file grows over the limit."""
        if self.size + len(chunk) > self._limit:
            raise TooLarge(self._limit)
        if self._file is None:
            self._file = self._opened()
        self._file.write(chunk)
        self._hash.update(chunk)
        self.size += len(chunk)
        if len(self._head) < HEAD_BYTES:
            self._head += chunk[: HEAD_BYTES - len(self._head)]

    def _opened(self) -> BinaryIO:
        self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        return os.fdopen(descriptor, "wb")

    async def finish(self) -> KeptFile:
        """Return the whole file when it is on disk for sure."""
        file = self._file or self._opened()
        self._file = None
        await asyncio.to_thread(_sync_and_close, file)
        return KeptFile(self._path, self._hash.hexdigest(), self.size, sniff(self._head))

    def discard(self) -> None:
        """Forget it; nothing to do when it went to its place."""
        if self._file is not None:
            self._file.close()
            self._file = None
        self._path.unlink(missing_ok=True)


def _sync_and_close(file: BinaryIO) -> None:
    with file:
        file.flush()
        os.fsync(file.fileno())


class FileStore:
    """The folder with all files."""

    def __init__(self, folder: Path, limit_bytes: int) -> None:
        """`folder` is made when the first file comes; no file is larger than `limit_bytes`."""
        self._folder: Final = folder
        self._limit: Final = limit_bytes

    def receive(self) -> IncomingFile:
        """Begin to receive a file."""
        return IncomingFile(self._folder, self._limit)

    async def put(self, data: bytes) -> KeptFile:
        """Return `data` as a file that waits to be settled. Raises TooLarge."""
        incoming = self.receive()
        try:
            for start in range(0, len(data), _PIECE_BYTES):
                incoming.write(data[start : start + _PIECE_BYTES])
            return await incoming.finish()
        except BaseException:
            incoming.discard()
            raise

    def place(self, content: str) -> Path:
        """Return where the file with this hash lies. Raises ValueError for what is no hash."""
        if not _CONTENT.match(content):
            raise ValueError("not a SHA-256 in hex")
        return self._folder / content[:2] / content[2:]

    def settle(self, kept: KeptFile) -> None:
        """Move a file to its place; call it in the transaction that has just written its row.

        The row is what a clearing away has to take first, so neither can get in between of the other.
        """
        place = self.place(kept.content)
        if not kept.path.exists() and place.exists():
            return
        place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        kept.path.replace(place)
        descriptor = os.open(place.parent, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

    def has(self, content: str) -> bool:
        """Whether the file is there."""
        return self.place(content).is_file()

    async def pieces(self, content: str) -> AsyncIterator[bytes]:
        """Give a file's bytes, at most 256 KiB at a time."""
        with self.place(content).open("rb") as file:
            while piece := await asyncio.to_thread(file.read, _PIECE_BYTES):
                yield piece

    def remove(self, content: str) -> None:
        """Delete a file; call it in the transaction that has just deleted its row."""
        self.place(content).unlink(missing_ok=True)

    def forgotten(self, now: datetime) -> int:
        """Delete what began to arrive long ago and was never kept; returns how many."""
        count = 0
        for path in self._old(self._folder / _ARRIVING, now):
            path.unlink(missing_ok=True)
            count += 1
        return count

    def old_in(self, first_byte: int, now: datetime) -> list[str]:
        """Return the hashes of a 256th of all files, those whose hash begins with this byte, that are not young."""
        name = f"{first_byte:02x}"
        return [name + path.name for path in self._old(self._folder / name, now) if _CONTENT.match(name + path.name)]

    def _old(self, folder: Path, now: datetime) -> Iterator[Path]:
        before = (now - FORGOTTEN_AFTER).timestamp()
        if not folder.is_dir():
            return
        for path in list(folder.iterdir()):
            with suppress(FileNotFoundError):
                if path.stat().st_mtime < before:
                    yield path
