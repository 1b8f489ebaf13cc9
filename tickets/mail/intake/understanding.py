"""What a mail says, read in a process of its own: one that hangs or ends over a mail takes nothing with it."""

import asyncio
import struct
import sys
from typing import Final, Protocol

import msgspec
import structlog

from tickets.mail.reading.cleaning import clean_html
from tickets.mail.reading.kinds import Kind
from tickets.mail.reading.mail import Mail, Unreadable
from tickets.mail.reading.parsing import parse_mail
from tickets.mail.reading.recognising import recognise
from tickets.mail.reading.trimming import PieceKind, trim

_log: structlog.stdlib.BoundLogger = structlog.get_logger("tickets.mail")

# Reading the worst of many thousand real mails takes well under a second.
WHOLE_S: Final = 20.0
_LENGTH: Final = struct.Struct("!I")


class Understood(msgspec.Struct, frozen=True):
    """A mail with what it is: who wrote it, what of its text is new, and its HTML made safe."""

    mail: Mail
    kind: Kind
    said: str
    rest: str
    html: str


class NotUnderstood(msgspec.Struct, frozen=True):
    """Why it could not be read, for people."""

    reason: str


class MailReader(Protocol):
    """Something that reads mails."""

    async def read(self, raw: bytes) -> Understood:
        """Return what a mail says. Raises Unreadable, whose reason is for people."""

    async def close(self) -> None:
        """End it."""


def understand(raw: bytes) -> Understood:
    """Return what a mail says. Raises Unreadable."""
    mail = parse_mail(raw)
    trimmed = trim(mail.text)
    rest = "".join(piece.text for piece in trimmed.pieces if piece.kind is not PieceKind.SAID)
    # Pictures keep their Content-IDs: where they lie is known only once the mail has a ticket.
    names = {each.content_id.lower(): f"cid:{each.content_id}" for each in mail.attachments if each.content_id}
    html = clean_html(mail.html, names) if mail.html else ""
    return Understood(mail=mail, kind=recognise(mail), said=trimmed.said, rest=rest, html=html)


class InlineReader:
    """Reads in a thread of this process: for programs that read mails they know."""

    async def read(self, raw: bytes) -> Understood:
        """Return what a mail says. Raises Unreadable."""
        return await asyncio.to_thread(understand, raw)

    async def close(self) -> None:
        """Nothing to end."""


class ChildReader:
    """Reads in a process beside this one, which is ended and started anew when it takes too long or dies."""

    def __init__(self, whole_s: float = WHOLE_S) -> None:
        """Nothing is started yet."""
        self._whole_s: Final = whole_s
        # One mail at a time: answers come in the order of questions.
        self._turn: Final = asyncio.Lock()
        self._child: asyncio.subprocess.Process | None = None

    async def read(self, raw: bytes) -> Understood:
        """Return what a mail says. Raises Unreadable."""
        async with self._turn:
            return await self._read(raw)

    async def _read(self, raw: bytes) -> Understood:
        try:
            async with asyncio.timeout(self._whole_s):
                answer = await self._ask(raw)
        except TimeoutError:
            await self.close()
            raise Unreadable(f"Reading the mail took longer than {self._whole_s:g} seconds.") from None
        except (asyncio.IncompleteReadError, ConnectionError):
            await self.close()
            raise Unreadable("Reading the mail ended the program that reads mails.") from None
        except BaseException:
            # Cancelled half-way: what it would answer next belongs to nobody.
            await self.close()
            raise
        if isinstance(answer, NotUnderstood):
            raise Unreadable(answer.reason)
        return answer

    async def _ask(self, raw: bytes) -> Understood | NotUnderstood:
        child = self._child
        if child is None or child.returncode is not None:
            child = self._child = await asyncio.create_subprocess_exec(
                sys.executable,
                "-m",
                "tickets.mail.intake.child",
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                limit=2**20,
            )
        if child.stdin is None or child.stdout is None:
            raise ConnectionError("no pipes")
        child.stdin.write(_LENGTH.pack(len(raw)))
        child.stdin.write(raw)
        await child.stdin.drain()
        (size,) = _LENGTH.unpack(await child.stdout.readexactly(_LENGTH.size))
        # Up to 50 MB, which would hold the loop up.
        return await asyncio.to_thread(decode_answer, await child.stdout.readexactly(size))

    async def close(self) -> None:
        """End the process."""
        child, self._child = self._child, None
        if child is None:
            return
        if child.returncode is None:
            try:
                child.kill()
            except ProcessLookupError:
                _log.info("mail.reader-gone")
        await child.wait()
        if child.stdin is not None:
            child.stdin.close()


class _Envelope(msgspec.Struct, frozen=True, array_like=True):
    understood: Understood | None
    reason: str


def encode_answer(answer: Understood | NotUnderstood) -> bytes:
    """Return an answer as the child writes it."""
    if isinstance(answer, NotUnderstood):
        return msgspec.msgpack.encode(_Envelope(None, answer.reason))
    return msgspec.msgpack.encode(_Envelope(answer, ""))


def decode_answer(data: bytes) -> Understood | NotUnderstood:
    """Return what the child wrote."""
    envelope = msgspec.msgpack.decode(data, type=_Envelope)
    return NotUnderstood(envelope.reason) if envelope.understood is None else envelope.understood
