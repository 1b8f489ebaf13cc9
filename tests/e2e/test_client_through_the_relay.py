"""The headless client, a real agent on a real display, and a real relay with TLS between them."""

import shutil
from pathlib import Path

import numpy as np
import pytest

from protocol.rights import Right
from technician_viewer.errors import NotPermitted
from tests.support.display import VirtualDisplay
from tests.support.stack import Stack
from tests.technician_viewer.fake_agent import eventually

pytestmark = [
    pytest.mark.display,
    pytest.mark.skipif(shutil.which("Xvfb") is None, reason="needs Xvfb: run tools/system-packages test"),
]

TYPED = "Grüße, 12 < 34 & ~/x\n"


async def test_what_is_typed_arrives_and_the_picture_is_exact(tmp_path: Path) -> None:
    display = VirtualDisplay.start(1024, 768)
    try:
        typed = tmp_path / "typed.txt"
        display.text_file(typed)
        with Stack(tmp_path) as stack:
            ticket = stack.file_ticket()
            await stack.claim(ticket)
            stack.start_agent(ticket, display.name)
            async with await stack.open_session(ticket) as session:
                await session.wait_live(timeout_s=30)
                assert session.rights == frozenset(Right)
                await session.type_text(TYPED)
                await session.send_text(TYPED)
                await session.settled()
                await eventually(lambda: typed.exists() and typed.read_text("utf-8") == TYPED * 2)
                await session.wait_still()
                assert np.array_equal(session.picture[..., :3], display.picture()[..., :3])
    finally:
        display.stop()


async def test_looking_only(tmp_path: Path) -> None:
    display = VirtualDisplay.start(640, 480)
    try:
        with Stack(tmp_path) as stack:
            ticket = stack.file_ticket()
            await stack.claim(ticket)
            stack.start_agent(ticket, display.name, allow="view")
            async with await stack.open_session(ticket) as session:
                await session.wait_live(timeout_s=30)
                assert session.rights == {Right.VIEW}
                with pytest.raises(NotPermitted):
                    await session.move(1, 1)
    finally:
        display.stop()
