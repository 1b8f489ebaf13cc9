"""The commands against a real server with TLS, a real display and a real technician's client."""

import asyncio
import json
import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from demo.processes import Program, command, run
from demo.pseudo_terminal import PseudoTerminal
from protocol.rights import Right
from technician_viewer.errors import SessionRefused
from tests.agent.world import eventually
from tests.support.display import VirtualDisplay
from tests.support.stack import Filed, Stack

pytestmark = pytest.mark.display


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    with Stack(tmp_path_factory.mktemp("stack")) as running:
        yield running


@pytest.fixture(scope="module")
def desk() -> Iterator[VirtualDisplay]:
    display = VirtualDisplay.start(640, 480)
    yield display
    display.stop()


@pytest.fixture
async def ticket(stack: Stack) -> Filed:
    filed = stack.file_ticket()
    await stack.claim(filed)
    return filed


def environment(stack: Stack, state: Path) -> dict[str, str]:
    return {"TOWLINE_STATE": str(state), "TOWLINE_CA": str(stack.ca), "NO_COLOR": "1", "COLUMNS": "200"}


class Agent(PseudoTerminal):
    """`towline-agent join` on a terminal."""

    def __init__(self, stack: Stack, state: Path, *arguments: str) -> None:
        super().__init__([command("towline-agent"), "join", *arguments], environment=environment(stack, state))

    def press_ctrl_c(self) -> int:
        os.kill(self.process.pid, signal.SIGINT)
        return self.process.wait(15)

    def stop(self) -> None:
        while self._read(0.1):
            pass
        super().stop()
        assert "Traceback" not in self.said


@pytest.fixture
def agents(stack: Stack, desk: VirtualDisplay) -> Iterator[list[Agent]]:
    started: list[Agent] = []
    yield started
    for agent in started:
        agent.stop()


async def heard(agent: Agent, text: str) -> None:
    """Wait until the agent has printed `text`, while the technician's session goes on."""
    await asyncio.to_thread(agent.wait_for, text)


def join(stack: Stack, desk: VirtualDisplay, agents: list[Agent], state: Path, *arguments: str) -> Agent:
    agent = Agent(stack, state, *arguments, "--display", desk.name)
    agents.append(agent)
    return agent


async def test_asked_answered_on_and_over(
    stack: Stack, desk: VirtualDisplay, ticket: Filed, agents: list[Agent]
) -> None:
    agent = join(stack, desk, agents, ticket.state, ticket.tracking)
    await heard(agent, "Waiting for a technician")
    async with await stack.open_session(ticket) as session:
        await heard(agent, "n = no")
        for part in ("Tess Technician", "Harbour IT", "The printer says no", ticket.tracking):
            assert part in agent.said
        agent.type_line("l")
        await session.wait_live(timeout_s=20)
        assert session.rights == {Right.VIEW}
        assert session.facts.hostname
        await heard(agent, "Session on: Tess Technician may look at the screen.")
    await heard(agent, "Session ended")
    # The same question again is answered as before.
    async with await stack.open_session(ticket) as session:
        await session.wait_live(timeout_s=20)
        assert session.rights == {Right.VIEW}
    assert agent.press_ctrl_c() == 0


async def test_a_request_is_filed_by_answering_questions(stack: Stack, tmp_path: Path) -> None:
    terminal = PseudoTerminal(
        [command("towline-agent"), "submit", "--server", stack.server.origin], environment=environment(stack, tmp_path)
    )
    try:
        for question, answer in (
            ("What is it about", "Printing"),
            ("in one line", "It beeps"),
            ("What is wrong", "It beeps all day"),
            ("How urgent", ""),
            ("What is broken", "hardware"),
            ("e-mail", "uma@example.com"),
        ):
            await asyncio.to_thread(terminal.wait_for, question)
            terminal.type_line(answer)
        await asyncio.to_thread(terminal.wait_for, "Tracking number: TL-")
        assert await asyncio.to_thread(terminal.process.wait, 10) == 0
    finally:
        terminal.stop()


async def test_no_means_no(stack: Stack, desk: VirtualDisplay, ticket: Filed, agents: list[Agent]) -> None:
    agent = join(stack, desk, agents, ticket.state, ticket.tracking)
    await heard(agent, "Waiting for a technician")
    async with await stack.open_session(ticket) as session:
        await heard(agent, "n = no")
        agent.type_line("n")
        with pytest.raises(SessionRefused):
            await session.wait_live(timeout_s=20)
        assert session.frames == 0
    await heard(agent, "You said no.")
    await heard(agent, "No session:")


