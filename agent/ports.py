"""What a session needs from the computer it runs on; `platforms.py` picks who provides it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from agent.region import Box
from protocol.messages import CursorPosition, CursorShape, Message, Monitors
from protocol.rights import Right
from protocol.table import Input

Pixels = NDArray[np.uint8]
"""BGRX, shape (height, width, 4)."""


@dataclass(frozen=True)
class Patch:
    """One box of the screen and its `pixels`, BGRX uint8 (box.height, box.width, 4), owned by the patch."""

    box: Box
    pixels: Pixels


@dataclass(frozen=True)
class Capture:
    """What changed on the screen since the last capture, seen at `at_ms` (monotonic).

    `layout` is set when size or monitors are others than before (and at first). `complete`: the patches cover the
    whole screen because all of it was asked for, and so it is with a layout.
    """

    patches: tuple[Patch, ...]
    at_ms: int
    layout: Monitors | None = None
    complete: bool = False


class ScreenSource(Protocol):
    """Pictures of the shared screen."""

    async def changed(self) -> None:
        """Return once something may have changed since the last `take`; costs nothing while nothing does.

        Raises CaptureUnavailable when the screen is gone.
        """

    def take(self, *, complete: bool) -> Capture:
        """Return what changed, or everything when `complete`. Blocks: called in a thread, one call at a time.

        Raises CaptureUnavailable.
        """

    def hurry(self) -> None:
        """Input was just applied: a change is likely. Sources that are told of changes ignore it."""

    def close(self) -> None:
        """Give everything back; afterwards nothing else is called."""


class CursorSource(Protocol):
    """The pointer's shape and place, apart from the picture."""

    async def changed(self) -> None:
        """Return once shape or place may be others than at the last `take`."""

    def take(self) -> tuple[CursorShape | None, CursorPosition]:
        """Return the shape when it is another one than last time, and the place. Blocks: called in a thread."""

    def close(self) -> None:
        """Give everything back."""


class InputSink(Protocol):
    """Mouse and keyboard. Blocks a little: called in one thread, in order. Raises InputUnavailable."""

    @property
    def holds(self) -> bool:
        """Whether any key or button is down because of this."""

    def apply(self, message: Input) -> None:
        """Do what one message says."""

    def settle(self) -> None:
        """Return once everything that was applied has been taken by the desktop."""

    def release_all(self) -> None:
        """Let go of every key and button that this holds."""

    def close(self) -> None:
        """Let go of everything and give the desktop back."""


class FrameEncoder(Protocol):
    """Turns captures into messages for one viewer, and remembers what that viewer has."""

    def encode(self, capture: Capture) -> Sequence[Message]:
        """Return the messages of one frame; nothing when the viewer has these pixels already. Called in a thread."""


class Answer(StrEnum):
    """What the user said."""

    ALLOWED = "allowed"
    DECLINED = "declined"
    TIMEOUT = "timeout"
    BUSY = "busy"


@dataclass(frozen=True)
class Question:
    """Who wants what; the texts come from the other side and are not clean."""

    technician: str
    technician_id: str
    organisation: str
    tracking: str
    title: str
    rights: frozenset[Right]


@dataclass(frozen=True)
class Decision:
    """The user's answer, with the rights that are granted."""

    answer: Answer
    rights: frozenset[Right] = field(default_factory=frozenset)


class Consent(Protocol):
    """The user's yes or no."""

    def recall(self, question: Question) -> Decision | None:
        """Return the decision when nobody needs to be asked: given before, or not to be asked again now."""

    async def ask(self, question: Question) -> Decision:
        """Ask and return the decision; silence is no. Never grants more than the question names."""

    def forget(self, tracking: str) -> None:
        """The ticket is closed: what was allowed for it no longer is."""


@dataclass(frozen=True)
class Desktop:
    """What one session shares, opened together; `cursor` is None where its shape cannot be seen."""

    screen: ScreenSource
    cursor: CursorSource | None
    input: InputSink

    def close(self) -> None:
        """Let go of held keys first, then close the rest. Blocks: called in a thread."""
        self.input.close()
        if self.cursor is not None:
            self.cursor.close()
        self.screen.close()


DesktopOpener = Callable[[], Desktop]
"""Opens the desktop; blocks, called in a thread. Raises CaptureUnavailable or InputUnavailable."""
