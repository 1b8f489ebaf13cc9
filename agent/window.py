"""Flow control of the picture: the newest one wins, and nothing is queued."""

import asyncio
from typing import Final

# One frame on its way, one being decoded, one being made: more would only make the picture older.
MAX_UNACKNOWLEDGED: Final = 2


class FrameWindow:
    """Open while at most MAX_UNACKNOWLEDGED frames are under way and everything given to the socket has left."""

    def __init__(self) -> None:
        self._sent: list[int] = []
        self._drained = True
        self._open = asyncio.Event()
        self._open.set()

    @property
    def unacknowledged(self) -> int:
        """Frames the viewer has not acknowledged."""
        return len(self._sent)

    async def wait(self) -> None:
        """Return once the next frame may be made."""
        await self._open.wait()

    def sent(self, frame: int) -> None:
        """A frame was handed over for sending."""
        self._sent.append(frame)
        self._drained = False
        self._update()

    def acknowledged(self, frame: int) -> None:
        """The viewer shows this frame, and with it every earlier one."""
        if frame in self._sent:
            del self._sent[: self._sent.index(frame) + 1]
        self._update()

    def drained(self) -> None:
        """The socket has taken everything."""
        self._drained = True
        self._update()

    def _update(self) -> None:
        if self._drained and len(self._sent) <= MAX_UNACKNOWLEDGED:
            self._open.set()
        else:
            self._open.clear()
