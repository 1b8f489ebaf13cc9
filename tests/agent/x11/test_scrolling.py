"""A terminal that scrolls on a real X server: the viewer sees exactly the screen, and most of it as copies."""

import asyncio
import sys
import time

import numpy as np
import pytest

from agent.encode import ExactEncoder
from agent.x11.capture import X11Screen
from protocol.handshake import Feature
from protocol.messages import Rect
from protocol.picture import Encoding
from tests.agent.test_encode import Viewer
from tests.support.display import VirtualDisplay

pytestmark = pytest.mark.display

# Lines that are alike in parts, as listings are, in bursts of three, and at the end a word to wait for.
LISTING = """
import random, sys, time
lines = random.Random(5)
for number in range(180):
    sizes = [lines.randint(2, 9) for _ in range(lines.randint(3, 11))]
    words = " ".join("".join(lines.choices("abcdefghijklm", k=size)) for size in sizes)
    print(f"\\033[3{number % 7}m{number:5} {words}\\033[0m", flush=number % 3 == 2)
    if number % 3 == 2:
        time.sleep(0.03)
time.sleep(60)
"""
STILL_S = 0.6
LONGEST_S = 20.0


async def test_a_terminal_that_scrolls(display: VirtualDisplay) -> None:
    source, encoder, viewer = X11Screen(display.name), ExactEncoder(frozenset({Feature.COPY})), Viewer()
    copies = copied_px = 0
    try:
        viewer.show(encoder.encode(source.take(complete=True)))
        await asyncio.to_thread(display.terminal, sys.executable, "-c", LISTING, geometry="100x40+20+20")
        deadline = time.monotonic() + LONGEST_S
        while time.monotonic() < deadline:
            try:
                async with asyncio.timeout(STILL_S):
                    await source.changed()
            except TimeoutError:
                if copies:
                    break
                continue
            messages = encoder.encode(await asyncio.to_thread(source.take, complete=False))
            if not messages:
                continue
            viewer.show(messages)
            moved = [rect for rect in messages if isinstance(rect, Rect) and rect.encoding == Encoding.COPY]
            copies += len(moved)
            copied_px += sum(rect.width * rect.height for rect in moved)
        there = await asyncio.to_thread(display.picture)
        assert np.array_equal(viewer.picture[..., :3], there[..., :3])
        # Some 46 bursts scroll by three lines each, less what one grab sees together.
        assert copies >= 10
        assert copied_px > 1_000_000
    finally:
        source.close()