async def test_ctrl_c_ends_a_session_and_the_technician_is_told(
    stack: Stack, desk: VirtualDisplay, ticket: Filed, agents: list[Agent]
) -> None:
    agent = join(stack, desk, agents, ticket.state, ticket.tracking, "--allow", "control")
    async with await stack.open_session(ticket) as session:
        await session.wait_live(timeout_s=20)
        assert await asyncio.to_thread(agent.press_ctrl_c) == 0
        await eventually(lambda: session.end is not None, "the end")
        assert session.end is not None
        assert session.end.code == "agent-stopped"


async def test_a_join_code_lets_another_computer_in_once(
    stack: Stack, desk: VirtualDisplay, ticket: Filed, agents: list[Agent], tmp_path: Path
) -> None:
    async with stack.api() as api:
        await api.login("tess@example.org", stack.password)
        code = (await api.join_code(ticket.tracking)).code
    wrong = join(
        stack, desk, agents, tmp_path / "x", ticket.tracking, "--code", "0000-0000", "--server", stack.server.origin
    )
    assert wrong.process.wait(20) == 3
    agent = join(stack, desk, agents, tmp_path / "y", ticket.tracking, "--code", code, "--server", stack.server.origin)
    await heard(agent, "Waiting for a technician")
    assert agent.press_ctrl_c() == 0
    # Started again it knows its place without the code, and without the server's address.
    again = join(stack, desk, agents, tmp_path / "y", ticket.tracking)
    await heard(again, "Waiting for a technician")
    used = join(stack, desk, agents, tmp_path / "z", ticket.tracking, "--code", code, "--server", stack.server.origin)
    assert used.process.wait(20) == 3


async def test_the_same_computer_twice(stack: Stack, desk: VirtualDisplay, ticket: Filed, agents: list[Agent]) -> None:
    first = join(stack, desk, agents, ticket.state, ticket.tracking)
    await heard(first, "Waiting for a technician")
    second = join(stack, desk, agents, ticket.state, ticket.tracking)
    await heard(second, "Waiting for a technician")
    await heard(first, "started again")
    assert first.process.wait(10) == 6


async def test_a_ticket_that_is_closed_ends_session_and_agent(
    stack: Stack, desk: VirtualDisplay, ticket: Filed, agents: list[Agent]
) -> None:
    agent = join(stack, desk, agents, ticket.state, ticket.tracking, "--allow", "control")
    async with await stack.open_session(ticket) as session:
        await session.wait_live(timeout_s=20)
        async with stack.api() as api:
            await api.login("tess@example.org", stack.password)
            await api.resolve(ticket.tracking, "Paper was missing.")
        await heard(agent, "Session ended: The request is resolved.")
    said = json.loads(
        run(
            [command("towline-agent"), "status", ticket.tracking, "--json"],
            environment=environment(stack, ticket.state),
        )
    )
    assert (said["status"], said["solution"]) == ("resolved", "Paper was missing.")


async def test_json_lines_once_and_the_link(
    stack: Stack, desk: VirtualDisplay, ticket: Filed, agents: list[Agent]
) -> None:
    agent = join(stack, desk, agents, ticket.state, ticket.link, "--json", "--once", "--allow", "view")
    await heard(agent, '"waiting"')
    async with await stack.open_session(ticket) as session:
        await session.wait_live(timeout_s=20)
    assert agent.process.wait(15) == 0
    while agent._read(0.2):
        pass
    lines = [json.loads(line) for line in agent.said.splitlines() if line.startswith("{")]
    assert [line["state"] for line in lines] == ["waiting", "answered", "on", "ended"]
    token = ticket.link.rpartition("#")[2]
    assert token not in agent.said


async def test_the_server_starts_anew_and_the_agent_is_back(
    desk: VirtualDisplay, agents: list[Agent], tmp_path: Path
) -> None:
    with Stack(tmp_path) as stack:
        ticket = stack.file_ticket()
        await stack.claim(ticket)
        agent = join(stack, desk, agents, ticket.state, ticket.tracking, "--allow", "view", "--verbose")
        await heard(agent, "Waiting for a technician")
        assert stack.relay is not None
        await asyncio.to_thread(stack.relay.stop)
        await heard(agent, "Trying again")
        agent.said = ""
        serve = [command("towline-relay"), "serve", "--config", str(stack.config)]
        server = Program(serve, tmp_path / "again.log", environment={})
        try:
            await heard(agent, "Waiting for a technician")
            async with await stack.open_session(ticket) as session:
                await session.wait_live(timeout_s=20)
            await heard(agent, "Session ended")
        finally:
            await asyncio.to_thread(server.stop)
        token = json.loads(next(ticket.state.rglob("TL-*.json")).read_text())["agent_token"]
        assert token not in agent.said
