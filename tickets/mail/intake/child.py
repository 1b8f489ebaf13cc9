"""The program that reads mails: a mail on standard input, what it says on standard output, until the input ends.

Both behind their length (four bytes, network order). It has no files, no database and no keys to lose.
"""

import resource
import signal
import struct
import sys
from typing import BinaryIO, Final

from tickets.mail.intake.understanding import WHOLE_S, NotUnderstood, Understood, encode_answer, understand
from tickets.mail.reading.mail import Unreadable

_LENGTH: Final = struct.Struct("!I")
# Many times what the largest mail that is taken needs.
_LONGEST_S: Final = int(2 * WHOLE_S)
_MEMORY_BYTES: Final = 2 * 2**30


def answer_to(raw: bytes) -> Understood | NotUnderstood:
    """Return what a mail says, or why it can't be told."""
    try:
        return understand(raw)
    except Unreadable as error:
        return NotUnderstood(error.reason)
    except MemoryError:
        return NotUnderstood("Reading the mail needs more memory than a mail may have.")
    except Exception as error:  # noqa: BLE001 - the edge of the program: the next mail can be read
        return NotUnderstood(f"The program that reads mails failed on it ({type(error).__name__}).")


def serve(source: BinaryIO, sink: BinaryIO) -> None:
    """Answer until the input ends."""
    while len(head := source.read(_LENGTH.size)) == _LENGTH.size:
        (size,) = _LENGTH.unpack(head)
        raw = source.read(size)
        if len(raw) != size:
            return
        # Should nobody be there any more to end us over a mail that takes for ever (SIGALRM ends the process).
        signal.alarm(_LONGEST_S)
        answer = encode_answer(answer_to(raw))
        signal.alarm(0)
        sink.write(_LENGTH.pack(len(answer)))
        sink.write(answer)
        sink.flush()


if __name__ == "__main__":
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY_BYTES, _MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    serve(sys.stdin.buffer, sys.stdout.buffer)
