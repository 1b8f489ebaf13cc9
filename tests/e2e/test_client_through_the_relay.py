"""The headless client, a real agent on a real display, and a real relay with TLS between them."""

import asyncio
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from demo.processes import command, run
from protocol.rights import Right
from technician_viewer.errors import NotPermitted
from tests.support.display import VirtualDisplay, wait_until
from tests.support.stack import EMAIL, Stack
from tests.technician_viewer.fake_agent import eventually

pytestmark = [
    pytest.mark.display,
    pytest.mark.skipif(shutil.which("Xvfb") is None, reason="needs Xvfb: run tools/system-packages test"),
]

TYPED = "Grüße, 12 < 34 & ~/x\n"


async def test_what_is_typed_arrives_and_the_picture_is_exact(
    stack: Stack, display: VirtualDisplay, tmp_path: Path
) -> None:
    typed = tmp_path / "typed.txt"
    display.text_file(typed)
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


async def test_looking_only(stack: Stack, display: VirtualDisplay) -> None:
    ticket = stack.file_ticket()
    await stack.claim(ticket)
    stack.start_agent(ticket, display.name, allow="view")
    async with await stack.open_session(ticket) as session:
        await session.wait_live(timeout_s=30)
        assert session.rights == {Right.VIEW}
        with pytest.raises(NotPermitted):
            await session.move(1, 1)


def test_the_commands_of_a_technician(stack: Stack, display: VirtualDisplay, tmp_path: Path) -> None:
    """login, queue, shot and run, as programs."""
    typed = tmp_path / "typed.txt"
    display.text_file(typed)
    viewer = command("towline-viewer")
    here = {"TOWLINE_STATE": str(tmp_path / "viewer"), "TOWLINE_SERVER": stack.server.origin}
    login = [viewer, "login", "--email", EMAIL, "--password-stdin", "--ca", str(stack.ca)]
    run(login, environment=here, stdin=stack.password + "\n")
    ticket = stack.file_ticket()
    asyncio.run(stack.claim(ticket))
    stack.start_agent(ticket, display.name)
    assert ticket.tracking in run([viewer, "queue", "--view", "mine", "--json"], environment=here)
    script = tmp_path / "script.py"
    script.write_text("async def main(session, args):\n    await session.type_text(args[0] + '\\n')\n", "utf-8")
    run([viewer, "run", ticket.tracking, str(script), TYPED.strip()], environment=here)
    wait_until(lambda: typed.exists() and typed.read_text("utf-8") == TYPED, "the line to arrive")
    run([viewer, "shot", ticket.tracking, str(tmp_path / "x.png")], environment=here)
    with Image.open(tmp_path / "x.png") as image:
        assert np.array_equal(np.asarray(image), display.picture()[..., 2::-1])
