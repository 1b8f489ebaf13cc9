"""What a session needs from the computer it runs on; `platforms.py` picks who provides it."""

from collections.abc import Sequence
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

    `layout` is set when size or monitors are others than before (and at first); then the patches cover everything.
    """

    patches: tuple[Patch, ...]
    at_ms: int
    layout: Monitors | None = None


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
    """Mouse and keyboard. Blocks a little: called in one thread, in order."""

    def apply(self, message: Input) -> None:
        """Do what one message says. Raises InputUnavailable when the display is gone."""

    def release_all(self) -> None:
        """Let go of every key and button that this sink holds."""

    def close(self) -> None:
        """Let go of everything and give the display back."""


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

    async def ask(self, question: Question) -> Decision:
        """Return the decision; silence is no. Never grants more than the question names."""


class Clock(Protocol):
    """Monotonic seconds."""

    def __call__(self) -> float: ...


class SharedDesktop(Protocol):
    """Everything a session shares, opened together and closed together."""

    screen: ScreenSource
    cursor: CursorSource | None
    input: InputSink
    facts: dict[str, str]

    def close(self) -> None:
        """Close all parts."""
