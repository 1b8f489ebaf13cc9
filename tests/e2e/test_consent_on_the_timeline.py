"""What the user says at the agent's terminal stands on the ticket, for the technician and for the requester."""

import asyncio
import shutil
import time
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from demo.pseudo_terminal import PseudoTerminal
from protocol.rights import Right
from technician_viewer.errors import SessionError
from tests.support.display import VirtualDisplay
from tests.support.stack import EMAIL, Filed, Stack

pytestmark = [
    pytest.mark.display,
    pytest.mark.skipif(shutil.which("Xvfb") is None, reason="needs Xvfb: run tools/system-packages test"),
]

PATIENCE_S = 30.0
KINDS = {"session-allowed", "session-refused"}
NO = "Uma User’s computer: the user said no to Tess Technician."
YES = "Uma User’s computer: Tess Technician may look and control."
LOOK = "Uma User’s computer: Tess Technician may look."
BEFOREHAND = "Nobody was asked: the consent was given beforehand, with --allow or to an earlier question."


@pytest.fixture(scope="module")
def display() -> Iterator[VirtualDisplay]:
    running = VirtualDisplay.start(320, 240)
    yield running
    running.stop()


async def decisions(stack: Stack, ticket: Filed, token: str) -> list[str]:
    """Return what the ticket's timeline tells of consent to the holder of `token`."""
    async with httpx.AsyncClient(base_url=stack.server.origin, verify=stack.tls(), trust_env=False) as client:
        answer = await client.get(f"/api/v1/tickets/{ticket.tracking}", headers={"authorization": f"Bearer {token}"})
    found: dict[str, Any] = answer.raise_for_status().json()
    return [entry["text"] for entry in found["timeline"] if entry["kind"] in KINDS]


async def expect_decisions(stack: Stack, ticket: Filed, *expected: str) -> None:
    """Wait until requester and technician read exactly this."""
    async with httpx.AsyncClient(base_url=stack.server.origin, verify=stack.tls(), trust_env=False) as client:
        answer = await client.post("/api/v1/login", json={"email": EMAIL, "password": stack.password})
    technician: str = answer.raise_for_status().json()["token"]
    requester = ticket.link.partition("#")[2]
    deadline = time.monotonic() + PATIENCE_S
    while (found := await decisions(stack, ticket, requester)) != list(expected):
        assert time.monotonic() < deadline, found
        await asyncio.sleep(0.05)
    assert await decisions(stack, ticket, technician) == list(expected)


async def answer_question(agent: PseudoTerminal, word: str) -> None:
    """Answer the next question at the agent's terminal."""
    await asyncio.to_thread(agent.wait_for, "means no):")
    agent.said = ""
    agent.type_line(word)


async def test_a_no_and_a_yes_stand_on_the_timeline(stack: Stack, display: VirtualDisplay) -> None:
    ticket = stack.file_ticket()
    await stack.claim(ticket)
    agent = await asyncio.to_thread(stack.start_asking_agent, ticket, display.name)
    async with await stack.open_session(ticket) as session:
        await answer_question(agent, "n")
        with pytest.raises(SessionError):
            await session.wait_live(timeout_s=PATIENCE_S)
    await expect_decisions(stack, ticket, NO)
    async with await stack.open_session(ticket) as session:
        await answer_question(agent, "c")
        await session.wait_live(timeout_s=PATIENCE_S)
        assert session.rights == frozenset(Right)
        await expect_decisions(stack, ticket, NO, YES)
    async with await stack.open_session(ticket) as session:
        await session.wait_live(timeout_s=PATIENCE_S)
    await expect_decisions(stack, ticket, NO, YES, f"{YES} {BEFOREHAND}")


async def test_consent_given_with_allow_stands_there_as_that(stack: Stack, display: VirtualDisplay) -> None:
    ticket = stack.file_ticket()
    await stack.claim(ticket)
    stack.start_agent(ticket, display.name, allow="view", once=True)
    async with await stack.open_session(ticket) as session:
        await session.wait_live(timeout_s=PATIENCE_S)
    await expect_decisions(stack, ticket, f"{LOOK} {BEFOREHAND}")
